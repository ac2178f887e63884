//! `PATCH /v1/me`: changes one's own account.

use crate::me::Me;
use crate::oneself::or_ended;
use kith_domain::{EmailChange, Person, ProfileChange, Task, Work};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, MAILS, Myself, Problem, Result, Router, Setting, Tagged};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
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
    who: Myself,
    IfMatch(rev): IfMatch,
    Json(change): Json<ProfileChange>,
) -> Result<Tagged<Me>> {
    let address = who.person.user.email.folded();
    let new_email = change.email.as_ref().filter(|email| email.folded() != address);
    if let Some(email) = new_email {
        cx.limit(&MAILS, &email.folded()).await?;
    }
    let apply = |person: &mut Person| {
        // What somebody wished for in a session that has ended meanwhile must not come back.
        if !person.user.admits(&who.session, cx.now) {
            return Err(Problem::unauthorized(true));
        }
        person.profile.apply(&change, cx.now);
        let Some(email) = new_email else { return Ok(Along::default()) };
        person.user.email_change = Some(EmailChange::new(email.clone(), cx.now));
        person.user.touch(cx.now);
        let tasks = vec![Task::new(Work::MailEmailChange { user: person.user.id }, cx.now)];
        Ok(Along { tasks, ..Along::default() })
    };
    let person = cx.store.change_person(who.person, rev, cx.now, apply).await.map_err(or_ended)?;
    let credentials = cx.store.credentials(person.user.id).await.map_err(|error| or_ended(error.into()))?;
    Me::tagged(&cx, person, Some(credentials))
}
