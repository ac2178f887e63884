//! The Lambda binary of `show-new-note-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::show_new_note_page::function())
}
