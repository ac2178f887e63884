//! The Lambda binary of `remind-due`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::remind_due::function())
}
