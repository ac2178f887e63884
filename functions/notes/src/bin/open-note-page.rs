//! The Lambda binary of `open-note-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::open_note_page::function())
}
