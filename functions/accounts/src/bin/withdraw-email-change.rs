//! The Lambda binary of `withdraw-email-change`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::withdraw_email_change::function())
}
