//! The Lambda binary of `log-out`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::log_out::function())
}
