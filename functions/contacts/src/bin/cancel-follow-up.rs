//! The Lambda binary of `cancel-follow-up`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::cancel_follow_up::function())
}
