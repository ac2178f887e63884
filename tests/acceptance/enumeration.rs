//! Nobody learns from outside who has an account: the same answer, after the same work.

use kith_tests::{Answer, Call, Kith, Person, Request};
use serde_json::Value;

/// What somebody can tell from an answer, and the work behind it.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    calls: Vec<Call>,
    units: (f64, f64),
}

/// Headers that differ from request to request and tell nothing: the request's name, times, and the new object's id.
const VARYING: [&str; 3] = ["apigw-requestid", "date", "location"];

impl Seen {
    async fn of(kith: &Kith, answer: &Answer) -> Self {
        let record = kith.record_of(answer).await;
        let is_telling = |name: &str| !VARYING.contains(&name);
        let mut headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .filter(|(name, _)| is_telling(name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        // The seconds to wait depend on the moment.
        for (name, value) in &mut headers {
            if name == "ratelimit" {
                *value = value.split(';').filter(|part| !part.starts_with("t=")).collect::<Vec<_>>().join(";");
            }
        }
        headers.sort();
        let mut body: Option<Value> = (!answer.body().is_empty()).then(|| answer.json());
        for own in ["id", "instance", "created_at", "email", "username", "name", "first_name"] {
            if let Some(value) = body.as_mut().and_then(|body| body.get_mut(own)) {
                *value = Value::Null;
            }
        }
        // Sizes of names and times vary by a character or two.
        headers.retain(|(name, _)| name != "content-length");
        // The signing keys are read once a minute, whoever logs in.
        let mut calls = record.calls;
        calls.retain(|call| call.service != "secretsmanager");
        // Calls side by side come in any order.
        calls.sort_by_key(|call| format!("{call:?}"));
        Self { status: answer.status(), headers, body, units: (record.read_units, record.write_units), calls }
    }
}

async fn assert_alike(kith: &Kith, requests: Vec<(&str, Request)>) {
    let mut first: Option<(&str, Seen)> = None;
    for (what, request) in requests {
        let seen = Seen::of(kith, &request.await).await;
        match &first {
            None => first = Some((what, seen)),
            Some((other, known)) => assert_eq!(*known, seen, "{other} (left) and {what} (right)"),
        }
    }
}

#[tokio::test]
async fn c03_registering_a_taken_address_looks_and_works_like_any() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    let register = |email: &str| {
        let newcomer = kith.newcomer("newer");
        let person = Person { email: email.to_owned(), ..newcomer.person.clone() };
        newcomer.post("/v1/auth/register").json(person.registration())
    };
    let free = kith.newcomer("free-").person.email;
    let requests = vec![
        ("free", register(&free)),
        ("taken", register(&taken.person.email)),
        ("waiting", register(&waiting.person.email)),
        ("taken, in another case", register(&taken.person.email.to_uppercase())),
    ];
    // The limit on mails counts by address; that of an address that was just mailed is one lower, whoever has it.
    let mut seen = Vec::new();
    for (what, request) in requests {
        let mut one = Seen::of(&kith, &request.await).await;
        one.headers.retain(|(name, _)| name != "ratelimit");
        one.calls.retain(|call| call.key_prefixes != ["rate#"]);
        one.units = (0.0, 0.0);
        seen.push((what, one));
    }
    for (what, one) in &seen {
        assert_eq!(*one, seen[0].1, "{what}");
        assert_eq!(one.status, 201);
    }
}

#[tokio::test]
async fn c03_the_first_registration_after_an_hour_costs_the_same_for_taken_and_free_addresses() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let taken = kith.confirmed("taken").await;
    let free = kith.newcomer("free-");
    clock.advance("61m").await;
    let register = |email: &str| {
        let newcomer = kith.newcomer("newer");
        let person = Person { email: email.to_owned(), ..newcomer.person.clone() };
        newcomer.post("/v1/auth/register").json(person.registration())
    };
    assert_alike(&kith, vec![("free", register(&free.person.email)), ("taken", register(&taken.person.email))]).await;
}

#[tokio::test]
async fn resending_looks_and_works_the_same_for_every_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    clock.advance("61m").await;
    let free = kith.newcomer("free-");
    let requests = vec![("free", free.resend()), ("taken", taken.resend()), ("waiting", waiting.resend())];
    assert_alike(&kith, requests).await;
}

#[tokio::test]
async fn d09_asking_for_a_new_password_looks_and_works_the_same_for_every_address() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    clock.advance("61m").await;
    let free = kith.newcomer("free-");
    let requests = [&free, &taken, &waiting].map(kith_tests::Actor::forget_password);
    let named = ["free", "taken", "waiting"].into_iter().zip(requests).collect();
    assert_alike(&kith, named).await;
    // Only its owner learns more.
    kith.settle().await;
    let counts = [(&free, 0), (&taken, 2), (&waiting, 1)];
    for (actor, count) in counts {
        assert_eq!(actor.mails().await.len(), count, "{}", actor.person.email);
    }
}

#[tokio::test]
async fn e11_wanting_an_address_looks_and_works_the_same_whoever_has_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    clock.advance("61m").await;
    let free = kith.newcomer("free-");
    let mut requests = Vec::new();
    for (what, wanted) in [("free", &free), ("taken", &taken), ("waiting", &waiting)] {
        // Each by somebody of their own, whose account has seen as much as the others'.
        let eve = kith.registered("eve").await;
        eve.get("/v1/me").await.assert_status(200);
        requests.push((what, eve.want_email(&wanted.person.email)));
    }
    let mut seen = Vec::new();
    for (what, request) in requests {
        let mut one = Seen::of(&kith, &request.await).await;
        one.body = one.body.map(|body| body["role"].clone());
        one.headers.retain(|(name, _)| name != "etag");
        // Which instance serves it decides whether keys are read.
        one.calls.retain(|call| call.key_prefixes != ["keys#"]);
        one.units.0 = one.calls.iter().map(|call| call.read_units).sum();
        seen.push((what, one));
    }
    for (what, one) in &seen {
        assert_eq!(*one, seen[0].1, "{what}");
        assert_eq!(one.status, 200);
    }
}

#[tokio::test]
async fn c05_e08_a_refused_log_in_looks_and_works_the_same_for_every_name() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    let free = kith.newcomer("free-");
    let wrong = |login: &str| kith.visitor().log_in_as(login, "this is not the password");
    let by_username = vec![
        ("free", wrong(&free.person.username)),
        ("taken", wrong(&taken.person.username)),
        ("waiting", wrong(&waiting.person.username)),
        ("impossible", wrong("no:such:name:can:exist")),
    ];
    assert_alike(&kith, by_username).await;
    let by_email = vec![
        ("free", wrong(&free.person.email)),
        ("taken", wrong(&taken.person.email)),
        ("waiting", wrong(&waiting.person.email)),
    ];
    assert_alike(&kith, by_email).await;
}

#[tokio::test]
async fn h05_a_name_whose_account_was_tried_too_often_under_another_looks_and_works_like_any() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.confirmed("ada").await, kith.pending("bob").await);
    let free = kith.newcomer("free-");
    // Each from a network of its own, where ten tries failed under a username.
    let after_ten = async |tried: &str, login: &str, password: &str| {
        let visitor = kith.visitor();
        for _ in 0..10 {
            visitor.log_in_as(tried, "this is not the password").await.assert_status(401);
        }
        visitor.log_in_as(login, password)
    };
    let wrong = "this is not the password";
    let (own, other) = (&ada.person, &bob.person);
    let requests = vec![
        ("nobody's", after_ten(&free.person.username, &free.person.email, wrong).await),
        ("another's, wrong", after_ten(&other.username, &own.email, wrong).await),
        ("the same one's, wrong", after_ten(&own.username, &own.email, wrong).await),
        ("the same one's, right", after_ten(&own.username, &own.email, &own.password).await),
        ("a registration's, right", after_ten(&other.username, &other.email, &other.password).await),
    ];
    assert_alike(&kith, requests).await;
}

#[tokio::test]
async fn h05_a_network_that_an_account_knows_works_like_any() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    let free = kith.newcomer("free-").person;
    clock.advance("2h").await;
    let at = |somewhere: &kith_tests::Actor, login: &str| somewhere.log_in_as(login, "this is not the password");
    let known =
        vec![("known", at(&ada, &ada.person.username)), ("strange", at(&ada.elsewhere(), &ada.person.username))];
    assert_alike(&kith, known).await;
    // In the hour of a log-in, too, nothing tells that there was one.
    clock.advance("2h").await;
    ada.log_in().await.assert_status(200);
    let lately = vec![
        ("known", at(&ada, &ada.person.email)),
        ("strange", at(&ada.elsewhere(), &ada.person.email)),
        ("nobody", at(&ada.elsewhere(), &free.email)),
    ];
    assert_alike(&kith, lately).await;
}

#[tokio::test]
async fn h05_an_account_that_others_try_works_like_any() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let free = kith.newcomer("free-").person;
    for _ in 0..10 {
        let visitor = kith.visitor();
        for _ in 0..10 {
            visitor.log_in_as(&ada.person.username, "this is not the password").await.assert_status(401);
        }
    }
    let email = ada.person.email.as_str();
    let requests = vec![
        ("nobody", kith.visitor().log_in_as(&free.email, "this is not the password")),
        ("tried, wrong", kith.visitor().log_in_as(email, "this is not the password")),
        ("tried, right", kith.visitor().log_in_as(email, &ada.person.password)),
    ];
    assert_alike(&kith, requests).await;
}

/// A hash more or less would be a factor of two.
fn is_alike(times: [f64; 3]) -> bool {
    let (low, high) = times.iter().fold((f64::MAX, 0.0_f64), |(low, high), time| (low.min(*time), high.max(*time)));
    high < low * 1.4
}

#[tokio::test]
async fn e08_a_refused_log_in_takes_the_same_time_for_every_name() {
    let Some(kith) = Kith::with_helpers().await else { return };
    // Alone on the machine, as far as these tests go.
    let _clock = kith.clock().await;
    let (taken, waiting) = (kith.confirmed("taken").await, kith.pending("wait-").await);
    let free = kith.newcomer("free-");
    for pick in [|person: &Person| person.username.clone(), |person: &Person| person.email.clone()] {
        let logins = [&free, &taken, &waiting].map(|actor| pick(&actor.person));
        // The fastest of many tries is what the work takes; a busy machine needs more of them. The limit is 100.
        let mut fastest = [f64::MAX; 3];
        for round in 0..90 {
            for (login, fastest) in logins.iter().zip(&mut fastest) {
                let answer = kith.visitor().log_in_as(login, "this is not the password").await;
                answer.assert_status(401);
                *fastest = fastest.min(kith.record_of(&answer).await.duration_ms);
            }
            if round >= 5 && is_alike(fastest) {
                break;
            }
        }
        assert!(is_alike(fastest), "{fastest:?} ms");
    }
}
