//! `/_kith/mails`: captured mails.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse as _, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, answer, problem};
use crate::aws::CapturedMail;
use crate::core::Core;

#[derive(Deserialize)]
pub(super) struct Filter {
    to: Option<String>,
}

pub(super) async fn list(State(core): Shared, Query(filter): Query<Filter>) -> Response {
    let wanted = filter.to.map(|to| to.to_lowercase());
    let is_wanted = |mail: &CapturedMail| {
        wanted.as_ref().is_none_or(|wanted| mail.to.iter().any(|to| to.to_lowercase() == *wanted))
    };
    let mails = core.aws.mails();
    answer(&mails.iter().map(Arc::as_ref).filter(|mail| is_wanted(mail)).map(shown).collect::<Vec<_>>())
}

fn shown(mail: &CapturedMail) -> Value {
    let attachments = mail.attachments.iter().enumerate().map(|(index, attachment)| {
        let url = format!("/_kith/mails/{}/attachments/{index}", mail.id);
        json!({"name": attachment.name, "content_type": attachment.content_type, "url": url})
    });
    json!({
        "id": mail.id,
        "to": mail.to,
        "from": mail.from,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "attachments": attachments.collect::<Vec<_>>(),
        "at": mail.at.to_string(),
    })
}

fn find(core: &Core, id: &str) -> Option<Arc<CapturedMail>> {
    core.aws.mails().into_iter().find(|mail| mail.id == id)
}

fn absent() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such mail")
}

/// The HTML of a mail may do no more than in a mail reader: no script, nothing loaded, links in a new window.
const IN_A_BOX: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
    style-src 'unsafe-inline'; img-src data:";

/// Links of a mail open beside the mail.
const NEW_WINDOW: &str = "<head><base target=\"_blank\">";

/// `{id}.eml`: the original; `{id}.html`: its HTML part as a page; `{id}`: as in the list.
pub(super) async fn show(State(core): Shared, Path(file): Path<String>) -> Response {
    if let Some(id) = file.strip_suffix(".html") {
        let html = find(&core, id).and_then(|mail| mail.html.clone());
        let policy = (CONTENT_SECURITY_POLICY, HeaderValue::from_static(IN_A_BOX));
        let page = |html: String| ([policy], Html(html.replacen("<head>", NEW_WINDOW, 1))).into_response();
        return html.map_or_else(absent, page);
    }
    match file.strip_suffix(".eml").and_then(|id| find(&core, id)) {
        Some(mail) => ([(CONTENT_TYPE, "message/rfc822")], mail.raw.clone()).into_response(),
        None => find(&core, &file).map_or_else(absent, |mail| answer(&shown(&mail))),
    }
}

pub(super) async fn attachment(State(core): Shared, Path((id, index)): Path<(String, usize)>) -> Response {
    let attachment = find(&core, &id).and_then(|mail| mail.attachments.get(index).cloned());
    let Some(attachment) = attachment else { return absent() };
    let name: String = attachment.name.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let kind = HeaderValue::from_str(&attachment.content_type);
    let headers = [
        (CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream"))),
        (CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
    ];
    (headers, attachment.content).into_response()
}
