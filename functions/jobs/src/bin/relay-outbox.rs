//! The Lambda binary of `relay-outbox`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::relay_outbox::function())
}
