//! The Lambda binary of `set-role`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::set_role::function())
}
