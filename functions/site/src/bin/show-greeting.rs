//! The Lambda binary of `show-greeting`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_greeting::function())
}
