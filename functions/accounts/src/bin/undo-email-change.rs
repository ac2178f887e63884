//! The Lambda binary of `undo-email-change`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::undo_email_change::function())
}
