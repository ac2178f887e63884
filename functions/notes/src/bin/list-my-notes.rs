//! The Lambda binary of `list-my-notes`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::list_my_notes::function())
}
