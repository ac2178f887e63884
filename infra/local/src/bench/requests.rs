//! The typical request of every function: what it is measured with. A function without an entry fails the bench.
//!
//! Texts hold placeholders for what a person of the asked stage has, such as `{email}`, and `{now}`, the time of the
//! event, and `{unique}`, another text for each request.

use super::people::Stage;

/// How one function is measured.
pub(super) struct Typical {
    pub(super) operation: &'static str,
    pub(super) request: Request,
    /// Status of the answer; anything else fails the bench. Not for jobs.
    pub(super) status: u16,
    /// Who sends it.
    pub(super) by: Stage,
    /// It uses up what the person has: every invocation needs a new one.
    pub(super) once: bool,
    /// It hashes passwords, which is slow on purpose and needs memory of its own.
    pub(super) hashes: bool,
    /// It decodes or draws pictures, which takes time and memory of its own.
    pub(super) pictures: bool,
    /// Days from one invocation to the next, by the moved clock.
    pub(super) days_apart: i64,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Request {
    Http {
        method: &'static str,
        /// With the query.
        path: &'static str,
        /// Besides those that every client sends.
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    },
    /// A job's event as JSON.
    Event(&'static str),
}

const NOTHING: &[(&str, &str)] = &[];
pub(super) const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
pub(super) const TOKEN: &[(&str, &str)] = &[("authorization", "Bearer {access_token}")];
pub(super) const TOKEN_AND_JSON: &[(&str, &str)] =
    &[("authorization", "Bearer {access_token}"), ("content-type", "application/json")];
pub(super) const TOKEN_AND_JPEG: &[(&str, &str)] =
    &[("authorization", "Bearer {access_token}"), ("content-type", "image/jpeg")];
const BROWSER: &[(&str, &str)] = &[("accept", "text/html,*/*;q=0.8"), ("accept-encoding", "gzip, deflate, br")];

/// All of them, in the order of the table.
pub(super) fn typical() -> Vec<Typical> {
    let mut all = accounts();
    all.extend(passwords_and_invitations());
    all.extend(users());
    all.extend(contacts());
    all.extend(notes());
    all.extend(photos());
    all.extend(site());
    all.extend(jobs());
    all
}

fn accounts() -> Vec<Typical> {
    vec![
        http("register-account", "POST", "/v1/auth/register", JSON, REGISTER, 201).once(Stage::Stranger).hashing(),
        http("confirm-email", "POST", "/v1/auth/confirm", JSON, CONFIRM, 204).once(Stage::Registered).hashing(),
        http("resend-confirmation", "POST", "/v1/auth/confirm/resend", JSON, r#"{"email": "{email}"}"#, 202)
            .once(Stage::Stranger),
        http("log-in", "POST", "/v1/auth/login", JSON, LOG_IN, 200).once(Stage::Confirmed).hashing(),
        http("refresh-token", "POST", "/v1/auth/refresh", JSON, r#"{"refresh_token": "{refresh_token}"}"#, 200)
            .once(Stage::LoggedIn),
        http("log-out", "POST", "/v1/auth/logout", TOKEN, "", 204).once(Stage::LoggedIn),
        http("list-sessions", "GET", "/v1/auth/sessions", TOKEN, "", 200).by(Stage::LoggedIn),
        http("revoke-session", "DELETE", "/v1/auth/sessions/{session_id}", TOKEN, "", 204).once(Stage::LoggedIn),
        http("revoke-all-sessions", "DELETE", "/v1/auth/sessions", TOKEN, "", 204).once(Stage::LoggedIn),
        http("show-me", "GET", "/v1/me", TOKEN, "", 200).by(Stage::LoggedIn),
        http("update-me", "PATCH", "/v1/me", TOKEN_AND_JSON, r#"{"first_name": "Grace"}"#, 200).by(Stage::LoggedIn),
        http("show-preferences", "GET", "/v1/me/preferences", TOKEN, "", 200).by(Stage::LoggedIn),
        http("update-preferences", "PATCH", "/v1/me/preferences", TOKEN_AND_JSON, PREFERENCES, 200).by(Stage::LoggedIn),
        http("list-my-audit-events", "GET", "/v1/me/audit", TOKEN, "", 200).by(Stage::LoggedIn),
        http("delete-me", "DELETE", "/v1/me", TOKEN_AND_JSON, DELETE_ME, 204).once(Stage::LoggedIn).hashing(),
    ]
}

fn passwords_and_invitations() -> Vec<Typical> {
    vec![
        http("change-password", "PUT", "/v1/me/password", TOKEN_AND_JSON, CHANGE_PASSWORD, 204)
            .once(Stage::LoggedIn)
            .hashing(),
        http("request-password-reset", "POST", "/v1/auth/password/forgot", JSON, r#"{"email": "{email}"}"#, 202)
            .once(Stage::Confirmed),
        http("reset-password", "POST", "/v1/auth/password/reset", JSON, RESET, 204).once(Stage::Forgetful).hashing(),
        http("withdraw-email-change", "DELETE", "/v1/me/email-change", TOKEN, "", 204).once(Stage::Wishing),
        http("undo-email-change", "POST", "/v1/auth/email-change/undo", JSON, r#"{"token": "{mail_token}"}"#, 204)
            .once(Stage::Wishing),
        http("accept-invitation", "POST", "/v1/auth/invitation", JSON, ACCEPT, 204).once(Stage::Invited).hashing(),
    ]
}

fn users() -> Vec<Typical> {
    const USER: &str = "/v1/users/{other_id}";
    const ROLE: &str = "/v1/users/{other_id}/role";
    const BAN: &str = "/v1/users/{other_id}/ban";
    const PERMISSIONS: &str = "/v1/users/{other_id}/permissions";
    vec![
        http("list-users", "GET", "/v1/users", TOKEN, "", 200).by(Stage::Admin),
        http("create-user", "POST", "/v1/users", TOKEN_AND_JSON, INVITE, 201).once(Stage::Admin),
        http("show-user", "GET", USER, TOKEN, "", 200).by(Stage::Admin),
        http("find-user-by-username", "GET", "/v1/users/by-username/{other_username}", TOKEN, "", 200).by(Stage::Admin),
        http("update-user", "PATCH", USER, TOKEN_AND_JSON, r#"{"first_name": "Grace"}"#, 200).by(Stage::Admin),
        http("delete-user", "DELETE", USER, TOKEN, "", 204).once(Stage::Admin),
        http("show-role", "GET", ROLE, TOKEN, "", 200).by(Stage::Admin),
        http("set-role", "PUT", ROLE, TOKEN_AND_JSON, r#"{"role": "moderator"}"#, 200).by(Stage::Admin),
        http("set-permissions", "PUT", PERMISSIONS, TOKEN_AND_JSON, r#"{"permissions": ["ban_user"]}"#, 200)
            .by(Stage::Admin),
        http("ban-user", "PUT", BAN, TOKEN, "", 204).once(Stage::Admin),
        http("unban-user", "DELETE", BAN, TOKEN, "", 204).once(Stage::Banning),
        http("list-audit-events", "GET", "/v1/audit", TOKEN, "", 200).by(Stage::Banning),
    ]
}

fn contacts() -> Vec<Typical> {
    const CONTACT: &str = "/v1/contacts/{contact_id}";
    const MEMORIES: &str = "/v1/contacts/{contact_id}/memories";
    const FOLLOW_UP: &str = "/v1/contacts/{contact_id}/follow-up";
    const MEMORY: &str = "/v1/contacts/{contact_id}/memories/{memory_id}";
    vec![
        http("list-contacts", "GET", "/v1/contacts?place=jena&met_from=2026-09", TOKEN, "", 200).by(Stage::Collecting),
        http("create-contact", "POST", "/v1/contacts", TOKEN_AND_JSON, CARD, 201).by(Stage::LoggedIn),
        http("show-contact", "GET", CONTACT, TOKEN, "", 200).by(Stage::Collecting),
        http("update-contact", "PATCH", CONTACT, TOKEN_AND_JSON, r#"{"phone": "+49 1"}"#, 200).by(Stage::Collecting),
        http("delete-contact", "DELETE", CONTACT, TOKEN, "", 204).once(Stage::Collecting),
        http("list-memories", "GET", MEMORIES, TOKEN, "", 200).by(Stage::Collecting),
        http("add-memory", "POST", MEMORIES, TOKEN_AND_JSON, MEMORY_TEXT, 201).by(Stage::Collecting),
        http("show-memory", "GET", MEMORY, TOKEN, "", 200).by(Stage::Collecting),
        http("update-memory", "PATCH", MEMORY, TOKEN_AND_JSON, MEMORY_TEXT, 200).by(Stage::Collecting),
        http("delete-memory", "DELETE", MEMORY, TOKEN, "", 204).once(Stage::Collecting),
        http("plan-follow-up", "PUT", FOLLOW_UP, TOKEN_AND_JSON, PLAN, 200).by(Stage::Collecting),
        http("cancel-follow-up", "DELETE", FOLLOW_UP, TOKEN, "", 204).once(Stage::Planning),
        http("list-follow-ups", "GET", "/v1/follow-ups", TOKEN, "", 200).by(Stage::Planning),
    ]
}

fn notes() -> Vec<Typical> {
    const TOKEN_OF_THE_NOTE: &[(&str, &str)] = &[("kith-manage-token", "{manage_token}")];
    vec![
        http("seal-note", "POST", "/v1/notes", JSON, NOTE, 201).once(Stage::Anyone),
        http("list-my-notes", "GET", "/v1/notes", TOKEN, "", 200).by(Stage::Author),
        http("peek-note", "GET", "/v1/notes/{note_token}", NOTHING, "", 200).once(Stage::Sealer),
        http("open-note", "POST", "/v1/notes/{note_token}/open", JSON, "{}", 200).once(Stage::Sealer),
        http("destroy-note", "DELETE", "/v1/notes/by-id/{note_id}", TOKEN_OF_THE_NOTE, "", 204).once(Stage::Sealer),
        http("show-new-note-page", "GET", "/notes/new", BROWSER, "", 200),
        http("submit-new-note-page", "POST", "/notes/new", FORM, NOTE_FORM, 201).once(Stage::Anyone),
        http("submit-destroy-note-page", "POST", "/notes/destroy", FORM, DESTROY_FORM, 200).once(Stage::Sealer),
        http("show-notes-script", "GET", "/notes/notes.js", BROWSER, "", 200),
        http("show-note-page", "GET", "/n/{note_token}", BROWSER, "", 200).once(Stage::Sealer),
        http("open-note-page", "POST", "/n/{note_token}", FORM, "", 200).once(Stage::Sealer),
        // Nearly always the hourly job was faster.
        http("purge-expired-notes", "POST", "/v1/notes/purge", TOKEN, "", 200).by(Stage::Admin),
    ]
}

fn photos() -> Vec<Typical> {
    const OF_CARD: &str = "/v1/contacts/{contact_id}/photo";
    let set = |operation, path, by| http(operation, "PUT", path, TOKEN_AND_JPEG, PHOTO, 200).once(by).with_pictures();
    vec![
        set("set-profile-photo", PROFILE_PHOTO, Stage::LoggedIn),
        http("remove-profile-photo", "DELETE", PROFILE_PHOTO, TOKEN, "", 204).once(Stage::Pictured),
        set("set-cover-photo", COVER_PHOTO, Stage::LoggedIn),
        http("remove-cover-photo", "DELETE", COVER_PHOTO, TOKEN, "", 204).once(Stage::Pictured),
        set("set-contact-photo", OF_CARD, Stage::Collecting),
        http("remove-contact-photo", "DELETE", OF_CARD, TOKEN, "", 204).once(Stage::Pictured),
        http("show-photo", "GET", "{photo_path}", BROWSER, "", 200).by(Stage::Showing),
        http("show-default-photo", "GET", DEFAULT_PHOTO, BROWSER, "", 200).with_pictures(),
    ]
}

fn site() -> Vec<Typical> {
    vec![
        http("show-home", "GET", "/", BROWSER, "", 200),
        http("show-greeting", "GET", "/v1", NOTHING, "", 200),
        http("show-health", "GET", "/health", NOTHING, "", 200),
        http("show-openapi", "GET", "/openapi.json", NOTHING, "", 200),
        http("show-docs", "GET", "/docs", BROWSER, "", 200),
        http("show-docs-asset", "GET", "/docs/swagger-ui.css", BROWSER, "", 200),
        http("show-jwks", "GET", "/.well-known/jwks.json", NOTHING, "", 200),
        http("show-security-txt", "GET", "/.well-known/security.txt", NOTHING, "", 200),
        http("show-confirm-page", "GET", "/confirm?token={mail_token}", BROWSER, "", 200).by(Stage::Registered),
        http(
            "submit-confirm-page",
            "POST",
            "/confirm",
            FORM,
            "token={mail_token}&answer=confirm&password={password}",
            200,
        )
        .once(Stage::Registered)
        .hashing(),
        http("show-undo-email-change-page", "GET", "/undo-email-change?token={mail_token}", BROWSER, "", 200)
            .by(Stage::Wishing),
        http("submit-undo-email-change-page", "POST", "/undo-email-change", FORM, "token={mail_token}", 200)
            .once(Stage::Wishing),
        http("show-reset-password-page", "GET", "/reset-password?token={mail_token}", BROWSER, "", 200)
            .by(Stage::Forgetful),
        http("submit-reset-password-page", "POST", "/reset-password", FORM, RESET_FORM, 200)
            .once(Stage::Forgetful)
            .hashing(),
        http("show-accept-invitation-page", "GET", "/accept-invitation?token={mail_token}", BROWSER, "", 200)
            .by(Stage::Invited),
        http("submit-accept-invitation-page", "POST", "/accept-invitation", FORM, ACCEPT_FORM, 200)
            .once(Stage::Invited)
            .hashing(),
        http("answer-unmatched", "GET", "/favicon.ico", BROWSER, "", 404),
    ]
}

fn jobs() -> Vec<Typical> {
    vec![
        job("relay-outbox", STREAM).by(Stage::Waiting),
        job("deliver-mail", r#"{"task": "{task}", "time": "{now}"}"#).once(Stage::Waiting),
        job("erase-account", r#"{"task": "{task}", "time": "{now}"}"#).once(Stage::Leaving),
        job("clean-up", r#"{"task": "{task}", "time": "{now}"}"#).once(Stage::Parting),
        job("remind-due", DUE).once(Stage::Planning),
        job("expire-items", SCHEDULE),
        // Nothing has waited for long: that is what it finds nearly always.
        job("redrive-outbox", SCHEDULE),
        Typical { days_apart: 30, ..job("rotate-keys", SCHEDULE) },
    ]
}

/// The body of a registration; accounts for the other requests are made with it, too.
pub(super) const REGISTER: &str = r#"{"email": "{email}", "username": "{username}", "first_name": "Ada",
    "last_name": "Lovelace", "password": "{password}"}"#;
/// The body of a confirmation.
pub(super) const CONFIRM: &str = r#"{"token": "{mail_token}", "password": "{password}"}"#;
/// The body of a log-in.
pub(super) const LOG_IN: &str = r#"{"login": "{username}", "password": "{password}"}"#;

/// A wish for another address; every one for another.
pub(super) const NEW_EMAIL: &str = r#"{"email": "new.{unique}@example.org", "current_password": "{password}"}"#;

const PREFERENCES: &str = r#"{"digest": "weekly", "time_zone": "Europe/Berlin"}"#;
const CHANGE_PASSWORD: &str = r#"{"current_password": "{password}", "new_password": "a green kettle instead"}"#;
/// The body with which somebody leaves; the erasing of an account begins with it.
pub(super) const DELETE_ME: &str = r#"{"current_password": "{password}"}"#;
const RESET: &str = r#"{"token": "{mail_token}", "password": "a green kettle instead"}"#;
const RESET_FORM: &str = "token={mail_token}&password=a+green+kettle+instead&password_again=a+green+kettle+instead";
/// The body of an invitation; every one goes to somebody else.
pub(super) const INVITE: &str = r#"{"email": "guest.{unique}@example.org"}"#;
/// Stands for the photo in [`super::photo`].
pub(super) const PHOTO: &str = "{photo}";
/// Stands for the smallest picture there.
pub(super) const DOT: &str = "{dot}";
pub(super) const PROFILE_PHOTO: &str = "/v1/me/profile-photo";
pub(super) const COVER_PHOTO: &str = "/v1/me/cover-photo";
const DEFAULT_PHOTO: &str = "/images/profile-photo/usr_0192f0c1a2b37c4d8e5f60718293a4b5";
/// A card, as people fill one in.
pub(super) const CARD: &str = r#"{"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.org",
    "company": "Navy", "position": "Admiral", "event": "Rust Meetup", "place": "Jena", "met_at": "2026-09",
    "spark": "We talked about compilers all evening long.", "tags": ["rust", "compilers"]}"#;
/// What is planned with somebody, each time something else.
pub(super) const PLAN: &str = r#"{"at": "2999-12-01T15:00", "what": "Tea {unique}", "place": "At the river"}"#;
/// A memory.
pub(super) const MEMORY_TEXT: &str = r#"{"text": "Takes no sugar."}"#;
const ACCEPT: &str = r#"{"token": "{mail_token}", "password": "{password}", "first_name": "Ada",
    "last_name": "Lovelace"}"#;
const ACCEPT_FORM: &str = "token={mail_token}&first_name=Ada&last_name=Lovelace&username=\
    &password=a+green+kettle+instead&password_again=a+green+kettle+instead";

const DESTROY_FORM: &str = "id={note_id}&manage_token={manage_token}&key={unique}{unique}";
const NOTE_FORM: &str = "text=The+code+of+the+door+is+4711%2C+until+Friday.&expires_in=604800&max_views=1&passphrase=";

/// The body that seals a note.
pub(super) const NOTE: &str = r#"{"text": "The code of the door is 4711, until Friday."}"#;

const SCHEDULE: &str = r#"{"version": "0", "id": "{id}", "detail-type": "Scheduled Event", "source": "aws.events",
    "account": "000000000000", "time": "{now}", "region": "eu-central-1", "resources": ["arn:aws:events:::rule/bench"],
    "detail": {}}"#;
/// The event of a schedule, on the day for which somebody has planned something.
const DUE: &str = r#"{"version": "0", "id": "{id}", "detail-type": "Scheduled Event", "source": "aws.events",
    "account": "000000000000", "time": "2999-12-01T15:01:00Z", "region": "eu-central-1",
    "resources": ["arn:aws:events:::rule/bench"], "detail": {}}"#;
const STREAM: &str = r#"{"Records": [{"eventID": "1", "eventName": "INSERT", "eventVersion": "1.1",
    "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": {
    "Keys": {"pk": {"S": "outbox-deliver-mail#{task}"}, "sk": {"S": "task"}}, "SequenceNumber": "1", "SizeBytes": 200,
    "StreamViewType": "NEW_IMAGE", "ApproximateCreationDateTime": {now_seconds}}}]}"#;

fn http(
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    status: u16,
) -> Typical {
    let request = Request::Http { method, path, headers, body };
    Typical {
        operation,
        request,
        status,
        by: Stage::Anyone,
        once: false,
        hashes: false,
        pictures: false,
        days_apart: 0,
    }
}

fn job(operation: &'static str, event: &'static str) -> Typical {
    Typical { request: Request::Event(event), ..http(operation, "", "", NOTHING, "", 0) }
}

impl Request {
    /// The same with the smallest picture in the place of a photo: how long it takes to start says nothing of how long a
    /// photo takes to arrive.
    pub(super) fn small(self) -> Self {
        match self {
            Self::Http { method, path, headers, body: PHOTO } => Self::Http { method, path, headers, body: DOT },
            other => other,
        }
    }
}

impl Typical {
    /// Sent again and again by one person.
    fn by(self, stage: Stage) -> Self {
        Self { by: stage, ..self }
    }

    /// Sent once by each person.
    fn once(self, stage: Stage) -> Self {
        Self { by: stage, once: true, ..self }
    }

    fn hashing(self) -> Self {
        Self { hashes: true, ..self }
    }

    fn with_pictures(self) -> Self {
        Self { pictures: true, ..self }
    }
}
