//! A small world for each function to be measured in, and the people in it. They get to where they are through the
//! functions themselves, so that the table holds what it would hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::photo;
use super::requests::{
    CARD, CONFIRM, COVER_PHOTO, DELETE_ME, DOT, INVITE, JSON, LOG_IN, MEMORY_TEXT, NEW_EMAIL, NOTE, PHOTO, PLAN,
    PROFILE_PHOTO, REGISTER, Request, TOKEN, TOKEN_AND_JPEG, TOKEN_AND_JSON,
};
use super::sandbox::{Launch, Sandbox};
use super::{BenchError, Ground};
use crate::aws::{Aws, AwsOptions};
use crate::clock::Clock;
use crate::front::event::{self, Incoming};
use crate::front::router::path_of;
use crate::jobs::new_id;
use crate::template::REGION;

/// Where members have their addresses, and where those have theirs whom the runner's `AdminEmails` names.
const MEMBERS: &str = "example.org";
const ADMINS: &str = "admin.example.org";

/// How far a person has come; up to [`Stage::LoggedIn`] each stage has what those before it have, and after it all have
/// what that one has, but for the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nobody in particular, from an address of their own: `{address}`.
    Anyone,
    /// `{email}`, `{username}`, `{password}`, not registered.
    Stranger,
    /// Registered; the mail is a task in the outbox: `{task}`.
    Waiting,
    /// The mail is there: `{mail_token}`.
    Registered,
    /// Has an account.
    Confirmed,
    /// `{access_token}`, `{refresh_token}`, `{session_id}`, `{user_id}`.
    LoggedIn,
    /// Has asked for a new password: `{mail_token}`.
    Forgetful,
    /// Wants another address, of which the one before was told: `{mail_token}`.
    Wishing,
    /// Has deleted the account; its erasing is a task in the outbox: `{task}`.
    Leaving,
    /// An admin, beside a member: `{other_id}`, `{other_username}`.
    Admin,
    /// An admin who has banned that member.
    Banning,
    /// Has a card with a memory: `{contact_id}`, `{memory_id}`.
    Collecting,
    /// Has planned something with the person of that card.
    Planning,
    /// Has deleted that card; erasing what it leaves is a task in the outbox: `{task}`.
    Parting,
    /// Has sealed a note: `{note_token}`, `{note_id}`, `{manage_token}`.
    Author,
    /// Has such a card, and photos: one's own, and on the card.
    Pictured,
    /// Has a photo as a phone takes it, which is shown beside the name: `{photo_path}`.
    Showing,
    /// Invited by an admin, not yet here: `{mail_token}`.
    Invited,
    /// The same note as an author's, sealed by nobody in particular.
    Sealer,
}

/// Somebody, and what they have by name.
pub(super) struct Person(BTreeMap<&'static str, String>);

/// An AWS side of its own, with a first signing key.
pub(super) struct World<'a> {
    ground: &'a Ground,
    pub(super) aws: Aws,
    clock: Clock,
    /// The functions that bring people on.
    helpers: BTreeMap<&'static str, Sandbox>,
    people: u32,
}

impl Person {
    /// Somebody who has nothing.
    pub(super) fn nobody() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a> World<'a> {
    pub(super) async fn start(ground: &'a Ground) -> Result<Self, BenchError> {
        let clock = Clock::new(SignedDuration::ZERO);
        let options = AwsOptions {
            data: None,
            table: ground.template.table.clone(),
            secrets: ground.template.secrets.clone(),
            buckets: ground.template.buckets.clone(),
            clock: clock.clone(),
            fault_rate: 0.0,
        };
        let mut world = Self { ground, aws: Aws::start(options).await?, clock, helpers: BTreeMap::new(), people: 0 };
        let created = Request::Event(r#"{"source": "aws.cloudformation", "time": "{now}"}"#);
        let nobody = world.person(Stage::Anyone).await?;
        world.help("rotate-keys", &created, &nobody).await?;
        Ok(world)
    }

    pub(super) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Lets days pass; what has expired by then goes.
    pub(super) fn pass(&self, days: i64) {
        if days > 0 {
            self.clock.advance(SignedDuration::from_hours(24 * days));
            self.aws.sweep_ttl();
        }
    }

    /// Starts the process of a function.
    pub(super) fn start_function(&self, operation: &str) -> Result<Sandbox, BenchError> {
        let unknown = || BenchError::function(operation, "it is not in the template or has no binary".to_owned());
        let spec = self.ground.template.functions.get(operation).ok_or_else(unknown)?;
        let credentials = self.aws.admit(operation, Arc::clone(&spec.policy));
        let mut environment = spec.environment.clone();
        environment.extend(
            [
                ("AWS_REGION", REGION.to_owned()),
                ("AWS_ACCESS_KEY_ID", credentials.access_key.clone()),
                ("AWS_SECRET_ACCESS_KEY", credentials.secret_key),
                ("AWS_ENDPOINT_URL", self.aws.url()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let launch = Launch {
            binary: self.ground.binaries.get(operation).ok_or_else(unknown)?,
            arn: &spec.arn,
            memory_mib: spec.memory_mib,
            environment,
            access_key: credentials.access_key,
            logs: true,
        };
        Sandbox::start(operation, launch, &self.ground.api)
    }

    /// The event that `person` causes by `request`, now.
    pub(super) fn event(&self, request: &Request, person: &Person) -> Result<Value, BenchError> {
        let now = self.now();
        let fill = |text: &str| {
            // EventBridge gives whole seconds that have begun.
            let second = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
            let text = text.replace("{now}", &second.to_string());
            let text = text.replace("{now_seconds}", &now.as_second().to_string());
            let text = text.replace("{unique}", &new_id());
            person.0.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        match request {
            Request::Event(text) => Ok(serde_json::from_str(&fill(text)).unwrap_or_default()),
            Request::Http { method, path, headers, body } => {
                let all = [("host", "127.0.0.1:3000"), ("user-agent", "kith-bench"), ("accept", "*/*")];
                let mut map = HeaderMap::new();
                for (name, value) in all.iter().chain(*headers) {
                    if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::try_from(fill(value))) {
                        map.insert(name, value);
                    }
                }
                let target = fill(path);
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let path = &path_of(path);
                let body = match *body {
                    PHOTO => photo::photo()?.to_vec(),
                    DOT => photo::dot()?.to_vec(),
                    text => fill(text).into_bytes(),
                };
                let incoming = Incoming {
                    method,
                    path,
                    query,
                    headers: &map,
                    body: &body,
                    source_ip: person.0.get("address").map_or("127.0.0.1", String::as_str),
                    request_id: &new_id(),
                    api_id: &self.ground.template.api.id,
                    now,
                };
                let found = self.ground.routes.find(method, path);
                Ok(found.map_or(Value::Null, |found| event::build(&incoming, &found)))
            }
        }
    }

    /// Somebody new who has come as far as `stage`.
    pub(super) async fn person(&mut self, stage: Stage) -> Result<Person, BenchError> {
        match stage {
            Stage::Forgetful => {
                let mut person = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                let forgot = post("/v1/auth/password/forgot", r#"{"email": "{email}"}"#);
                self.help("request-password-reset", &forgot, &person).await?;
                self.get_mail(&mut person).await?;
                Ok(person)
            }
            Stage::Wishing => {
                let mut person = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                self.help("update-me", &authorized("PATCH", "/v1/me", NEW_EMAIL), &person).await?;
                // Two mails: of the link to the new address, and of the way back to this one, in either order.
                for _ in 0..2 {
                    let before = person.0.get("mail_token").cloned();
                    self.get_mail(&mut person).await?;
                    if let Some(way_back) = before.filter(|token| token.contains("-undo-")) {
                        person.0.insert("mail_token", way_back);
                    }
                }
                Ok(person)
            }
            Stage::Leaving => {
                let mut person = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                self.help("delete-me", &authorized("DELETE", "/v1/me", DELETE_ME), &person).await?;
                person.0.insert("task", self.waiting_task()?);
                Ok(person)
            }
            Stage::Admin | Stage::Banning => {
                let mut other = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                let mut admin = self.newcomer(Stage::LoggedIn, ADMINS).await?;
                admin.0.insert("other_id", other.0.remove("user_id").unwrap_or_default());
                admin.0.insert("other_username", other.0.remove("username").unwrap_or_default());
                if stage == Stage::Banning {
                    let ban = authorized("PUT", "/v1/users/{other_id}/ban", "");
                    self.help("ban-user", &ban, &admin).await?;
                }
                Ok(admin)
            }
            Stage::Collecting | Stage::Planning | Stage::Parting | Stage::Pictured => {
                let mut person = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                let card = self.help("create-contact", &authorized("POST", "/v1/contacts", CARD), &person).await?;
                person.0.insert("contact_id", made(&card));
                let add = authorized("POST", "/v1/contacts/{contact_id}/memories", MEMORY_TEXT);
                let memory = self.help("add-memory", &add, &person).await?;
                person.0.insert("memory_id", made(&memory));
                if stage == Stage::Planning {
                    let plan = authorized("PUT", "/v1/contacts/{contact_id}/follow-up", PLAN);
                    self.help("plan-follow-up", &plan, &person).await?;
                }
                if stage == Stage::Pictured {
                    for (operation, path) in [
                        ("set-profile-photo", PROFILE_PHOTO),
                        ("set-cover-photo", COVER_PHOTO),
                        ("set-contact-photo", "/v1/contacts/{contact_id}/photo"),
                    ] {
                        let set = Request::Http { method: "PUT", path, headers: TOKEN_AND_JPEG, body: DOT };
                        self.help(operation, &set, &person).await?;
                    }
                }
                if stage == Stage::Parting {
                    let delete = authorized("DELETE", "/v1/contacts/{contact_id}", "");
                    self.help("delete-contact", &delete, &person).await?;
                    person.0.insert("task", self.waiting_task()?);
                }
                Ok(person)
            }
            Stage::Showing => {
                let mut person = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                let set = Request::Http { method: "PUT", path: PROFILE_PHOTO, headers: TOKEN_AND_JPEG, body: PHOTO };
                let shown = body_of(&self.help("set-profile-photo", &set, &person).await?);
                let address = shown.pointer("/small/url").and_then(Value::as_str).unwrap_or_default();
                let path = address.find("/photos/").and_then(|at| address.get(at..));
                person.0.insert("photo_path", path.unwrap_or_default().to_owned());
                Ok(person)
            }
            Stage::Invited => {
                let admin = self.newcomer(Stage::LoggedIn, ADMINS).await?;
                self.help("create-user", &authorized("POST", "/v1/users", INVITE), &admin).await?;
                let mut guest = self.newcomer(Stage::Stranger, MEMBERS).await?;
                self.get_mail(&mut guest).await?;
                Ok(guest)
            }
            Stage::Author => {
                let member = self.newcomer(Stage::LoggedIn, MEMBERS).await?;
                self.seal(member, &authorized("POST", "/v1/notes", NOTE)).await
            }
            Stage::Sealer => {
                let somebody = self.newcomer(Stage::Anyone, MEMBERS).await?;
                self.seal(somebody, &post("/v1/notes", NOTE)).await
            }
            _ => self.newcomer(stage, MEMBERS).await,
        }
    }

    /// Lets `person` seal a note.
    async fn seal(&mut self, mut person: Person, request: &Request) -> Result<Person, BenchError> {
        let sealed = body_of(&self.help("seal-note", request, &person).await?);
        for (name, field) in [("note_token", "token"), ("note_id", "id"), ("manage_token", "manage_token")] {
            person.0.insert(name, sealed.get(field).and_then(Value::as_str).unwrap_or_default().to_owned());
        }
        Ok(person)
    }

    /// Lets the task that was left last be done: a mail with a link for `person`.
    async fn get_mail(&mut self, person: &mut Person) -> Result<(), BenchError> {
        person.0.insert("task", self.waiting_task()?);
        let deliver = Request::Event(r#"{"task": "{task}", "time": "{now}"}"#);
        self.help("deliver-mail", &deliver, person).await?;
        person.0.insert("mail_token", self.mailed_token()?);
        Ok(())
    }

    /// Somebody new with an address of `domain`, no further than logged in.
    async fn newcomer(&mut self, stage: Stage, domain: &str) -> Result<Person, BenchError> {
        self.people += 1;
        let number = self.people;
        let [_, high, middle, low] = number.to_be_bytes();
        let mut person = Person(BTreeMap::from([
            ("address", format!("10.{high}.{middle}.{low}")),
            ("email", format!("person.{number}@{domain}")),
            ("username", format!("person.{number}")),
            ("password", "a blue kettle by the window".to_owned()),
            ("id", new_id()),
        ]));
        if stage >= Stage::Waiting {
            self.help("register-account", &post("/v1/auth/register", REGISTER), &person).await?;
            person.0.insert("task", self.waiting_task()?);
        }
        if stage >= Stage::Registered {
            self.get_mail(&mut person).await?;
        }
        if stage >= Stage::Confirmed {
            let confirm = post("/v1/auth/confirm", CONFIRM);
            self.help("confirm-email", &confirm, &person).await?;
        }
        if stage >= Stage::LoggedIn {
            let answer = self.help("log-in", &post("/v1/auth/login", LOG_IN), &person).await?;
            let tokens = body_of(&answer);
            for name in ["access_token", "refresh_token"] {
                let token = tokens.get(name).and_then(Value::as_str).unwrap_or_default();
                person.0.insert(name, token.to_owned());
            }
            for (name, claim) in [("session_id", "sid"), ("user_id", "sub")] {
                let value = person.0.get("access_token").and_then(|token| claim_of(token, claim));
                person.0.insert(name, value.unwrap_or_default());
            }
        }
        Ok(person)
    }

    /// Invokes a function that is not being measured; it has to succeed.
    async fn help(&mut self, operation: &'static str, request: &Request, person: &Person) -> Result<Value, BenchError> {
        let (event, now) = (self.event(request, person)?, self.now());
        if !self.helpers.contains_key(operation) {
            let helper = self.start_function(operation)?;
            self.helpers.insert(operation, helper);
        }
        let helper = self.helpers.get_mut(operation);
        let helper = helper.ok_or_else(|| BenchError::function(operation, "it did not start".to_owned()))?;
        let answer = helper.invoke(&self.aws, event, now).await?.answer;
        match answer.get("statusCode").and_then(Value::as_u64) {
            Some(400..) => Err(BenchError::function(operation, format!("it answered {answer}"))),
            _ => Ok(answer),
        }
    }

    /// The task that was left last, as far as the clock goes: a reminder's task is of the day for which it was planned.
    fn waiting_task(&self) -> Result<String, BenchError> {
        let failed =
            |why: String| BenchError::function("register-account", format!("its task is not to be had: {why}"));
        let query = json!({
            "TableName": self.ground.template.table.name,
            "IndexName": "gsi1",
            "KeyConditionExpression": "gsi1pk = :outbox AND gsi1sk <= :now",
            "ExpressionAttributeValues": {":outbox": {"S": "outbox"}, ":now": {"S": format!("{:.3}", self.now())}},
            "ScanIndexForward": false,
            "Limit": 1,
        });
        let query = serde_json::from_value(query).map_err(|error| failed(error.to_string()))?;
        let database = self.aws.database().ok_or_else(|| failed("there is no database".to_owned()))?;
        let page = database.query(query).map_err(|error| failed(error.to_string()))?;
        let page = serde_json::to_value(page).map_err(|error| failed(error.to_string()))?;
        let key = page.pointer("/Items/0/pk/S").and_then(Value::as_str).unwrap_or_default();
        let task = key.strip_prefix("outbox-").and_then(|rest| rest.split_once('#')).map(|(_, task)| task.to_owned());
        task.ok_or_else(|| failed("the outbox is empty".to_owned()))
    }

    /// The token in the newest mail.
    fn mailed_token(&self) -> Result<String, BenchError> {
        let text = self.aws.mails().first().and_then(|mail| mail.text.clone()).unwrap_or_default();
        let token = text.split_once("token=").and_then(|(_, rest)| rest.split_whitespace().next());
        token.map(str::to_owned).ok_or_else(|| BenchError::function("deliver-mail", "its mail has no token".to_owned()))
    }
}

/// The id of what an answer says that was made.
fn made(answer: &Value) -> String {
    body_of(answer).get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The JSON body of an answer.
fn body_of(answer: &Value) -> Value {
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

/// What an access token says under the name `claim`.
fn claim_of(token: &str, claim: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get(claim)?.as_str()?.to_owned())
}

fn post(path: &'static str, body: &'static str) -> Request {
    Request::Http { method: "POST", path, headers: JSON, body }
}

fn authorized(method: &'static str, path: &'static str, body: &'static str) -> Request {
    Request::Http { method, path, headers: if body.is_empty() { TOKEN } else { TOKEN_AND_JSON }, body }
}
