//! Bodies: JSON with every fault named at once, and forms.

use crate::faults::faults;
use crate::{App, Problem, Result, edge};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

/// A JSON body. 415 for another content type, 400 for what is no JSON object, 422 with every fault for the rest.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported("Content-Type: application/json"));
        }
        read(&edge::bytes(request.into_body(), app.body_limit()).await?).map(Self)
    }
}

/// A JSON body that may be left out, or be null. What has a content type must be one.
impl<T: DeserializeOwned + ToSchema> OptionalFromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>> {
        let is_typed = request.headers().contains_key(CONTENT_TYPE);
        let is_json = is_json(request.headers());
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        match bytes.trim_ascii() {
            b"" if !is_typed => Ok(None),
            _ if !is_json => Err(Problem::unsupported("Content-Type: application/json")),
            b"null" => Ok(None),
            _ => read(&bytes).map(|value| Some(Self(value))),
        }
    }
}

/// Reads an object.
fn read<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T> {
    // Derived readers would also take a list, field by field. What is no object is refused by the closer look.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    // Almost every body is right: it is read once, straight into its type. Only a wrong one is looked at closely.
    let read = if is_object { serde_json::from_slice(bytes).ok() } else { None };
    read.map_or_else(|| read_closely(bytes), Ok)
}

/// A form as browsers send it. 415 for another content type, 400 for what does not fit.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_form(request.headers()) {
            return Err(Problem::unsupported("Content-Type: application/x-www-form-urlencoded"));
        }
        let form = axum::Form::<T>::from_request(request, app).await;
        form.map(|axum::Form(value)| Self(value)).map_err(|_| Problem::bad_request("The form is not complete."))
    }
}

/// A form that may be left out. What has a content type must be one.
impl<T: DeserializeOwned> OptionalFromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return <Self as FromRequest<App>>::from_request(request, app).await.map(Some);
        }
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        let wanted = || Problem::unsupported("Content-Type: application/x-www-form-urlencoded");
        if bytes.is_empty() { Ok(None) } else { Err(wanted()) }
    }
}

pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| {
        kind.eq_ignore_ascii_case("application/json") || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

/// Reads a body that did not read at once, to say everything that is wrong with it.
fn read_closely<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Problem::bad_request("The body is not JSON."))?;
    let Value::Object(fields) = value else {
        return Err(Problem::bad_request("The body is not a JSON object."));
    };
    let faults = faults::<T>(fields.clone());
    if faults.is_empty() {
        // As a map it is right, so it was not right as a text: a field is there twice, of which one would be lost.
        return Err(Problem::bad_request("A field is given twice."));
    }
    Err(Problem::invalid(faults))
}
