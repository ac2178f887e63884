//! What the errors of other crates are as problems.

use crate::Problem;
use kith_domain::Nameless;
use kith_domain::rules::Refused;
use kith_store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Stale => Self::stale(),
            StoreError::UsernameTaken => Self::conflict("This username belongs to somebody. Choose another."),
            StoreError::EmailTaken => Self::conflict("This e-mail address belongs to somebody. Choose another."),
            StoreError::PasswordChanged => Self::wrong_password(),
            StoreError::LastAdmin => Self::conflict("Somebody must stay admin. Make another person admin first."),
            StoreError::Full(amount) => Self::full(amount),
            StoreError::TooFast(seconds) => Self::too_fast(seconds),
            StoreError::Busy(source) => Self::busy(source),
            // Whoever creates counts again; see `create_contact`.
            StoreError::OtherHour => Self::busy("counting did not begin anew".to_owned()),
            StoreError::Unavailable(source) | StoreError::Unreadable(source) => Self::internal(source),
            // Whoever stores an answer handles its repetition; see `Once`.
            StoreError::Repeated(_) => Self::internal("a repeated request was not replayed"),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotAllowed => Self::forbidden("You are not allowed to do this."),
            Refused::Oneself => Self::forbidden("You cannot do this to yourself."),
            Refused::AnotherAdmin => Self::forbidden("You cannot do this to an admin."),
        }
    }
}

impl From<kith_objects::ObjectError> for Problem {
    fn from(error: kith_objects::ObjectError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Nameless> for Problem {
    fn from(nameless: Nameless) -> Self {
        Self::invalid(crate::faults::one_needed(&nameless.to_string()).collect())
    }
}

impl From<kith_crypto::PasswordError> for Problem {
    fn from(error: kith_crypto::PasswordError) -> Self {
        Self::internal(error.to_string())
    }
}
