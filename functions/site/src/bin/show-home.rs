//! The Lambda binary of `show-home`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_home::function())
}
