//! The Lambda binary of `clean-up`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::clean_up::function())
}
