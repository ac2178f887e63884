//! The Lambda binary of `show-security-txt`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_security_txt::function())
}
