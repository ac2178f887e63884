//! What the server answered.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// The body of a problem answer (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// A URN for the kind of problem.
    pub r#type: String,
    /// The kind in words.
    pub title: String,
    /// The status once more.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The request's id.
    pub instance: String,
    /// Every bad field, with status 422.
    #[serde(default)]
    pub errors: Vec<Fault>,
    /// How many more there are, where there are very many.
    #[serde(default)]
    pub more_errors: usize,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where, as a JSON Pointer, or `?name` in the query.
    pub pointer: String,
    /// What.
    pub detail: String,
}

impl Problem {
    /// The last part of `type`, such as `not-found`.
    pub fn kind(&self) -> &str {
        self.r#type.rsplit(':').next().unwrap_or_default()
    }

    /// Where the bad fields are, in order.
    pub fn pointers(&self) -> Vec<&str> {
        let mut pointers: Vec<&str> = self.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        pointers.sort_unstable();
        pointers
    }
}

impl Answer {
    pub(crate) async fn read(asked: String, answer: reqwest::Result<reqwest::Response>) -> Self {
        let answer = answer.unwrap_or_else(|error| panic!("{asked}: no answer: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap_or_else(|error| panic!("{asked}: the answer ended early: {error:?}"));
        Self { asked, status, headers, body: body.to_vec() }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's value, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of visible characters"))
    }

    /// The gateway's id of the request.
    #[track_caller]
    pub fn request_id(&self) -> &str {
        self.header("apigw-requestid").unwrap_or_else(|| panic!("no apigw-requestid: {self}"))
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|_| panic!("the body is no text: {self}"))
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is no JSON ({error}): {self}"))
    }

    /// A text in the JSON body, by JSON Pointer.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let found = self.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.unwrap_or_else(|| panic!("no text at {pointer}: {self}"))
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert!(self.status == status, "expected {status}: {self}");
        self
    }

    /// The problem in the body. Fails unless it is one, says the answer's own status and names the answer's request.
    #[track_caller]
    pub fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "no problem: {self}");
        let problem: Problem =
            serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not a whole problem ({error}): {self}"));
        assert_eq!(problem.status, self.status, "{self}");
        assert_eq!(problem.instance, self.request_id(), "{self}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{self}");
        problem
    }

    /// Fails unless it is a problem with this status and kind, such as `404` and `not-found`.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, kind: &str) -> Problem {
        self.assert_status(status);
        let problem = self.problem();
        assert!(problem.kind() == kind, "expected the kind {kind}: {self}");
        problem
    }

    /// Fails unless it is 422 and names exactly these places, in any order.
    #[track_caller]
    pub fn assert_faults(&self, pointers: &[&str]) -> Problem {
        let problem = self.assert_problem(422, "invalid");
        let mut expected = pointers.to_vec();
        expected.sort_unstable();
        assert!(problem.pointers() == expected, "expected faults at {expected:?}: {self}");
        problem
    }
}

/// Request line, status, headers and the beginning of the body.
impl std::fmt::Display for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{} was answered {}", self.asked, self.status)?;
        for (name, value) in &self.headers {
            writeln!(out, "  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        let text = String::from_utf8_lossy(&self.body);
        write!(out, "  {}", text.chars().take(2000).collect::<String>())
    }
}
