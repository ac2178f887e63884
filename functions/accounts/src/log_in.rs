//! `POST /v1/auth/login`: opens a session by password.

use crate::login_tries::{Try, known_as};
use crate::tokens::Tokens;
use kith_crypto::{RefreshToken, password};
use kith_domain::{self as domain, LoginName, Password, SESSION_LIFETIME, Session, SessionId, User};
use kith_http::{Cx, Function, Json, Problem, Result, Router, Secret, Setting};
use kith_store::{Claimants, StoreError};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::SigningSecret];
    Function::route("log-in", NEEDS, || Router::default().routes(routes!(log_in)))
}

/// Who somebody says to be, and the proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// E-mail address or username.
    #[schema(max_length = 254, examples("ada.l"))]
    login: String,
    #[schema(value_type = String, format = Password, max_length = 128)]
    password: SecretString,
}

/// Log in
///
/// An unknown name and a wrong password are answered alike, after the same work; so is the right password where the
/// account was tried too often under another of its names, or from elsewhere. With the right password of an account that
/// is not confirmed, banned or switched off: 403, which says so.
#[utoipa::path(
    post, path = "/v1/auth/login", operation_id = "log-in", tag = "accounts", request_body = Credentials,
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "A new session", body = Tokens))
)]
pub async fn log_in(cx: Cx, Json(credentials): Json<Credentials>) -> Result<Secret<Tokens>> {
    let signer = cx.signer().await?;
    let name = LoginName::read(&credentials.login);
    let (counted, claimants) = Try::count(&cx, &name).await?;
    let attempt = Password::attempt(&credentials.password);
    let (user, known, stale) = authenticate(&name, claimants, &attempt, counted.may_pass).await?;
    let rehashed = if stale { Some(password::hash(attempt.secret()).await?) } else { None };
    let token = RefreshToken::generate(user.id, SessionId::new(cx.now));
    let access = cx.access_token(&signer, &token, cx.now)?;
    let (session, network) = (session(&cx, &user, &token), known_as(&known, &cx.client.network()));
    let opened = cx.store.log_in(&known, &session, &network, rehashed.as_ref());
    match tokio::join!(opened, counted.give_back(&cx)).0 {
        Ok(()) => Ok(Secret(Tokens::new(access, &token))),
        // The password was changed at this very moment.
        Err(StoreError::Stale) => Err(Problem::wrong_credentials()),
        Err(error) => Err(error.into()),
    }
}

/// Whose password it is, what is kept beside it, and whether it must be hashed anew.
///
/// The work is the same for every name of one kind, taken, pending or free, and whether or not the right password may
/// pass: one hash for a username, two for an address, since that may have an account and a registration beside it.
async fn authenticate(
    name: &LoginName,
    claimants: Claimants,
    attempt: &Password,
    may_pass: bool,
) -> Result<(User, domain::Credentials, bool)> {
    let is_email = matches!(name, LoginName::Email(_));
    let Claimants { user, credentials, registration, .. } = claimants;
    let pending = registration.map(|registration| registration.password_hash);
    let own = credentials.as_ref().map(|credentials| &credentials.password_hash);
    let first = password::verify(attempt.secret(), own.or(if is_email { None } else { pending.as_ref() })).await?;
    match (user, credentials) {
        (Some(user), Some(own)) if first.matches && may_pass && user.may_act() => return Ok((user, own, first.stale)),
        (Some(user), _) if first.matches && may_pass => return Err(shut(&user)),
        (None, _) if first.matches && may_pass => return Err(Problem::unconfirmed()),
        _ => {}
    }
    if is_email && password::verify(attempt.secret(), pending.as_ref()).await?.matches && may_pass {
        return Err(Problem::unconfirmed());
    }
    Err(Problem::wrong_credentials())
}

/// What whoever knows the password is told of an account that may not be used.
fn shut(user: &User) -> Problem {
    if user.erasing_since.is_some() {
        // It is gone already, for everybody.
        Problem::wrong_credentials()
    } else if user.banned_at.is_some() {
        Problem::banned()
    } else {
        Problem::switched_off()
    }
}

fn session(cx: &Cx, user: &User, token: &RefreshToken) -> Session {
    Session {
        id: token.session,
        user: user.id,
        generation: user.session_generation,
        family_hash: token.family.hash().to_string(),
        refresh_hash: token.current.hash().to_string(),
        replaced: Vec::new(),
        rotated_at: cx.now,
        created_at: cx.now,
        last_seen_at: cx.now,
        device: cx.client.device.clone(),
        address: cx.client.address.clone(),
        expires_at: cx.now + SESSION_LIFETIME,
    }
}
