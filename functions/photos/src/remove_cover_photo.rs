//! `DELETE /v1/me/cover-photo`: removes one's own cover photo.

use crate::own_photo;
use kith_domain::PhotoKind;
use kith_http::{Cx, Function, IfMatch, IfMatchHeader, Myself, NoContent, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("remove-cover-photo", NEEDS, || Router::default().routes(routes!(remove_cover_photo)))
}

/// Remove your cover photo
///
/// A default picture takes its place. 404 where no photo has been set.
#[utoipa::path(
    delete, path = "/v1/me/cover-photo", operation_id = "remove-cover-photo", tag = "photos",
    security(("bearer" = [])), params(IfMatchHeader), extensions(("x-kith-who" = json!("own"))),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove_cover_photo(cx: Cx, who: Myself, IfMatch(rev): IfMatch) -> Result<NoContent> {
    own_photo::remove(&cx, who.person, rev, PhotoKind::CoverPhoto).await
}
