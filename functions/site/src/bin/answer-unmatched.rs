//! The Lambda binary of `answer-unmatched`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::answer_unmatched::function())
}
