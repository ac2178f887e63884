//! The longest names, everywhere they are shown.

use kith_tests::Kith;
use serde_json::json;

/// C89, as far as there are texts with names in them: mails and pages. Notifications come with the chats.
#[tokio::test]
async fn c89_the_longest_names_are_stored_and_shown_whole() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut ada = kith.newcomer("ada");
    let pad = |text: &str, length: usize| format!("{text:x<length$}");
    ada.person.username = pad(&ada.person.username, 32);
    (ada.person.first_name, ada.person.last_name) = ("Ä".repeat(60), "ß".repeat(60));
    let (local, _) = ada.person.email.split_once('@').unwrap();
    let label = "d".repeat(60);
    let domain = format!("{label}.{label}.{label}.example");
    ada.person.email = format!("{}@{domain}", pad(local, 254 - 1 - domain.len()));
    assert_eq!(ada.person.email.len(), 254);

    ada.register().await.assert_status(201);
    let mails = ada.mails().await;
    let (text, html) = (&mails[0].text, &mails[0].html);
    assert!(text.contains(&ada.person.username) && html.contains(&ada.person.username), "{text}");
    let token = ada.newest_link_token().await;
    let page = ada.get(&format!("/confirm?token={token}")).await;
    assert!(page.text().contains(&ada.person.username));
    ada.confirm(&token).await.assert_status(204);
    let ada = ada.logged_in().await;
    let me = ada.get("/v1/me").await.json();
    for (field, value) in [
        ("username", &ada.person.username),
        ("email", &ada.person.email),
        ("first_name", &ada.person.first_name),
        ("last_name", &ada.person.last_name),
        ("name", &format!("{} {}", ada.person.first_name, ada.person.last_name)),
    ] {
        assert_eq!(me[field], json!(value), "{field}");
    }
}

/// D06: with the token in the header nothing else is wanted, and no cookie is given.
#[tokio::test]
async fn d06_a_token_in_the_header_is_enough_to_read_and_to_write() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let read = ada.get("/v1/me").await;
    read.assert_status(200);
    let written = ada.patch("/v1/me").json(json!({"first_name": "Augusta"})).await;
    written.assert_status(200);
    assert!(read.header("set-cookie").is_none() && written.header("set-cookie").is_none());
}
