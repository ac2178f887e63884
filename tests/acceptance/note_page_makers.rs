//! What whoever seals a note on the page can do there: copy the link, destroy the note, press twice.

use futures::join;
use kith_tests::{Actor, Answer, Kith};

/// What a hidden field of a page carries.
fn hidden(page: &Answer, name: &str) -> String {
    let text = page.text();
    let start = format!("name=\"{name}\" value=\"");
    let (_, from) = text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {page}"));
    from.split_once('"').unwrap().0.to_owned()
}

async fn sealed(by: &Actor) -> Answer {
    let page = by.post("/notes/new").form(&[("text", "the key is under the mat")]).await;
    page.assert_status(201);
    page
}

fn token(page: &Answer) -> String {
    page.header("location").unwrap().strip_prefix("/n/").unwrap().to_owned()
}

#[tokio::test]
async fn h35_whoever_sealed_a_note_destroys_it_from_the_page() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.visitor();
    let page = sealed(&ada).await;
    let [id, secret, key] = ["id", "manage_token", "key"].map(|name| hidden(&page, name));
    let destroy = |id: &str, secret: &str, key: &str| {
        ada.post("/notes/destroy").form(&[("id", id), ("manage_token", secret), ("key", key)])
    };
    // Not by anything else, and nobody is told whether there is such a note.
    let other = sealed(&kith.visitor()).await;
    for (id, secret) in [(&*id, &*hidden(&other, "manage_token")), (&*id, "x"), ("x", &*secret), (&*id, &*token(&page))]
    {
        destroy(id, secret, &key).await.assert_status(404);
    }
    ada.peek(&token(&page)).await.assert_status(200);
    let (one, two) = join!(destroy(&id, &secret, &key).into_future(), destroy(&id, &secret, &key).into_future());
    for told in [one, two, destroy(&id, &secret, &key).await] {
        assert!(told.assert_status(200).text().contains("The note is destroyed"), "{told}");
        assert_eq!(told.header("cache-control"), Some("no-store"));
    }
    ada.peek(&token(&page)).await.assert_status(404);
    destroy(&id, &secret, "another form of another time").await.assert_status(404);
    destroy(&id, &secret, "").await.assert_status(404);
    ada.peek(&token(&other)).await.assert_status(200);
    ada.post("/notes/destroy").form(&[("id", "x")]).await.assert_status(400);
}

#[tokio::test]
async fn h35_n1_a_form_that_is_sent_again_seals_no_second_note() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.visitor();
    let key = hidden(&ada.get("/notes/new").await, "key");
    assert_ne!(key, hidden(&ada.get("/notes/new").await, "key"));
    let seal = |text: &str, key: &str| ada.post("/notes/new").form(&[("text", text), ("key", key)]);
    let (one, two) = join!(seal("once", &key).into_future(), seal("once", &key).into_future());
    let again = seal("once", &key).await;
    for page in [&one, &two, &again] {
        page.assert_status(201);
        assert_eq!(token(page), token(&one));
        assert_eq!(hidden(page, "manage_token"), hidden(&one, "manage_token"));
    }
    // With other words, with another key or with none it is another note.
    for page in [seal("twice", &key).await, seal("once", "0123456789abcdef").await, seal("once", "").await] {
        assert_ne!(token(page.assert_status(201)), token(&one));
    }
    let stored = serde_json::to_string(&kith.table().await).unwrap();
    for secret in [&key, &token(&one), &hidden(&one, "manage_token")] {
        assert!(!stored.contains(secret.as_str()), "{secret} is in the table");
    }
}

#[tokio::test]
async fn h35_the_pages_tell_times_to_programs_and_a_script_of_ours_makes_them_handier() {
    let kith = Kith::shared().await;
    let ada = kith.visitor();
    let page = sealed(&ada).await;
    for part in ["data-copies=\"link\"", "id=\"link\"", "<time datetime=\"20", "src=\"/notes/notes.js\""] {
        assert!(page.text().contains(part), "no {part} in {page}");
    }
    let script = ada.get("/notes/notes.js").await;
    assert_eq!(script.assert_status(200).header("content-type"), Some("text/javascript; charset=utf-8"));
    let tag = script.header("etag").unwrap();
    ada.get("/notes/notes.js").header("if-none-match", tag).await.assert_status(304);
    ada.request("HEAD", "/notes/notes.js").await.assert_status(200);
    ada.get("/notes/other.js").await.assert_status(404);
}
