//! Every function and route is in the code and in the template.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kith_http::{Function, Kind};
use kith_local::{code_routes, route_table};

use crate::{areas, functions, sources, template};

/// What the gateway waits for at most.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(29);
/// The length of any file of the project, and so of a template.
const MOST_LINES: usize = 500;

#[test]
fn e02_every_route_of_the_code_is_in_the_template_and_the_other_way_round() {
    let faults: Vec<String> = route_table(&functions(), &template())
        .iter()
        .filter(|row| row.fault.is_some())
        .map(ToString::to_string)
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_function_of_the_code_is_in_the_template_and_the_other_way_round() {
    let code: BTreeSet<String> = functions().iter().map(|function| function.operation().to_owned()).collect();
    let template: BTreeSet<String> = template().functions.into_keys().collect();
    let only =
        |some: &BTreeSet<String>, others: &BTreeSet<String>| some.difference(others).cloned().collect::<Vec<_>>();
    assert!(only(&code, &template).is_empty(), "only in the code: {:?}", only(&code, &template));
    assert!(only(&template, &code).is_empty(), "only in the template: {:?}", only(&template, &code));
}

#[test]
fn a_function_behind_a_route_has_exactly_one_and_a_job_has_none() {
    let routes = code_routes(&functions());
    let template = template();
    for function in functions() {
        let operation = function.operation();
        let expected = usize::from(function.kind() != Kind::Job);
        assert_eq!(
            routes.iter().filter(|route| route.operation == operation).count(),
            expected,
            "{operation} in the code"
        );
        // The head of what it answers is no other route.
        let is_own = |key: &str| !key.starts_with("HEAD ");
        let declared =
            template.routes.iter().filter(|route| route.operation == operation && is_own(&route.key)).count();
        assert_eq!(declared, expected, "{operation} in the template");
    }
}

#[test]
fn each_contract_names_its_own_operation() {
    for function in functions() {
        let Some(contract) = function.openapi() else { continue };
        let contract = serde_json::to_value(contract).unwrap();
        let ids: Vec<&str> = contract["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        assert_eq!(ids, [function.operation()]);
    }
}

#[test]
fn no_operation_is_named_twice() {
    let mut seen = BTreeSet::new();
    for function in functions() {
        assert!(seen.insert(function.operation()), "{} is there twice", function.operation());
    }
}

#[test]
fn e26_the_template_sets_exactly_the_settings_that_the_code_reads() {
    let template = template();
    for function in functions() {
        let operation = function.operation();
        let Some(spec) = template.functions.get(operation) else {
            continue;
        };
        let read: BTreeSet<&str> = function.settings().into_iter().collect();
        let set: BTreeSet<&str> = spec.environment.keys().map(String::as_str).collect();
        assert_eq!(read, set, "{operation}: what the code reads, and what {} sets", spec.file);
    }
}

#[tokio::test]
async fn e26_every_function_starts_with_what_the_template_sets() {
    let template = template();
    for function in functions() {
        let spec = &template.functions[function.operation()];
        let mut environment = spec.environment.clone();
        for (name, value) in
            [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")]
        {
            environment.insert(name.to_owned(), value.to_owned());
        }
        let started = function.start(&environment).await;
        assert!(started.is_ok(), "{}: {}", function.operation(), started.err().unwrap());
    }
}

#[tokio::test]
async fn e26_every_function_refuses_to_start_without_one_of_its_settings_and_names_it() {
    let template = template();
    for function in functions() {
        let spec = &template.functions[function.operation()];
        let mut environment: BTreeMap<String, String> = spec.environment.clone();
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            environment.insert(name.to_owned(), "eu-central-1".to_owned());
        }
        for setting in function.settings().into_iter().chain(["AWS_REGION", "AWS_ACCESS_KEY_ID"]) {
            let mut lacking = environment.clone();
            lacking.remove(setting);
            let error = function.start(&lacking).await.err();
            let error = error.unwrap_or_else(|| panic!("{} starts without {setting}", function.operation()));
            assert!(error.to_string().contains(setting), "{}: {error}", function.operation());
        }
    }
}

#[test]
fn each_function_is_in_a_stack_and_the_package_of_its_area_under_its_own_name() {
    let root = kith_local::project_root().unwrap();
    let template = template();
    for area in areas() {
        let folder = root.join("functions").join(area.name).join("src");
        let operations: BTreeSet<String> =
            area.functions.iter().map(|function| function.operation().to_owned()).collect();
        for operation in &operations {
            let spec = &template.functions[operation];
            let stack = stack_of(&spec.file).unwrap();
            assert!(area.stacks.contains(&stack), "{operation} of {} is in {stack}", area.name);
            assert_eq!(spec.logical_id, pascal_case(operation));
            let module = folder.join(format!("{}.rs", operation.replace('-', "_")));
            assert!(module.is_file(), "{operation} has no {}", module.display());
        }
        let binaries: BTreeSet<String> = std::fs::read_dir(folder.join("bin"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(binaries, operations, "binaries of {} and its functions", area.name);
    }
}

#[test]
fn every_stack_belongs_to_an_area_of_the_code_or_watches_them() {
    let sources = sources();
    let stacks: BTreeSet<&str> = sources.files().filter_map(|(file, _)| stack_of(file)).collect();
    let areas = areas();
    // Beside them what watches all of them.
    let known = areas.iter().flat_map(|area| area.stacks.iter().copied()).chain(["alerts"]);
    assert_eq!(stacks, known.collect());
}

#[test]
fn no_template_is_longer_than_a_person_reads() {
    for (file, text) in sources().files() {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{file} has {lines} lines: split it");
    }
}

#[test]
fn a_route_answers_before_the_gateway_gives_up() {
    let template = template();
    for route in &template.routes {
        let timeout = template.functions[&route.operation].timeout;
        assert!(timeout <= GATEWAY_TIMEOUT, "{} may take {timeout:?}", route.operation);
    }
}

#[test]
fn schedules_streams_and_rules_start_jobs_only() {
    let template = template();
    let jobs: BTreeSet<&str> =
        functions().iter().filter(|function| function.kind() == Kind::Job).map(Function::operation).collect();
    let schedules = template.schedules.iter().map(|schedule| &schedule.operation);
    let rules = template.event_rules.iter().map(|rule| &rule.operation);
    let streams = template.streams.iter().map(|stream| &stream.operation);
    for operation in schedules.chain(rules).chain(streams) {
        assert!(jobs.contains(operation.as_str()), "{operation} is no job");
    }
    // Lambda reads a shard for two consumers at most before they slow each other down.
    assert!(template.streams.len() <= 2, "{} consumers of the stream", template.streams.len());
    for stream in &template.streams {
        assert!(stream.reports_failures && stream.bisects, "{}: one bad record holds up the rest", stream.operation);
    }
}

/// The name of the stack in a file.
fn stack_of(file: &str) -> Option<&str> {
    file.strip_prefix("infra/stacks/")?.strip_suffix(".yaml")
}

fn pascal_case(operation: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    operation.split('-').map(capitalised).collect()
}
