//! A test's way to the server.

use crate::answer::Answer;
use reqwest::{Client, Method};
use serde_json::Value;

/// A test's own connections: they belong to its runtime and end with it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `http://…`, without a slash at the end.
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Connection {
    pub(crate) fn new(url: &str) -> Self {
        // Needed for https only; a second test finds it in place.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // A redirect is an answer to look at, not to follow.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self { url: url.to_owned(), client: client.expect("a client for HTTP") }
    }

    /// Whether the server is a runner with helpers.
    pub(crate) async fn has_helpers(&self) -> bool {
        let answer = self.client.get(format!("{}/_kith/clock", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Asks a helper; it must succeed.
    pub(crate) async fn helper(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let said = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = Answer::read(said, request.send().await).await;
        answer.assert_status(200);
        answer.json()
    }
}
