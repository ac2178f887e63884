//! `GET /v1/contacts/{contact_id}`: a card.

use crate::contact_view::ContactView;
use kith_domain::ContactId;
use kith_http::{Caller, Cx, Function, Path, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("show-contact", NEEDS, || Router::default().routes(routes!(show_contact)))
}

/// Show a contact
#[utoipa::path(
    get, path = "/v1/contacts/{contact_id}", operation_id = "show-contact", tag = "contacts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(("contact_id" = ContactId, Path)),
    responses((status = 200, description = "The contact", body = ContactView, headers(("ETag"))))
)]
pub async fn show_contact(cx: Cx, caller: Caller, Path(id): Path<ContactId>) -> Result<Tagged<ContactView>> {
    let owner = caller.id();
    let (_, contact) = caller.admit(&cx, cx.store.contact(owner, id)).await?;
    ContactView::tagged(&cx, contact)
}
