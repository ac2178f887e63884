//! `GET /images/{kind}/{user_id}`: what stands in the place of a photo that nobody has uploaded.

use crate::pattern;
use kith_domain::{PhotoKind, UserId};
use kith_http::{File, Function, Path, Problem, Public, Result, Router};
use utoipa_axum::routes;

/// A year: the picture of an id never changes.
const MAX_AGE: u32 = 365 * 24 * 60 * 60;

/// The function.
pub fn function() -> Function {
    Function::route("show-default-photo", &[], || Router::default().routes(routes!(show_default_photo)))
}

/// Show the picture in the place of a photo
///
/// A pattern in which no two accounts are alike. Made from the id alone, so it says nothing of whether there is such an
/// account.
#[utoipa::path(
    get, path = "/images/{kind}/{user_id}", operation_id = "show-default-photo", tag = "photos",
    extensions(("x-kith-who" = json!("pub"))), params(("kind" = inline(PhotoKind), Path), ("user_id" = UserId, Path)),
    responses(
        (status = 200, description = "The picture", headers(("ETag")), content((Vec<u8> = "image/png"))),
        (status = 304, description = "It is still the one of If-None-Match")
    )
)]
pub async fn show_default_photo(Path((kind, user)): Path<(PhotoKind, UserId)>) -> Result<Public<File>> {
    let (width, height) = kind.default_size();
    let pixels = pattern::draw(&format!("{kind} {user}"), width, height);
    let png = kith_images::png(width, height, pixels).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Public { max_age: MAX_AGE, answer: File { content_type: "image/png", bytes: png.into(), gzipped: false } })
}
