//! The Lambda binary of `list-sessions`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::list_sessions::function())
}
