//! The Lambda binary of `peek-note`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::peek_note::function())
}
