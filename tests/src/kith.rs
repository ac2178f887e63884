//! The whole of Kith, as a test sees it.

use crate::Answer;
use crate::actor::Actor;
use crate::clock::{self, ClockHand};
use crate::connection::Connection;
use crate::observed::{Mail, Record};
use crate::person::Person;
use crate::request::Request;
use crate::server::{self, Server};
use jiff::Timestamp;
use kith_local::Options;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedRwLockReadGuard;

/// A running Kith. Ask for it once in a test and keep it to the end.
#[derive(Debug)]
pub struct Kith {
    to: Arc<Connection>,
    /// Keeps the clock still; given up for the hand on the clock.
    still: Mutex<Option<OwnedRwLockReadGuard<()>>>,
    /// The lock of the shared server; `None` for a test's own.
    shared: Option<&'static Server>,
    own: Option<Own>,
}

struct Own(kith_local::Kith);

impl std::fmt::Debug for Own {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.0.url())
    }
}

impl Kith {
    /// The server that all tests of this binary share: the one that `KITH_URL` names, or a runner in memory.
    ///
    /// Nobody moves the clock as long as this lives.
    pub async fn shared() -> Self {
        let server = Server::shared();
        let still = Arc::clone(&server.clock).read_owned().await;
        Self {
            to: Arc::new(Connection::new(&server.url)),
            still: Mutex::new(Some(still)),
            shared: Some(server),
            own: None,
        }
    }

    /// [`Kith::shared`] where it is a runner with `/_kith/`; otherwise `None`, and a notice that the test is skipped.
    pub async fn with_helpers() -> Option<Self> {
        let kith = Self::shared().await;
        if kith.to.has_helpers().await {
            return Some(kith);
        }
        server::notice_skipped("/_kith/");
        None
    }

    /// A runner of this test's own, in the mode of `KITH_MODE`, on the test's runtime.
    ///
    /// `change` adapts the options. Panics if it does not start; see `kith_local::Kith::start` for tests of that.
    pub async fn own(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = server::options();
        change(&mut options);
        let own = kith_local::Kith::start(options).await.unwrap_or_else(|error| panic!("Kith does not start: {error}"));
        let to = Arc::new(Connection::new(own.url()));
        Self { to, still: Mutex::default(), shared: None, own: Some(Own(own)) }
    }

    /// The server at an address.
    pub fn at(url: &str) -> Self {
        Self { to: Arc::new(Connection::new(url)), still: Mutex::default(), shared: None, own: None }
    }

    /// The runner of [`Kith::own`].
    #[track_caller]
    pub fn runner(&self) -> &kith_local::Kith {
        &self.own.as_ref().expect("a runner of the test's own").0
    }

    /// Ends the runner of [`Kith::own`] in good order.
    pub async fn shut_down(self) {
        if let Some(own) = self.own {
            own.0.shutdown().await;
        }
    }

    /// Base of all addresses, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.to.url
    }

    /// Takes the clock for this test alone. Ask before anything else: other tests may move the clock until it is had.
    pub async fn clock(&self) -> ClockHand {
        drop(self.still.lock().unwrap_or_else(PoisonError::into_inner).take());
        let alone = match self.shared {
            Some(server) => Some(Arc::clone(&server.clock).write_owned().await),
            None => None,
        };
        ClockHand::new(Arc::clone(&self.to), alone)
    }

    /// What the clock shows.
    pub async fn now(&self) -> Timestamp {
        clock::now(&self.to).await
    }

    /// Somebody at an own network address who has no account.
    pub fn visitor(&self) -> Actor {
        self.newcomer("visitor")
    }

    /// Somebody who is about to register under a name that begins so.
    pub fn newcomer(&self, name: &str) -> Actor {
        Actor::new(&self.to, Person::new(name, "example.org"))
    }

    /// Somebody who has registered and not confirmed.
    pub async fn pending(&self, name: &str) -> Actor {
        let actor = self.newcomer(name);
        actor.register().await.assert_status(201);
        actor
    }

    /// Somebody who has registered and confirmed, and is not logged in.
    pub async fn confirmed(&self, name: &str) -> Actor {
        confirm(self.newcomer(name)).await
    }

    /// Somebody with an account who is logged in.
    pub async fn registered(&self, name: &str) -> Actor {
        self.confirmed(name).await.logged_in().await
    }

    /// An admin who is logged in.
    pub async fn admin(&self, name: &str) -> Actor {
        confirm(Actor::new(&self.to, Person::new(name, "admin.example.org"))).await.logged_in().await
    }

    /// Somebody whom this admin has just invited, and the id of the account.
    pub async fn invited(&self, admin: &Actor, name: &str) -> (Actor, String) {
        let actor = self.newcomer(name);
        let answer = admin.post("/v1/users").json(json!({"email": actor.person.email})).await;
        let id = answer.assert_status(201).text_at("/id");
        (actor, id)
    }

    /// `GET` of an address that Kith gave, such as a photo's, without any token.
    pub fn fetch(&self, url: &str) -> Request {
        Request::anywhere(&self.to, url)
    }

    /// Keys of the objects in the bucket that begin so, in their order.
    pub async fn objects(&self, prefix: &str) -> Vec<String> {
        let listed: Vec<Value> = self.read(&format!("/_kith/objects?prefix={prefix}")).await;
        listed.iter().filter_map(|object| object["key"].as_str()).map(str::to_owned).collect()
    }

    /// Captured mails to an address, newest first. Settle first.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        mails_to(&self.to, email).await
    }

    /// Waits until the outbox is empty and everything that follows from it is done.
    pub async fn settle(&self) {
        self.to.helper(Method::POST, "/_kith/settle", None).await;
    }

    /// Runs a scheduled job; answers its result.
    pub async fn job(&self, operation: &str) -> Value {
        self.to.helper(Method::POST, &format!("/_kith/jobs/{operation}"), None).await
    }

    /// Runs a scheduled job with an event of one's own; answers its result.
    pub async fn job_with(&self, operation: &str, event: Value) -> Value {
        self.to.helper(Method::POST, &format!("/_kith/jobs/{operation}"), Some(event)).await
    }

    /// Every stored item, ordered by key.
    pub async fn table(&self) -> Vec<Value> {
        self.read("/_kith/table").await
    }

    /// The stored items whose partition key begins so.
    pub async fn items(&self, pk: &str) -> Vec<Value> {
        let is_wanted = |item: &Value| item.get("pk").and_then(Value::as_str).is_some_and(|own| own.starts_with(pk));
        self.table().await.into_iter().filter(is_wanted).collect()
    }

    /// The last requests and jobs, newest first.
    pub async fn requests(&self) -> Vec<Record> {
        self.read("/_kith/requests").await
    }

    /// What the runner noted of the request with this answer.
    pub async fn record_of(&self, answer: &Answer) -> Record {
        // The id is base64.
        let id = answer.request_id().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let records: Vec<Record> = self.read(&format!("/_kith/requests?request_id={id}")).await;
        let own = records.into_iter().find(|record| record.request_id == answer.request_id());
        own.unwrap_or_else(|| panic!("not among the requests: {answer}"))
    }

    /// Lets the next calls or invocations of a function go wrong.
    pub async fn inject_fault(&self, fault: Value) {
        self.to.helper(Method::POST, "/_kith/faults", Some(fault)).await;
    }

    /// Deletes what has expired, as the table's TTL does at some time.
    pub async fn sweep(&self) {
        self.to.helper(Method::POST, "/_kith/sweep", Some(json!({}))).await;
    }

    /// Asks any helper with `GET`.
    pub async fn helper(&self, path: &str) -> Value {
        self.to.helper(Method::GET, path, None).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let shown = self.to.helper(Method::GET, path, None).await;
        serde_json::from_value(shown).unwrap_or_else(|error| panic!("{path} shows something else: {error}"))
    }
}

async fn confirm(actor: Actor) -> Actor {
    actor.register().await.assert_status(201);
    let token = actor.newest_link_token().await;
    actor.confirm(&token).await.assert_status(204);
    actor
}

pub(crate) async fn mails_to(to: &Connection, email: &str) -> Vec<Mail> {
    // `+` would be read as a space.
    let path = format!("/_kith/mails?to={}", email.replace('+', "%2B"));
    let shown = to.helper(Method::GET, &path, None).await;
    serde_json::from_value(shown).unwrap_or_else(|error| panic!("{path} shows something else: {error}"))
}
