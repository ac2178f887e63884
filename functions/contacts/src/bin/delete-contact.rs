//! The Lambda binary of `delete-contact`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::delete_contact::function())
}
