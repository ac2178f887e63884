//! The Lambda binary of `update-memory`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::update_memory::function())
}
