//! The Lambda binary of `revoke-all-sessions`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::revoke_all_sessions::function())
}
