//! One's own password, given once more before something that cannot be undone.

use kith_crypto::password;
use kith_domain::{Password, User};
use kith_http::{Cx, PASSWORD_CHECKS, Problem, Result};
use secrecy::SecretString;

/// 403 where it is wrong, 429 after too many tries: whoever has a stolen token must not be able to guess.
pub(crate) async fn check(cx: &Cx, user: &User, given: &SecretString) -> Result<()> {
    cx.limit(&PASSWORD_CHECKS, &user.id.to_string()).await?;
    let verdict = password::verify(Password::attempt(given).secret(), user.password_hash.as_ref()).await?;
    if verdict.matches { Ok(()) } else { Err(Problem::wrong_password()) }
}
