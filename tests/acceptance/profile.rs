//! What people tell of themselves: username, text, place.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith, Person};
use serde_json::{Value, json};

async fn rename(actor: &Actor, username: &str) -> Answer {
    actor.patch("/v1/me").json(json!({"username": username})).await
}

async fn find(actor: &Actor, username: &str) -> Answer {
    actor.get(&format!("/v1/users/by-username/{username}")).await
}

#[tokio::test]
async fn c14_a_new_username_is_found_and_the_old_one_is_free() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let new = kith.newcomer("augusta").person.username;
    let answer = rename(&ada, &new).await;
    assert_eq!(answer.assert_status(200).text_at("/username"), new);
    assert_eq!(find(&bob, &new).await.assert_status(200).text_at("/id"), ada.id());
    find(&bob, &ada.person.username).await.assert_problem(404, "not-found");
    ada.log_in_as(&new, &ada.person.password).await.assert_status(200);
    ada.log_in().await.assert_problem(401, "wrong-credentials");
    // Sessions go on.
    ada.get("/v1/me").await.assert_status(200);
    // Somebody else takes the old one.
    assert_eq!(rename(&bob, &ada.person.username).await.assert_status(200).text_at("/username"), ada.person.username);
    assert_eq!(find(&ada, &ada.person.username).await.text_at("/id"), bob.id());
}

#[tokio::test]
async fn c14_a_taken_username_is_409_in_any_case_and_changes_nothing() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.confirmed("bob").await);
    let waiting = kith.pending("wait").await;
    let before = ada.get("/v1/me").await;
    for taken in [&bob.person.username, &bob.person.username.to_uppercase(), &waiting.person.username] {
        let body = json!({"username": taken, "first_name": "Not"});
        ada.patch("/v1/me").json(body).await.assert_problem(409, "conflict");
    }
    ada.patch("/v1/me").json(json!({"username": "a:b"})).await.assert_faults(&["/username"]);
    let after = ada.get("/v1/me").await;
    assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn c14_the_case_of_ones_own_username_may_change() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let upper = ada.person.username.to_uppercase();
    assert_eq!(rename(&ada, &upper).await.assert_status(200).text_at("/username"), upper);
    assert_eq!(find(&ada, &ada.person.username).await.assert_status(200).text_at("/username"), upper);
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn c14_of_6_who_take_one_name_at_once_exactly_one_gets_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let people = join_all((0..6).map(|_| kith.registered("rival"))).await;
    let wanted = kith.newcomer("wanted").person.username;
    let answers = join_all(people.iter().map(|rival| rename(rival, &wanted))).await;
    let won: Vec<usize> = (0..6).filter(|&n| answers[n].status() == 200).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    for (n, answer) in answers.iter().enumerate().filter(|(n, _)| *n != won[0]) {
        answer.assert_problem(409, "conflict");
        // The losers keep the name that they had.
        people[n].log_in().await.assert_status(200);
    }
    assert_eq!(find(&people[0], &wanted).await.text_at("/id"), people[won[0]].id());
    assert_eq!(kith.items(&format!("username#{wanted}")).await.len(), 1);
    assert!(kith.items(&format!("username#{}", people[won[0]].person.username)).await.is_empty());
}

#[tokio::test]
async fn c14_a_freed_username_can_be_registered() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    rename(&ada, &kith.newcomer("augusta").person.username).await.assert_status(200);
    let heir = kith.newcomer("heir");
    let person = Person { username: ada.person.username.clone(), ..heir.person.clone() };
    heir.post("/v1/auth/register").json(person.registration()).await.assert_status(201);
}

#[tokio::test]
async fn e11_a_text_and_a_place_are_set_and_removed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let place = json!({"city": "Jena", "state": "Thuringia", "country": "Germany"});
    let set = ada.patch("/v1/me").json(json!({"bio": "  Two\nlines. ", "location": place})).await;
    set.assert_status(200);
    assert_eq!((&set.json()["bio"], &set.json()["location"]), (&json!("Two\nlines."), &place));
    // What is not sent stays.
    let kept = ada.patch("/v1/me").json(json!({"first_name": "Ada"})).await.json();
    assert_eq!((&kept["bio"], &kept["location"]), (&json!("Two\nlines."), &place));
    let removed = ada.patch("/v1/me").json(json!({"bio": null, "location": null})).await;
    assert_eq!((&removed.assert_status(200).json()["bio"], &removed.json()["location"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn e11_texts_and_places_have_limits() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let patch = |body: Value| ada.patch("/v1/me").json(body);
    let place = |city: usize, state: usize, country: usize| json!({"location": {"city": "c".repeat(city), "state": "s".repeat(state), "country": "k".repeat(country)}});
    patch(json!({"bio": "é".repeat(280)})).await.assert_status(200);
    patch(json!({"bio": "é".repeat(281)})).await.assert_faults(&["/bio"]);
    patch(json!({"bio": "bell\u{7}"})).await.assert_faults(&["/bio"]);
    patch(place(64, 32, 32)).await.assert_status(200);
    for (city, state, country, pointer) in [
        (65, 1, 1, "/location/city"),
        (0, 1, 1, "/location/city"),
        (1, 33, 1, "/location/state"),
        (1, 1, 33, "/location/country"),
    ] {
        patch(place(city, state, country)).await.assert_faults(&[pointer]);
    }
    let parts = patch(json!({"location": {"city": "Jena"}, "username": 5})).await.assert_problem(422, "invalid");
    assert!(parts.pointers().contains(&"/username") && parts.pointers().len() >= 2, "{parts:?}");
    assert_eq!(ada.get("/v1/me").await.json()["location"]["city"], json!("c".repeat(64)));
}

#[tokio::test]
async fn c14_nobody_changes_somebody_else() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let path = format!("/v1/users/{}", ada.id());
    eve.patch(&path).json(json!({"username": "mallory"})).await.assert_problem(403, "forbidden");
    // Not even oneself by that way.
    ada.patch(&path).json(json!({"first_name": "Not"})).await.assert_problem(403, "forbidden");
    ada.log_in().await.assert_status(200);
}
