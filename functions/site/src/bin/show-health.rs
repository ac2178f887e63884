//! The Lambda binary of `show-health`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_health::function())
}
