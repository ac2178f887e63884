//! Entity tags: of what is made, in lists, and weak ones.

use kith_tests::Kith;
use serde_json::json;

#[tokio::test]
async fn h19_if_match_takes_a_list_of_which_one_must_match() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let made = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    let path = made.header("location").unwrap();
    for pass in ["\"9-x\", \"REV-abc\"", "\"REV-abc\",\"9-x\"", "\"a,b\" , W/\"9-x\",,\"REV-abc\"", "*", " * "] {
        let tag = ada.get(path).await.header("etag").unwrap().to_owned();
        let rev = tag.trim_start_matches('"').split_once('-').unwrap().0;
        let change = json!({"phone": pass});
        ada.patch(path).header("if-match", pass.replace("REV", rev)).json(change).await.assert_status(200);
    }
    let tag = ada.get(path).await.header("etag").unwrap().to_owned();
    for stale in ["\"1-x\"", "\"1-x\", \"2-x\"", "\"x\"", "x", "\"1-x\", *"] {
        let refused = ada.patch(path).header("if-match", stale).json(json!({"phone": "+1"})).await;
        assert!(refused.assert_problem(412, "stale").detail.contains("changed"), "{stale}: {refused}");
    }
    // Two lines are one list.
    let both = ada.patch(path).header("if-match", "\"1-x\"").header("if-match", &tag).json(json!({"phone": "+2"}));
    both.await.assert_status(200);
    ada.delete(path).header("if-match", "\"1-x\"").await.assert_problem(412, "stale");
    ada.delete(path).header("if-match", "*").await.assert_status(204);
    ada.delete(path).header("if-match", "*").await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn h19_a_weak_tag_is_told_that_it_never_matches() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let tag = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    for weak in [format!("W/{tag}"), format!("W/{tag}, W/\"9-x\"")] {
        let refused = ada.patch("/v1/me").header("if-match", &weak).json(json!({"bio": "x"})).await;
        assert!(refused.assert_problem(412, "stale").detail.contains("weak"), "{refused}");
    }
    ada.patch("/v1/me")
        .header("if-match", format!("W/{tag}, {tag}"))
        .json(json!({"bio": "x"}))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn h19_if_none_match_takes_lists_weak_tags_and_a_star() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let tag = ada.get("/v1/me").await.header("etag").unwrap().to_owned();
    for same in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), format!("\"a,b\",W/{tag}"), "*".to_owned()] {
        let answer = ada.get("/v1/me").header("if-none-match", &same).await;
        assert!(answer.assert_status(304).body().is_empty(), "{same}");
        assert_eq!(answer.header("etag").unwrap(), tag);
    }
    for other in ["\"x\"", "W/\"x\", \"y\"", ""] {
        ada.get("/v1/me").header("if-none-match", other).await.assert_status(200);
    }
}

#[tokio::test]
async fn h19_what_is_made_is_answered_with_its_tag() {
    let kith = Kith::shared().await;
    let (ada, root) = (kith.registered("ada").await, kith.admin("root").await);
    let card = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    let memories = format!("{}/memories", card.header("location").unwrap());
    let memory = ada.post(&memories).json(json!({"text": "Takes no sugar"})).await;
    let user = root.post("/v1/users").json(json!({"email": kith.newcomer("guest").person.email})).await;
    for (maker, made) in [(&ada, &card), (&ada, &memory), (&root, &user)] {
        let tag = made.assert_status(201).header("etag").unwrap_or_else(|| panic!("no tag: {made}"));
        let path = made.header("location").unwrap();
        assert_eq!(maker.get(path).await.assert_status(200).header("etag"), Some(tag), "{path}");
        maker.get(path).header("if-none-match", tag).await.assert_status(304);
    }
    // A repeat gets the same.
    let key = format!("key-of-{}-{}", ada.person.username, "x".repeat(16));
    let repeated = || ada.post("/v1/contacts").header("idempotency-key", &key).json(json!({"company": "X"}));
    let (first, second) = (repeated().await, repeated().await);
    assert_eq!(first.assert_status(201).header("etag"), second.assert_status(201).header("etag"));
    assert!(first.header("etag").is_some());
}
