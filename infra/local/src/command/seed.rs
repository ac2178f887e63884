//! `cargo kith seed`.

use std::io::Write as _;
use std::process::ExitCode;

use kith_local::seed;

use super::Done;

/// Where to.
#[derive(clap::Args)]
pub(crate) struct Seed {
    /// Address of a running `cargo kith up`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000")]
    url: String,
}

impl Seed {
    pub(crate) fn run(self) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let log_ins = runtime.block_on(seed::run(&self.url, &mut std::io::stdout()))?;
        writeln!(std::io::stdout().lock(), "\n{}", seed::table(&log_ins))?;
        Ok(ExitCode::SUCCESS)
    }
}
