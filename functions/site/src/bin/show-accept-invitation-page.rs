//! The Lambda binary of `show-accept-invitation-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_accept_invitation_page::function())
}
