//! The Lambda binary of `show-jwks`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_jwks::function())
}
