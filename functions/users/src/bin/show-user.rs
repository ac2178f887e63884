//! The Lambda binary of `show-user`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::show_user::function())
}
