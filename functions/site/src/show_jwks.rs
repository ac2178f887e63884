//! `GET /.well-known/jwks.json`: the keys by which anybody can check an access token.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use kith_crypto::JwkSet;
use kith_http::{Cx, Function, Public, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-jwks", &[Setting::TableName], || Router::default().routes(routes!(show_jwks)))
}

/// Show the public keys of access tokens
///
/// A JWK Set (RFC 7517). A key is here before it signs, and until the last of its tokens has ended.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "show-jwks", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    responses((
        status = 200, description = "The keys", body = Object, content_type = "application/jwk-set+json",
        example = json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "qN4ZbD0cS1mWvU8xkTgR3w",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        }]})
    ))
)]
pub async fn show_jwks(cx: Cx) -> Result<impl IntoResponse> {
    let keys = cx.store.verification_keys().await?;
    let set: JwkSet = keys.iter().filter(|key| key.retire_at.is_none_or(|end| cx.now < end)).collect();
    let answer = ([(CONTENT_TYPE, "application/jwk-set+json")], axum::Json(set));
    Ok(Public { max_age: 300, answer })
}
