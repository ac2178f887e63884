//! Rules for policies that hold for every function: least privilege on one shared table rests on them.

use std::collections::BTreeSet;

use kith_local::template::{Statement, Template, WRITERS, writers};
use kith_local::{DEAREST_DAY, dearest_day};

use crate::{sources, template};

/// Everything that a policy may name.
const ACTIONS: [&str; 14] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "lambda:InvokeFunction",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "ses:SendRawEmail",
];
/// The actions that change items.
const WRITES: [&str; 3] = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];

/// Every statement with its function's name.
fn statements() -> Vec<(String, Statement)> {
    let functions = template().functions;
    let of = |(operation, spec): (String, kith_local::template::FunctionSpec)| {
        spec.policy.iter().map(|statement| (operation.clone(), statement.clone())).collect::<Vec<_>>()
    };
    functions.into_iter().flat_map(of).collect()
}

fn functions_with(action: &str) -> Vec<String> {
    let has = |statement: &Statement| statement.actions.iter().any(|own| own == action);
    let mut found: Vec<String> =
        statements().into_iter().filter(|(_, statement)| has(statement)).map(|(operation, _)| operation).collect();
    found.dedup();
    found
}

#[test]
fn c91_g01_actions_are_explicit_and_none_scans() {
    for (operation, statement) in statements() {
        for action in &statement.actions {
            assert!(ACTIONS.contains(&action.as_str()), "{operation} may {action}");
        }
    }
}

#[test]
fn g01_no_statement_names_a_wildcard_resource_but_for_the_objects_under_a_prefix() {
    for (operation, statement) in statements() {
        let on_objects = statement.actions.iter().any(|action| action.starts_with("s3:"));
        for resource in &statement.resources {
            let named = if on_objects { under_a_prefix(resource) } else { Some(resource.as_str()) };
            let named = named.unwrap_or_else(|| panic!("{operation}: {resource} is no prefix of a bucket"));
            assert!(named.starts_with("arn:aws:") && !named.contains(['*', '?']), "{operation}: {resource}");
        }
    }
}

/// The prefix of the bucket under which all objects are meant.
fn under_a_prefix(resource: &str) -> Option<&str> {
    let prefix = resource.strip_suffix("/*")?;
    let buckets = template().buckets;
    let is_in = |bucket: &str| prefix.strip_prefix(bucket).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    buckets.iter().any(|bucket| is_in(&bucket.arn)).then_some(prefix)
}

#[test]
fn g01_a_statement_on_objects_allows_nothing_else() {
    for (operation, statement) in statements() {
        let on_objects = statement.actions.iter().filter(|action| action.starts_with("s3:")).count();
        assert!(on_objects == 0 || on_objects == statement.actions.len(), "{operation}: {statement:?}");
    }
}

#[test]
fn g01_every_statement_on_the_table_names_the_leading_keys() {
    for (operation, statement) in statements() {
        let on_table = statement.actions.iter().any(|action| action.starts_with("dynamodb:"));
        assert_eq!(statement.leading_keys.is_some(), on_table, "{operation}: {statement:?}");
        // A call without keys would pass the other condition; a query of an index always names its partition.
        let on_index = statement.resources.iter().any(|resource| resource.contains("/index/"));
        assert_eq!(statement.needs_keys, on_table && !on_index, "{operation}: {statement:?}");
        for pattern in statement.leading_keys.iter().flatten() {
            // All of one kind, or one key.
            let kind = pattern.strip_suffix("#*").unwrap_or(pattern);
            assert!(!kind.is_empty() && !kind.contains(['*', '?']), "{operation}: {pattern}");
        }
    }
}

#[test]
fn g01_an_index_is_only_queried_and_by_jobs_but_for_two_routes_of_admins() {
    let template = template();
    for (operation, statement) in statements() {
        if statement.resources.iter().any(|resource| resource.contains("/index/")) {
            assert_eq!(statement.actions, ["dynamodb:Query"], "{operation}");
            let answers_requests = template.routes.iter().any(|route| route.operation == operation);
            // It may lag; whoever else reads it for a request would see what was, not what is.
            let partitions = statement.leading_keys.as_deref().unwrap_or_default();
            let expected = match operation.as_str() {
                "list-users" => Some("users"),
                "purge-expired-notes" => Some("expiring"),
                _ => None,
            };
            assert_eq!(expected.is_some(), answers_requests, "{operation} reads an index for a request");
            assert!(expected.is_none_or(|expected| partitions == [expected]), "{operation}: {partitions:?}");
            assert!(answers_requests || !partitions.contains(&"users".to_owned()), "{operation}: {partitions:?}");
        }
    }
}

#[test]
fn g01_only_those_who_may_change_roles_write_rosters() {
    let writers: BTreeSet<String> = statements()
        .into_iter()
        .filter(|(_, statement)| statement.actions.iter().any(|action| WRITES.contains(&action.as_str())))
        .filter(|(_, statement)| statement.leading_keys.iter().flatten().any(|key| key.starts_with("roster")))
        .map(|(operation, _)| operation)
        .collect();
    // Confirming and accepting: whom the settings name becomes admin. Leaving: an admin or moderator is taken off.
    let expected = [
        "accept-invitation",
        "confirm-email",
        "delete-me",
        "delete-user",
        "set-role",
        "submit-accept-invitation-page",
        "submit-confirm-page",
    ];
    assert_eq!(writers, expected.map(str::to_owned).into());
}

#[test]
fn g01_only_rotate_keys_writes_verification_keys() {
    for (operation, statement) in statements() {
        let writes = statement.actions.iter().any(|action| WRITES.contains(&action.as_str()));
        let touches = statement.leading_keys.iter().flatten().any(|pattern| pattern.starts_with('k'));
        assert!(!(writes && touches) || operation == "rotate-keys", "{operation} writes verification keys");
    }
}

/// Which functions may do one of `actions` to items of this kind.
fn with_items(kind: &str, actions: &[&str]) -> BTreeSet<String> {
    let touches = |statement: &Statement| statement.leading_keys.iter().flatten().any(|key| key.starts_with(kind));
    statements()
        .into_iter()
        .filter(|(_, statement)| statement.actions.iter().any(|action| actions.contains(&action.as_str())))
        .filter(|(_, statement)| touches(statement))
        .map(|(operation, _)| operation)
        .collect()
}

fn names<const N: usize>(operations: [&str; N]) -> BTreeSet<String> {
    operations.map(str::to_owned).into()
}

#[test]
fn h13_only_those_who_must_write_what_admits() {
    let expected = names([
        "accept-invitation",
        "ban-user",
        "change-password",
        "confirm-email",
        "create-user",
        "delete-me",
        "delete-user",
        "erase-account",
        "reset-password",
        "revoke-all-sessions",
        "set-permissions",
        "set-role",
        "submit-accept-invitation-page",
        "submit-confirm-page",
        "submit-reset-password-page",
        "submit-undo-email-change-page",
        "unban-user",
        "undo-email-change",
        "update-me",
        "update-user",
        "withdraw-email-change",
    ]);
    assert_eq!(with_items("auth#", &WRITES), expected);
}

#[test]
fn h13_only_those_who_must_touch_passwords_and_none_to_admit_somebody() {
    let writers = names([
        "accept-invitation",
        "change-password",
        "confirm-email",
        "erase-account",
        "log-in",
        "reset-password",
        "submit-accept-invitation-page",
        "submit-confirm-page",
        "submit-reset-password-page",
        "submit-undo-email-change-page",
        "undo-email-change",
    ]);
    assert_eq!(with_items("password#", &WRITES), writers);
    // For who checks a password, and for who shows when somebody logged in.
    let readers = names([
        "change-password",
        "delete-me",
        "erase-account",
        "find-user-by-username",
        "list-users",
        "log-in",
        "show-me",
        "show-user",
        "update-me",
        "update-user",
    ]);
    let reads = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
    assert_eq!(with_items("password#", &reads), readers);
}

#[test]
fn h13_only_the_mailer_puts_links_and_it_writes_nothing_that_they_open() {
    assert_eq!(with_items("links#", &["dynamodb:PutItem", "dynamodb:UpdateItem"]), names(["deliver-mail"]));
    for kind in ["auth#", "user#", "password#", "sessions#", "pending#", "username#", "email#", "roster#"] {
        assert!(!with_items(kind, &WRITES).contains("deliver-mail"), "{kind}");
    }
}

#[test]
fn h13_only_those_who_must_open_sessions_and_leave_erasures() {
    assert_eq!(with_items("sessions#", &["dynamodb:PutItem"]), names(["log-in"]));
    let erasing = names(["delete-me", "delete-user", "expire-items"]);
    assert_eq!(with_items("outbox-erase-account#", &["dynamodb:PutItem"]), erasing);
}

#[test]
fn h13_a_counter_is_named_by_its_limit() {
    for (operation, statement) in statements() {
        for key in statement.leading_keys.iter().flatten().filter(|key| key.starts_with("rate")) {
            assert!(key.matches('#').count() == 2, "{operation}: {key}");
        }
    }
}

#[test]
fn h13_the_page_about_security_tells_which_function_can_write_what() {
    let file = kith_local::project_root().unwrap().join("docs/SECURITY.md");
    let page = std::fs::read_to_string(file).unwrap();
    let expected = WRITERS.with(&page, &writers(&template())).expect("markers");
    assert!(page == expected, "docs/SECURITY.md is not what the templates say: run `cargo kith policies --write`");
}

#[test]
fn h12_the_page_about_costs_tells_what_a_day_can_cost_at_most() {
    let page = std::fs::read_to_string(kith_local::project_root().unwrap().join("docs/COSTS.md")).unwrap();
    let text = dearest_day(&sources(), &template()).unwrap();
    let expected = DEAREST_DAY.with(&page, &text).expect("markers");
    assert!(page == expected, "docs/COSTS.md is not what the templates say: run `cargo kith costs`");
}

#[test]
fn h12_what_the_table_and_its_index_do_in_a_second_is_bounded_and_a_budget_is_made_for_an_address() {
    let sources = sources();
    let root = sources.text("template.yaml").unwrap();
    let units = "{MaxReadRequestUnits: !Ref ReadUnitsPerSecond, MaxWriteRequestUnits: !Ref WriteUnitsPerSecond}";
    assert_eq!(root.matches(units).count(), 2, "of the table and of its index");
    let stacks = |email: &str| {
        let parameters = [("AlertEmail", email), ("Stage", "test"), ("MailFrom", "kith@example.org")];
        let more = [("AdminEmails", "admin@example.org"), ("SecurityContact", "security@example.org")];
        let parameters = parameters.iter().chain(&more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let template = Template::from_sources(&sources, &parameters.collect()).unwrap();
        template.stacks.len()
    };
    assert_eq!(stacks("ops@example.org"), stacks("") + 1);
}

/// Which functions are allowed `action` on the secret of this name.
fn users_of(secret: &str, action: &str) -> Vec<String> {
    let template = template();
    let secret = &template.secrets.iter().find(|known| known.name.contains(secret)).unwrap().arn;
    statements()
        .into_iter()
        .filter(|(_, statement)| statement.actions.iter().any(|allowed| allowed == action))
        .filter(|(_, statement)| statement.resources.contains(secret))
        .map(|(operation, _)| operation)
        .collect()
}

#[test]
fn h33_one_function_reads_the_bucket_and_may_do_nothing_else() {
    assert_eq!(functions_with("s3:GetObject"), ["show-photo"]);
    let own: Vec<Statement> =
        statements().into_iter().filter(|(name, _)| name == "show-photo").map(|(_, statement)| statement).collect();
    assert!(own.iter().all(|statement| statement.actions == ["s3:GetObject"]), "{own:?}");
    // What is in the environment of others is no way around it.
    let named = |spec: &kith_local::template::FunctionSpec| spec.environment.contains_key("IMAGES_BUCKET");
    let naming: Vec<String> =
        template().functions.into_iter().filter(|(_, spec)| named(spec)).map(|(name, _)| name).collect();
    let expected = [
        "clean-up",
        "erase-account",
        "expire-items",
        "set-contact-photo",
        "set-cover-photo",
        "set-profile-photo",
        "show-photo",
    ];
    assert_eq!(naming, expected);
}

#[test]
fn h33_photos_have_a_throttle_of_their_own_on_routes_that_are_there_before_the_stage() {
    let root = sources().text("template.yaml").unwrap().to_owned();
    let (_, stage) = root.split_once("\n  HttpApiStage:\n").unwrap();
    let stage = stage.split("\n\n").next().unwrap();
    let keys: Vec<String> =
        template().routes.into_iter().filter(|route| route.operation == "show-photo").map(|route| route.key).collect();
    assert_eq!(keys.len(), 2, "GET and HEAD: {keys:?}");
    for key in keys {
        let limit = format!("        {key}:\n          ThrottlingRateLimit: !Ref PhotosPerSecond\n");
        assert!(stage.contains(&limit), "{key} has no throttle in\n{stage}");
    }
    // CloudFormation refuses settings of a route that is not there yet.
    assert!(stage.contains("    DependsOn: [Photos, Site]\n"), "{stage}");
}

#[test]
fn e27_only_log_in_refresh_and_rotation_read_the_private_key_and_only_rotation_writes_it() {
    assert_eq!(users_of("SigningKeys", "secretsmanager:GetSecretValue"), ["log-in", "refresh-token", "rotate-keys"]);
    assert_eq!(functions_with("secretsmanager:PutSecretValue"), ["rotate-keys"]);
}

#[test]
fn only_deliver_mail_sends_mails_and_only_jobs_invoke_functions() {
    assert_eq!(functions_with("ses:SendRawEmail"), ["deliver-mail"]);
    assert_eq!(functions_with("lambda:InvokeFunction"), ["redrive-outbox", "relay-outbox"]);
}

#[test]
fn c90_e27_no_template_holds_a_secret() {
    for (file, text) in sources().files() {
        for word in ["SecretString", "GenerateSecretString", "resolve:ssm", "NoEcho", "AKIA"] {
            assert!(!text.contains(word), "{file} has {word}");
        }
    }
}

#[test]
fn the_table_is_on_demand_with_expiry_and_a_stream_of_new_images() {
    let table = template().table;
    assert_eq!(table.ttl_attribute, "ttl");
    assert_eq!(table.create["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table.create["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    let index = &table.create["GlobalSecondaryIndexes"][0];
    assert_eq!(index["Projection"]["ProjectionType"], "KEYS_ONLY", "{index}");
}
