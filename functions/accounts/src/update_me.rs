//! `PATCH /v1/me`: changes one's own account.

use crate::current_password;
use crate::me::Me;
use crate::oneself::or_ended;
use kith_domain::{Person, ProfileChange};
use kith_http::{
    Cx, EMAIL_CHANGES, Fault, Function, IfMatch, IfMatchHeader, Json, Myself, Problem, Result, Router, Setting, Tagged,
};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-me", NEEDS, || Router::default().routes(routes!(update_me)))
}

/// Change your account
///
/// Only what is sent changes. A new e-mail address needs `current_password`, and takes effect when the link that is
/// mailed there has been used; whether it is free makes no difference here. The old address is told at once, with a link
/// that withdraws the wish, and for seven days after the change undoes it.
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
    if new_email.is_some() {
        may_wish(&cx, &who, &change).await?;
    }
    let apply = |person: &mut Person| {
        // What somebody wished for in a session that has ended meanwhile must not come back.
        if !person.user.admits(&who.session, cx.now) {
            return Err(Problem::unauthorized(true));
        }
        person.profile.apply(&change, cx.now);
        let tasks = new_email.map(|email| person.user.wish_for_email(email.clone(), None, cx.now)).unwrap_or_default();
        Ok(Along { tasks, ..Along::default() })
    };
    let person = cx.store.change_person(who.person, rev, cx.now, apply).await.map_err(or_ended)?;
    let credentials = cx.store.credentials(person.user.id).await.map_err(|error| or_ended(error.into()))?;
    Me::tagged(&cx, person, Some(credentials))
}

/// That a stolen token is not enough to carry the account away, nor to mail whomever one likes.
async fn may_wish(cx: &Cx, who: &Myself, change: &ProfileChange) -> Result<()> {
    let id = who.person.user.id;
    let needed = || Problem::invalid(vec![Fault::new("/current_password", "is required for another address")]);
    current_password::check(cx, id, change.current_password.as_ref().ok_or_else(needed)?).await?;
    cx.limit(&EMAIL_CHANGES, &id.to_string()).await
}
