//! The Lambda binary of `show-memory`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::show_memory::function())
}
