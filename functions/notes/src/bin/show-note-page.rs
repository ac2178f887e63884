//! The Lambda binary of `show-note-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::show_note_page::function())
}
