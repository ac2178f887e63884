//! The Lambda binary of `refresh-token`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::refresh_token::function())
}
