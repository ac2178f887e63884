//! The Lambda binary of `show-docs-asset`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_site::show_docs_asset::function())
}
