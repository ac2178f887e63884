//! The binaries under test, built once.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a build may take, from nothing on two cores.
const PATIENCE: Duration = Duration::from_mins(20);
/// Between two looks at whether it is done.
const LOOK: Duration = Duration::from_millis(50);

/// The folder with the binaries of the runner and of every function. Builds them the first time.
///
/// The whole workspace with its tests: that is what `cargo test` has built already, but for linking. A smaller selection
/// of packages has other features, and so compiles every dependency anew.
pub fn binaries() -> &'static Path {
    static BINARIES: OnceLock<PathBuf> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let artifacts = build(&["--workspace", "--bins", "--tests"]);
        let kith = artifacts.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let target = message.get("target")?;
            let is_kith = target.get("name")? == "kith" && target.pointer("/kind/0")? == "bin";
            // The same binary with its unit tests is called otherwise.
            let is_program = message.pointer("/profile/test")? == false;
            message.get("executable")?.as_str().filter(|_| is_kith && is_program).map(PathBuf::from)
        });
        kith.and_then(|kith| kith.parent().map(Path::to_path_buf)).expect("cargo built no kith")
    })
}

/// Runs cargo; answers what it says about artifacts.
fn build(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .current_dir(kith_local::project_root().expect("a project"))
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo");
    let mut artifacts = child.stdout.take().expect("what cargo says");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        artifacts.read_to_string(&mut text).map(|_| text)
    });
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("cargo") {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().expect("cargo");
            panic!("the build takes longer than {PATIENCE:?}");
        }
        std::thread::sleep(LOOK);
    };
    assert!(status.success(), "cargo build {arguments:?}: {status}");
    reader.join().expect("a thread").expect("what cargo says")
}
