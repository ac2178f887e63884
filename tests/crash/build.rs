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

/// The runner's binary. Builds it, and every function's binary beside it, the first time.
pub(crate) fn kith() -> &'static Path {
    static KITH: OnceLock<PathBuf> = OnceLock::new();
    KITH.get_or_init(|| {
        // One after the other, as the runner itself builds the functions: other selections of packages are other builds.
        let packages =
            ["kith-accounts", "kith-users", "kith-contacts", "kith-notes", "kith-photos", "kith-site", "kith-jobs"];
        let selected: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
        build(&[&["--bins"], &*selected].concat());
        let artifacts = build(&["--package", "kith-local", "--bin", "kith"]);
        let executable = artifacts.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let is_kith = message["target"]["name"] == "kith";
            message["executable"].as_str().filter(|_| is_kith).map(PathBuf::from)
        });
        executable.unwrap()
    })
}

/// The binary of one function.
pub(crate) fn function(operation: &str) -> PathBuf {
    kith().with_file_name(operation)
}

/// Runs cargo; answers what it says about artifacts.
fn build(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .current_dir(kith_local::project_root().unwrap())
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut artifacts = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        artifacts.read_to_string(&mut text).map(|_| text)
    });
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the build takes longer than {PATIENCE:?}");
        }
        std::thread::sleep(LOOK);
    };
    assert!(status.success(), "cargo build {arguments:?}: {status}");
    reader.join().unwrap().unwrap()
}
