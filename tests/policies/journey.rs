//! Everything that Kith's functions do, cut by function.
//!
//! A step that is answered otherwise than it should be ends its part with an error, not a panic: where a grant is
//! missing, that is what is wanted.

use kith_tests::{Actor, Answer, Kith, Request};
use serde_json::json;

use crate::{accounts, contacts, follow_ups, links, mails, notes, photos, sessions, users};

/// How a part of the journey went: the error says which step was answered how.
pub(crate) type Went = Result<(), String>;

/// Sends a request; an error if it is answered with another status.
pub(crate) async fn expect(request: Request, status: u16) -> Result<Answer, String> {
    let answer = request.await;
    if answer.status() == status { Ok(answer) } else { Err(format!("expected {status}: {answer}")) }
}

/// Calls a helper of the runner by `POST`.
pub(crate) async fn helper(kith: &Kith, path: &str) -> Result<Answer, String> {
    expect(kith.visitor().post(path), 200).await
}

/// The operations in the order of the journey. Those that move the clock far come last.
pub(crate) const OPERATIONS: [&str; 91] = [
    "show-home",
    "show-greeting",
    "show-health",
    "show-openapi",
    "show-docs",
    "show-docs-asset",
    "show-jwks",
    "show-security-txt",
    "answer-unmatched",
    "register-account",
    "resend-confirmation",
    "request-password-reset",
    "deliver-mail",
    "relay-outbox",
    "confirm-email",
    "show-confirm-page",
    "submit-confirm-page",
    "show-reset-password-page",
    "submit-reset-password-page",
    "show-accept-invitation-page",
    "submit-accept-invitation-page",
    "show-undo-email-change-page",
    "submit-undo-email-change-page",
    "undo-email-change",
    "withdraw-email-change",
    "reset-password",
    "accept-invitation",
    "log-in",
    "show-me",
    "update-me",
    "show-preferences",
    "update-preferences",
    "list-my-audit-events",
    "change-password",
    "list-sessions",
    "revoke-session",
    "revoke-all-sessions",
    "log-out",
    "list-contacts",
    "create-contact",
    "show-contact",
    "update-contact",
    "delete-contact",
    "list-memories",
    "add-memory",
    "show-memory",
    "update-memory",
    "delete-memory",
    "plan-follow-up",
    "cancel-follow-up",
    "list-follow-ups",
    "remind-due",
    "clean-up",
    "set-profile-photo",
    "remove-profile-photo",
    "set-cover-photo",
    "remove-cover-photo",
    "set-contact-photo",
    "remove-contact-photo",
    "show-photo",
    "show-default-photo",
    "list-users",
    "create-user",
    "show-user",
    "find-user-by-username",
    "update-user",
    "show-role",
    "set-role",
    "set-permissions",
    "ban-user",
    "unban-user",
    "list-audit-events",
    "seal-note",
    "list-my-notes",
    "peek-note",
    "open-note",
    "destroy-note",
    "show-new-note-page",
    "submit-new-note-page",
    "show-note-page",
    "open-note-page",
    "submit-destroy-note-page",
    "show-notes-script",
    "purge-expired-notes",
    "delete-user",
    "delete-me",
    "erase-account",
    "refresh-token",
    "redrive-outbox",
    "expire-items",
    "rotate-keys",
];

/// The part of the journey that needs every grant of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    let visitor = kith.visitor();
    let request = match operation {
        "show-home" => visitor.get("/"),
        "show-greeting" => visitor.get("/v1"),
        "show-health" => visitor.get("/health"),
        "show-openapi" => visitor.get("/openapi.json"),
        "show-docs" => visitor.get("/docs"),
        "show-jwks" => visitor.get("/.well-known/jwks.json"),
        "show-security-txt" => visitor.get("/.well-known/security.txt"),
        "show-notes-script" => visitor.get("/notes/notes.js"),
        "show-docs-asset" => return unknown_asset(&visitor).await,
        "answer-unmatched" => return expect(visitor.get("/nothing/here"), 404).await.map(drop),
        "register-account" => return register(kith).await,
        "resend-confirmation" => return expect(visitor.resend(), 202).await.map(drop),
        "request-password-reset" => return expect(visitor.forget_password(), 202).await.map(drop),
        "deliver-mail" | "relay-outbox" => return mails::deliver(kith).await,
        "redrive-outbox" => return mails::redrive(kith).await,
        "expire-items" => return expire(kith).await,
        "rotate-keys" => return rotate(kith).await,
        "confirm-email" | "reset-password" | "accept-invitation" | "undo-email-change" | "withdraw-email-change" => {
            return links::part(kith, operation).await;
        }
        note if note.ends_with("-note") || note.ends_with("-notes") => return notes::part(kith, note).await,
        page if page.ends_with("-note-page") => return notes::page(kith, page).await,
        page if page.ends_with("-page") => return links::part(kith, page).await,
        "plan-follow-up" | "cancel-follow-up" | "list-follow-ups" | "remind-due" | "clean-up" => {
            return follow_ups::part(kith, operation).await;
        }
        photo if photo.ends_with("-photo") => return photos::part(kith, photo).await,
        card if card.ends_with("-contact") || card.ends_with("-contacts") => return contacts::part(kith, card).await,
        "list-memories" | "add-memory" | "show-memory" | "update-memory" | "delete-memory" => {
            return contacts::part(kith, operation).await;
        }
        "log-in" | "log-out" | "refresh-token" => return sessions::part(kith, operation).await,
        session if session.ends_with("-session") || session.ends_with("-sessions") => {
            return sessions::part(kith, session).await;
        }
        user if user.ends_with("-user") || user.ends_with("-users") => return users::part(kith, user).await,
        "find-user-by-username" | "show-role" | "set-role" | "set-permissions" | "list-audit-events" => {
            return users::part(kith, operation).await;
        }
        account => return accounts::part(kith, account).await,
    };
    expect(request, 200).await.map(drop)
}

/// A file that is not there: the function answers, too, and depends on no other page's markup.
async fn unknown_asset(visitor: &Actor) -> Went {
    expect(visitor.get("/docs/nothing.css"), 404).await.map(drop)
}

/// Registers; again with the same key; with the same key and another body; with a username that is taken.
async fn register(kith: &Kith) -> Went {
    let ada = kith.newcomer("ada");
    let key = format!("key-of-{}", ada.person.username);
    let first = expect(ada.register().header("idempotency-key", &key), 201).await?;
    let again = expect(ada.register().header("idempotency-key", &key), 201).await?;
    if first.json() != again.json() {
        return Err(format!("a repeat was answered differently: {again}"));
    }
    let mut other = kith.newcomer("other");
    expect(other.register().header("idempotency-key", &key), 422).await?;
    other.person.username.clone_from(&ada.person.username);
    expect(other.register(), 409).await?;
    Ok(())
}

/// Lets a registration, a note, the text of one that was read, an erased account and uploads expire, with everything that belongs to them.
async fn expire(kith: &Kith) -> Went {
    let (ada, bob) = (kith.newcomer("ada"), kith.registered("bob").await);
    expect(ada.register(), 201).await?;
    notes::seal(&bob).await?;
    let read = bob.open(&notes::seal(&bob).await?.text_at("/token")).header("idempotency-key", "0123456789abcdef");
    expect(read, 200).await?;
    kith.clock().await.advance("61s").await;
    let expired = helper(kith, "/_kith/jobs/expire-items").await?;
    if expired.json()["texts"] == 0 {
        return Err(format!("the text of a note is left: {expired}"));
    }
    expect(kith.registered("gone").await.leave(), 204).await?;
    helper(kith, "/_kith/settle").await?;
    kith.clock().await.advance("8d").await;
    let expired = helper(kith, "/_kith/jobs/expire-items").await?;
    let left: Vec<_> = kith.table().await.into_iter().filter(|item| item["email"] == ada.person.email).collect();
    if expired.json()["registrations"] == 0 || !left.is_empty() {
        return Err(format!("a registration is left: {expired}"));
    }
    if expired.json()["notes"] == 0 || !kith.items("note").await.is_empty() {
        return Err(format!("a note is left: {expired}"));
    }
    if expired.json()["erasures"] == 0 || !kith.items("erased#").await.is_empty() {
        return Err(format!("an erasure is not repeated: {expired}"));
    }
    // Whoever was logged in days ago is not any more.
    photos::expire(kith, &kith.registered("bob").await).await
}

/// The first key was made at the start; this makes the next, finds that another is not due, and retires one.
async fn rotate(kith: &Kith) -> Went {
    kith.clock().await.advance("30d").await;
    helper(kith, "/_kith/jobs/rotate-keys").await?;
    helper(kith, "/_kith/jobs/rotate-keys").await?;
    let published = expect(kith.visitor().get("/.well-known/jwks.json"), 200).await?.json();
    let retire = json!({"retire": published["keys"][0]["kid"], "time": kith.now().await.to_string()});
    expect(kith.visitor().post("/_kith/jobs/rotate-keys").json(retire), 200).await?;
    notes::retire_key(kith).await
}
