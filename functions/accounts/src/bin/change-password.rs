//! The Lambda binary of `change-password`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::change_password::function())
}
