"""Checks the templates for what the validators do not know: Kith's own rules.

Each stack is expanded with SAM's own translator, as CloudFormation would see it, and then read: how many resources it
has, what its policies allow, and whether every route is wired the same way. Needs neither AWS nor a network. Prints
every finding at once; exits with 1 if there is one.
"""

import copy
import logging
import os
import pathlib
import re
import sys

# The translator asks for a region when it builds ARNs; which one makes no difference to the rules.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samcli.yamlhelper import parse_yaml_file  # noqa: E402
from samtranslator.model.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

# The translator counts its own use and complains that nobody collects the numbers.
logging.disable(logging.WARNING)

ROOT = pathlib.Path(__file__).resolve().parents[2]

# CloudFormation's limit is 500; the rest is room for the day on which a stack must be split.
MOST_RESOURCES = 400

# Managed policies that SAM attaches by itself. Their resources are wildcards, and neither reaches anyone's data:
# the first writes log lines, the second reads streams, whose records the reader is handed anyway.
ATTACHED_BY_SAM = {
    "service-role/AWSLambdaBasicExecutionRole": "log lines of every function",
    "service-role/AWSLambdaDynamoDBExecutionRole": "the stream of functions with a DynamoDB event",
}

# What a statement on the table may allow. Scan and PartiQL are missing on purpose: they ignore keys.
TABLE_ACTIONS = {
    f"dynamodb:{name}"
    for name in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
}
TABLE_WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}

# Everything else that a function may do, and no more; sqs:SendMessage is what SAM adds for a failure destination.
OTHER_ACTIONS = {
    "lambda:InvokeFunction",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "ses:SendRawEmail",
    "sqs:SendMessage",
}

# What a statement on a bucket may allow: objects one by one. Listing is missing on purpose: the table knows what there is.
OBJECT_ACTIONS = {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"}

# Which objects: those under one prefix of a bucket, by the parameter with its ARN.
OBJECTS = re.compile(r"^\$\{[A-Za-z]+BucketArn\}/[a-z]+(/[a-z]+)*/\*$")

# What keeps a bucket from being opened to the public by mistake.
PUBLIC_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

# A leading key: an exact one, or one kind of item with a `*` after it.
LEADING_KEY = re.compile(r"^[a-z-]+(#[a-z-]+)*(#\*)?$")

# Who may write verification keys: whoever can plant one can sign in as anyone.
KEY_WRITERS = {"RotateKeys"}

# Who may read or write which key ring, by the stacks' name of its secret: whoever can read the signing keys can sign in
# as anyone; the note keys open no note without its link, but are half of what does.
SECRET_USERS = {
    "SigningSecret": {
        "secretsmanager:GetSecretValue": {"LogIn", "RefreshToken", "RotateKeys"},
        "secretsmanager:PutSecretValue": {"RotateKeys"},
    },
    "NoteSecret": {
        "secretsmanager:GetSecretValue": {"SealNote", "OpenNote", "SubmitNewNotePage", "OpenNotePage", "RotateKeys"},
        "secretsmanager:PutSecretValue": {"RotateKeys"},
    },
}

CONDITION = "ForAllValues:StringLike"


class NoManagedPolicies:
    """Names of managed policies are resolved by asking IAM; the templates use none, so nobody is asked."""

    @staticmethod
    def load():
        return {}


def as_list(value):
    return value if isinstance(value, list) else [value]


def operation_of(function):
    return str(function["Properties"].get("CodeUri", "")).rsplit("/", 1)[-1]


def expand(template):
    """The stack as CloudFormation sees it: functions with their roles, events with their rules and permissions."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # the translator takes no local folder
    return transform(template, {}, NoManagedPolicies)


def statements(resources):
    """Every statement of every role and policy, with the role's or policy's logical id."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            documents = [properties["PolicyDocument"]]
        else:
            continue
        for document in documents:
            for statement in as_list(document["Statement"]):
                yield name, statement


def text_of(resource):
    """The readable part of a policy's resource, whichever intrinsic it is written with."""
    if isinstance(resource, dict):
        return " ".join(text_of(part) for part in resource.values())
    if isinstance(resource, list):
        return " ".join(text_of(part) for part in resource)
    return str(resource)


def check_table_statement(where, owner, statement, actions, resources):
    # On an index the other condition is enough: a query of an index always names its partition.
    on_index = any("/index/" in text_of(resource) for resource in resources)
    if set(statement.get("Condition", {})) != ({CONDITION} if on_index else {CONDITION, "Null"}):
        yield f"{where}: a statement on the table needs the condition {CONDITION}, with Null but for an index"
        return
    if not on_index and statement["Condition"]["Null"] != {"dynamodb:LeadingKeys": "false"}:
        yield f"{where}: the condition Null must be {{'dynamodb:LeadingKeys': 'false'}}, quoted"
    condition = statement["Condition"][CONDITION]
    if set(condition) != {"dynamodb:LeadingKeys"} or not as_list(condition["dynamodb:LeadingKeys"]):
        yield f"{where}: the condition must name dynamodb:LeadingKeys, and nothing else"
        return
    for key in as_list(condition["dynamodb:LeadingKeys"]):
        if not LEADING_KEY.match(str(key)):
            yield f"{where}: leading key {key!r} is neither exact nor one kind of item (`kind#*`)"
        if str(key).startswith("keys") and TABLE_WRITES & actions and owner not in KEY_WRITERS:
            yield f"{where}: only {', '.join(sorted(KEY_WRITERS))} may write {key!r}"
    if on_index and actions != {"dynamodb:Query"}:
        yield f"{where}: an index is queried, nothing else"


def check_secret_statement(where, owner, actions, resources):
    for action in sorted(action for action in actions if action.startswith("secretsmanager:")):
        for secret in (text_of(resource) for resource in resources):
            users = SECRET_USERS.get(secret, {}).get(action)
            if users is None:
                yield f"{where}: {action} on {secret}, which is none of {', '.join(sorted(SECRET_USERS))}"
            elif owner not in users:
                yield f"{where}: only {', '.join(sorted(users))} may use {action} on {secret}"


def check_object_statement(where, statement, actions, resources):
    if "Condition" in statement:
        yield f"{where}: a statement on objects has no condition"
    if not actions <= OBJECT_ACTIONS:
        yield f"{where}: a statement on objects allows nothing else"
    for resource in resources:
        if set(resource if isinstance(resource, dict) else {}) != {"Fn::Sub"} or not OBJECTS.match(text_of(resource)):
            yield f"{where}: {text_of(resource)} must be the objects under one prefix, ${{...BucketArn}}/prefix/*"


def check_buckets(stack, resources):
    """A bucket is closed to the public, encrypted, without access lists, and turns away what comes without TLS."""
    policies = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::S3::BucketPolicy"]
    for name, resource in resources.items():
        if resource["Type"] != "AWS::S3::Bucket":
            continue
        where = f"{stack}: {name}"
        properties = resource.get("Properties", {})
        block = properties.get("PublicAccessBlockConfiguration", {})
        for setting in PUBLIC_ACCESS:
            if block.get(setting) is not True:
                yield f"{where}: {setting} must be true"
        rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        if not rules or not all(rule.get("ServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules):
            yield f"{where}: the bucket must be encrypted"
        if properties.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
            yield f"{where}: ObjectOwnership must be BucketOwnerEnforced, so that there are no access lists"
        if properties.get("WebsiteConfiguration") or properties.get("CorsConfiguration"):
            yield f"{where}: the bucket is neither a web site nor open to scripts of one"
        own = [policy["PolicyDocument"]["Statement"] for policy in policies if policy.get("Bucket") == {"Ref": name}]
        if not any(is_tls_only(statement, name) for document in own for statement in as_list(document)):
            yield f"{where}: a policy of the bucket must deny every request without TLS"
        for statement in (statement for document in own for statement in as_list(document)):
            if statement.get("Effect") != "Deny":
                yield f"{where}: the bucket's policy may only deny; rights are in the functions' policies"


def is_tls_only(statement, bucket):
    return statement == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def check_policies(stack, expanded):
    for name, resource in expanded["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for arn in as_list(resource["Properties"].get("ManagedPolicyArns", [])):
            if not any(text_of(arn).endswith(policy) for policy in ATTACHED_BY_SAM):
                yield f"{stack}: {name}: managed policy {text_of(arn)}: write the statements out instead"

    for name, statement in statements(expanded["Resources"]):
        where = f"{stack}: {name}"
        owner = name.removesuffix("Role")
        if statement.get("Effect") != "Allow" or {"NotAction", "NotResource"} & set(statement):
            yield f"{where}: only plain Allow statements, so that a reader can add them up"
            continue
        actions = set(as_list(statement["Action"]))
        resources = as_list(statement["Resource"])
        if actions & OBJECT_ACTIONS:
            yield from check_object_statement(where, statement, actions, resources)
            continue
        for resource in resources:
            if "*" in text_of(resource):
                yield f"{where}: wildcard in the resource {text_of(resource)}"
        for action in sorted(actions - TABLE_ACTIONS - OTHER_ACTIONS):
            yield f"{where}: action {action} is not among those that functions may use"
        yield from check_secret_statement(where, owner, actions, resources)
        if actions & TABLE_ACTIONS:
            if actions & OTHER_ACTIONS:
                yield f"{where}: a statement on the table allows nothing else"
            yield from check_table_statement(where, owner, statement, actions, resources)


def check_function(stack, name, resource, template):
    """One function: named after its operation, described, and either routed or called by an event or another job."""
    where = f"{stack}: {name}"
    resources = template["Resources"]
    operation = operation_of(resource)
    if "".join(word.capitalize() for word in operation.split("-")) != name:
        yield f"{where}: the logical id must be the operation {operation!r} in PascalCase"
    if resource["Properties"]["CodeUri"] != f"../../target/lambda/{operation}":
        yield f"{where}: CodeUri must be ../../target/lambda/<operation>"

    parts = {part: resources.get(f"{name}{part}") for part in ("Integration", "Route", "Permission")}
    if not any(parts.values()):
        return  # a job
    for part, found in parts.items():
        if found is None:
            yield f"{where}: the resource {name}{part} is missing"
    if not all(parts.values()):
        return
    if parts["Integration"]["Properties"].get("IntegrationUri") != {"Fn::GetAtt": [name, "Arn"]}:
        yield f"{where}: {name}Integration must call {name}"
    if parts["Route"]["Properties"].get("Target") != {"Fn::Sub": f"integrations/${{{name}Integration}}"}:
        yield f"{where}: {name}Route must lead to {name}Integration"
    head = resources.get(f"{name}HeadRoute")
    if head and head["Properties"].get("Target") != {"Fn::Sub": f"integrations/${{{name}Integration}}"}:
        yield f"{where}: {name}HeadRoute must lead to {name}Integration"
    if parts["Permission"]["Properties"].get("FunctionName") != {"Ref": name}:
        yield f"{where}: {name}Permission must be for {name}"


def check_comments(stack, path, template):
    """A comment above every resource, or above the first of a function's four, says why it exists."""
    lines = path.read_text(encoding="utf-8").splitlines()
    functions = [n for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"]
    wiring = {f"{name}{part}" for name in functions for part in ("Integration", "Route", "HeadRoute", "Permission")}
    start = lines.index("Resources:")
    for number, line in enumerate(lines[start:], start):
        found = re.match(r"^  ([A-Za-z0-9]+):$", line)
        if found and found[1] in template["Resources"] and found[1] not in wiring:
            if not lines[number - 1].startswith("  # "):
                yield f"{stack}:{number + 1}: a comment above {found[1]} must say why it exists"


def check_parameters(root, stacks):
    """The root passes each nested stack exactly the parameters that it declares."""
    nested = {}
    for name, resource in root["Resources"].items():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            nested[resource["Properties"]["TemplateURL"]] = (name, set(resource["Properties"].get("Parameters", {})))
    for stack, template in stacks.items():
        if stack not in nested:
            yield f"template.yaml: no nested stack for {stack}"
            continue
        name, passed = nested.pop(stack)
        declared = template.get("Parameters", {})
        for parameter in sorted(passed - set(declared)):
            yield f"template.yaml: {name} passes {parameter}, which {stack} does not declare"
        for parameter in sorted(set(declared) - passed):
            if "Default" not in declared[parameter]:
                yield f"template.yaml: {name} does not pass {parameter}, which {stack} needs"
    for stack, (name, _) in nested.items():
        yield f"template.yaml: {name} names {stack}, which does not exist"


def check_unique(stacks):
    """No operation and no route stands in two places."""
    seen = {}
    for stack, template in stacks.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                key = f"operation {operation_of(resource)}"
            elif resource["Type"] == "AWS::ApiGatewayV2::Route":
                # Two names for one path position would be two routes for us and one for the gateway.
                key = "route " + re.sub(r"\{[^}]*\}", "{}", resource["Properties"]["RouteKey"])
            else:
                continue
            if key in seen:
                yield f"{stack}: {name}: {key} is also in {seen[key]}"
            seen[key] = f"{stack}: {name}"


def check(root_folder):
    """What was seen, one line per stack, and what is wrong."""
    paths = {"template.yaml": root_folder / "template.yaml"}
    paths |= {f"infra/stacks/{path.name}": path for path in sorted((root_folder / "infra/stacks").glob("*.yaml"))}
    templates = {stack: parse_yaml_file(str(path)) for stack, path in paths.items()}
    stacks = {stack: template for stack, template in templates.items() if stack != "template.yaml"}

    seen = []
    findings = [*check_parameters(templates["template.yaml"], stacks), *check_unique(stacks)]
    for stack, template in templates.items():
        findings += check_comments(stack, paths[stack], template)
        functions = {n: r for n, r in template["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
        for name, resource in functions.items():
            findings += check_function(stack, name, resource, template)
        try:
            expanded = expand(template)
        except InvalidDocumentException as error:
            findings += [f"{stack}: {cause.message}" for cause in error.causes]
            continue
        count = len(expanded["Resources"])
        if count > MOST_RESOURCES:
            findings.append(f"{stack}: {count} resources after expansion, at most {MOST_RESOURCES}: split the area")
        findings += check_policies(stack, expanded)
        findings += check_buckets(stack, template["Resources"])
        seen.append(f"{stack}: {len(functions)} functions, {count} resources after expansion")
    return seen, findings


def main():
    seen, findings = check(ROOT)
    for line in seen:
        print(line)
    for finding in findings:
        print(f"error: {finding}", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
