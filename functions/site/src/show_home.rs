//! `GET /`: what Kith is for, how a coffee chat goes well, and where to go from here.

use askama::Template;
use axum::http::StatusCode;
use kith_http::{Function, Html, Public, Result, Router};
use kith_pages::page;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    Function::route("show-home", &[], || Router::default().routes(routes!(show_home)))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home;

/// Show the home page
#[utoipa::path(
    get, path = "/", operation_id = "show-home", tag = "site", extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "A page for people", body = String, content_type = "text/html"))
)]
pub async fn show_home() -> Result<Public<Html>> {
    Ok(Public { max_age: 300, answer: page(StatusCode::OK, &Home)? })
}
