//! The Lambda binary of `resend-confirmation`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::resend_confirmation::function())
}
