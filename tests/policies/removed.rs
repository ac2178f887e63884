//! Every grant taken out, one at a time.

use futures::StreamExt as _;
use kith_local::Options;
use kith_local::template::{Sources, Template};
use kith_tests::Kith;

use crate::journey::part;
use crate::mutation::{Grant, grants, replace, without};

/// Runners at a time. They mostly wait for each other's retries.
const RUNNERS: usize = 6;

/// Runs the part of the journey that needs `grant` without it; an error unless it fails for want of that grant.
async fn miss(template: &Template, mut sources: Sources, grant: &Grant) -> Result<(), String> {
    let spec = &template.functions[&grant.operation];
    replace(&mut sources, spec, &without(spec, grant));
    let options = Options { template: Some(sources), ..Options::default() };
    let runner = match kith_local::Kith::start(options).await {
        Ok(runner) => runner,
        // What runs at creation is part of starting.
        Err(error) => {
            let error = error.to_string();
            let is_denial = error.contains("AccessDenied") || error.contains("not authorized");
            let expected = grant.operation == "rotate-keys" && is_denial;
            return if expected { Ok(()) } else { Err(format!("without {grant} Kith does not start: {error}")) };
        }
    };
    let went = part(&Kith::at(runner.url()), &grant.operation).await;
    let denied = runner.aws().policies().remove(&grant.operation).map(|report| report.denied).unwrap_or_default();
    if !denied.iter().any(|denial| grant.is_denied_by(denial)) {
        return Err(format!("nothing was denied without {grant}: {denied:?}, {went:?}"));
    }
    match went {
        Ok(()) => Err(format!("without {grant} everything went well, and {denied:?} was denied")),
        Err(_) => Ok(()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g01_without_any_one_permission_what_needs_it_fails_and_the_report_names_it() {
    let template = kith_local::project_template().unwrap();
    let sources = Sources::read(&kith_local::project_root().unwrap()).unwrap();
    let grants = grants(&template);
    let trials = grants.iter().map(|grant| miss(&template, sources.clone(), grant));
    let verdicts: Vec<Result<(), String>> = futures::stream::iter(trials).buffer_unordered(RUNNERS).collect().await;
    let faults: Vec<String> = verdicts.into_iter().filter_map(Result::err).collect();
    assert!(faults.is_empty(), "{} of {} grants:\n{}", faults.len(), grants.len(), faults.join("\n"));
}
