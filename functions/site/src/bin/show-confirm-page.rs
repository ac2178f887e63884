//! The Lambda binary of `show-confirm-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_confirm_page::function())
}
