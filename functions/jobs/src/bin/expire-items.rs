//! The Lambda binary of `expire-items`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::expire_items::function())
}
