//! The Lambda binary of `list-my-audit-events`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::list_my_audit_events::function())
}
