//! A request in the making.

use crate::answer::Answer;
use crate::connection::Connection;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A request; awaiting it sends it.
#[derive(Debug)]
#[must_use = "await it to send it"]
pub struct Request {
    said: String,
    builder: RequestBuilder,
}

impl Request {
    pub(crate) fn new(to: &Connection, method: &str, path: &str) -> Self {
        let method: Method = method.parse().expect("a method");
        let said = format!("{method} {path}");
        Self { said, builder: to.client.request(method, format!("{}{path}", to.url)) }
    }

    /// `GET` of a whole address.
    pub(crate) fn anywhere(to: &Connection, url: &str) -> Self {
        Self { said: format!("GET {url}"), builder: to.client.get(url) }
    }

    /// Adds a header; one of the same name stays.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().expect("a header name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// Sends this token, good or bad, as `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// A JSON body.
    pub fn json(self, body: impl Serialize) -> Self {
        Self { builder: self.builder.json(&body), ..self }
    }

    /// Any bytes as a body of this content type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let sent = self.header("content-type", content_type);
        Self { builder: sent.builder.body(body.into()), ..sent }
    }

    /// Any bytes as a body without content type.
    pub fn untyped_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { builder: self.builder.body(body.into()), ..self }
    }

    /// The fields of a form, as a browser sends them.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", text)
    }
}

impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Answer::read(self.said, self.builder.send().await).await })
    }
}
