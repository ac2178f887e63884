//! The Lambda binary of `request-password-reset`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::request_password_reset::function())
}
