//! The Lambda binary of `log-in`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::log_in::function())
}
