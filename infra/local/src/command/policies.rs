//! `cargo kith policies`.

use std::io::Write as _;
use std::process::ExitCode;

use kith_local::template::{Statement, Template, WRITERS, writers};
use kith_local::{project_root, project_template};

use super::Done;

/// The page that tells who can write what.
const PAGE: &str = "docs/SECURITY.md";

/// Lists what each function may do, by the templates.
#[derive(clap::Args)]
pub(crate) struct Policies {
    /// Write into docs/SECURITY.md which function can write what, instead
    #[arg(long)]
    write: bool,
}

impl Policies {
    pub(crate) fn run(self) -> Done {
        let template = project_template()?;
        if self.write {
            WRITERS.write_into(&project_root()?.join(PAGE), &writers(&template))?;
            eprintln!("kith: wrote who can write what into {PAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        list(&template)
    }
}

fn list(template: &Template) -> Done {
    let mut out = std::io::stdout().lock();
    for (operation, function) in &template.functions {
        writeln!(out, "{operation}")?;
        for Statement { actions, resources, leading_keys, .. } in function.policy.iter() {
            let keys = leading_keys.as_ref().map(|keys| format!("  keys {}", keys.join(", "))).unwrap_or_default();
            let names: Vec<&str> = resources.iter().map(|arn| arn.splitn(6, ':').last().unwrap_or(arn)).collect();
            writeln!(out, "    {}  on {}{keys}", actions.join(", "), names.join(", "))?;
        }
    }
    writeln!(out, "\nWhat was used, superfluous or denied: GET /_kith/policies of a running `cargo kith up`.")?;
    Ok(ExitCode::SUCCESS)
}
