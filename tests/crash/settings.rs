//! The real binaries, started without one of their settings.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use kith_tests::binaries;

fn run(operation: &str, environment: &BTreeMap<String, String>) -> Output {
    let mut command = Command::new(binaries().join(operation));
    command.env_clear().envs(environment).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn e26_a_function_without_one_of_its_settings_ends_at_once_and_names_it() {
    let template = kith_local::project_template().unwrap();
    let mut tried = 0;
    for function in kith_local::functions() {
        let operation = function.operation();
        let mut environment = template.functions[operation].environment.clone();
        for (name, value) in [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            // Nobody listens there; a function that does start fails a moment later, for another reason.
            ("AWS_LAMBDA_RUNTIME_API", "http://127.0.0.1:1"),
            ("AWS_LAMBDA_FUNCTION_NAME", operation),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        for setting in function.settings() {
            let mut lacking = environment.clone();
            lacking.remove(setting);
            let ended = run(operation, &lacking);
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(!ended.status.success(), "{operation} runs without {setting}");
            assert!(said.contains(operation) && said.contains(setting), "{operation} without {setting} says: {said}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}
