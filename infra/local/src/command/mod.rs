//! The commands of `cargo kith`.

pub(crate) mod bench;
pub(crate) mod costs;
pub(crate) mod openapi;
pub(crate) mod policies;
pub(crate) mod seed;
pub(crate) mod soak;
pub(crate) mod up;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::process::{Command, ExitCode};

use kith_local::{functions, project_root, project_template, route_table};

/// What a command answers: the exit code, or what went wrong.
pub(crate) type Done = Result<ExitCode, Box<dyn Error>>;

/// Lists all routes of code and template; fails if they differ.
pub(crate) fn routes() -> Done {
    let rows = route_table(&functions(), &project_template()?);
    let mut out = std::io::stdout().lock();
    for row in &rows {
        writeln!(out, "{row}")?;
    }
    Ok(if rows.iter().any(|row| row.fault.is_some()) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs format check, lints, contract check and tests, and stops at the first that fails.
pub(crate) fn check() -> Done {
    let root = project_root()?;
    let steps: [&[&str]; 4] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
        &["kith", "openapi", "--check"],
        &["test"],
    ];
    let mut environment = BTreeMap::new();
    if std::env::var_os("CARGO_TERM_COLOR").is_none() {
        environment.insert("CARGO_TERM_COLOR", "auto");
    }
    for step in steps {
        eprintln!("kith: cargo {}", step.join(" "));
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo).current_dir(&root).envs(&environment).args(step).status()?;
        if !status.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
