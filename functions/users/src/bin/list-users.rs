//! The Lambda binary of `list-users`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::list_users::function())
}
