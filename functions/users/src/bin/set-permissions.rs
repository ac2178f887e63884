//! The Lambda binary of `set-permissions`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::set_permissions::function())
}
