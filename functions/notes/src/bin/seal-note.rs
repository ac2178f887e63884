//! The Lambda binary of `seal-note`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::seal_note::function())
}
