//! The Lambda binary of `submit-accept-invitation-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::submit_accept_invitation_page::function())
}
