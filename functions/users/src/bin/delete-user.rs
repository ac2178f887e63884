//! The Lambda binary of `delete-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::delete_user::function())
}
