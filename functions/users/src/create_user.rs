//! `POST /v1/users`: makes an account and mails the invitation.

use crate::user_view::UserView;
use axum::response::Response;
use kith_domain::{Act, AuditEvent, Email, Person, Profile, Task, User, UserId, Username, Work};
use kith_http::{
    Admin, Created, Cx, Function, INVITATIONS, Json, Once, OnceHeader, Result, Router, Setting, new_cursor_key,
};
use kith_store::{Account, Along};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("create-user", NEEDS, || Router::default().routes(routes!(create_user)))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitee {
    email: Email,
}

/// Invite a person
///
/// The account exists at once, with a made-up username; the person sets the password, and tells their name, by the
/// link in the mail.
#[utoipa::path(
    post, path = "/v1/users", operation_id = "create-user", tag = "users", security(("bearer" = [])),
    request_body = Invitee, params(OnceHeader), extensions(("x-kith-who" = json!("adm"))),
    responses((status = 201, description = "The account", body = UserView, headers(("ETag"), ("Location", description = "The account"))))
)]
pub async fn create_user(
    cx: Cx,
    Admin { user: admin }: Admin,
    once: Once,
    Json(invitee): Json<Invitee>,
) -> Result<Response> {
    if let Some(answer) = once.earlier(&cx).await? {
        return Ok(answer);
    }
    cx.limit(&INVITATIONS, &admin.id.to_string()).await?;
    let id = UserId::new(cx.now);
    let user = User::new(id, invitee.email, new_cursor_key(), cx.now);
    let person = Person { user, profile: Profile::new(id, Username::made_up(id), cx.now) };
    let account = Account { person, credentials: None };
    let (location, view) = (format!("/v1/users/{id}"), UserView::whole(&cx, &account)?);
    let created = Created { location, rev: Some(account.person.rev()), view };
    let along = || Along {
        tasks: vec![Task::new(Work::MailInvitation { user: id }, cx.now)],
        audit: vec![AuditEvent::new(admin.id, id, Act::UserInvited, cx.now)],
        ..Along::default()
    };
    once.create(&cx, created, async |answer| cx.store.create_person(&account.person, along(), answer, cx.now).await)
        .await
}
