use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_ses::types::RawMessage;
use jiff::SignedDuration;
use serde_json::json;

use crate::caller::{DELIVER_MAIL, Function, Side, code};

pub(crate) const MAIL: &str = "From: Kith <kith@kith.example>\r\nTo: Ada <ada@example.org>\r\n\
    Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=M\r\n\r\n\
    --M\r\nContent-Type: multipart/alternative; boundary=A\r\n\r\n\
    --A\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHello Ada & é\r\n\
    --A\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n--A--\r\n\
    --M\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--M--\r\n";

pub(crate) async fn send(function: &Function<'_>, mail: &str, destination: Option<&str>) -> String {
    let message = RawMessage::builder().data(Blob::new(mail)).build().unwrap();
    let destinations = destination.map(|one| vec![one.to_owned()]);
    code(function.ses().send_raw_email().raw_message(message).set_destinations(destinations).send().await)
}

#[tokio::test]
async fn a_sent_mail_is_captured_with_all_its_parts_at_the_moved_time() {
    let side = Side::in_memory().await;
    side.clock.advance(SignedDuration::from_hours(24 * 365));
    let before = side.clock.now();
    assert_eq!(send(&side.trusted(), MAIL, None).await, "ok");
    let mails = side.aws.mails();
    let mail = mails[0].as_ref();
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("kith@kith.example", ["ada@example.org".to_owned()].as_slice())
    );
    assert_eq!(mail.subject, "Grüße");
    assert_eq!(mail.text.as_deref().map(str::trim), Some("Hello Ada & é"));
    assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>Hello</p>"));
    assert_eq!(mail.attachments.len(), 1);
    assert_eq!(
        (mail.attachments[0].name.as_str(), mail.attachments[0].content_type.as_str()),
        ("report.pdf", "application/pdf")
    );
    assert_eq!(mail.attachments[0].content, b"%PDF");
    assert!(mail.at >= before);
    assert_eq!(mail.raw, MAIL.as_bytes());
    let shown = serde_json::to_value(mail).unwrap();
    assert_eq!(shown["attachments"], json!([{"name": "report.pdf", "content_type": "application/pdf"}]));
}

#[tokio::test]
async fn the_destinations_of_the_request_win_over_the_headers_and_the_newest_mail_is_first() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    assert_eq!(send(&function, MAIL, None).await, "ok");
    assert_eq!(send(&function, MAIL, Some("bob@example.org")).await, "ok");
    let to: Vec<String> = side.aws.mails().into_iter().flat_map(|mail| mail.to.clone()).collect();
    assert_eq!(to, ["bob@example.org", "ada@example.org"]);
}

#[tokio::test]
async fn a_mail_from_a_foreign_identity_or_to_nobody_is_not_sent() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    assert_eq!(send(&function, &MAIL.replace("kith@kith.example", "eve@evil.example"), None).await, "AccessDenied");
    assert_eq!(send(&function, "From: kith@kith.example\r\n\r\nHello", None).await, "InvalidParameterValue");
    assert!(side.aws.mails().is_empty());
    assert_eq!(side.aws.policies()["trusted"].denied, ["ses:SendRawEmail on identity/eve@evil.example"]);
}

#[tokio::test]
async fn an_asynchronous_invocation_is_accepted_and_handed_on() {
    let side = Side::in_memory().await;
    let mut invocations = side.aws.invocations().unwrap();
    assert!(side.aws.invocations().is_none());
    let function = side.trusted();
    for name in ["kith-deliver-mail", DELIVER_MAIL] {
        let invoke = function.lambda().invoke().function_name(name).invocation_type(InvocationType::Event);
        let answer = invoke.payload(Blob::new(r#"{"task": "tsk_1"}"#)).send().await.unwrap();
        assert_eq!(answer.status_code(), 202);
        let invocation = invocations.recv().await.unwrap();
        assert_eq!(
            (invocation.function_name.as_str(), invocation.payload),
            ("kith-deliver-mail", json!({"task": "tsk_1"}))
        );
        assert!(!invocation.request_id.is_empty());
    }
    let waiting = function.lambda().invoke().function_name("kith-deliver-mail").send().await;
    assert_eq!(code(waiting), "InvalidParameterValueException");
}
