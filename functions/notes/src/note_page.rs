//! What the pages behind a note's link have in common.

use crate::moment::{Moment, lasting};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use kith_domain::{NOTE_TRIES, Note};
use kith_http::{Cx, Problem, RepeatKey, Result};
use kith_pages::{Control, Faults, Field, page_with_script, problem_page};

/// The field that stands before a note that has a passphrase.
const PASSPHRASE: [Field<'static>; 1] = [Field {
    name: "passphrase",
    label: "Passphrase",
    help: "Whoever wrote the note has told it to you, or will. Ten wrong ones lock it for a quarter of an hour.",
    // Not hidden: typing it blindly costs tries. Nobody logs in with it, so nothing should offer to keep it.
    control: Control::Line(r#"type="text" autocomplete="off" autocapitalize="none" spellcheck="false" required"#),
    value: "",
}];

#[derive(Template)]
#[template(path = "note.html")]
struct NotePage<'a> {
    /// What makes two presses of the button one.
    key: &'a str,
    /// This browser has just opened it.
    opens_again: bool,
    /// Not told again where the passphrase was wrong.
    note: Option<Facts>,
    fields: &'a [Field<'a>],
    faults: &'a Faults,
}

/// What may be told of a note before it is read.
struct Facts {
    created_at: Moment,
    expires_at: Moment,
    lasting: String,
    tries: Option<Tries>,
}

/// How it stands with a note at whose passphrase somebody has guessed.
enum Tries {
    /// So many are left.
    Left(usize),
    /// None, until then; for so long.
    Locked(Moment, String),
}

impl Tries {
    fn at(note: &Note, now: Timestamp) -> Option<Self> {
        match note.locked_until(now) {
            Some(end) => Some(Self::Locked(Moment(end), lasting(end.duration_since(now)))),
            None => Some(note.tries_left(now)).filter(|left| *left < NOTE_TRIES).map(Self::Left),
        }
    }
}

/// Unknown, malformed, ended, used up, destroyed: one page for all.
#[derive(Template)]
#[template(path = "no_note.html")]
struct NoNote;

#[derive(Template)]
#[template(path = "note_trouble.html")]
struct NoteTrouble<'a> {
    title: &'a str,
    detail: &'a str,
    request_id: &'a str,
}

/// The page of a note that nobody has read by looking at it; with the `key` under which this browser has just opened it.
pub(crate) fn closed(note: &Note, now: Timestamp, key: Option<String>) -> Result<Response> {
    let facts = Facts {
        created_at: Moment(note.created_at),
        expires_at: Moment(note.expires_at),
        lasting: lasting(note.expires_at.duration_since(now)),
        tries: Tries::at(note, now),
    };
    let fields: &[Field<'_>] = if note.has_passphrase() { &PASSPHRASE } else { &[] };
    let opens_again = key.is_some();
    let key = &key.unwrap_or_else(RepeatKey::for_form);
    let closed = NotePage { key, opens_again, note: Some(facts), fields, faults: &Faults::default() };
    Ok(page_with_script(StatusCode::OK, &closed)?.into_response())
}

/// What happened instead: the note asks for its passphrase again, or there is none, or it has to wait.
pub(crate) fn told(cx: &Cx, problem: Problem) -> Result<Response> {
    let page = match problem.status() {
        StatusCode::NOT_FOUND => problem_page(problem, &NoNote)?,
        StatusCode::FORBIDDEN => {
            let mut faults = Faults::default();
            faults.add("passphrase", problem.detail().to_owned());
            let key = &RepeatKey::for_form();
            let again = NotePage { key, opens_again: false, note: None, fields: &PASSPHRASE, faults: &faults };
            problem_page(problem, &again)?
        }
        _ => {
            let told = problem.clone();
            let (title, detail) = (told.title(), told.detail());
            problem_page(problem, &NoteTrouble { title, detail, request_id: &cx.request_id })?
        }
    };
    Ok(page.into_response())
}
