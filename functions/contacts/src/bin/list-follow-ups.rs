//! The Lambda binary of `list-follow-ups`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::list_follow_ups::function())
}
