//! Somebody who uses Kith.

use crate::answer::Answer;
use crate::connection::Connection;
use crate::jwt::Jwt;
use crate::kith::mails_to;
use crate::observed::{Mail, link_token};
use crate::person::{Person, unique_address};
use crate::request::Request;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Somebody at a network address of their own, logged in or not.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who it is.
    pub person: Person,
    /// The network address, of a /64 that nobody else has.
    pub address: String,
    /// The access token, once logged in.
    pub access_token: Option<String>,
    /// The refresh token, once logged in.
    pub refresh_token: Option<String>,
    to: Arc<Connection>,
}

impl Actor {
    pub(crate) fn new(to: &Arc<Connection>, person: Person) -> Self {
        Self { person, address: unique_address(), access_token: None, refresh_token: None, to: Arc::clone(to) }
    }

    /// A request from this actor's address, with the access token if there is one.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request = self.bare_request(method, path);
        match &self.access_token {
            Some(token) => request.bearer(token),
            None => request,
        }
    }

    /// A request from this actor's address without any token.
    pub fn bare_request(&self, method: &str, path: &str) -> Request {
        Request::new(&self.to, method, path).header("kith-client-address", &self.address)
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// `POST`; add a body with [`Request::json`].
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// `PATCH`.
    pub fn patch(&self, path: &str) -> Request {
        self.request("PATCH", path)
    }

    /// `PUT`.
    pub fn put(&self, path: &str) -> Request {
        self.request("PUT", path)
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }

    /// Seals a note with these fields.
    pub fn seal(&self, note: impl Serialize) -> Request {
        self.post("/v1/notes").json(note)
    }

    /// Looks at a note.
    pub fn peek(&self, token: &str) -> Request {
        self.get(&format!("/v1/notes/{token}"))
    }

    /// Opens a note; add its passphrase with [`Request::json`].
    pub fn open(&self, token: &str) -> Request {
        self.post(&format!("/v1/notes/{token}/open"))
    }

    /// Destroys a note by its id; without the token for it, as its author.
    pub fn destroy(&self, id: &str, manage_token: Option<&str>) -> Request {
        let request = self.delete(&format!("/v1/notes/by-id/{id}"));
        match manage_token {
            Some(token) => request.header("kith-manage-token", token),
            None => request,
        }
    }

    /// The same person, still logged in, at another address.
    #[must_use]
    pub fn moved(&self) -> Self {
        Self { address: unique_address(), ..self.clone() }
    }

    /// The same person at another address, not logged in there.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self::new(&self.to, self.person.clone())
    }

    /// Registers.
    pub fn register(&self) -> Request {
        self.bare_request("POST", "/v1/auth/register").json(self.person.registration())
    }

    /// Asks for another mail with a link.
    pub fn resend(&self) -> Request {
        self.bare_request("POST", "/v1/auth/confirm/resend").json(json!({"email": self.person.email}))
    }

    /// Confirms by the token of a mailed link, and the password of the registration.
    pub fn confirm(&self, token: &str) -> Request {
        let proof = json!({"token": token, "password": self.person.password});
        self.bare_request("POST", "/v1/auth/confirm").json(proof)
    }

    /// Presses a button of the page that confirms a registration.
    pub fn press_confirm(&self, token: &str, answer: &str) -> Request {
        let form = [("token", token), ("answer", answer), ("password", &*self.person.password)];
        self.bare_request("POST", "/confirm").form(&form)
    }

    /// Asks for another address, with the password.
    pub fn want_email(&self, email: &str) -> Request {
        self.patch("/v1/me").json(json!({"email": email, "current_password": self.person.password}))
    }

    /// Undoes a change of the address by the token of a mailed link.
    pub fn undo_email_change(&self, token: &str) -> Request {
        self.bare_request("POST", "/v1/auth/email-change/undo").json(json!({"token": token}))
    }

    /// Logs in with username and password; the tokens are in the answer.
    pub fn log_in(&self) -> Request {
        self.log_in_as(&self.person.username, &self.person.password)
    }

    /// Tries to log in with any name and password.
    pub fn log_in_as(&self, login: &str, password: &str) -> Request {
        self.bare_request("POST", "/v1/auth/login").json(json!({"login": login, "password": password}))
    }

    /// Asks for a link that sets a new password.
    pub fn forget_password(&self) -> Request {
        self.bare_request("POST", "/v1/auth/password/forgot").json(json!({"email": self.person.email}))
    }

    /// Sets a new password by the token of a mailed link.
    pub fn reset_password(&self, token: &str, password: &str) -> Request {
        self.bare_request("POST", "/v1/auth/password/reset").json(json!({"token": token, "password": password}))
    }

    /// Sets a new password by the current one.
    pub fn change_password(&self, current: &str, new: &str) -> Request {
        self.put("/v1/me/password").json(json!({"current_password": current, "new_password": new}))
    }

    /// Deletes the account by its password.
    pub fn leave(&self) -> Request {
        self.delete("/v1/me").json(json!({"current_password": self.person.password}))
    }

    /// Accepts an invitation with this person's names and password.
    pub fn accept_invitation(&self, token: &str) -> Request {
        self.bare_request("POST", "/v1/auth/invitation").json(self.person.acceptance(token))
    }

    /// Exchanges a refresh token.
    pub fn refresh(&self, refresh_token: &str) -> Request {
        self.bare_request("POST", "/v1/auth/refresh").json(json!({"refresh_token": refresh_token}))
    }

    /// This person, here, with the tokens of an answer to logging in or refreshing.
    #[must_use]
    #[track_caller]
    pub fn with_tokens_of(&self, answer: &Answer) -> Self {
        answer.assert_status(200);
        let token = |name| Some(answer.text_at(name));
        Self { access_token: token("/access_token"), refresh_token: token("/refresh_token"), ..self.clone() }
    }

    /// This person, here, in a new session.
    pub async fn logged_in(&self) -> Self {
        self.with_tokens_of(&self.log_in().await)
    }

    /// The access token.
    #[track_caller]
    pub fn access(&self) -> &str {
        self.access_token.as_deref().expect("somebody who is logged in")
    }

    /// The account's id, once logged in.
    #[track_caller]
    pub fn id(&self) -> String {
        let claims = Jwt::parse(self.access()).claims;
        claims.get("sub").and_then(Value::as_str).expect("a subject").to_owned()
    }

    /// The refresh token.
    #[track_caller]
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("somebody who is logged in")
    }

    /// The mails that this person has got, newest first, once all that are on their way have come.
    pub async fn mails(&self) -> Vec<Mail> {
        self.to.helper(Method::POST, "/_kith/settle", None).await;
        mails_to(&self.to, &self.person.email).await
    }

    /// The token of the link in the newest mail.
    pub async fn newest_link_token(&self) -> String {
        let mails = self.mails().await;
        let newest = mails.first().unwrap_or_else(|| panic!("{} has got no mail", self.person.email));
        link_token(newest).unwrap_or_else(|| panic!("no link in: {}", newest.text))
    }
}
