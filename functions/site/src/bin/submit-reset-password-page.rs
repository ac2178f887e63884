//! The Lambda binary of `submit-reset-password-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::submit_reset_password_page::function())
}
