//! `GET /photos/{photo}/{size}/{day}/{code}`: a picture that somebody has uploaded, at the address that an answer gave.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse;
use kith_crypto::photo::is_code;
use kith_domain::{AddressDay, PhotoPath, PhotoSecret, PictureSize};
use kith_http::{App, Arrived, File, Function, Path, Problem, Result, Router, Setting};
use kith_objects::{Bucket, Object};
use utoipa_axum::routes;

/// As long as an address is the same, and no longer than one that was made just now works.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=86400, immutable");

/// The function.
pub fn function() -> Function {
    Function::route("show-photo", &[Setting::ImagesBucket], || Router::default().routes(routes!(show_photo)))
}

/// Show a photo
///
/// At the addresses that answers have, to whoever has one: there is no other way to make one up. It works on the day that
/// it names and on the next (UTC). What is removed meanwhile is 404, like everything else.
#[utoipa::path(
    get, path = "/photos/{photo}/{size}/{day}/{code}", operation_id = "show-photo", tag = "photos",
    extensions(("x-kith-who" = json!("pub"))),
    params(
        ("photo" = String, Path, description = "Whose it is, and which"), ("size" = inline(PictureSize), Path),
        ("day" = String, Path, description = "When the address was made", format = Date),
        ("code" = String, Path, description = "By which we know that we made it")
    ),
    responses(
        (status = 200, description = "The picture", headers(("ETag")),
            content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"))),
        (status = 304, description = "It is still the one of If-None-Match")
    )
)]
pub async fn show_photo(
    State(app): State<App>,
    Arrived { now, .. }: Arrived,
    Path((photo, size, day, code)): Path<(String, PictureSize, String, String)>,
) -> Result<impl IntoResponse> {
    let path = PhotoPath::of_address(&photo).ok_or_else(Problem::not_found)?;
    let day = AddressDay::still_shown(&day, now).ok_or_else(Problem::not_found)?;
    let bucket = Bucket::new(app.aws(), app.settings().get(Setting::ImagesBucket)?);
    let key = path.object(size);
    // Boxed: the SDK's futures are large.
    let object = Box::pin(bucket.get(&key)).await?.ok_or_else(Problem::not_found)?;
    let secret = object.secret.as_deref().map(PhotoSecret::new).ok_or_else(Problem::not_found)?;
    if !is_code(&code, &secret, &key, &day) {
        return Err(Problem::not_found());
    }
    let content_type = type_of(&object)?;
    let file = File { content_type, bytes: object.bytes().await?.into(), gzipped: false };
    let (vary, embedded) = (HeaderValue::from_static("accept-encoding"), HeaderValue::from_static("cross-origin"));
    // Whoever may call us from other origins shows pictures there.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    Ok(([(CACHE_CONTROL, KEPT), (VARY, vary), (policy, embedded)], file))
}

/// One of the types that a picture is stored with.
fn type_of(object: &Object) -> Result<&'static str> {
    let known = ["image/jpeg", "image/png"].into_iter().find(|known| *known == object.content_type);
    known.ok_or_else(|| Problem::internal("an object of a photo is no picture"))
}
