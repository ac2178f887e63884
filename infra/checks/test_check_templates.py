"""Breaks the project's own templates in one place each, and sees that the check says so."""

import pathlib
import shutil
import tempfile
import unittest

import check_templates

ACCOUNTS = "infra/stacks/accounts.yaml"
JOBS = "infra/stacks/jobs.yaml"
STATEMENT = "            - Effect: Allow\n              Action: [dynamodb:UpdateItem]\n              Resource: !Ref TableArn\n"


class Rules(unittest.TestCase):
    def findings_after(self, file, old, new):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shutil.copy(check_templates.ROOT / "template.yaml", root)
            shutil.copytree(check_templates.ROOT / "infra/stacks", root / "infra/stacks")
            text = (root / file).read_text(encoding="utf-8")
            self.assertIn(old, text, f"{file} changed: adapt this test")
            (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
            return "\n".join(check_templates.check(root)[1])

    def test_our_templates_are_right(self):
        self.assertEqual(check_templates.check(check_templates.ROOT)[1], [])

    def test_broken_policies_are_found(self):
        table = "Resource: !Ref TableArn\n"
        keys = "'dynamodb:LeadingKeys': ['rate#register#*']"
        for old, new, finding in [
            ("[dynamodb:UpdateItem]", "['dynamodb:*']", "dynamodb:* is not among"),
            ("[dynamodb:UpdateItem]", "[dynamodb:Scan]", "dynamodb:Scan is not among"),
            ("[dynamodb:UpdateItem]", "[dynamodb:PartiQLSelect]", "dynamodb:PartiQLSelect is not among"),
            ("[dynamodb:UpdateItem]", "[dynamodb:UpdateItem, ses:SendRawEmail]", "allows nothing else"),
            (table, "Resource: '*'\n", "wildcard in the resource *"),
            (table, "Resource: !Sub '${TableArn}/*'\n", "wildcard in the resource ${TableArn}/*"),
            (f"                'ForAllValues:StringLike': {{{keys}}}\n", "", "needs the condition"),
            ("                'Null': {'dynamodb:LeadingKeys': 'false'}\n", "", "with Null but for an index"),
            ("{'dynamodb:LeadingKeys': 'false'}", "{'dynamodb:LeadingKeys': 'true'}", "quoted"),
            (keys, "'dynamodb:LeadingKeys': []", "must name dynamodb:LeadingKeys"),
            (keys, "'dynamodb:LeadingKeys': ['*']", "leading key '*'"),
            (keys, "'dynamodb:LeadingKeys': ['rate*']", "leading key 'rate*'"),
            (STATEMENT, STATEMENT.replace("Allow", "Deny"), "only plain Allow statements"),
        ]:
            with self.subTest(new=new):
                self.assertIn(finding, self.findings_after(ACCOUNTS, old, new))

    def test_broken_rights_to_objects_are_found(self):
        # A function with a right statement, and with one thing wrong in it each.
        right = "Action: [s3:PutObject]\n              Resource: !Sub ${ImagesBucketArn}/users/*\n"
        actions, objects = "[s3:PutObject]", "!Sub ${ImagesBucketArn}/users/*"
        for old, new, finding in [
            (actions, "['s3:*']", "s3:* is not among"),
            (actions, "[s3:ListBucket]", "s3:ListBucket is not among"),
            (actions, "[s3:PutObject, s3:PutObjectAcl]", "on objects allows nothing else"),
            (actions, "[s3:PutObject, dynamodb:GetItem]", "on objects allows nothing else"),
            (objects, "'*'", "* must be the objects under one prefix"),
            (objects, "!Sub ${ImagesBucketArn}/*", "must be the objects under one prefix"),
            (objects, "!Sub ${TableArn}/users/*", "must be the objects under one prefix"),
            (objects, "arn:aws:s3:::some-bucket/users/*", "must be the objects under one prefix"),
            (objects, f"{objects}\n              Condition: {{Bool: {{a: b}}}}", "has no condition"),
            ("", "", None),
        ]:
            with self.subTest(new=new):
                statement = "            - Effect: Allow\n              " + right.replace(old, new, 1)
                findings = self.findings_after(ACCOUNTS, STATEMENT, statement + STATEMENT)
                if finding is None:
                    self.assertEqual(findings, "")
                else:
                    self.assertIn(finding, findings)

    def test_open_buckets_are_found(self):
        deny = "          - Effect: Deny\n            Principal: '*'\n            Action: s3:*\n"
        for old, new, finding in [
            ("        BlockPublicAcls: true\n", "", "BlockPublicAcls must be true"),
            ("RestrictPublicBuckets: true", "RestrictPublicBuckets: false", "RestrictPublicBuckets must be true"),
            ("{SSEAlgorithm: AES256}", "{}", "must be encrypted"),
            ("BucketOwnerEnforced", "ObjectWriter", "ObjectOwnership must be BucketOwnerEnforced"),
            ("'aws:SecureTransport': 'false'", "'aws:SecureTransport': 'true'", "deny every request without TLS"),
            ("              - !Sub ${Images.Arn}/*\n", "", "deny every request without TLS"),
            (deny, deny.replace("Deny", "Allow"), "may only deny"),
            ("      Bucket: !Ref Images\n", "      Bucket: other\n", "deny every request without TLS"),
        ]:
            with self.subTest(new=new):
                self.assertIn(finding, self.findings_after("template.yaml", old, new))

    def test_keys_stay_with_those_who_need_them(self):
        write = self.findings_after(ACCOUNTS, "'rate#mail-requests#*']", "'rate#mail-requests#*', 'keys#*']")
        self.assertIn("only RotateKeys may write 'keys#*'", write)
        invoke = "              Action: [lambda:InvokeFunction]\n              Resource: [!GetAtt DeliverMail.Arn"
        for secret, users in [
            ("SigningSecret", "LogIn, RefreshToken, RotateKeys"),
            ("NoteSecret", "OpenNote, OpenNotePage, RotateKeys, SealNote, SubmitNewNotePage"),
        ]:
            read = "              Action: [secretsmanager:GetSecretValue]\n              Resource: [!Ref " + secret
            found = self.findings_after(JOBS, invoke, read)
            self.assertIn(f"only {users} may use secretsmanager:GetSecretValue on {secret}", found)
        other = self.findings_after(
            JOBS, "Resource: [!Ref SigningSecret, !Ref NoteSecret]", "Resource: [!Ref SigningSecret, !Ref MailFrom]"
        )
        self.assertIn("secretsmanager:GetSecretValue on MailFrom, which is none of", other)

    def test_broken_wiring_is_found(self):
        for file, old, new, finding in [
            (ACCOUNTS, "  ShowMeRoute:", "  ShowMyRoute:", "the resource ShowMeRoute is missing"),
            (ACCOUNTS, "lambda/show-me\n", "lambda/show-us\n", "'show-us' in PascalCase"),
            (ACCOUNTS, "!GetAtt ShowMe.Arn", "!GetAtt UpdateMe.Arn", "ShowMeIntegration must call ShowMe"),
            (ACCOUNTS, "RouteKey: GET /v1/me", "RouteKey: PATCH /v1/me", "route PATCH /v1/me is also in"),
            ("template.yaml", "        Registration: !Ref Registration\n", "", "does not pass Registration"),
            ("template.yaml", "infra/stacks/jobs.yaml", "infra/stacks/job.yaml", "which does not exist"),
            (JOBS, "  FailedTasks:\n", "\n  FailedTasks:\n", "a comment above FailedTasks"),
        ]:
            with self.subTest(new=new):
                self.assertIn(finding, self.findings_after(file, old, new))


if __name__ == "__main__":
    unittest.main()
