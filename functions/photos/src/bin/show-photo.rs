//! The Lambda binary of `show-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::show_photo::function())
}
