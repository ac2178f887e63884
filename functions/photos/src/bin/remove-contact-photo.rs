//! The Lambda binary of `remove-contact-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::remove_contact_photo::function())
}
