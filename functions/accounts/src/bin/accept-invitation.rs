//! The Lambda binary of `accept-invitation`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::accept_invitation::function())
}
