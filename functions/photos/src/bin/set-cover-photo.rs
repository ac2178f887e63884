//! The Lambda binary of `set-cover-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::set_cover_photo::function())
}
