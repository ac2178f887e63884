//! What can go wrong between a rule and the table.

use crate::Answer;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use kith_domain::Amount;

/// Why an access pattern failed. Nothing was changed, except where `Unavailable` leaves it open.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing, or it is not the caller's, or it has expired.
    #[error("not found")]
    NotFound,
    /// It changed since it was read.
    #[error("changed meanwhile")]
    Stale,
    /// The username belongs to somebody.
    #[error("username taken")]
    UsernameTaken,
    /// The address belongs to somebody. For admins only: nobody else may learn it.
    #[error("address taken")]
    EmailTaken,
    /// The password is not the one that was verified any more.
    #[error("password changed meanwhile")]
    PasswordChanged,
    /// Nobody would be admin any more.
    #[error("the last admin")]
    LastAdmin,
    /// There are as many as there may be.
    #[error("as many as there may be")]
    Full(Amount),
    /// Too many were created in this hour; the next one begins in so many seconds.
    #[error("too many in this hour")]
    TooFast(i64),
    /// What is counted is of another hour: counting has to begin anew.
    #[error("counted in another hour")]
    OtherHour,
    /// A request with this idempotency key has been answered before.
    #[error("repeated request")]
    Repeated(Box<Answer>),
    /// The table throttles, or others keep changing the same items. Trying again in a moment helps.
    #[error("the table is busy: {0}")]
    Busy(String),
    /// The table did not answer, or not in a way that we understand. The text is for the log only.
    #[error("the table failed: {0}")]
    Unavailable(String),
    /// An item does not read as what its key says. The text is for the log only.
    #[error("item unreadable: {0}")]
    Unreadable(String),
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Codes by which the table says "not now".
const BUSY: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "LimitExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Any failure that is not a failed condition.
pub(crate) fn failure<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) if BUSY.contains(&code) => StoreError::Busy(described(error)),
        _ => StoreError::Unavailable(described(error)),
    }
}

/// What happened, in words for the log. Not the SDK's own long form: that holds the raw answer, and with it items.
fn described<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let Some(error) = error.as_service_error() {
        return format!("{}: {}", error.code().unwrap_or("unknown"), error.message().unwrap_or_default());
    }
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}
