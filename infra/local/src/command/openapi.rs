//! `cargo kith openapi`.

use std::process::ExitCode;

use kith_local::{contract, functions, project_root};
use serde_json::Value;

use super::Done;

/// Writes or compares `openapi.json`.
#[derive(clap::Args)]
pub(crate) struct Openapi {
    /// Only compare, and fail if the file is not what the code says
    #[arg(long)]
    check: bool,
}

impl Openapi {
    pub(crate) fn run(self) -> Done {
        let file = project_root()?.join("openapi.json");
        let contract = contract(&functions())?;
        if self.check {
            let kept: Value =
                std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
            if kept == serde_json::to_value(&contract)? {
                return Ok(ExitCode::SUCCESS);
            }
            eprintln!("kith: openapi.json is not what the code says; run `cargo kith openapi`");
            return Ok(ExitCode::FAILURE);
        }
        let mut text = serde_json::to_string_pretty(&contract)?;
        text.push('\n');
        std::fs::write(&file, text)?;
        eprintln!("kith: wrote openapi.json");
        Ok(ExitCode::SUCCESS)
    }
}
