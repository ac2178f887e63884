//! The Lambda binary of `open-note`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::open_note::function())
}
