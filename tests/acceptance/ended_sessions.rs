//! Whose session is over learns that and nothing else, on every route and of whatever object.

use kith_tests::{Actor, Answer, Jwt, Kith};
use serde_json::json;

/// For each parameter of a path: something that is there, something that might be, and what never was an id.
struct Places(Vec<(&'static str, String, &'static str)>);

// A slash is none of these: decoded, it leads to another path, which is nobody's.
const MALFORMED: [&str; 7] = ["x", "con_", "con_1", "usr_zzzz", "%00", "%ff", "%C3%A9%20%22"];

impl Places {
    /// What is this member's.
    async fn of(kith: &Kith, member: &Actor) -> Self {
        let contact = member.post("/v1/contacts").json(json!({"first_name": "Ada"})).await.text_at("/id");
        let memories = format!("/v1/contacts/{contact}/memories");
        let memory = member.post(&memories).json(json!({"text": "Takes no sugar"})).await.text_at("/id");
        let note = member.seal(json!({"text": "a note"})).await;
        let session =
            Jwt::parse(member.elsewhere().logged_in().await.access()).claims["sid"].as_str().unwrap().to_owned();
        let other = kith.registered("other").await;
        let of = |name, known: String, unknown| (name, known, unknown);
        Self(vec![
            of("contact_id", contact, "con_01a318c1400074aab4a3b5b6a7a8b9c0"),
            of("memory_id", memory, "mem_01a318c1400074aab4a3b5b6a7a8b9c0"),
            of("note_id", note.text_at("/id"), "not_01a318c1400074aab4a3b5b6a7a8b9c0"),
            of("session_id", session, "ses_01a318c1400074aab4a3b5b6a7a8b9c0"),
            of("user_id", other.id(), "usr_01a318c1400074aab4a3b5b6a7a8b9c0"),
            of("username", other.person.username.clone(), "nobody-goes-by-this"),
        ])
    }

    /// The path with everything in it known, then with each of its parameters unknown, and in many ways malformed.
    fn fill(&self, path: &str) -> Vec<String> {
        let names: Vec<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let found = |name: &str| {
            let place = self.0.iter().find(|(own, ..)| *own == name);
            place.unwrap_or_else(|| panic!("{path}: add what {{{name}}} may be"))
        };
        let with = |odd: &str, value: &str| {
            names.iter().fold(path.to_owned(), |path, name| {
                let value = if *name == odd { value } else { &found(name).1 };
                path.replace(&format!("{{{name}}}"), value)
            })
        };
        let odd = |name: &&str| {
            let unknown = found(name).2;
            MALFORMED.into_iter().chain([unknown]).map(|value| with(name, value)).collect::<Vec<_>>()
        };
        names.iter().flat_map(odd).chain([with("", "")]).collect()
    }
}

/// Every route that asks who calls.
fn guarded() -> Vec<(String, String)> {
    let routes = kith_local::code_routes(&kith_local::functions());
    let guarded = routes.into_iter().filter(|route| route.who != "public");
    guarded.map(|route| (route.method, route.path)).collect()
}

/// Every guarded route answers this actor 401, and says nothing more.
async fn assert_over(over: &Actor, places: &Places, why: &str) {
    let assert_told = |answer: &Answer| {
        assert_eq!(answer.status(), 401, "{why}: {answer}");
        assert!(answer.header("www-authenticate").is_some(), "{why}: {answer}");
        assert_eq!(answer.problem().kind(), "unauthorized", "{why}: {answer}");
    };
    for (method, path) in guarded() {
        for path in places.fill(&path) {
            assert_told(&over.request(&method, &path).await);
        }
        let path = places.fill(&path).swap_remove(0);
        let encoded = over.request(&method, &path).header("content-encoding", "gzip").body("application/json", "x");
        assert_told(&encoded.await);
        assert_told(&over.request(&method, &path).json(json!({"unknown": 1})).await);
        assert_told(&over.request(&method, &format!("{path}?unknown=1")).await);
        assert_told(&over.request(&method, &path).header("if-match", "\"foreign\"").await);
    }
}

#[tokio::test]
async fn h09_a_session_that_is_over_gets_401_whatever_the_object() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (member, root) = (kith.registered("member").await, kith.admin("root").await);
    let places = Places::of(&kith, &member).await;

    let out = member.elsewhere().logged_in().await;
    out.post("/v1/auth/logout").await.assert_status(204);
    assert_over(&out, &places, "logged out").await;

    let banned = kith.registered("banned").await;
    root.put(&format!("/v1/users/{}/ban", banned.id())).await.assert_status(204);
    assert_over(&banned, &places, "banned").await;
}

#[tokio::test]
async fn h09_so_does_whoever_is_deleted_switched_off_or_has_ended_all_sessions() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (member, root) = (kith.registered("member").await, kith.admin("root").await);
    let places = Places::of(&kith, &member).await;

    let gone = kith.registered("gone").await;
    gone.leave().await.assert_status(204);
    assert_over(&gone, &places, "deleted").await;

    let off = kith.registered("off").await;
    root.patch(&format!("/v1/users/{}", off.id())).json(json!({"active": false})).await.assert_status(200);
    assert_over(&off, &places, "switched off").await;

    let ended = kith.registered("ended").await;
    ended.delete("/v1/auth/sessions").await.assert_status(204);
    assert_over(&ended, &places, "all sessions ended").await;
}

#[tokio::test]
async fn h09_so_does_a_token_that_is_too_old_or_none_of_ours() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let member = kith.registered("member").await;
    let places = Places::of(&kith, &member).await;
    clock.advance("16m").await;
    assert_over(&member, &places, "too old").await;
}

#[tokio::test]
async fn h09_who_is_logged_in_learns_that_an_object_is_not_there() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let member = kith.registered("member").await;
    for path in ["/v1/contacts/x", "/v1/contacts/con_01a318c1400074aab4a3b5b6a7a8b9c0"] {
        member.get(path).await.assert_problem(404, "not-found");
        member.delete(path).await.assert_problem(404, "not-found");
        member.delete(&format!("{path}/follow-up")).await.assert_problem(404, "not-found");
    }
    member.get("/v1/users/x").await.assert_problem(404, "not-found");
}
