//! The Lambda binary of `show-docs`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_docs::function())
}
