//! From a [`Message`] to what goes over the wire: MIME (RFC 2045), headers (RFC 5322).

use crate::Message;
use jiff::Timestamp;
use kith_domain::{Email, TaskId};
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, date::Date, raw::Raw, text::Text},
};

/// The setting is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, or a name and an address: Kith <kith@example.org>")]
pub struct InvalidSender;

/// Whom mails come from: an address and perhaps a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    name: Option<String>,
    address: Email,
}

impl Sender {
    /// Reads `kith@example.org`, `Kith <kith@example.org>` or `"Kith" <kith@example.org>`.
    pub fn parse(written: &str) -> Result<Self, InvalidSender> {
        let written = written.trim();
        let (name, address) = match written.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", written),
        };
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
        if name.chars().any(|c| c.is_control() || "<>\"\\".contains(c)) {
            return Err(InvalidSender);
        }
        Ok(Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address: Email::parse(address).map_err(|_| InvalidSender)?,
        })
    }

    /// The address without the name.
    pub(crate) fn address(&self) -> &str {
        self.address.as_str()
    }

    /// The domain of the address.
    fn domain(&self) -> &str {
        self.address().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// The bytes of the mail that the task sends.
///
/// Two attempts at one task make mails that can be recognised as twins: `Message-ID` follows from the task alone.
/// SES puts its own in its place, so the task also stands in a header of ours. Subject and name are encoded where
/// they are not ASCII (RFC 2047); a line break in them cannot begin a header.
pub(crate) fn bytes(message: &Message, from: &Sender, date: Timestamp, task: TaskId) -> std::io::Result<Vec<u8>> {
    MessageBuilder::new()
        .from(Address::new_address(from.name.as_deref(), from.address()))
        .to(Address::new_address(None::<&str>, message.to.as_str()))
        .subject(Text::new(one_line(&message.subject)))
        .date(Date::new(date.as_second()))
        .message_id(format!("{task}@{}", from.domain()))
        .header("Kith-Task", Raw::new(task.to_string()))
        // RFC 3834: no vacation notice may answer.
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .text_body(message.text.as_str())
        .html_body(message.html.as_str())
        .write_to_vec()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders as _};

    const TASK: &str = "tsk_0192f0c1a2b37c4d8e5f60718293a4b5";

    fn message() -> Message {
        Message {
            to: Email::parse("ada@example.org").unwrap(),
            subject: "Grüße".into(),
            text: "Das ist für dich: https://kith.example/confirm?token=usr_1.abc=\n".into(),
            html: "<p>Das ist für dich</p>".into(),
        }
    }

    fn sent(message: &Message, from: &str) -> Vec<u8> {
        let date = "2026-11-20T06:02:03Z".parse().unwrap();
        bytes(message, &Sender::parse(from).unwrap(), date, TASK.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_mail_reads_back_with_both_parts() {
        let bytes = sent(&message(), "Käthe's Kith <kith@example.org>");
        let mail = MessageParser::new().parse(&bytes).unwrap();
        assert_eq!(mail.subject(), Some("Grüße"));
        let from = mail.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("Käthe's Kith"), Some("kith@example.org")));
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("ada@example.org"));
        assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
        assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n"), message().text);
        assert_eq!(mail.body_html(0).unwrap(), message().html);
        assert!(bytes.is_ascii(), "not every server takes 8-bit mail");
    }

    #[test]
    fn the_headers_say_when_for_which_task_and_that_no_person_wrote() {
        let text = String::from_utf8(sent(&message(), "kith@example.org")).unwrap();
        for header in [
            "Date: Fri, 20 Nov 2026 06:02:03 +0000\r\n",
            &format!("Message-ID: <{TASK}@example.org>\r\n"),
            &format!("Kith-Task: {TASK}\r\n"),
            "Auto-Submitted: auto-generated\r\n",
            "From: <kith@example.org>\r\n",
        ] {
            assert!(text.contains(header), "{header:?} is missing in {text}");
        }
    }

    #[test]
    fn a_line_break_in_the_subject_begins_no_header() {
        for subject in [
            "Hello\r\nBcc: eve@example.org",
            "Hello\nBcc: eve@example.org",
            "Hellö\r\n\r\nBcc: eve@example.org\r\n\r\n<p>",
        ] {
            let bytes = sent(&Message { subject: subject.into(), ..message() }, "kith@example.org");
            let mail = MessageParser::new().parse(&bytes).unwrap();
            assert!(mail.bcc().is_none(), "{}", String::from_utf8_lossy(&bytes));
            assert_eq!(mail.to().unwrap().iter().count(), 1);
            assert!(mail.subject().unwrap().contains("Bcc: eve@example.org"), "{:?}", mail.subject());
        }
    }

    #[test]
    fn senders_read_as_people_write_them() {
        let named = |name: &str| Sender { name: Some(name.into()), address: Email::parse("kith@example.org").unwrap() };
        assert_eq!(Sender::parse("Kith <kith@example.org>"), Ok(named("Kith")));
        assert_eq!(Sender::parse("\"Kith, the app\" <kith@example.org>"), Ok(named("Kith, the app")));
        assert_eq!(Sender::parse(" kith@example.org "), Ok(Sender { name: None, ..named("") }));
        for bad in [
            "",
            "Kith",
            "Kith <>",
            "Kith <kith>",
            "Ki\r\nBcc: x <kith@example.org>",
            "<a@b.org> <kith@example.org>",
            "kith@example.org>",
        ] {
            assert_eq!(Sender::parse(bad), Err(InvalidSender), "{bad:?}");
        }
    }

    #[test]
    fn a_name_with_a_comma_stays_one_sender() {
        let bytes = sent(&message(), "\"Kith, the app\" <kith@example.org>");
        let mail = MessageParser::new().parse(&bytes).unwrap();
        assert_eq!(mail.from().unwrap().iter().count(), 1);
        assert_eq!(mail.from().unwrap().first().unwrap().name(), Some("Kith, the app"));
    }
}
