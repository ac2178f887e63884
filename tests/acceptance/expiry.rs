//! The job that deletes what has expired. Each test has a runner of its own, so that it finds what the test left.

use kith_tests::{Kith, Person};
use serde_json::Value;

/// What the table tells of a registration, by its address and username.
async fn items_of(kith: &Kith, person: &Person) -> Vec<Value> {
    let is_own = |item: &Value| {
        let text = item.to_string();
        text.contains(&person.email) || text.contains(&person.username)
    };
    kith.table().await.into_iter().filter(is_own).collect()
}

#[tokio::test]
async fn c03_a_registration_that_nobody_confirmed_is_deleted_wholly_and_a_living_one_is_spared() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (old, confirmed) = (kith.pending("old").await, kith.confirmed("done").await);
    kith.settle().await;
    clock.advance("23h").await;
    let young = kith.pending("young").await;
    let token = young.newest_link_token().await;
    assert_eq!(kith.job("expire-items").await["registrations"], 0);
    assert_eq!(
        items_of(&kith, &old.person).await.len(),
        4,
        "the registration, its links, its username and its address"
    );
    clock.advance("61m").await;
    assert_eq!(kith.job("expire-items").await["registrations"], 1);
    let left = items_of(&kith, &old.person).await;
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(kith.job("expire-items").await["registrations"], 0);
    young.confirm(&token).await.assert_status(204);
    for alive in [&young, &confirmed] {
        alive.logged_in().await.get("/v1/me").await.assert_status(200);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn c03_a_username_that_somebody_else_has_registered_meanwhile_is_spared() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (old, first) = (kith.pending("old").await, kith.pending("first").await);
    kith.settle().await;
    clock.advance("24h1m").await;
    // One of the freed names waits for its new owner, the other has one already.
    let (mut heir, mut owner) = (kith.newcomer("heir"), kith.newcomer("owner"));
    heir.person.username.clone_from(&old.person.username);
    owner.person.username.clone_from(&first.person.username);
    for actor in [&heir, &owner] {
        actor.register().await.assert_status(201);
    }
    let token = owner.newest_link_token().await;
    owner.confirm(&token).await.assert_status(204);
    let token = heir.newest_link_token().await;

    assert_eq!(kith.job("expire-items").await["registrations"], 2);
    for gone in [&old, &first] {
        let items = items_of(&kith, &Person { username: gone.person.email.clone(), ..gone.person.clone() }).await;
        assert!(items.is_empty(), "{items:#?}");
    }
    heir.confirm(&token).await.assert_status(204);
    for actor in [&heir, &owner] {
        actor.log_in().await.assert_status(200);
        let mut rival = kith.newcomer("rival");
        rival.person.username.clone_from(&actor.person.username);
        rival.register().await.assert_problem(409, "conflict");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn c03_of_several_registrations_of_one_address_only_those_that_expired_go() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let old = kith.pending("old").await;
    kith.settle().await;
    clock.advance("23h30m").await;
    let mut young = kith.newcomer("young");
    young.person.email.clone_from(&old.person.email);
    young.register().await.assert_status(201);
    let token = young.newest_link_token().await;
    clock.advance("1h").await;
    assert_eq!(kith.job("expire-items").await["registrations"], 1);
    assert!(kith.items(&format!("username#{}", old.person.username)).await.is_empty());
    young.confirm(&token).await.assert_status(204);
    young.log_in().await.assert_status(200);
    kith.shut_down().await;
}

#[tokio::test]
async fn c09_links_that_have_ended_leave_the_table_and_the_accounts_stay() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let (_, guest) = kith.invited(&root, "guest").await;
    ada.want_email(&kith.newcomer("moved").person.email).await.assert_status(200);
    ada.forget_password().await.assert_status(202);
    kith.settle().await;
    let links = async || {
        let items = kith.items("links#").await;
        items.iter().filter(|item| item["sk"] != "link#registration").count()
    };
    assert_eq!(links().await, 4);
    clock.advance("8d1h").await;
    kith.sweep().await;
    assert_eq!(links().await, 0);
    let root = root.logged_in().await;
    for id in [&ada.id(), &guest] {
        root.get(&format!("/v1/users/{id}")).await.assert_status(200);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn c03_more_registrations_than_one_look_finds_all_go() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let people: Vec<_> = (0..110).map(|_| kith.newcomer("old")).collect();
    for some in people.chunks(10) {
        let answers = futures::future::join_all(some.iter().map(|person| person.register().into_future())).await;
        assert!(answers.iter().all(|answer| answer.status() == 201));
    }
    kith.settle().await;
    clock.advance("24h1m").await;
    assert_eq!(kith.job("expire-items").await["registrations"], 110);
    for prefix in ["pending#", "email#", "username#"] {
        assert!(kith.items(prefix).await.is_empty(), "{prefix} is left");
    }
    kith.shut_down().await;
}
