//! The Lambda binary of `destroy-note`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_notes::destroy_note::function())
}
