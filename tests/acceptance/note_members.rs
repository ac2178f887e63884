//! A Kith whose notes only members seal; whoever has the link still opens them.

use kith_tests::Kith;
use serde_json::json;

async fn members_only() -> Kith {
    Kith::own(|options| {
        options.parameters.insert("Notes".to_owned(), "members".to_owned());
    })
    .await
}

#[tokio::test]
async fn b01_where_only_members_seal_notes_others_are_told_so_and_still_open_them() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = members_only().await;
    let (ada, visitor) = (kith.registered("ada").await, kith.visitor());
    let keyed = visitor.seal(json!({"text": "a"})).header("idempotency-key", "0123456789abcdef");
    for answer in [
        visitor.seal(json!({"text": "a"})).await,
        visitor.post("/v1/notes").form(&[("text", "a")]).await,
        visitor.seal(json!({"text": 5})).await,
        visitor.post("/v1/notes").await,
        keyed.await,
        visitor.seal(json!({"text": "a"})).bearer("x").await,
    ] {
        answer.assert_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").is_some(), "{answer}");
    }
    let page = visitor.get("/notes/new").await;
    assert!(page.assert_status(200).text().contains("Members") && !page.text().contains("<form"), "{page}");
    let page = visitor.post("/notes/new").form(&[("text", "a")]).await;
    assert!(page.assert_status(401).text().contains("Members"), "{page}");
    assert!(kith.items("note").await.is_empty());

    let notes = [
        ada.seal(json!({"text": "for whoever has the link"})).await,
        ada.post("/v1/notes").form(&[("text", "for whoever has the link")]).await,
    ];
    for note in &notes {
        let token = note.assert_status(201).text_at("/token");
        visitor.peek(&token).await.assert_status(200);
        visitor.get(&format!("/n/{token}")).await.assert_status(200);
        assert_eq!(visitor.open(&token).await.assert_status(200).text_at("/text"), "for whoever has the link");
    }
    visitor.destroy(&notes[0].text_at("/id"), Some(&notes[0].text_at("/manage_token"))).await.assert_status(204);
    kith.shut_down().await;
}

#[tokio::test]
async fn b01_a_token_that_is_sent_must_be_good_wherever_who_seals_is_asked() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let ended = ada.elsewhere().logged_in().await;
    ended.post("/v1/auth/logout").await.assert_status(204);
    let mut refresh = kith.visitor();
    refresh.access_token.clone_from(&ada.refresh_token);
    for by in [&ended, &refresh] {
        by.seal(json!({"text": "a"})).await.assert_problem(401, "unauthorized");
        by.destroy("not_01a318c1400074aab4a3b5b6a7a8b9c2", None).await.assert_problem(401, "unauthorized");
        // Opening asks nobody who they are.
        let token = ada.seal(json!({"text": "a"})).await.text_at("/token");
        by.open(&token).await.assert_status(200);
    }
    for header in ["Basic eDp4", "Bearer", "Bearer ", "x"] {
        let answer = kith.visitor().seal(json!({"text": "a"})).header("authorization", header).await;
        answer.assert_problem(401, "unauthorized");
    }
}
