//! `cargo kith costs`.

use std::process::ExitCode;

use kith_local::template::Sources;
use kith_local::{DEAREST_DAY, dearest_day, project_root, project_template};

use super::Done;

/// The page about what Kith costs.
const PAGE: &str = "docs/COSTS.md";

/// Writes what a day can cost at most into `docs/COSTS.md`.
pub(crate) fn costs() -> Done {
    let root = project_root()?;
    DEAREST_DAY.write_into(&root.join(PAGE), &dearest_day(&Sources::read(&root)?, &project_template()?)?)?;
    eprintln!("kith: wrote what a day can cost at most into {PAGE}");
    Ok(ExitCode::SUCCESS)
}
