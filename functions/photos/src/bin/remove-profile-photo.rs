//! The Lambda binary of `remove-profile-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::remove_profile_photo::function())
}
