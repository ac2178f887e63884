//! The Lambda binary of `create-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::create_user::function())
}
