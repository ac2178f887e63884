//! The Lambda binary of `rotate-keys`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::rotate_keys::function())
}
