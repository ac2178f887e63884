//! The Lambda binary of `submit-undo-email-change-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::submit_undo_email_change_page::function())
}
