//! The Lambda binary of `show-undo-email-change-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_undo_email_change_page::function())
}
