//! The Lambda binary of `find-user-by-username`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_users::find_user_by_username::function())
}
