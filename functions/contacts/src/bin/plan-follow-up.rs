//! The Lambda binary of `plan-follow-up`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::plan_follow_up::function())
}
