//! The Lambda binary of `redrive-outbox`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::redrive_outbox::function())
}
