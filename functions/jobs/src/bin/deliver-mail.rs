//! The Lambda binary of `deliver-mail`.

fn main() -> std::process::ExitCode {
    kith_http::serve(kith_jobs::deliver_mail::function())
}
