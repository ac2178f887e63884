//! One's own password, given once more before something that cannot be undone.

use crate::oneself::or_ended;
use kith_crypto::password;
use kith_domain::{Password, PasswordHash, UserId};
use kith_http::{Cx, PASSWORD_CHECKS, Problem, Result};
use secrecy::SecretString;

/// The hash of the password that was given. 403 where it is wrong, 429 after too many tries: whoever has a stolen token
/// must not be able to guess.
pub(crate) async fn check(cx: &Cx, user: UserId, given: &SecretString) -> Result<PasswordHash> {
    cx.limit(&PASSWORD_CHECKS, &user.to_string()).await?;
    let hash = cx.store.credentials(user).await.map_err(|error| or_ended(error.into()))?.password_hash;
    let verdict = password::verify(Password::attempt(given).secret(), Some(&hash)).await?;
    if verdict.matches { Ok(hash) } else { Err(Problem::wrong_password()) }
}
