//! `POST /v1/auth/register`: registers an account and mails the link that confirms it.

use axum::response::Response;
use kith_crypto::password;
use kith_domain::{
    Email, Password, PersonName, REGISTRATION_LIFETIME, Registration, RegistrationMode, Role, Task, UserId, Username,
    Work,
};
use kith_http::{
    Created, Cx, Function, Json, Once, OnceHeader, Problem, REGISTRATIONS, Result, Router, Setting, Time,
    check_password,
};
use kith_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::AdminEmails, Setting::Registration];
    Function::route("register-account", NEEDS, || Router::default().routes(routes!(register_account)))
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    email: Email,
    username: Username,
    first_name: PersonName,
    last_name: PersonName,
    password: Password,
}

/// The account, before its address is confirmed.
#[derive(Serialize, ToSchema)]
pub struct Registered {
    id: UserId,
    email: Email,
    username: Username,
    /// First and last name.
    #[schema(examples("Ada Lovelace"))]
    name: String,
    first_name: PersonName,
    last_name: PersonName,
    role: Role,
    created_at: Time,
    /// Null until the link in the mail has been used.
    confirmed_at: Option<Time>,
}

/// Register an account
///
/// Answers alike whether or not the address has an account already; only the mail differs.
#[utoipa::path(
    post, path = "/v1/auth/register", operation_id = "register-account", tag = "accounts", request_body = NewAccount,
    params(OnceHeader), extensions(("x-kith-who" = json!("pub"))),
    responses((status = 201, description = "Registered; the address is to be confirmed", body = Registered, headers(("Location", description = "The account, once it is confirmed"))))
)]
pub async fn register_account(cx: Cx, once: Once, Json(new): Json<NewAccount>) -> Result<Response> {
    if let Some(answer) = once.earlier(&cx).await? {
        return Ok(answer);
    }
    check_password("/password", &new.password, &new.username, &new.email)?;
    if cx.settings().registration_mode()? == RegistrationMode::Invite
        && !cx.settings().admin_emails()?.include(&new.email)
    {
        return Err(Problem::forbidden("Only invited people can register here. Ask somebody who runs it."));
    }
    if let Some(answer) = count(&cx, &once, &new.username).await? {
        return Ok(answer);
    }
    let registration = registration(&cx, new).await?;
    let asked_from = registration.asked_from.clone();
    let task = Task::new(Work::MailConfirmation { registration: registration.id, asked_from }, cx.now);
    let location = format!("/v1/users/{}", registration.id);
    let created = Created { location, rev: None, view: Registered::from(&registration) };
    once.create(&cx, created, async |answer| cx.store.register(&registration, &task, answer, cx.now).await).await
}

/// Counts a registration before its password is hashed: each that is refused, and each that is made once. A repeat of one
/// that is being made gets its answer instead.
async fn count(cx: &Cx, once: &Once, username: &Username) -> Result<Option<Response>> {
    let network = cx.client.network();
    if !cx.store.is_username_free(username, cx.now).await? {
        // By this very request, perhaps.
        if let Some(answer) = once.earlier(cx).await? {
            return Ok(Some(answer));
        }
        cx.limit(&REGISTRATIONS, &network).await?;
        return Err(StoreError::UsernameTaken.into());
    }
    if !cx.limit_once(&REGISTRATIONS, &network, once).await? {
        if let Some(answer) = once.awaited(cx).await? {
            return Ok(Some(answer));
        }
        cx.limit(&REGISTRATIONS, &network).await?;
    }
    Ok(None)
}

async fn registration(cx: &Cx, new: NewAccount) -> Result<Registration> {
    Ok(Registration {
        id: UserId::new(cx.now),
        email: new.email,
        username: new.username,
        first_name: new.first_name,
        last_name: new.last_name,
        password_hash: password::hash(new.password.secret()).await?,
        asked_from: cx.client.network_hash(),
        created_at: cx.now,
        expires_at: cx.now + REGISTRATION_LIFETIME,
    })
}

impl From<&Registration> for Registered {
    fn from(registration: &Registration) -> Self {
        Self {
            id: registration.id,
            email: registration.email.clone(),
            username: registration.username.clone(),
            name: format!("{} {}", registration.first_name, registration.last_name),
            first_name: registration.first_name.clone(),
            last_name: registration.last_name.clone(),
            role: Role::Member,
            created_at: registration.created_at.into(),
            confirmed_at: None,
        }
    }
}
