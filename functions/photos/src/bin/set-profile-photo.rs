//! The Lambda binary of `set-profile-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::set_profile_photo::function())
}
