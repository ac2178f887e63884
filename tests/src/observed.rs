//! What the runner's helpers show.

use serde::Deserialize;

/// A captured mail.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// Names it under `/_kith/mails/`.
    pub id: String,
    /// Whom it went to.
    pub to: Vec<String>,
    /// The sender.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When the mail service took it.
    pub at: jiff::Timestamp,
}

/// A request or a job, with what it did and cost.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// The gateway's id of the request.
    pub request_id: String,
    /// The function, unless the gateway answered.
    pub operation: Option<String>,
    /// Route key, or the kind of event.
    pub route: String,
    /// The status.
    pub status: u16,
    /// From arrival to answer.
    pub duration_ms: f64,
    /// Calls to AWS in order.
    pub calls: Vec<Call>,
    /// How many of them went to the database.
    pub database_calls: usize,
    /// Read request units.
    pub read_units: f64,
    /// Write request units.
    pub write_units: f64,
    /// What it would cost, in US dollars.
    pub price_usd: f64,
}

/// One call of a function to AWS.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Call {
    /// The service, such as `dynamodb`.
    pub service: String,
    /// The service's operation, such as `GetItem`.
    pub action: String,
    /// Partition keys up to their first `#`.
    pub key_prefixes: Vec<String>,
    /// Whether all its reads were strongly consistent.
    pub consistent: bool,
    /// The index it queried.
    pub index: Option<String>,
    /// Read request units.
    pub read_units: f64,
    /// Write request units.
    pub write_units: f64,
    /// `ok` or the code of the error.
    pub outcome: String,
}

/// The token of the link in a mail, if it has one.
pub fn link_token(mail: &Mail) -> Option<String> {
    let (_, rest) = mail.text.split_once("?token=")?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    Some(rest.get(..end)?.trim_end_matches('.').to_owned())
}
