//! The Lambda binary of `remove-cover-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::remove_cover_photo::function())
}
