//! `PUT /v1/me/cover-photo`: sets one's own cover photo.

use crate::{own_photo, upload};
use kith_domain::PhotoKind;
use kith_http::{Cx, FileBody, Function, IfMatch, IfMatchHeader, Myself, PhotoView, Result, Router, Setting, Tagged};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::ImagesBucket];
    Function::route("set-cover-photo", NEEDS, || Router::default().routes(routes!(set_cover_photo)))
        .taking_up_to(upload::BODY)
}

/// Set your cover photo
///
/// A PNG, JPEG or WebP by its content, of at most 4 MiB and 4096 by 4096 pixels: as the body itself, or as the only part
/// of a form. It is made anew from its pixels in two sizes; nothing else of the file is kept, such as where it was
/// taken.
#[utoipa::path(
    put, path = "/v1/me/cover-photo", operation_id = "set-cover-photo", tag = "photos", security(("bearer" = [])),
    request_body(content(
        (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"),
        (Vec<u8> = "application/octet-stream"), (Vec<u8> = "multipart/form-data")
    )),
    params(IfMatchHeader), extensions(("x-kith-who" = json!("own"))),
    responses((status = 200, description = "The photo as it is now", body = PhotoView, headers(("ETag"))))
)]
pub async fn set_cover_photo(cx: Cx, who: Myself, IfMatch(rev): IfMatch, file: FileBody) -> Result<Tagged<PhotoView>> {
    own_photo::set(&cx, who.person, rev, PhotoKind::CoverPhoto, file).await
}
