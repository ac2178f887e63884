//! The Lambda binary of `show-preferences`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_accounts::show_preferences::function())
}
