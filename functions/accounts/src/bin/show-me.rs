//! The Lambda binary of `show-me`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::show_me::function())
}
