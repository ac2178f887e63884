//! `PATCH /v1/users/{user_id}`: changes somebody's account.

use crate::user_view::UserView;
use kith_domain::{Act, AuditEvent, Email, PersonName, Purpose, Task, User, UserId, Username, Work, given, rules};
use kith_http::{Admin, Cx, Function, IfMatch, IfMatchHeader, Json, Path, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::ImagesBucket];
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
    let apply = |user: &mut User| {
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
        let old_email = user.email.clone();
        change.apply(user);
        user.touch(cx.now);
        let moved = user.email.folded() != old_email.folded();
        let tasks = moved.then(|| Task::new(Work::MailEmailChanged { email: old_email }, cx.now)).into_iter().collect();
        // Whoever wants the account at another address may be why an admin steps in.
        let dropped_links = if moved { vec![Purpose::EmailChange] } else { vec![] };
        let audit = Some(AuditEvent::new(admin.id, id, act, cx.now));
        Ok::<_, Problem>(Along { tasks, dropped_links, audit, ..Along::default() })
    };
    let user = cx.store.change_user(cx.store.user(id).await?, rev, cx.now, apply).await?;
    UserView::tagged(&cx, &user, &admin)
}

impl UserChange {
    fn apply(&self, user: &mut User) {
        if let Some(email) = &self.email {
            user.email = email.clone();
        }
        if let Some(username) = &self.username {
            user.username = username.clone();
        }
        if let Some(first_name) = &self.first_name {
            user.first_name = Some(first_name.clone());
        }
        if let Some(last_name) = &self.last_name {
            user.last_name = Some(last_name.clone());
        }
        if let Some(active) = self.active {
            user.is_active = active;
        }
    }
}
