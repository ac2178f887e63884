//! The Lambda binary of `unban-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::unban_user::function())
}
