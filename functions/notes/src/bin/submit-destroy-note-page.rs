//! The Lambda binary of `submit-destroy-note-page`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::submit_destroy_note_page::function())
}
