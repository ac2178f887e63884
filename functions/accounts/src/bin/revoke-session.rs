//! The Lambda binary of `revoke-session`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::revoke_session::function())
}
