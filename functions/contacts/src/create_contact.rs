//! `POST /v1/contacts`: adds a card.

use crate::contact_view::ContactView;
use crate::{LONGEST_CARD, introduction};
use axum::response::Response;
use kith_domain::{Contact, ContactFields, ContactId, NewContact};
use kith_http::{Created, Cx, Function, Json, Member, Once, OnceHeader, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("create-contact", NEEDS, || Router::default().routes(routes!(create_contact)))
        .taking_up_to(LONGEST_CARD)
}

/// Add a contact
///
/// A card needs a first name, a last name or a company; everything else is up to you.
#[utoipa::path(
    post, path = "/v1/contacts", operation_id = "create-contact", tag = "contacts", security(("bearer" = [])),
    request_body = ContactFields, params(OnceHeader), extensions(("x-kith-who" = json!("own"))),
    responses((status = 201, description = "The contact", body = ContactView, headers(("ETag"), ("Location", description = "The contact"))))
)]
pub async fn create_contact(
    cx: Cx,
    who: Member,
    once: Once,
    Json(NewContact(mut fields)): Json<NewContact>,
) -> Result<Response> {
    if let Some(answer) = once.earlier(&cx).await? {
        return Ok(answer);
    }
    introduction::look_up(&cx, who.user.id, &mut fields, None).await?;
    let contact = Contact::new(ContactId::new(cx.now), who.user.id, NewContact(fields), cx.now);
    let location = format!("/v1/contacts/{}", contact.id);
    let created = Created { location, rev: Some(contact.rev), view: ContactView::of(&cx, contact.clone())? };
    once.create(&cx, created, async |answer| cx.store.create_contact(&contact, answer, cx.now).await).await
}
