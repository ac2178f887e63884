//! The Lambda binary of `create-contact`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::create_contact::function())
}
