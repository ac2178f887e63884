//! The Lambda binary of `delete-memory`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::delete_memory::function())
}
