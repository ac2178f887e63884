//! Measures every function as it is deployed: its release binary, as a process, against a local Runtime API.
//!
//! Times are compared with an empty function that is started and invoked in turn with the measured one, so that a
//! slow or busy machine slows both. Database calls, units, sizes and memory are facts.

mod budget;
mod measure;
mod people;
mod photo;
mod requests;
mod sandbox;
mod statistics;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use measure::Row;

/// Where the report stands in `docs/COSTS.md`.
pub const MEASURED: crate::page::Part = crate::page::Part { name: "measured", command: "cargo kith bench" };
pub use statistics::Middle;

use crate::front::router::RouteTable;
use crate::instances::build;
use crate::routes::{PACKAGES, functions};
use crate::runtime_api::RuntimeApi;
use crate::template::Template;
use crate::{KithError, project_root, project_template};
use people::Person;

/// Package and binary of the empty function.
const EMPTY_PACKAGE: &str = "kith-empty";
const EMPTY: &str = "empty-function";

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The project or its templates cannot be read.
    #[error("{0}")]
    Project(#[from] KithError),
    /// Functions without a typical request, or the other way round.
    #[error("the typical requests in infra/local/src/bench/requests.rs do not fit the code: {0}")]
    Requests(String),
    /// The binaries cannot be built.
    #[error("{0}")]
    Build(String),
    /// No port on the loopback interface.
    #[error("the Runtime API: {0}")]
    Listen(#[from] std::io::Error),
    /// The AWS side does not start.
    #[error("the AWS side: {0}")]
    Aws(#[from] crate::aws::StartError),
    /// A function does not do what it should.
    #[error("{operation}: {why}")]
    Function {
        /// Which one.
        operation: String,
        /// What it did.
        why: String,
    },
}

impl BenchError {
    fn function(operation: &str, why: String) -> Self {
        Self::Function { operation: operation.to_owned(), why }
    }
}

/// What all measurements have in common.
struct Ground {
    template: Template,
    routes: RouteTable,
    api: Arc<RuntimeApi>,
    binaries: BTreeMap<String, PathBuf>,
    /// Who invokes the empty function.
    nobody: Person,
}

impl Ground {
    fn binary(&self, name: &str) -> Result<&Path, BenchError> {
        let binary = self.binaries.get(name).map(PathBuf::as_path);
        binary.ok_or_else(|| BenchError::function(name, "the build made no such binary".to_owned()))
    }
}

/// Everything that was measured in one run.
#[derive(Clone, Debug)]
pub struct Report {
    /// One row for each function, in the order of the list of typical requests.
    pub rows: Vec<Row>,
    /// The empty function's process start to first answer, in milliseconds.
    pub empty_start: Middle,
    /// The empty function's time from event to answer, warm, in milliseconds.
    pub empty_warm: Middle,
    /// Each start of the empty function divided by the one before it: what two starts of the same thing differ by.
    pub noise: Middle,
}

/// Builds and measures the functions named in `only`, or all if it is empty. Says on standard error where it is.
pub async fn run(only: &[String]) -> Result<Report, BenchError> {
    let mut typical = requests::typical();
    let code: BTreeSet<String> = functions().iter().map(|function| function.operation().to_owned()).collect();
    fits(&code, &typical.iter().map(|typical| typical.operation.to_owned()).collect())?;
    if let Some(unknown) = only.iter().find(|name| !code.contains(*name)) {
        return Err(BenchError::function(unknown, "there is no such function".to_owned()));
    }
    typical.retain(|typical| only.is_empty() || only.iter().any(|name| name == typical.operation));

    eprintln!("kith: building the release binaries, as they are deployed");
    let packages: Vec<&str> = PACKAGES.into_iter().chain([EMPTY_PACKAGE]).collect();
    let binaries = build::binaries(&project_root()?, &packages, true)
        .await
        .map_err(|error| BenchError::Build(error.to_string()))?;
    let template = project_template()?;
    let ground = Ground {
        routes: RouteTable::new(&template.routes),
        template,
        api: RuntimeApi::start().await?,
        binaries,
        nobody: Person::nobody(),
    };
    let mut rows = Vec::new();
    for (index, entry) in typical.iter().enumerate() {
        eprintln!("kith: measuring {}/{} {}", index + 1, typical.len(), entry.operation);
        let mut row = measure::measure(&ground, entry).await?;
        if budget::is_too_slow(&row) {
            // A budget is broken if it is broken twice.
            eprintln!("kith: measuring it again");
            row = row.or_faster(measure::measure(&ground, entry).await?);
        }
        rows.push(row);
    }
    Ok(Report::of(rows))
}

/// Whether every function has an entry and every entry a function; the error names those that have not.
fn fits(code: &BTreeSet<String>, entries: &BTreeSet<String>) -> Result<(), BenchError> {
    let without = code.difference(entries).map(|name| format!("{name} has no entry"));
    let unknown = entries.difference(code).map(|name| format!("there is no function {name}"));
    let faults: Vec<String> = without.chain(unknown).collect();
    if faults.is_empty() { Ok(()) } else { Err(BenchError::Requests(faults.join(", "))) }
}

impl Report {
    fn of(rows: Vec<Row>) -> Self {
        let starts = || rows.iter().flat_map(|row| row.empty_starts.iter().copied());
        let against_itself = rows.iter().flat_map(|row| {
            let before = row.empty_starts.iter();
            row.empty_starts.iter().skip(1).zip(before).map(|(after, before)| after / before)
        });
        Self {
            empty_start: Middle::of(starts()),
            empty_warm: Middle::of(rows.iter().flat_map(|row| row.empty_warm.iter().copied())),
            noise: Middle::of(against_itself),
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_typical_request() {
        let code = functions().iter().map(|function| function.operation().to_owned()).collect();
        let entries = requests::typical().iter().map(|typical| typical.operation.to_owned()).collect();
        fits(&code, &entries).unwrap();
    }

    #[test]
    fn a_function_without_an_entry_is_named() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let error = fits(&set(&["show-me", "new-route"]), &set(&["show-me", "old-route"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("new-route has no entry") && text.contains("no function old-route"), "{text}");
    }
}
