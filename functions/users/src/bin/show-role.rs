//! The Lambda binary of `show-role`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::show_role::function())
}
