//! The Lambda binary of `show-notes-script`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::show_notes_script::function())
}
