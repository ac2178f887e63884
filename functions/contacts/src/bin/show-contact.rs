//! The Lambda binary of `show-contact`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_contacts::show_contact::function())
}
