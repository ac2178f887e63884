//! `PATCH /v1/me`: changes one's own account.

use crate::me::Me;
use crate::oneself::or_ended;
use kith_domain::{Link, ProfileChange, Purpose, Task, User, Work};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, MAILS, Member, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::ImagesBucket];
    Function::route("update-me", NEEDS, || Router::default().routes(routes!(update_me)))
}

/// Change your account
///
/// Only what is sent changes. A new e-mail address takes effect when the link that is mailed there has been used;
/// whether it is free makes no difference here.
#[utoipa::path(
    patch, path = "/v1/me", operation_id = "update-me", tag = "accounts", security(("bearer" = [])), request_body = ProfileChange,
    params(IfMatchHeader), extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "Your account as it is now", body = Me, headers(("ETag"))))
)]
pub async fn update_me(
    cx: Cx,
    who: Member,
    IfMatch(rev): IfMatch,
    Json(change): Json<ProfileChange>,
) -> Result<Tagged<Me>> {
    let new_email = change.email.as_ref().filter(|email| email.folded() != who.user.email.folded());
    if let Some(email) = new_email {
        cx.limit(&MAILS, &email.folded()).await?;
    }
    let apply = |user: &mut User| {
        user.apply(&change, cx.now);
        let link = new_email.map(|email| Link::new(user.id, Purpose::EmailChange, email.clone(), cx.now));
        let tasks = link.iter().map(|_| Task::new(Work::MailEmailChange { user: user.id }, cx.now)).collect();
        Ok::<_, Problem>(Along { tasks, link, ..Along::default() })
    };
    let user = cx.store.change_user(who.user, rev, cx.now, apply).await.map_err(or_ended)?;
    Me::tagged(&cx, user)
}
