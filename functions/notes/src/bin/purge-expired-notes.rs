//! The Lambda binary of `purge-expired-notes`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::purge_expired_notes::function())
}
