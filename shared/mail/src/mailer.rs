//! Sending by Amazon SES.

use crate::{Message, Sender, mime};
use aws_sdk_ses::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::RawMessage,
};
use jiff::Timestamp;
use kith_domain::TaskId;

/// Why a mail was not made or not sent. No variant carries an address or a mail's words.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A template could not be filled in.
    #[error("the mail could not be written")]
    Template(#[from] askama::Error),
    /// The mail could not be put into MIME.
    #[error("the mail could not be encoded")]
    Mime(#[from] std::io::Error),
    /// SES will not send this mail, now or later: its sender or recipient is not verified, or its content refused.
    #[error("SES refuses the mail: {code}")]
    Refused {
        /// SES's error code.
        code: String,
    },
    /// SES did not take the mail, or its answer got lost: try again later. It may have been sent.
    #[error("SES did not take the mail: {cause}")]
    Unavailable {
        /// SES's error code, or what kept the call from being answered.
        cause: String,
    },
}

/// Sends mails from one sender.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    from: Sender,
}

impl Mailer {
    /// Uses this region, these credentials and this endpoint.
    pub fn new(config: &aws_types::SdkConfig, from: Sender) -> Self {
        Self { client: Client::new(config), from }
    }

    /// Sends the mail of a task. One `SendRawEmail`; `date` becomes its `Date`.
    ///
    /// `Ok` says that SES has taken it. Sending again for the same task sends a twin: it has the same `Kith-Task`.
    pub async fn send(&self, message: &Message, date: Timestamp, task: TaskId) -> Result<(), MailError> {
        let raw = RawMessage::builder()
            .data(Blob::new(mime::bytes(message, &self.from, date, task)?))
            .build()
            .map_err(std::io::Error::other)?;
        // The envelope is said outright, so that nothing in the headers can add to it.
        self.client
            .send_raw_email()
            .source(self.from.address())
            .destinations(message.to.as_str())
            .raw_message(raw)
            .send()
            .await
            .map(drop)
            .map_err(|error| not_sent(&error))
    }
}

/// Keeps the code, or the words of all causes, and drops the rest: SES's own message quotes addresses.
fn not_sent<E>(error: &SdkError<E>) -> MailError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code @ ("MessageRejected" | "MailFromDomainNotVerifiedException" | "InvalidParameterValue")) => {
            MailError::Refused { code: code.to_owned() }
        }
        Some(code) => MailError::Unavailable { cause: code.to_owned() },
        None => {
            let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
            MailError::Unavailable { cause: causes.map(ToString::to_string).collect::<Vec<_>>().join(": ") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_domain::{Email, Username};

    const SENT: &str = "<SendRawEmailResponse><SendRawEmailResult><MessageId>m1</MessageId></SendRawEmailResult>\
        </SendRawEmailResponse>";

    async fn send(server: &kith_loopback::Server) -> Result<(), MailError> {
        let to = Email::parse("ada@example.org").unwrap();
        let username = Username::parse("ada.l").unwrap();
        let message =
            Message::confirm_registrations(&to, &[(username, "https://kith.example/confirm?token=t".to_owned())])
                .unwrap();
        Mailer::new(&server.config(), Sender::parse("Kith <kith@example.org>").unwrap())
            .send(&message, Timestamp::UNIX_EPOCH, TaskId::new(Timestamp::UNIX_EPOCH))
            .await
    }

    #[tokio::test]
    async fn the_envelope_names_one_sender_and_one_recipient() {
        let server = kith_loopback::Server::answering(200, SENT);
        send(&server).await.unwrap();
        let request = server.request();
        assert!(request.head.starts_with("POST / "), "{}", request.head);
        let body = String::from_utf8(request.body).unwrap();
        for part in [
            "Action=SendRawEmail",
            "Source=kith%40example.org",
            "Destinations.member.1=ada%40example.org",
            "RawMessage.Data=",
        ] {
            assert!(body.contains(part), "{part} is missing in {body}");
        }
        assert!(!body.contains("Destinations.member.2"), "{body}");
    }

    fn refusal(code: &str) -> String {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
            <Message>ada@example.org is not verified</Message></Error></ErrorResponse>"
        )
    }

    #[tokio::test]
    async fn a_refusal_is_told_from_a_failure_that_may_pass() {
        let server = kith_loopback::Server::answering(400, &refusal("MessageRejected"));
        let error = send(&server).await.unwrap_err();
        assert!(matches!(&error, MailError::Refused { code } if code == "MessageRejected"), "{error:?}");

        let server = kith_loopback::Server::answering(400, &refusal("Throttling"));
        let error = send(&server).await.unwrap_err();
        assert!(matches!(&error, MailError::Unavailable { cause } if cause == "Throttling"), "{error:?}");

        let server = kith_loopback::Server::answering(500, "");
        let error = send(&server).await.unwrap_err();
        assert!(matches!(error, MailError::Unavailable { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn errors_do_not_show_addresses() {
        let server = kith_loopback::Server::answering(400, &refusal("MessageRejected"));
        let error = send(&server).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ada@"), "{error:?}");
    }
}
