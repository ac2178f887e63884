//! `cargo kith bench`.

use std::io::Write as _;
use std::process::ExitCode;

use kith_local::{bench, project_root};

use super::Done;

/// Where the table is kept.
const PAGE: &str = "docs/COSTS.md";

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Only these functions; the table is then shown and not kept
    #[arg(value_name = "OPERATION")]
    operations: Vec<String>,
    /// Fail if a budget is broken, and keep no table
    #[arg(long)]
    check: bool,
}

impl Bench {
    pub(crate) fn run(self) -> Done {
        // One thread serves both sides, so that the other processor is left to the function.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let report = runtime.block_on(bench::run(&self.operations))?;
        writeln!(std::io::stdout().lock(), "{report}")?;
        let broken = report.broken();
        for budget in &broken {
            eprintln!("kith: over budget: {budget}");
        }
        if self.check {
            return Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        if self.operations.is_empty() {
            bench::MEASURED
                .write_into(&project_root()?.join(PAGE), &report.to_string())
                .map_err(|error| format!("{PAGE}: {error}"))?;
            eprintln!("kith: wrote {PAGE}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
