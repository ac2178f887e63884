//! The Lambda binary of `show-openapi`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_openapi::function())
}
