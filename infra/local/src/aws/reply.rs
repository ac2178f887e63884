//! Answers and errors in the four dialects the SDKs speak.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

/// How a service writes its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// AWS JSON 1.0: DynamoDB.
    Json10,
    /// AWS JSON 1.1: Secrets Manager.
    Json11,
    /// AWS Query, answers in XML: SES.
    Query,
    /// REST with JSON: Lambda.
    Rest,
}

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(value: &Value) -> Self {
        Self { status: 200, body: value.to_string().into_bytes() }
    }
}

/// An error of an AWS service.
#[derive(Debug)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// The error's name without namespace, such as `ValidationException`.
    pub(super) code: String,
    /// What to do about it.
    pub(super) message: String,
    /// Further members of a JSON error, such as `CancellationReasons`.
    pub(super) members: serde_json::Map<String, Value>,
}

impl Refusal {
    /// An error with status 400.
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into(), members: serde_json::Map::new() }
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_member(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }
}

/// Writes an answer or an error as the service in question does.
pub(super) fn response(dialect: Dialect, outcome: Result<Answer, Refusal>) -> Response<Full<Bytes>> {
    let request_id = Uuid::new_v4().to_string();
    let (status, body, code) = match outcome {
        Ok(answer) => (answer.status, answer.body, None),
        Err(refusal) => (refusal.status, error_body(dialect, &refusal, &request_id), Some(refusal.code)),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let content_type = match dialect {
        Dialect::Json10 => "application/x-amz-json-1.0",
        Dialect::Json11 => "application/x-amz-json-1.1",
        Dialect::Query => "text/xml",
        Dialect::Rest => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let (Dialect::Rest, Some(Ok(code))) = (dialect, code.map(|code| HeaderValue::from_str(&code))) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}

fn error_body(dialect: Dialect, refusal: &Refusal, request_id: &str) -> Vec<u8> {
    let Refusal { code, message, members, .. } = refusal;
    match dialect {
        Dialect::Json10 | Dialect::Json11 | Dialect::Rest => {
            let kind = if dialect == Dialect::Json10 {
                format!("com.amazonaws.dynamodb.v20120810#{code}")
            } else {
                code.clone()
            };
            let mut body = json!({ "__type": kind, "message": message });
            if let Some(object) = body.as_object_mut() {
                object.extend(members.clone());
            }
            body.to_string().into_bytes()
        }
        Dialect::Query => {
            let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
            let (code, message) = (escape(code), escape(message));
            format!(
                "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>{fault}</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            )
            .into_bytes()
        }
    }
}

/// Text as content of an XML element.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
