//! `DELETE /v1/contacts/{contact_id}/follow-up`: cancels what is planned with somebody.

use kith_domain::ContactId;
use kith_http::{Caller, Cx, Function, IfMatch, IfMatchHeader, NoContent, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("cancel-follow-up", NEEDS, || Router::default().routes(routes!(cancel_follow_up)))
}

/// Cancel a follow-up
///
/// No mail comes. One that you have been reminded of is taken off the card.
#[utoipa::path(
    delete, path = "/v1/contacts/{contact_id}/follow-up", operation_id = "cancel-follow-up", tag = "contacts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path)),
    responses((status = 204, description = "Nothing is planned any more"))
)]
pub async fn cancel_follow_up(
    cx: Cx,
    caller: Caller,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
) -> Result<NoContent> {
    let owner = caller.id();
    let (_, contact) = caller.admit(&cx, cx.store.contact(owner, id)).await?;
    cx.store.cancel_follow_up(contact, rev, cx.now).await?;
    Ok(NoContent)
}
