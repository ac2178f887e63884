//! Who may do what: every operation against everybody who might try.

use kith_tests::{Actor, Answer, Jwt, Kith, pictures};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Anonymous,
    /// Had a session that has ended.
    Ended,
    /// Has a session from before being banned.
    Banned,
    /// Has an account, and tries it on somebody else's things.
    Stranger,
    /// Does it with what is their own.
    Member,
    /// Does it, as a moderator who may ban, with what is a member's.
    Moderator,
    /// Does it, as an admin, with what is a member's.
    Admin,
}

const EVERYBODY: [Who; 7] =
    [Who::Anonymous, Who::Ended, Who::Banned, Who::Stranger, Who::Member, Who::Moderator, Who::Admin];

/// What an operation answers to anonymous, ended session, banned, stranger, member, moderator and admin.
type Expected = [u16; 7];

/// Open to all: a token makes no difference, not even a bad one.
const fn all(status: u16) -> Expected {
    [status; 7]
}

/// For one's own things only, of which everybody has some.
const fn own(status: u16) -> Expected {
    [401, 401, 401, status, status, status, status]
}

/// For admins only.
const fn admin(status: u16) -> Expected {
    [401, 401, 401, 403, 403, 403, status]
}

/// For the owner alone: for everybody else, an admin, too, there is no such thing.
const fn owner(status: u16) -> Expected {
    [401, 401, 401, 404, status, 404, 404]
}

/// For admins and whoever may ban.
const fn ban(status: u16) -> Expected {
    [401, 401, 401, 403, 403, status, status]
}

/// One row for each operation of the contract. Who adds an operation adds its row: the list is compared below.
const MATRIX: &[(&str, Expected)] = &[
    ("accept-invitation", all(400)),
    ("add-memory", owner(201)),
    ("answer-unmatched", all(404)),
    ("ban-user", ban(204)),
    ("cancel-follow-up", owner(204)),
    ("change-password", own(204)),
    ("confirm-email", all(400)),
    ("create-contact", own(201)),
    ("create-user", admin(201)),
    ("delete-contact", owner(204)),
    // With a wrong password, so that everybody stays.
    ("delete-me", own(403)),
    ("delete-memory", owner(204)),
    ("delete-user", admin(204)),
    // By its author alone, and without a manage token; an anonymous one is told what a stranger is told.
    ("destroy-note", [404, 401, 401, 404, 204, 404, 404]),
    ("find-user-by-username", own(200)),
    ("list-audit-events", admin(200)),
    ("list-contacts", own(200)),
    ("list-follow-ups", own(200)),
    ("list-memories", owner(200)),
    ("list-my-audit-events", own(200)),
    ("list-my-notes", own(200)),
    ("list-sessions", own(200)),
    ("list-users", admin(200)),
    ("log-in", all(200)),
    ("log-out", own(204)),
    ("open-note", all(200)),
    ("open-note-page", all(200)),
    ("peek-note", all(200)),
    ("plan-follow-up", owner(200)),
    ("purge-expired-notes", admin(200)),
    ("refresh-token", all(401)),
    ("register-account", all(201)),
    // Where none is set there is none to remove.
    ("remove-contact-photo", owner(204)),
    ("remove-cover-photo", own(404)),
    ("remove-profile-photo", own(404)),
    ("request-password-reset", all(202)),
    ("resend-confirmation", all(202)),
    ("reset-password", all(400)),
    ("revoke-all-sessions", own(204)),
    // A session of somebody else is not found, not even by an admin.
    ("revoke-session", owner(204)),
    // Here anybody may; a token that is sent must be good.
    ("seal-note", [201, 401, 401, 201, 201, 201, 201]),
    ("set-contact-photo", owner(200)),
    ("set-cover-photo", own(200)),
    ("set-permissions", admin(200)),
    ("set-profile-photo", own(200)),
    ("set-role", admin(200)),
    ("show-accept-invitation-page", all(400)),
    ("show-confirm-page", all(400)),
    ("show-contact", owner(200)),
    ("show-default-photo", all(200)),
    ("show-docs", all(200)),
    ("show-docs-asset", all(200)),
    ("show-greeting", all(200)),
    ("show-health", all(200)),
    ("show-home", all(200)),
    ("show-jwks", all(200)),
    ("show-me", own(200)),
    ("show-memory", owner(200)),
    ("show-new-note-page", all(200)),
    ("show-note-page", all(200)),
    ("show-notes-script", all(200)),
    ("show-openapi", all(200)),
    ("show-photo", all(200)),
    ("show-preferences", own(200)),
    ("show-reset-password-page", all(400)),
    ("show-role", admin(200)),
    ("show-security-txt", all(200)),
    ("show-undo-email-change-page", all(400)),
    // Members see the public profile.
    ("show-user", own(200)),
    ("submit-accept-invitation-page", all(400)),
    ("submit-confirm-page", all(400)),
    ("submit-destroy-note-page", all(404)),
    ("submit-new-note-page", all(201)),
    ("submit-reset-password-page", all(400)),
    ("submit-undo-email-change-page", all(400)),
    ("unban-user", ban(204)),
    ("undo-email-change", all(400)),
    ("update-contact", owner(200)),
    ("update-me", own(200)),
    ("update-memory", owner(200)),
    ("update-preferences", own(200)),
    ("update-user", admin(200)),
    ("withdraw-email-change", own(404)),
];

/// Everybody whom the operations are about.
struct Cast {
    /// Whose things are at stake.
    member: Actor,
    stranger: Actor,
    banned: Actor,
    moderator: Actor,
    admin: Actor,
    /// An admin who tries nothing and gives the others what they need.
    keeper: Actor,
    /// A card of the member's with a memory.
    card: Card,
    /// The path of the keeper's photo.
    photo: String,
}

/// The ids of a card and of a memory that belongs to it.
struct Card {
    contact: String,
    memory: String,
}

/// A card of this person's with a memory, on which something is planned.
async fn card_of(member: &Actor) -> Card {
    let member = member.elsewhere().logged_in().await;
    let contact = member.post("/v1/contacts").json(json!({"first_name": "Ada"})).await.text_at("/id");
    let memories = format!("/v1/contacts/{contact}/memories");
    let memory = member.post(&memories).json(json!({"text": "Takes no sugar"})).await.text_at("/id");
    let plan = member.put(&format!("/v1/contacts/{contact}/follow-up")).json(json!({"at": "2999-12-01"}));
    plan.await.assert_status(200);
    Card { contact, memory }
}

impl Cast {
    async fn gather(kith: &Kith) -> Self {
        let member = kith.confirmed("member").await;
        let keeper = kith.admin("keeper").await;
        let photo = keeper.put("/v1/me/profile-photo").body("image/png", pictures::png(9, 9)).await;
        let cast = Self {
            photo: photo.text_at("/url")[kith.url().len()..].to_owned(),
            card: card_of(&member).await,
            member,
            stranger: kith.confirmed("stranger").await,
            banned: kith.registered("banned").await,
            moderator: kith.registered("moderator").await,
            admin: kith.admin("root").await,
            keeper,
        };
        let moderator = format!("/v1/users/{}", cast.moderator.id());
        let put = |path: String, body: Value| cast.keeper.put(&path).json(body).into_future();
        put(format!("{moderator}/role"), json!({"role": "moderator"})).await.assert_status(200);
        put(format!("{moderator}/permissions"), json!({"permissions": ["ban_user"]})).await.assert_status(200);
        cast.keeper.put(&format!("/v1/users/{}/ban", cast.banned.id())).await.assert_status(204);
        cast
    }

    async fn actor(&self, kith: &Kith, who: Who) -> Actor {
        match who {
            Who::Anonymous => kith.visitor(),
            Who::Ended => logged_out(&self.member).await,
            Who::Banned => self.banned.clone(),
            Who::Stranger => self.stranger.elsewhere().logged_in().await,
            Who::Member => self.member.elsewhere().logged_in().await,
            Who::Moderator => self.moderator.elsewhere().logged_in().await,
            Who::Admin => self.admin.elsewhere().logged_in().await,
        }
    }

    /// An account with nothing in it that anybody needs, banned where that is to be lifted.
    async fn spare_user(&self, kith: &Kith, operation: &str) -> String {
        let (_, id) = kith.invited(&self.keeper, "spare").await;
        if operation == "unban-user" {
            self.keeper.put(&format!("/v1/users/{id}/ban")).await.assert_status(204);
        }
        id
    }
}

/// Does the operation as well as it can be done, with what is the member's or, where that would end it, a spare one.
async fn attempt(kith: &Kith, operation: &str, actor: &Actor, cast: &Cast) -> Answer {
    let target = &cast.member;
    let routes = kith_local::code_routes(&kith_local::functions());
    let route = routes.iter().find(|route| route.operation == operation).expect("a route");
    let mut path = match operation {
        "answer-unmatched" => "/v1/nowhere".to_owned(),
        "revoke-session" => {
            // One that nobody needs any more.
            let spare = target.elsewhere().logged_in().await;
            route.path.replace("{session_id}", Jwt::parse(spare.access()).claims["sid"].as_str().unwrap())
        }
        "show-default-photo" => route.path.replace("{kind}", "cover-photo"),
        "show-photo" => cast.photo.clone(),
        "show-docs-asset" => route.path.replace("{file}", "swagger-ui.css"),
        "find-user-by-username" => route.path.replace("{username}", &target.person.username),
        _ => route.path.clone(),
    };
    if ["/notes/{", "/n/{", "{note_id}"].iter().any(|part| route.path.contains(part)) {
        // Only destroying asks for its author. Each comes from another address: there is a limit.
        let author = target.elsewhere();
        let author = if operation == "destroy-note" { author.logged_in().await } else { author };
        let note = author.seal(json!({"text": "for whoever finds it"})).await;
        path = path.replace("{token}", &note.text_at("/token")).replace("{note_id}", &note.text_at("/id"));
    }
    if path.contains("{user_id}") {
        path = path.replace("{user_id}", &cast.spare_user(kith, operation).await);
    }
    if path.contains("{contact_id}") {
        // One that nobody needs any more.
        let spare = if ["delete-", "cancel-", "remove-"].iter().any(|ends| operation.starts_with(ends)) {
            Some(card_of(target).await)
        } else {
            None
        };
        let Card { contact, memory } = spare.as_ref().unwrap_or(&cast.card);
        if operation == "remove-contact-photo" {
            let owner = target.elsewhere().logged_in().await;
            let photo = owner.put(&format!("/v1/contacts/{contact}/photo")).body("image/png", pictures::png(9, 9));
            photo.await.assert_status(200);
        }
        path = path.replace("{contact_id}", contact).replace("{memory_id}", memory);
    }
    let method = if route.method == "*" { "GET" } else { &route.method };
    let request = actor.request(method, &path);
    let newcomer = kith.newcomer("somebody").person;
    let password = &actor.person.password;
    match operation {
        "register-account" => request.json(newcomer.registration()).await,
        "confirm-email" | "undo-email-change" => request.json(json!({"token": "usr_1.x"})).await,
        "resend-confirmation" | "request-password-reset" | "create-user" => {
            request.json(json!({"email": newcomer.email})).await
        }
        "reset-password" => request.json(json!({"token": "usr_1.x", "password": password})).await,
        "accept-invitation" => request.json(newcomer.acceptance("usr_1.x")).await,
        "log-in" => request.json(target.person.credentials()).await,
        "refresh-token" => request.json(json!({"refresh_token": "x"})).await,
        "update-me" | "update-user" | "create-contact" | "update-contact" => {
            request.json(json!({"first_name": "Mine"})).await
        }
        "plan-follow-up" => request.json(json!({"at": "2999-12-02"})).await,
        "add-memory" | "update-memory" => request.json(json!({"text": "Mine"})).await,
        "change-password" => request.json(json!({"current_password": password, "new_password": password})).await,
        "delete-me" => request.json(json!({"current_password": "this is not the password"})).await,
        "update-preferences" => request.json(json!({"digest": "weekly"})).await,
        "seal-note" => request.json(json!({"text": "a note"})).await,
        "open-note" => request.json(json!({})).await,
        "submit-destroy-note-page" => request.form(&[("id", "x"), ("manage_token", "x")]).await,
        "submit-new-note-page" => request.form(&[("text", "a note")]).await,
        "set-profile-photo" | "set-cover-photo" | "set-contact-photo" => {
            request.body("image/png", pictures::png(9, 9)).await
        }
        "set-role" => request.json(json!({"role": "moderator"})).await,
        "set-permissions" => request.json(json!({"permissions": []})).await,
        "submit-undo-email-change-page" => request.form(&[("token", "x")]).await,
        "submit-confirm-page" => request.form(&[("token", "x"), ("answer", "confirm")]).await,
        "submit-reset-password-page" => request.form(&[("token", "x"), ("password", "x")]).await,
        "submit-accept-invitation-page" => request.form(&[("token", "x"), ("username", "x")]).await,
        _ => request.await,
    }
}

/// This person with the token of a session that has ended.
async fn logged_out(member: &Actor) -> Actor {
    let actor = member.elsewhere().logged_in().await;
    actor.post("/v1/auth/logout").await.assert_status(204);
    actor
}

#[tokio::test]
async fn g10_c11_c86_every_operation_answers_everybody_as_it_should() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let cast = Cast::gather(&kith).await;
    let mut alive: BTreeMap<Who, Actor> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (operation, expected) in MATRIX {
        for (who, expected) in EVERYBODY.into_iter().zip(expected) {
            let actor = match alive.remove(&who) {
                Some(actor) => actor,
                None => cast.actor(&kith, who).await,
            };
            let answer = attempt(&kith, operation, &actor, &cast).await;
            if answer.status() != *expected {
                wrong.push(format!("{operation} as {who:?}: expected {expected}: {answer}"));
            }
            if !["log-out", "revoke-all-sessions"].contains(operation) {
                // The session is still there for the next operation.
                alive.insert(who, actor);
            }
            if [401, 403].contains(expected) && *operation != "refresh-token" {
                answer.problem();
                assert!(answer.header("www-authenticate").is_some() == (*expected == 401), "{answer}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn g10_an_operation_without_a_row_fails() {
    let known: BTreeSet<&str> = MATRIX.iter().map(|(operation, _)| *operation).collect();
    let code = kith_local::code_routes(&kith_local::functions());
    let routed: BTreeSet<&str> = code.iter().map(|route| route.operation.as_str()).collect();
    assert_eq!(known, routed);
    assert_eq!(known.len(), MATRIX.len(), "an operation has two rows");
}

#[test]
fn g10_the_rows_agree_with_what_the_contract_says_of_security() {
    for route in kith_local::code_routes(&kith_local::functions()) {
        let (_, expected) = MATRIX.iter().find(|(operation, _)| *operation == route.operation).expect("a row");
        let is_public = route.who.starts_with("public");
        // Refreshing refuses what is no refresh token, whoever sends it.
        let refuses = expected[0] == 401 && route.operation != "refresh-token";
        assert_eq!(is_public, !refuses, "{} is for {}", route.operation, route.who);
    }
}

#[tokio::test]
async fn g10_the_served_contract_has_no_operation_without_a_row() {
    let kith = Kith::shared().await;
    let contract = kith.visitor().get("/openapi.json").await.assert_status(200).json();
    let items = contract["paths"].as_object().unwrap().values().filter_map(Value::as_object);
    for operation in items.flat_map(serde_json::Map::values) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(MATRIX.iter().any(|(known, _)| *known == id), "{id} has no row");
    }
}
