//! The Lambda binary of `submit-new-note-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::submit_new_note_page::function())
}
