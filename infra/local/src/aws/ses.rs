//! SES: mails are captured, not sent.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use mail_parser::{Address, Message, MessageParser, MimeHeaders, PartType};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ledger::Call;
use super::policy::Need;
use super::reply::{Answer, Refusal, escape};
use super::{Plan, Planned, StartError, Unplanned, locked};
use crate::clock::Clock;

/// How many mails are kept. The largest suite sends fewer.
const KEPT: usize = 5000;

/// A mail as its recipients would have got it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapturedMail {
    /// The message id that SES answered.
    pub id: String,
    /// Addresses it went to: the destinations of the request, or else those of its headers.
    pub to: Vec<String>,
    /// Address of the sender.
    pub from: String,
    /// Decoded subject.
    pub subject: String,
    /// The plain text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// Attached files.
    pub attachments: Vec<Attachment>,
    /// When it was sent, by the moved clock.
    pub at: Timestamp,
    /// The original message.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// A file in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// File name; empty if it has none.
    pub name: String,
    /// Such as `application/pdf`.
    pub content_type: String,
    /// The decoded file.
    #[serde(skip)]
    pub content: Vec<u8>,
}

/// The last [`KEPT`] captured mails, oldest first.
pub(super) struct Mails {
    dir: Option<PathBuf>,
    clock: Clock,
    kept: Mutex<VecDeque<Arc<CapturedMail>>>,
}

/// A mail to be captured.
#[derive(Debug)]
pub(super) struct Request {
    raw: Vec<u8>,
    destinations: Vec<String>,
}

/// What the message itself does not say, kept beside it.
#[derive(Serialize, Deserialize)]
struct Envelope {
    at: Timestamp,
    to: Vec<String>,
}

impl Mails {
    pub(super) fn open(data: Option<&Path>, clock: &Clock) -> Result<Self, StartError> {
        let dir = data.map(|data| data.join("mails"));
        let kept = match &dir {
            Some(dir) => load(dir).map_err(|source| StartError::Data { path: dir.clone(), source })?,
            None => Vec::new(),
        };
        let mails = Self { dir, clock: clock.clone(), kept: Mutex::default() };
        for mail in kept {
            mails.keep(mail);
        }
        Ok(mails)
    }

    /// Newest first.
    pub(super) fn list(&self) -> Vec<Arc<CapturedMail>> {
        locked(&self.kept).iter().rev().cloned().collect()
    }

    /// Adds a mail, dropping the oldest if there are too many.
    fn keep(&self, mail: CapturedMail) {
        let mut kept = locked(&self.kept);
        let oldest = if kept.len() == KEPT { kept.pop_front() } else { None };
        kept.push_back(Arc::new(mail));
        drop(kept);
        if let (Some(dir), Some(oldest)) = (&self.dir, oldest)
            && let Err(error) = remove(dir, &oldest.id)
        {
            tracing::warn!(%error, id = oldest.id, "an old mail stays in its folder");
        }
    }

    pub(super) fn perform(&self, request: Request) -> Result<Answer, Refusal> {
        let envelope = Envelope { at: self.clock.now(), to: request.destinations };
        let id = Uuid::new_v4().to_string();
        if let Some(dir) = &self.dir {
            save(dir, &id, &request.raw, &envelope)
                .map_err(|error| Refusal::new("InternalFailure", error.to_string()).with_status(500))?;
        }
        let mail = captured(id, envelope, request.raw).ok_or_else(unreadable)?;
        let body = format!(
            "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendRawEmailResult><MessageId>{}</MessageId>\
             </SendRawEmailResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></SendRawEmailResponse>",
            escape(&mail.id),
            Uuid::new_v4()
        );
        self.keep(mail);
        Ok(Answer { status: 200, body: body.into_bytes() })
    }
}

/// The action that a form asks for.
pub(super) fn action_of(body: &[u8]) -> String {
    let action = form_urlencoded::parse(body).find(|(name, _)| name == "Action");
    action.map(|(_, action)| action.into_owned()).unwrap_or_default()
}

/// Reads a request to send a mail. `identity_arn` is the ARN prefix of the account's identities, up to the name.
pub(super) fn plan(action: &str, body: &[u8], identity_arn: &str) -> Planned {
    if action != "SendRawEmail" {
        let resources = vec![format!("{identity_arn}*")];
        return Err(Unplanned::Denied(Need { action: format!("ses:{action}"), resources, keys: Vec::new() }));
    }
    let (mut data, mut source, mut source_arn, mut destinations) = (String::new(), None, None, Vec::new());
    for (name, value) in form_urlencoded::parse(body) {
        match name.as_ref() {
            "RawMessage.Data" => data = value.into_owned(),
            "Source" => source = Some(value.into_owned()),
            "SourceArn" => source_arn = Some(value.into_owned()),
            name if name.starts_with("Destinations.member.") => destinations.push(value.into_owned()),
            _ => {}
        }
    }
    let raw = STANDARD.decode(data).map_err(|_| unreadable())?;
    let message = MessageParser::default().parse(&raw).ok_or_else(unreadable)?;
    let from = source.unwrap_or_else(|| first_address(message.from()));
    if from.is_empty() {
        return Err(Refusal::new("InvalidParameterValue", "Missing required header 'From'.").into());
    }
    if destinations.is_empty() && recipients(&message).is_empty() {
        return Err(
            Refusal::new("InvalidParameterValue", "Missing destination: the message names no recipient.").into()
        );
    }
    // Which of the two identities is verified is known to AWS only; either may be the one that the policy names.
    let domain = from.rsplit('@').next().unwrap_or_default();
    let resources = source_arn
        .map_or_else(|| vec![format!("{identity_arn}{from}"), format!("{identity_arn}{domain}")], |arn| vec![arn]);
    let need = Need { action: "ses:SendRawEmail".into(), resources, keys: Vec::new() };
    Ok((Plan::Mail(Request { raw, destinations }), vec![need], Call::default()))
}

fn unreadable() -> Refusal {
    Refusal::new("InvalidParameterValue", "RawMessage.Data is no message in Base64")
}

fn first_address(list: Option<&Address<'_>>) -> String {
    list.and_then(|list| list.first()?.address()).unwrap_or_default().to_owned()
}

fn recipients(message: &Message<'_>) -> Vec<String> {
    let lists = [message.to(), message.cc(), message.bcc()].into_iter().flatten();
    lists.flat_map(Address::iter).filter_map(|one| one.address().map(str::to_owned)).collect()
}

fn captured(id: String, envelope: Envelope, raw: Vec<u8>) -> Option<CapturedMail> {
    let message = MessageParser::default().parse(&raw)?;
    let text = message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        _ => None,
    });
    let html = message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    });
    let attachments = message.attachments().map(|part| Attachment {
        name: part.attachment_name().unwrap_or_default().to_owned(),
        content_type: part.content_type().map_or_else(
            || "application/octet-stream".to_owned(),
            |kind| {
                kind.c_subtype
                    .as_ref()
                    .map_or_else(|| kind.c_type.to_string(), |subtype| format!("{}/{subtype}", kind.c_type))
            },
        ),
        content: part.contents().to_vec(),
    });
    let mail = CapturedMail {
        id,
        to: if envelope.to.is_empty() { recipients(&message) } else { envelope.to },
        from: first_address(message.from()),
        subject: message.subject().unwrap_or_default().to_owned(),
        text,
        html,
        attachments: attachments.collect(),
        at: envelope.at,
        raw: Vec::new(),
    };
    drop(message);
    Some(CapturedMail { raw, ..mail })
}

/// Writes the message and then what makes it count: a crash in between leaves a message nobody lists.
fn save(dir: &Path, id: &str, raw: &[u8], envelope: &Envelope) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join(format!("{id}.eml")), raw)?;
    fs::write(dir.join(format!("{id}.json")), serde_json::to_vec(envelope)?)
}

/// Takes a mail out, what makes it count first.
fn remove(dir: &Path, id: &str) -> std::io::Result<()> {
    fs::remove_file(dir.join(format!("{id}.json")))?;
    fs::remove_file(dir.join(format!("{id}.eml")))
}

fn load(dir: &Path) -> std::io::Result<Vec<CapturedMail>> {
    fs::create_dir_all(dir)?;
    let mut mails = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let envelope = serde_json::from_slice(&fs::read(&path)?)?;
        mails.extend(captured(id, envelope, fs::read(path.with_extension("eml"))?));
    }
    mails.sort_by_key(|mail| mail.at);
    Ok(mails)
}
