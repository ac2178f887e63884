//! The Lambda binary of `show-reset-password-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_reset_password_page::function())
}
