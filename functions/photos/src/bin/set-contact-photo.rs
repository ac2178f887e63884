//! The Lambda binary of `set-contact-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::set_contact_photo::function())
}
