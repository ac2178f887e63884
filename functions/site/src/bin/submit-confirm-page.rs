//! The Lambda binary of `submit-confirm-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::submit_confirm_page::function())
}
