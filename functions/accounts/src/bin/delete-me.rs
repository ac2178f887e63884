//! The Lambda binary of `delete-me`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::delete_me::function())
}
