//! `GET /.well-known/security.txt`: whom to tell about a weakness (RFC 9116).

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kith_http::{App, Arrived, Function, Problem, Public, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::PublicUrl, Setting::SecurityContact];
    Function::route("show-security-txt", NEEDS, || Router::default().routes(routes!(show_security_txt)))
}

/// Show whom to tell about a weakness
#[utoipa::path(
    get, path = "/.well-known/security.txt", operation_id = "show-security-txt", tag = "site",
    extensions(("x-kith-who" = json!("pub"))),
    responses((status = 200, description = "RFC 9116", body = String, content_type = "text/plain"))
)]
pub async fn show_security_txt(State(app): State<App>, arrived: Arrived) -> Result<impl IntoResponse> {
    let contact = contact(app.settings().get(Setting::SecurityContact)?);
    let expires = expiry(arrived.now).map_err(|error| Problem::internal(error.to_string()))?;
    let canonical = app.link("/.well-known/security.txt")?;
    let text = format!("Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: en\n");
    Ok(Public { max_age: 300, answer: ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text) })
}

/// The contact as a URI: a bare mail address becomes one.
fn contact(setting: &str) -> String {
    let is_uri = ["https://", "mailto:", "tel:"].iter().any(|scheme| setting.starts_with(scheme));
    if is_uri { setting.to_owned() } else { format!("mailto:{setting}") }
}

/// The start of the day, in UTC, one year ahead. Whoever deploys answers for the contact for as long as this runs, so
/// the text never gets stale by itself, and is the same all day.
fn expiry(now: Timestamp) -> std::result::Result<Timestamp, jiff::Error> {
    Ok(now.to_zoned(TimeZone::UTC).checked_add(1.year())?.start_of_day()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_expires_within_a_year_at_the_start_of_a_day() {
        let expires = |now: &str| expiry(now.parse().unwrap()).unwrap().to_string();
        assert_eq!(expires("2026-11-20T17:45:01Z"), "2027-11-20T00:00:00Z");
        assert_eq!(expires("2028-02-29T00:00:00Z"), "2029-02-28T00:00:00Z");
    }

    #[test]
    fn a_contact_is_a_uri() {
        assert_eq!(contact("security@example.org"), "mailto:security@example.org");
        assert_eq!(contact("https://example.org/security"), "https://example.org/security");
    }
}
