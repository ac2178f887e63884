//! `DELETE /v1/contacts/{contact_id}/photo`: takes the photo off a card.

use kith_domain::ContactId;
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Member, NoContent, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("remove-contact-photo", NEEDS, || Router::default().routes(routes!(remove_contact_photo)))
}

/// Remove the photo of a contact
///
/// 404 where no photo has been set.
#[utoipa::path(
    delete, path = "/v1/contacts/{contact_id}/photo", operation_id = "remove-contact-photo", tag = "photos",
    security(("bearer" = [])), params(IfMatchHeader, ("contact_id" = ContactId, Path)),
    extensions(("x-kith-who" = json!("own"))), responses((status = 204, description = "It is gone"))
)]
pub async fn remove_contact_photo(
    cx: Cx,
    who: Member,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
) -> Result<NoContent> {
    let contact = cx.store.contact(who.user.id, id).await?;
    cx.store.change_contact_photo(contact, rev, None, cx.now).await.map(|_| NoContent).map_err(Into::into)
}
