//! Every test is run, and every function is built, by the commands that the README names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use kith_local::project_root;
use regex_lite::Regex;
use serde_json::Value;

use crate::template;

/// What the README and `.ci/run` run the tests with, and what the README builds the functions with.
const TESTS: &str = "cargo test";
const BUILD: &str = "cargo lambda build --release --arm64";
/// Binaries that are no functions: the runner, and what the bench compares with.
const NO_FUNCTIONS: [&str; 2] = ["empty-function", "kith"];

fn read(file: &str) -> String {
    std::fs::read_to_string(project_root().unwrap().join(file)).unwrap()
}

/// What cargo knows of the workspace.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(project_root().unwrap()).args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The targets of the packages that a command without a selection works on.
fn targets(metadata: &Value) -> Vec<&Value> {
    let chosen = texts(&metadata["workspace_default_members"]);
    let packages = metadata["packages"].as_array().unwrap().iter();
    let packages = packages.filter(|package| chosen.contains(package["id"].as_str().unwrap()));
    packages.flat_map(|package| package["targets"].as_array().unwrap()).collect()
}

fn is_binary(target: &Value) -> bool {
    texts(&target["kind"]).contains("bin")
}

/// The source files under a folder, but for what cargo and git keep there.
fn sources_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(sources_under(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files of the module in `file`, itself included; modules within it are in `folder`.
fn modules(file: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    found.insert(file.to_owned());
    let declared = Regex::new(r#"(?m)^\s*(?:#\[path = "([^"]+)"\]\s*)?(?:pub(?:\([a-z ]+\))? )?mod (\w+);"#).unwrap();
    for module in declared.captures_iter(&text) {
        if let Some(path) = module.get(1) {
            let file = file.parent().unwrap().join(path.as_str());
            modules(&file, &file.with_extension(""), found);
            continue;
        }
        let name = module.get(2).unwrap().as_str();
        let inner = folder.join(name);
        modules(&folder.join(format!("{name}.rs")), &inner, found);
        modules(&inner.join("mod.rs"), &inner, found);
    }
}

#[test]
fn h30_the_test_command_runs_every_test_of_the_repository() {
    let metadata = metadata();
    let members = texts(&metadata["workspace_members"]);
    assert_eq!(texts(&metadata["workspace_default_members"]), members, "`{TESTS}` leaves out packages");
    let mut run = BTreeSet::new();
    for target in targets(&metadata).into_iter().filter(|target| target["test"] == true) {
        let root = PathBuf::from(target["src_path"].as_str().unwrap());
        modules(&root, root.parent().unwrap(), &mut run);
    }
    let is_test = Regex::new(r"(?m)^\s*(#\[(tokio::|test_log::)?test\b|proptest! *\{)").unwrap();
    let ignored = Regex::new(r"(?m)^\s*#\[ignore").unwrap();
    let mut tests = 0;
    for file in sources_under(&project_root().unwrap()) {
        let text = std::fs::read_to_string(&file).unwrap();
        tests += is_test.find_iter(&text).count();
        assert!(!is_test.is_match(&text) || run.contains(&file), "nobody runs the tests of {}", file.display());
        // One that another test runs, in a process of its own, is run.
        let is_run = text.contains("\"--ignored\"");
        assert!(is_run || !ignored.is_match(&text), "{} has a test that is ignored", file.display());
    }
    assert!(tests > 500, "only {tests} tests were found");
}

#[test]
fn h30_no_function_is_linked_for_the_tests() {
    for target in targets(&metadata()) {
        let name = target["name"].as_str().unwrap();
        let advice = format!("add {{ name = \"{name}\", test = false }} to `bin` in the package's Cargo.toml");
        assert!(!is_binary(target) || target["test"] == false, "{advice}");
    }
}

#[test]
fn h30_readme_and_ci_run_the_same_command() {
    assert!(read("README.md").contains(&format!("## Test it\n\n```sh\n{TESTS}\n```\n")));
    assert!(read(".ci/run").contains(&format!("\nTEST=({TESTS})\n")));
    assert!(read("CONTRIBUTING.md").contains(&format!("\n{TESTS} ")));
}

#[test]
fn h26_the_documented_build_makes_every_function_of_the_template_and_no_other() {
    let metadata = metadata();
    let built: BTreeSet<&str> = targets(&metadata)
        .into_iter()
        .filter(|target| is_binary(target))
        .map(|target| target["name"].as_str().unwrap())
        .filter(|name| !NO_FUNCTIONS.contains(name))
        .collect();
    let template = template();
    // The last segment of `CodeUri`: the folder under target/lambda that `cargo lambda` names after the binary.
    let deployed: BTreeSet<&str> = template.functions.keys().map(String::as_str).collect();
    assert_eq!(built, deployed);
    for file in ["README.md", "samconfig.toml"] {
        let text = read(file);
        assert!(text.contains(BUILD), "{file} does not name `{BUILD}`");
        let others = text.lines().filter(|line| line.contains("cargo lambda build") && !line.contains(BUILD));
        assert_eq!(others.count(), 0, "{file} builds otherwise, too");
    }
}
