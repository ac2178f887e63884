//! The Lambda binary of `ban-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::ban_user::function())
}
