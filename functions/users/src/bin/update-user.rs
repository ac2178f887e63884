//! The Lambda binary of `update-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::update_user::function())
}
