//! The Lambda binary of `update-preferences`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::update_preferences::function())
}
