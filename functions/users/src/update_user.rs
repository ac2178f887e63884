//! `PATCH /v1/users/{user_id}`: changes somebody's account.

use crate::user_view::{self, UserView};
use jiff::Timestamp;
use kith_domain::{
    Act, AuditEvent, Email, Person, PersonName, ProfileChange, Task, UserId, Username, Work, given, rules,
};
use kith_http::{Admin, Cx, Function, IfMatch, IfMatchHeader, Json, Path, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-user", NEEDS, || Router::default().routes(routes!(update_user)))
}

/// A change of somebody's account: only what is given changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// New address, at once; an admin vouches for it. Free, or 409.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    email: Option<Email>,
    /// New username. Free, or 409.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    username: Option<Username>,
    /// New first name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    first_name: Option<PersonName>,
    /// New last name.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    last_name: Option<PersonName>,
    /// False switches the account off and ends its sessions.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// Change a user
///
/// Not another admin; and nobody switches their own account off.
#[utoipa::path(
    patch, path = "/v1/users/{user_id}", operation_id = "update-user", tag = "users", security(("bearer" = [])),
    request_body = UserChange, extensions(("x-kith-who" = json!("adm"))), params(IfMatchHeader, ("user_id" = UserId, Path)),
    responses((status = 200, description = "The user as they are now", body = UserView, headers(("ETag"))))
)]
pub async fn update_user(
    cx: Cx,
    Admin { user: admin }: Admin,
    Path(id): Path<UserId>,
    IfMatch(rev): IfMatch,
    Json(change): Json<UserChange>,
) -> Result<Tagged<UserView>> {
    let apply = |person: &mut Person| {
        let user = &mut person.user;
        rules::may_manage(&admin, user)?;
        let act = match change.active {
            Some(false) if user.is_active => {
                rules::may_shut_out(&admin, user)?;
                user.end_sessions();
                Act::UserDeactivated
            }
            Some(true) if !user.is_active => Act::UserActivated,
            _ => Act::UserUpdated,
        };
        let (old_email, loaded) = (user.email.clone(), person.rev());
        change.apply(person, cx.now);
        if person.rev() == loaded {
            return Ok(Along::default());
        }
        let moved = person.user.email.folded() != old_email.folded();
        let tasks = moved.then(|| Task::new(Work::MailEmailChanged { email: old_email }, cx.now)).into_iter().collect();
        let audit = Some(AuditEvent::new(admin.id, id, act, cx.now));
        Ok::<_, Problem>(Along { tasks, audit, ..Along::default() })
    };
    let person = cx.store.change_person(cx.store.person(id).await?, rev, cx.now, apply).await?;
    user_view::shown(&cx, person, &admin).await
}

impl UserChange {
    fn apply(&self, person: &mut Person, now: Timestamp) {
        let before = person.user.clone();
        if let Some(email) = self.email.as_ref().filter(|email| email.folded() != before.email.folded()) {
            // Whoever wants the account at another address may be why an admin steps in.
            person.user.email_change = None;
            person.user.email = email.clone();
        }
        if let Some(active) = self.active {
            person.user.is_active = active;
        }
        if person.user != before {
            person.user.touch(now);
        }
        let names = ProfileChange {
            username: self.username.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            ..ProfileChange::default()
        };
        person.profile.apply(&names, now);
    }
}
