//! The Lambda binary of `confirm-email`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::confirm_email::function())
}
