//! A running Kith, as the demo data sees it.

use std::io::Write;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::SeedError;

/// A running Kith with its helpers.
pub(super) struct Kith<'a> {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    out: &'a mut (dyn Write + Send),
}

/// Somebody who asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// Network address to come from, so that limits count everybody apart.
    pub(super) address: &'static str,
    /// Access token.
    pub(super) token: Option<String>,
}

/// Whoever uses the helpers.
const NOBODY: Caller = Caller { address: "127.0.0.1", token: None };

/// An answer: its status, and its JSON or `null`.
pub(super) struct Answer {
    asked: String,
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// The body of a success; anything else is an error.
    pub(super) fn success(self) -> Result<Value, SeedError> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.refused()) }
    }

    /// The error of an answer that cannot be used.
    pub(super) fn refused(self) -> SeedError {
        let told = ["detail", "message"].into_iter().find_map(|name| self.body.get(name)?.as_str());
        let faults = self.body.get("errors").map(|errors| format!(" {errors}")).unwrap_or_default();
        let detail = format!("{}{faults}", told.unwrap_or("no reason given"));
        SeedError::Refused { asked: self.asked, status: self.status.as_u16(), detail }
    }
}

impl<'a> Kith<'a> {
    /// The Kith at `url`, if it is a local runner.
    pub(super) async fn find(url: &str, out: &'a mut (dyn Write + Send)) -> Result<Self, SeedError> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let kith = Self { url: url.trim_end_matches('/').to_owned(), client, out };
        let clock = kith.ask(&NOBODY, Method::GET, "/_kith/clock", None).await;
        if clock.is_ok_and(|answer| answer.status.is_success()) { Ok(kith) } else { Err(SeedError::NoRunner(kith.url)) }
    }

    /// Says what has been made, or was found.
    pub(super) fn say(&mut self, area: &str, what: &str, is_new: bool) -> Result<(), SeedError> {
        Ok(writeln!(self.out, "kith: {area:<10} {:<9} {what}", if is_new { "made" } else { "is there" })?)
    }

    /// Asks for something.
    pub(super) async fn ask(
        &self,
        who: &Caller,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, SeedError> {
        let asked = format!("{method} {path}");
        let lost = |why: String| SeedError::Connection { asked: asked.clone(), why };
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        request = request.header("kith-client-address", who.address);
        if let Some(token) = &who.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::from(body)).map_err(|error| lost(error.to_string()))?;
        let answer = self.client.request(request).await.map_err(|error| lost(error.to_string()))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| lost(error.to_string()))?.to_bytes();
        Ok(Answer { asked, status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Reads something that is there.
    pub(super) async fn get(&self, who: &Caller, path: &str) -> Result<Value, SeedError> {
        self.ask(who, Method::GET, path, None).await?.success()
    }

    /// The runner's time, which may have been moved.
    pub(super) async fn now(&self) -> Result<Timestamp, SeedError> {
        let clock = self.get(&NOBODY, "/_kith/clock").await?;
        let now = clock.get("now").and_then(Value::as_str).and_then(|now| now.parse().ok());
        now.ok_or_else(|| SeedError::InTheWay("the runner's clock cannot be read".to_owned()))
    }

    /// Waits until everything that follows from what was done is done, mails too.
    pub(super) async fn settle(&self) -> Result<(), SeedError> {
        self.ask(&NOBODY, Method::POST, "/_kith/settle", Some(&json!({}))).await?.success().map(drop)
    }

    /// The newest link to `page` that was mailed to `email`.
    pub(super) async fn mailed_link(&self, email: &str, page: &str) -> Result<Option<String>, SeedError> {
        self.settle().await?;
        let mails = self.get(&NOBODY, &format!("/_kith/mails?to={email}")).await?;
        let start = format!("{page}?token=");
        let is_link = |word: &&str| word.contains(&start);
        let texts = mails.as_array().into_iter().flatten().filter_map(|mail| mail.get("text")?.as_str());
        Ok(texts.flat_map(str::split_whitespace).find(is_link).map(str::to_owned))
    }
}
