//! What all pages that a mailed link opens have in common: what the link carries, who may keep the page, and how it
//! tells that something does not work.

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kith_http::{Cx, Html, Press, Result};
use kith_pages::{UNLISTED, problem_page};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What the link carries.
#[derive(Deserialize)]
pub struct Link {
    token: String,
}

/// The query of the link, or what axum makes of a link that was cut short on its way.
pub(crate) type LinkQuery = std::result::Result<Query<Link>, QueryRejection>;

/// The token of a link. One that was cut short is as dead as any other.
pub(crate) fn token_of(link: LinkQuery) -> String {
    link.map(|Query(link)| link.token).unwrap_or_default()
}

/// Which mail the link came in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mailed {
    /// To confirm an address: of a registration, or another one for an account.
    Confirmation,
    /// To set a new password.
    PasswordReset,
    /// To accept an invitation.
    Invitation,
    /// To withdraw or undo a change of the address.
    EmailUndo,
}

/// The page of a link that does not work: what may have happened, and what to do about each.
#[derive(Template)]
#[template(path = "dead_link.html")]
struct DeadLink {
    used: &'static str,
    too_old: &'static str,
    else_do: &'static str,
    /// The operation of the API that mails another one.
    another: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble<'a> {
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

impl Mailed {
    fn dead_link(self) -> DeadLink {
        match self {
            Self::Confirmation => DeadLink {
                used: "If you confirmed your address with it, all is done: simply log in.",
                too_old: "It works for 24 hours. Register again, or enter your new address again.",
                else_do: "Ask for a new mail in the app in which you registered.",
                another: Some("resend-confirmation"),
            },
            Self::PasswordReset => DeadLink {
                used: "If you chose a new password with it, that is the one: simply log in.",
                too_old: "It works for an hour. Ask for a new one.",
                else_do: "Say in the app in which you log in that you have forgotten your password, and a new mail \
                          comes.",
                another: Some("request-password-reset"),
            },
            Self::EmailUndo => DeadLink {
                used: "If you stopped a change with it, or took your account back, that is done.",
                too_old: "It works for seven days after the change. If you have a newer mail, take the link in that.",
                else_do: "If the account is lost to you, turn to whoever runs your Kith: an admin can ban it, and then \
                          nobody gets in.",
                another: None,
            },
            Self::Invitation => DeadLink {
                used: "If you chose a password with it, the account is yours: simply log in.",
                too_old: "It works for seven days. Ask whoever invited you to do it once more.",
                else_do: "Turn to whoever invited you.",
                another: None,
            },
        }
    }
}

/// What a press did; told again where this very press did it before, since its link works no more.
pub(crate) async fn again<T: DeserializeOwned>(cx: &Cx, press: &Press, outcome: Result<T>) -> Result<T> {
    match outcome {
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => press.earlier(cx).await?.ok_or(problem),
        outcome => outcome,
    }
}

/// The page, or the page of the problem: what happened and what to do next.
pub(crate) fn told(cx: &Cx, mailed: Mailed, outcome: Result<Html>) -> Result<Response> {
    let problem = match outcome {
        Ok(page) => return Ok((UNLISTED, page).into_response()),
        Err(problem) => problem,
    };
    let page = if problem.status() == StatusCode::BAD_REQUEST {
        problem_page(problem, &mailed.dead_link())?
    } else {
        let told = problem.clone();
        problem_page(problem, &Trouble { title: told.title(), detail: told.detail(), request_id: &cx.request_id })?
    };
    Ok((UNLISTED, page).into_response())
}

#[cfg(test)]
mod tests {
    use kith_http::Function;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    /// The answer to a request for which no call to the table is made: at its endpoint nobody listens.
    async fn answer(function: &Function, method: &str, path: &str, query: &str, form: (&str, &str)) -> Value {
        let settings = [
            ("TABLE_NAME", "kith"),
            ("ADMIN_EMAILS", ""),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ];
        let env: BTreeMap<String, String> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = json!({
            "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query,
            "headers": {"content-type": form.0}, "body": form.1, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "kith.example", "domainPrefix": "kith",
                "requestId": "r1", "routeKey": format!("{method} {path}"), "stage": "$default",
                "time": "20/Nov/2026:06:00:00 +0000", "timeEpoch": 1_795_154_400_000_i64,
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "t"},
            },
        });
        let instance = function.start(&env).await.unwrap();
        instance.invoke(event, "r1", jiff::Timestamp::MAX).await.unwrap()
    }

    fn assert_page(answer: &Value, status: u16, words: &str) {
        assert_eq!(answer["statusCode"], status, "{answer}");
        let headers = &answer["headers"];
        assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{answer}");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-robots-tag"], "noindex");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(headers["content-security-policy"].as_str().unwrap().contains("form-action 'self'"));
        assert!(answer["body"].as_str().unwrap().contains(words), "{answer}");
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn a_link_that_cannot_work_opens_a_page_that_says_so() {
        for (function, path, words) in [
            (crate::show_confirm_page::function(), "/confirm", "24 hours"),
            (crate::show_reset_password_page::function(), "/reset-password", "an hour"),
            (crate::show_accept_invitation_page::function(), "/accept-invitation", "seven days"),
            (crate::show_undo_email_change_page::function(), "/undo-email-change", "seven days"),
        ] {
            for query in ["", "token=", "token=x", "token=a&token=b", "other=1"] {
                assert_page(&answer(&function, "GET", path, query, ("", "")).await, 400, words);
            }
        }
    }

    #[tokio::test]
    async fn a_form_that_cannot_be_read_is_answered_by_a_page_too() {
        for (function, path, words) in [
            (crate::submit_confirm_page::function(), "/confirm", "24 hours"),
            (crate::submit_reset_password_page::function(), "/reset-password", "an hour"),
            (crate::submit_accept_invitation_page::function(), "/accept-invitation", "seven days"),
            (crate::submit_undo_email_change_page::function(), "/undo-email-change", "seven days"),
        ] {
            for form in ["", "token=x", "token=x&answer=confirm", "token=x&token=y", "password=hunter2hunter2"] {
                let page = answer(&function, "POST", path, "", (FORM, form)).await;
                assert_page(&page, 400, words);
                assert!(!page["body"].as_str().unwrap().contains("hunter2"));
            }
            assert_page(&answer(&function, "POST", path, "", ("text/plain", "x")).await, 415, "did not work out");
        }
    }
}
