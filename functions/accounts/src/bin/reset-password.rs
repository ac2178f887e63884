//! The Lambda binary of `reset-password`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::reset_password::function())
}
