//! The Lambda binary of `show-default-photo`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_photos::show_default_photo::function())
}
