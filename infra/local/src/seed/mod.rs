//! Demo data for looking around, through the HTTP API of a running Kith, as people would make it.
//!
//! Each area has a file, which makes what is missing and says so of what is there: a second run changes nothing.

mod accounts;
mod contacts;
mod kith;
mod notes;
pub mod soak;

use std::io::{self, Write};

use crate::seed::kith::Kith;

/// Demo data could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// Nobody answers, or not the local runner.
    #[error("there is no local runner at {0}: start one with `cargo kith up`")]
    NoRunner(String),
    /// The runner went away.
    #[error("{asked}: no answer: {why}")]
    Connection {
        /// Method and path.
        asked: String,
        /// Why not.
        why: String,
    },
    /// Kith refused what was asked.
    #[error("{asked} was answered with {status}: {detail}")]
    Refused {
        /// Method and path.
        asked: String,
        /// HTTP status.
        status: u16,
        /// What the problem says.
        detail: String,
    },
    /// What is there is in the way.
    #[error("{0}")]
    InTheWay(String),
    /// Progress cannot be shown.
    #[error("the progress cannot be shown: {0}")]
    Output(#[from] io::Error),
}

/// How to get in as somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// E-mail address.
    pub email: String,
    /// Password, or how to get one.
    pub password: String,
    /// Who that is.
    pub who: String,
}

/// Fills the Kith at `url` with demo data, tells `out` about each step, and answers how to log in.
pub async fn run(url: &str, out: &mut (dyn Write + Send)) -> Result<Vec<LogIn>, SeedError> {
    let mut kith = Kith::find(url, out).await?;
    // The areas, in the order in which they need each other.
    let people = accounts::fill(&mut kith).await?;
    contacts::fill(&mut kith, &people).await?;
    notes::fill(&mut kith, &people).await?;
    kith.settle().await?;
    Ok(people.log_ins)
}

/// The log-ins as a table.
pub fn table(log_ins: &[LogIn]) -> String {
    let width = |of: fn(&LogIn) -> &str| log_ins.iter().map(|log_in| of(log_in).chars().count()).max().unwrap_or(0);
    let (emails, passwords) = (width(|log_in| &log_in.email), width(|log_in| &log_in.password));
    let row =
        |log_in: &LogIn| format!("  {:<emails$}  {:<passwords$}  {}\n", log_in.email, log_in.password, log_in.who);
    log_ins.iter().map(row).collect()
}
