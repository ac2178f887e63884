//! `PUT /v1/contacts/{contact_id}/photo`: puts a photo on a card.

use crate::upload;
use kith_domain::{ContactId, Upload};
use kith_http::{
    Cx, FileBody, Function, IfMatch, IfMatchHeader, Member, Path, PhotoView, Result, Router, Setting, Tagged,
};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::ImagesBucket];
    Function::route("set-contact-photo", NEEDS, || Router::default().routes(routes!(set_contact_photo)))
        .taking_up_to(upload::BODY)
}

/// Set the photo of a contact
///
/// A PNG, JPEG or WebP by its content, of at most 4 MiB and 4096 by 4096 pixels: as the body itself, or as the only part
/// of a form. It is made anew from its pixels in two sizes; nothing else of the file is kept, such as where it was
/// taken.
#[utoipa::path(
    put, path = "/v1/contacts/{contact_id}/photo", operation_id = "set-contact-photo", tag = "photos",
    security(("bearer" = [])),
    request_body(content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"),
        (Vec<u8> = "application/octet-stream"), (Vec<u8> = "multipart/form-data")
    )),
    params(IfMatchHeader, ("contact_id" = ContactId, Path)), extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "The photo as it is now", body = PhotoView, headers(("ETag"))))
)]
pub async fn set_contact_photo(
    cx: Cx,
    who: Member,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
    file: FileBody,
) -> Result<Tagged<PhotoView>> {
    let contact = cx.store.contact(who.user.id, id).await?;
    upload::meant_for(rev.as_ref(), contact.rev)?;
    let upload = Upload::of_contact(who.user.id, id, cx.now);
    let photo = upload::store(&cx, file, &upload).await?;
    let contact = cx.store.change_contact_photo(contact, rev, Some((&photo, &upload)), cx.now).await?;
    Ok(Tagged { rev: contact.rev, view: PhotoView::of(&cx, &photo)? })
}
