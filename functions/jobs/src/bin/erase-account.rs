//! The Lambda binary of `erase-account`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::erase_account::function())
}
