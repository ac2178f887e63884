//! A function that does nothing: what `lambda_http` and axum cost by themselves. `cargo kith bench` compares every
//! function with it, so that a slow machine makes both slow and the ratio stays. It is never deployed.

use axum::Router;
use axum::routing::get;

fn main() -> Result<(), lambda_http::Error> {
    let router = Router::new().route("/", get(async || ()));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(lambda_http::run(router))
}
