//! The Lambda binary of `register-account`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::register_account::function())
}
