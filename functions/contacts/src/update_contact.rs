//! `PATCH /v1/contacts/{contact_id}`: changes a card.

use crate::contact_view::ContactView;
use crate::{LONGEST_CARD, introduction};
use kith_domain::{Contact, ContactFields, ContactId};
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Json, Member, Path, Problem, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("update-contact", NEEDS, || Router::default().routes(routes!(update_contact)))
        .taking_up_to(LONGEST_CARD)
}

/// Change a contact
///
/// Only what is sent changes; null removes a field. A card needs a first name, a last name or a company.
#[utoipa::path(
    patch, path = "/v1/contacts/{contact_id}", operation_id = "update-contact", tag = "contacts",
    security(("bearer" = [])), request_body = ContactFields, extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path)),
    responses((status = 200, description = "The contact as it is now", body = ContactView, headers(("ETag"))))
)]
pub async fn update_contact(
    cx: Cx,
    who: Member,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
    Json(mut fields): Json<ContactFields>,
) -> Result<Tagged<ContactView>> {
    let contact = cx.store.contact(who.user.id, id).await?;
    introduction::look_up(&cx, who.user.id, &mut fields, Some(&contact)).await?;
    let apply = |contact: &mut Contact| contact.apply(fields.clone(), cx.now).map_err(Problem::from);
    let contact = cx.store.change_contact(contact, rev, apply).await?;
    ContactView::tagged(&cx, contact)
}
