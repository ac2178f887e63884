//! The Lambda binary of `add-memory`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::add_memory::function())
}
