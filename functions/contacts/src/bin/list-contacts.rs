//! The Lambda binary of `list-contacts`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::list_contacts::function())
}
