//! `GET /health`: says that functions run here. It reads nothing, so that asking often costs next to nothing.

use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use kith_http::{Function, Router};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-health", &[], || Router::default().routes(routes!(show_health)))
}

/// How it is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: whatever is wrong does not answer like this.
    #[schema(examples("ok"))]
    status: &'static str,
}

/// Show whether functions run
///
/// Looks at nothing else: neither the database nor mail.
#[utoipa::path(
    get, path = "/health", operation_id = "show-health", tag = "site", extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "Functions run", body = Health))
)]
pub async fn show_health() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], axum::Json(Health { status: "ok" }))
}
