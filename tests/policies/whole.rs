//! The whole journey, with the policies of the template and with a grant too many.

use std::collections::{BTreeMap, BTreeSet};

use kith_local::template::{Sources, Statement};
use kith_local::{Options, aws::PolicyReport};
use kith_tests::Kith;

use crate::journey::{OPERATIONS, part};
use crate::mutation::replace;

/// What the runner reports after the whole journey.
async fn reports(template: Option<Sources>) -> BTreeMap<String, PolicyReport> {
    let runner = kith_local::Kith::start(Options { template, ..Options::default() }).await.unwrap();
    let kith = Kith::at(runner.url());
    for operation in OPERATIONS {
        part(&kith, operation).await.unwrap_or_else(|error| panic!("the part of {operation}: {error}"));
    }
    runner.aws().policies()
}

#[test]
fn g01_the_journey_has_a_part_for_every_function() {
    let template = kith_local::project_template().unwrap();
    let functions: BTreeSet<&str> = template.functions.keys().map(String::as_str).collect();
    assert_eq!(functions, BTreeSet::from(OPERATIONS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g01_no_function_lacks_a_permission_and_none_has_one_too_many() {
    let reports = reports(None).await;
    assert_eq!(reports.len(), OPERATIONS.len(), "functions that ran");
    let faults = |of: fn(&PolicyReport) -> &Vec<String>| {
        let faulty = reports.iter().filter(|(_, report)| !of(report).is_empty());
        faulty.map(|(operation, report)| format!("{operation}: {}", of(report).join(", "))).collect::<Vec<_>>()
    };
    let (denied, superfluous) = (faults(|report| &report.denied), faults(|report| &report.superfluous));
    assert!(
        denied.is_empty() && superfluous.is_empty(),
        "denied:\n{}\nsuperfluous:\n{}",
        denied.join("\n"),
        superfluous.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g01_a_permission_too_many_is_named_for_the_function_that_has_it() {
    let template = kith_local::project_template().unwrap();
    let mut sources = Sources::read(&kith_local::project_root().unwrap()).unwrap();
    let grant = |action: &str, pattern: &str| Statement {
        actions: vec![action.to_owned()],
        resources: vec![template.table.arn.clone()],
        leading_keys: Some(vec![pattern.to_owned()]),
        needs_keys: true,
    };
    let objects = Statement {
        actions: vec!["s3:PutObject".to_owned()],
        resources: vec![format!("{}/nothing/*", template.buckets[0].arn)],
        leading_keys: None,
        needs_keys: false,
    };
    for spec in template.functions.values() {
        let mut policy = spec.policy.to_vec();
        // One that nothing needs, and one that is wider than what is needed.
        policy.extend([
            grant("dynamodb:ConditionCheckItem", "user#*"),
            grant("dynamodb:PutItem", "*"),
            objects.clone(),
        ]);
        replace(&mut sources, spec, &policy);
    }
    for (operation, report) in reports(Some(sources)).await {
        let expected =
            ["dynamodb:ConditionCheckItem user#*", "dynamodb:PutItem *", "s3:PutObject on kith-images/nothing/*"];
        assert_eq!(report.superfluous, expected, "{operation}");
        assert!(report.denied.is_empty(), "{operation}: {:?}", report.denied);
    }
}
