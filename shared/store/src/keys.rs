//! Every key of the table, built here and nowhere else. `docs/DATA.md` lists what is behind each.
//!
//! A partition key's prefix is also what a function's policy in the template names (`dynamodb:LeadingKeys`).

use crate::index::time;
use aws_sdk_dynamodb::types::AttributeValue;
use kith_domain::{
    AuditId, ContactId, Due, Email, MemoryId, NoteId, PhotoId, Purpose, Role, SessionId, TaskId, UserId, Username,
    Worker,
};
use std::collections::HashMap;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The key as the API takes it.
    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The one index.
pub(crate) const INDEX: &str = "gsi1";
/// The one partition of tasks in [`INDEX`].
pub(crate) const OUTBOX: &str = "outbox";
/// The one partition of what `expire-items` deletes in [`INDEX`].
pub(crate) const EXPIRING: &str = "expiring";
/// The one partition of follow-ups of which a reminder is to come in [`INDEX`].
pub(crate) const DUE: &str = "due";
/// The one partition of users in [`INDEX`].
pub(crate) const USERS: &str = "users";

/// The one partition of uploads under way in [`INDEX`].
pub(crate) const UNDER_WAY: &str = "uploads";

/// Partition keys of uploads begin so.
pub(crate) const UPLOADS: &str = "uploads#";
/// Partition keys of erased accounts begin so.
pub(crate) const ERASED: &str = "erased#";
/// Partition keys of tasks begin so, with the worker after it.
pub(crate) const TASKS: &str = "outbox-";
/// Sort keys of sessions begin so.
pub(crate) const SESSIONS: &str = "session#";
/// Sort keys of an address's registrations begin so: before [`OWNER`], so that one read backwards has the owner and the
/// newest of them.
pub(crate) const PENDINGS: &str = "claim#";
/// Sort keys of audit events begin so.
pub(crate) const AUDITS: &str = "audit#";
/// Sort key of what owns an address or a username.
pub(crate) const OWNER: &str = "owner";
/// Sort keys of cards begin so.
pub(crate) const CONTACTS: &str = "contact#";
/// Sort keys of what a search finds cards by begin so.
pub(crate) const ENTRIES: &str = "entry#";
/// Sort keys of follow-ups begin so.
pub(crate) const FOLLOW_UPS: &str = "followup#";
/// Partition keys of registrations begin so.
pub(crate) const PENDING: &str = "pending#";
/// Partition keys of notes begin so.
pub(crate) const NOTE: &str = "note#";
/// Sort keys of the notes in their author's list begin so.
pub(crate) const NOTES: &str = "note#";
/// Partition of the verification keys.
pub(crate) const SIGNING: &str = "keys#signing";
/// Sort keys of published verification keys begin so.
pub(crate) const PUBLISHED: &str = "key#";

/// What admits somebody. Apart from what they tell of themselves, since a policy names partitions: whoever may change a
/// name must not thereby be able to change a role.
pub(crate) fn user(id: UserId) -> Key {
    Key::new(format!("auth#{id}"), "auth")
}

/// What somebody tells of themselves.
pub(crate) fn profile(id: UserId) -> Key {
    Key::new(format!("user#{id}"), "user")
}

/// The hash of a password, and the log-ins by it.
pub(crate) fn credentials(id: UserId) -> Key {
    Key::new(format!("password#{id}"), "password")
}

pub(crate) fn session(user: UserId, id: SessionId) -> Key {
    Key::new(sessions_of(user), format!("{SESSIONS}{id}"))
}

pub(crate) fn sessions_of(user: UserId) -> String {
    format!("sessions#{user}")
}

pub(crate) fn registration(id: UserId) -> Key {
    Key::new(format!("pending#{id}"), "pending")
}

pub(crate) fn username(username: &Username) -> Key {
    Key::new(format!("username#{}", username.folded()), OWNER)
}

pub(crate) fn email_owner(email: &Email) -> Key {
    Key::new(format!("email#{}", email.folded()), OWNER)
}

pub(crate) fn email_pending(email: &Email, registration: UserId) -> Key {
    Key::new(format!("email#{}", email.folded()), format!("{PENDINGS}{registration}"))
}

pub(crate) fn window(limit: &str, subject_hash: &str) -> Key {
    Key::new(format!("rate#{limit}#{subject_hash}"), "window")
}

/// The tries to log in of one network.
pub(crate) fn login_tries_of(network_hash: &str) -> Key {
    window("login", network_hash)
}

/// The tries to log in as one account.
pub(crate) fn login_tries_at(account_hash: &str) -> Key {
    window("login-account", account_hash)
}

pub(crate) fn answer(key_hash: &str) -> Key {
    Key::new(format!("idem#{key_hash}"), "answer")
}

/// An account that is gone, for as long as a request that had begun before may still write.
pub(crate) fn erased(user: UserId) -> Key {
    Key::new(format!("{ERASED}{user}"), "erased")
}

/// The partition names who does the task: so a policy says who may ask whom for something, and relay and re-driver need
/// the key alone.
pub(crate) fn task(id: TaskId, worker: Worker) -> Key {
    Key::new(format!("{TASKS}{}#{id}", worker.operation()), "task")
}

/// The links mailed to a user, or for a registration.
pub(crate) fn link(user: UserId, purpose: Purpose) -> Key {
    Key::new(links_of(user), format!("link#{}", purpose.name()))
}

pub(crate) fn links_of(user: UserId) -> String {
    format!("links#{user}")
}

/// The copy of an event with those whom it is about.
pub(crate) fn own_audit(user: UserId, id: AuditId) -> Key {
    Key::new(own_audits(user), format!("{AUDITS}{id}"))
}

pub(crate) fn own_audits(user: UserId) -> String {
    format!("trail#{user}")
}

pub(crate) fn audit(year: i16, id: AuditId) -> Key {
    Key::new(format!("audit#{year}"), format!("{AUDITS}{id}"))
}

/// Who has a role above member.
pub(crate) fn roster(role: Role, user: UserId) -> Key {
    Key::new(roster_of(role), user.to_string())
}

/// How many admins there are.
pub(crate) fn admin_count() -> Key {
    Key::new(roster_of(Role::Admin), "count")
}

pub(crate) fn roster_of(role: Role) -> String {
    format!("roster#{}", role.name())
}

/// Partition of everything that belongs to somebody's cards.
pub(crate) fn contacts_of(user: UserId) -> String {
    format!("contacts#{user}")
}

/// What is counted of an account.
pub(crate) fn counts(user: UserId) -> Key {
    Key::new(format!("counts#{user}"), "counts")
}

pub(crate) fn contact(user: UserId, id: ContactId) -> Key {
    Key::new(contacts_of(user), format!("{CONTACTS}{id}"))
}

/// What a search finds a card by. It is there exactly as long as the card.
pub(crate) fn contact_entry(user: UserId, id: ContactId) -> Key {
    Key::new(contacts_of(user), format!("{ENTRIES}{id}"))
}

/// Follow-ups of one owner sort by when they are.
pub(crate) fn follow_up(due: &Due) -> Key {
    let (at, contact) = (time(due.at), due.contact);
    Key::new(contacts_of(due.user), format!("{FOLLOW_UPS}{at}#{contact}"))
}

/// Sort keys of a card's memories begin so.
pub(crate) fn memories_of(contact: ContactId) -> String {
    format!("memory#{contact}#")
}

pub(crate) fn memory(user: UserId, contact: ContactId, id: MemoryId) -> Key {
    Key::new(contacts_of(user), format!("{}{id}", memories_of(contact)))
}

/// A note, by the hash of the token in its link.
pub(crate) fn note(token_hash: &str) -> Key {
    Key::new(format!("{NOTE}{token_hash}"), "note")
}

/// What destroys a note, by its id.
pub(crate) fn note_handle(id: NoteId) -> Key {
    Key::new(format!("noteid#{id}"), "handle")
}

/// A note in its author's list.
pub(crate) fn own_note(author: UserId, id: NoteId) -> Key {
    Key::new(own_notes(author), format!("{NOTES}{id}"))
}

pub(crate) fn own_notes(author: UserId) -> String {
    format!("notes#{author}")
}

pub(crate) fn upload(user: UserId, photo: PhotoId) -> Key {
    Key::new(uploads_of(user), format!("upload#{photo}"))
}

/// Apart from what else somebody has: an upload outlives the account where that is erased meanwhile.
pub(crate) fn uploads_of(user: UserId) -> String {
    format!("{UPLOADS}{user}")
}

pub(crate) fn signing_key(kid: &str) -> Key {
    Key::new(SIGNING.to_owned(), format!("{PUBLISHED}{kid}"))
}

/// Which note keys were retired by hand.
pub(crate) fn retired_note_keys() -> Key {
    Key::new("keys#notes".to_owned(), "retired")
}
