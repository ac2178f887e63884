//! The Lambda binary of `list-memories`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::list_memories::function())
}
