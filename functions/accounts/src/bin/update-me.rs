//! The Lambda binary of `update-me`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::update_me::function())
}
