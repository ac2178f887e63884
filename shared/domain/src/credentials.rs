//! What proves that somebody is who they say, and when they last proved it.

use crate::{PasswordHash, UserId};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};

/// A password, hashed, and the log-ins by it. There is none before an invited person has set one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserId,
    /// The password, hashed.
    pub password_hash: PasswordHash,
    /// How many times the person has logged in.
    pub login_count: u64,
    /// The newest log-in.
    #[serde(default)]
    pub current_login: Option<Login>,
    /// The one before it.
    #[serde(default)]
    pub last_login: Option<Login>,
}

/// One log-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// When.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
    /// The client's network address.
    pub address: String,
}

impl Credentials {
    /// The first password of an account.
    pub fn new(user: UserId, password_hash: PasswordHash) -> Self {
        Self { user, password_hash, login_count: 0, current_login: None, last_login: None }
    }
}
