//! `DELETE /v1/me/email-change`: withdraws one's wish for another address.

use crate::oneself::or_ended;
use kith_domain::{Act, AuditEvent, User};
use kith_http::{Cx, Function, Member, NoContent, Problem, Result, Router, Setting};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("withdraw-email-change", NEEDS, || Router::default().routes(routes!(withdraw_email_change)))
}

/// Withdraw your wish for another address
///
/// The links that were mailed because of it work no more. 404 where none waits.
#[utoipa::path(
    delete, path = "/v1/me/email-change", operation_id = "withdraw-email-change", tag = "accounts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "No other address waits any more"))
)]
pub async fn withdraw_email_change(cx: Cx, who: Member) -> Result<NoContent> {
    if who.user.wanted_email(cx.now).is_none() {
        return Err(Problem::not_found());
    }
    let apply = |user: &mut User| {
        // Where it was confirmed, or ended otherwise, at this very moment, it waits no more either.
        if user.email_change.take().is_none() {
            return Ok::<_, Problem>(Along::default());
        }
        user.touch(cx.now);
        let withdrawn = AuditEvent::new(user.id, user.id, Act::EmailChangeWithdrawn, cx.now);
        Ok(Along { audit: vec![withdrawn], ..Along::default() })
    };
    cx.store.change_user(who.user, None, cx.now, apply).await.map(|_| NoContent).map_err(or_ended)
}
