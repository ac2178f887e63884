//! The Lambda binary of `list-audit-events`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::list_audit_events::function())
}
