//! The Lambda binary of `update-contact`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::update_contact::function())
}
