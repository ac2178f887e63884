//! `GET /v1`: says who answers here, for programs and for people with a terminal.

use axum::extract::State;
use kith_http::{App, Function, Public, Result, Router, Setting};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-greeting", &[Setting::PublicUrl], || Router::default().routes(routes!(show_greeting)))
}

/// Who answers here.
#[derive(Serialize, ToSchema)]
pub struct Greeting {
    #[schema(examples("Kith"))]
    name: &'static str,
    /// The version of this deployment.
    #[schema(examples("0.1.0"))]
    version: &'static str,
    /// Where the API is documented.
    #[schema(format = "uri")]
    docs: String,
}

/// Show name, version and documentation of this API
#[utoipa::path(
    get, path = "/v1", operation_id = "show-greeting", tag = "site", extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "Name, version and where the documents are", body = Greeting))
)]
pub async fn show_greeting(State(app): State<App>) -> Result<Public<axum::Json<Greeting>>> {
    let greeting = Greeting { name: "Kith", version: env!("CARGO_PKG_VERSION"), docs: app.link("/docs")? };
    Ok(Public { max_age: 300, answer: axum::Json(greeting) })
}
