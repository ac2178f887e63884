//! Passwords, hashed, and the log-ins by them: apart from what admits, so that admitting reads no hash.

use crate::item::{Item, VERSION, entity, item};
use crate::keys::{self, number, text};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use kith_domain::{Credentials, PasswordHash, UserId};

/// A password to be set, in the transaction of a change of its user.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// The new one, hashed.
    pub hash: PasswordHash,
    /// The one that was given with the wish and must still be there, where one was.
    pub verified: Option<PasswordHash>,
}

impl Store {
    /// Somebody's password and log-ins; `NotFound` where no password has been set.
    pub async fn credentials(&self, user: UserId) -> Result<Credentials> {
        self.get(&keys::credentials(user)).await?.map(entity).transpose()?.ok_or(StoreError::NotFound)
    }

    /// Adds a new password to a transaction; the log-ins stay. `PasswordChanged` where the one verified is not there
    /// any more.
    pub(crate) fn set_password(&self, change: &mut Transaction, user: UserId, new: &NewPassword) {
        let mut set = Expression {
            update: Some(
                "SET password_hash = :hash, #user = :user, kind = :kind, v = :version, \
                 login_count = if_not_exists(login_count, :none)"
                    .into(),
            ),
            condition: None,
            names: vec![("#user", "user".into())],
            values: vec![
                (":hash", text(new.hash.as_phc())),
                (":user", text(user.to_string())),
                (":kind", text("credentials")),
                (":version", number(VERSION)),
                (":none", number(0)),
            ],
        };
        if let Some(verified) = &new.verified {
            set.condition = Some("password_hash = :verified");
            set.values.push((":verified", text(verified.as_phc())));
        }
        change.update(&self.table, &keys::credentials(user), set, |_| StoreError::PasswordChanged);
    }
}

/// What credentials are stored as.
pub(crate) fn credentials_item(credentials: &Credentials) -> Result<Item> {
    item(&keys::credentials(credentials.user), "credentials", credentials)
}
