//! What the one who sealed a note may do with it, and nobody else: see it in a list, destroy it.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};

const PATH: &str = "/v1/notes";

/// Seals so many notes; thirty an hour come from one address.
async fn seal_many(author: &Actor, count: usize) -> Vec<Answer> {
    let mut sealed = Vec::new();
    let mut place = author.clone();
    for n in 0..count {
        if n % 30 == 29 {
            place = author.moved();
        }
        sealed.push(place.seal(json!({"text": format!("note {n}")})).await);
        sealed[n].assert_status(201);
    }
    sealed
}

fn ids(answer: &Answer) -> Vec<String> {
    let page = answer.assert_status(200).json();
    page["items"].as_array().unwrap().iter().map(|note| note["id"].as_str().unwrap().to_owned()).collect()
}

fn next(page: &Answer) -> Option<String> {
    page.json()["next_cursor"].as_str().map(str::to_owned)
}

/// All pages of somebody's list.
async fn walk(actor: &Actor, limit: usize) -> Vec<Vec<String>> {
    let mut answer = actor.get(&format!("{PATH}?limit={limit}")).await;
    let mut pages = vec![ids(&answer)];
    while let Some(cursor) = next(&answer) {
        answer = actor.get(&format!("{PATH}?limit={limit}&cursor={cursor}")).await;
        pages.push(ids(&answer));
        assert!(pages.len() < 60, "no end");
    }
    pages
}

fn assert_gone(answer: &Answer) {
    answer.assert_problem(404, "not-found");
}

#[tokio::test]
async fn b01_ones_own_notes_are_listed_newest_first_and_tell_whether_they_were_opened() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    assert_eq!(ada.get(PATH).await.assert_status(200).json(), json!({"items": [], "next_cursor": null}));
    let notes = [
        ada.seal(json!({"text": "untouched"})).await,
        ada.seal(json!({"text": "half read", "max_views": 2, "passphrase": "open sesame"})).await,
        ada.moved().post(PATH).form(&[("text", "used-up"), ("expires_in", "60")]).await,
    ];
    for opened in [notes[1].text_at("/token"), notes[2].text_at("/token")] {
        let body = json!({"passphrase": "open sesame"});
        kith.visitor().open(&opened).json(body).await.assert_status(200);
    }
    let answer = ada.get(PATH).await;
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let list = answer.json()["items"].as_array().unwrap().clone();
    for (listed, (sealed, left)) in list.iter().zip(notes.iter().zip([1, 1, 0]).rev()) {
        let sealed = sealed.json();
        let mut expected = json!({
            "id": sealed["id"], "has_passphrase": sealed["has_passphrase"], "max_views": sealed["max_views"],
            "views_left": left, "created_at": sealed["created_at"], "expires_at": sealed["expires_at"],
        });
        let is_opened = left < sealed["max_views"].as_u64().unwrap();
        assert_eq!(listed["last_opened_at"].is_string(), is_opened, "{listed}");
        expected["last_opened_at"] = listed["last_opened_at"].clone();
        assert_eq!(*listed, expected);
    }
    assert_eq!(list.len(), 3);
}

#[tokio::test]
async fn b01_nobody_else_sees_a_note_in_a_list_and_nobodys_note_is_in_none() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, root) = (kith.registered("ada").await, kith.registered("bob").await, kith.admin("root").await);
    let own = ada.seal(json!({"text": "hers"})).await;
    kith.visitor().seal(json!({"text": "nobody's"})).await.assert_status(201);
    // Who opens a note does not get it into the list.
    bob.open(&own.text_at("/token")).await.assert_status(200);
    assert_eq!(ids(&ada.get(PATH).await), [own.text_at("/id")]);
    for other in [&bob, &root] {
        assert_eq!(ids(&other.get(PATH).await), Vec::<String>::new());
    }
    kith.visitor().get(PATH).await.assert_problem(401, "unauthorized");
}

#[tokio::test]
async fn b01_c84_walking_45_notes_shows_each_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut sealed: Vec<String> = seal_many(&ada, 45).await.iter().map(|note| note.text_at("/id")).collect();
    sealed.reverse();
    for (limit, sizes) in [(20, vec![20, 20, 5]), (15, vec![15; 3]), (44, vec![44, 1]), (45, vec![45]), (100, vec![45])]
    {
        let pages = walk(&ada, limit).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "pages of {limit}");
        assert_eq!(pages.concat(), sealed, "pages of {limit}");
    }
    assert_eq!(ids(&ada.get(PATH).await).len(), 20, "20 is the default");

    // A page is full although some are gone, and a cursor outlives the note that it points to.
    let first = ada.get(&format!("{PATH}?limit=2")).await;
    for gone in [1, 2, 3, 10] {
        ada.destroy(&sealed[gone], None).await.assert_status(204);
    }
    let rest = ada.get(&format!("{PATH}?limit=3&cursor={}", next(&first).unwrap())).await;
    assert_eq!(ids(&rest), sealed[4..7]);
    let pages = walk(&ada, 10).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10, 10, 1]);
}

#[tokio::test]
async fn c84_a_cursor_of_somebody_else_or_of_another_list_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    for author in [&ada, &eve] {
        seal_many(author, 2).await;
    }
    let cursor = next(&ada.get(&format!("{PATH}?limit=1")).await).unwrap();
    let elsewhere = ada.elsewhere().logged_in().await;
    let of_sessions = next(&elsewhere.get("/v1/auth/sessions?limit=1").await).unwrap();
    eve.get(&format!("{PATH}?cursor={cursor}")).await.assert_problem(400, "bad-request");
    for foreign in [of_sessions.as_str(), "x", "", &cursor[1..]] {
        ada.get(&format!("{PATH}?cursor={foreign}")).await.assert_problem(400, "bad-request");
    }
    ada.get(&format!("/v1/auth/sessions?cursor={cursor}")).await.assert_problem(400, "bad-request");
    ada.get(&format!("{PATH}?limit=0")).await.assert_faults(&["?limit"]);
}

#[tokio::test]
async fn b01_a_note_is_destroyed_by_its_manage_token_from_everywhere() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    for (writer, destroyer) in
        [(&kith.visitor(), &kith.visitor()), (&kith.visitor(), &bob), (&ada, &kith.visitor()), (&ada, &bob)]
    {
        let note = writer.seal(json!({"text": "a", "max_views": 2})).await;
        let (id, token) = (note.text_at("/id"), note.text_at("/token"));
        kith.visitor().open(&token).await.assert_status(200);
        let answer = destroyer.destroy(&id, Some(&note.text_at("/manage_token"))).await;
        assert!(answer.assert_status(204).body().is_empty());
        for answer in [
            kith.visitor().open(&token).await,
            kith.visitor().peek(&token).await,
            writer.destroy(&id, Some(&note.text_at("/manage_token"))).await,
        ] {
            assert_gone(&answer);
        }
        assert!(!kith.table().await.iter().any(|item| item.to_string().contains(&id)), "something of it is left");
    }
    assert_eq!(ids(&ada.get(PATH).await), Vec::<String>::new());
}

#[tokio::test]
async fn b01_its_author_destroys_a_note_also_one_that_is_used_up() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let notes = seal_many(&ada, 2).await;
    kith.visitor().open(&notes[0].text_at("/token")).await.assert_status(200);
    for note in &notes {
        // From another session, too, and whatever else is sent along.
        let there = ada.elsewhere().logged_in().await;
        there.destroy(&note.text_at("/id"), Some("not the token")).await.assert_status(204);
        assert_gone(&ada.destroy(&note.text_at("/id"), None).await);
        assert_gone(&kith.visitor().open(&note.text_at("/token")).await);
    }
    assert_eq!(ids(&ada.get(PATH).await), Vec::<String>::new());
}

#[tokio::test]
async fn b01_nobody_else_destroys_a_note_and_all_are_told_the_same() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, bob, root) = (kith.registered("ada").await, kith.registered("bob").await, kith.admin("root").await);
    let (of_ada, nobodys) = (ada.seal(json!({"text": "a"})).await, kith.visitor().seal(json!({"text": "a"})).await);
    let told = |answer: &Answer| {
        assert_gone(answer);
        let mut body = answer.json();
        body["instance"] = Value::Null;
        let is_telling = |name: &str| !["apigw-requestid", "date"].contains(&name);
        let mut headers: Vec<String> =
            answer.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.retain(|header| is_telling(header.split(':').next().unwrap()));
        headers.sort();
        (body, headers)
    };
    let unknown = told(&bob.destroy("not_01a318c1400074aab4a3b5b6a7a8b9c2", None).await);
    for (note, other) in [(&of_ada, &nobodys), (&nobodys, &of_ada)] {
        let id = note.text_at("/id");
        let manage_token = note.text_at("/manage_token");
        for guess in [
            None,
            // Neither the link, nor the token of another note, nor something like the right one.
            Some(note.text_at("/token")),
            Some(other.text_at("/manage_token")),
            Some(manage_token[1..].to_owned()),
            Some(format!("{manage_token}A")),
            Some(format!("{manage_token}=")),
            Some(id.clone()),
            Some("x".repeat(5000)),
            Some(String::new()),
        ] {
            for by in [&bob, &root, &kith.visitor()] {
                assert_eq!(told(&by.destroy(&id, guess.as_deref()).await), unknown, "{guess:?}");
            }
        }
        assert_eq!(told(&bob.delete(&format!("{PATH}/by-id/{}", note.text_at("/token"))).await), unknown);
    }
    for malformed in ["x", "not_", "not_1", "usr_01a318c1400074aab4a3b5b6a7a8b9c2", "%FF", "%20", "..%2F"] {
        assert_eq!(told(&bob.destroy(malformed, Some("x")).await), unknown, "{malformed}");
    }
    for note in [&of_ada, &nobodys] {
        kith.visitor().open(&note.text_at("/token")).await.assert_status(200);
    }
}

#[tokio::test]
async fn b01_two_manage_tokens_are_none_and_a_bad_access_token_is_refused_beside_a_good_one() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = kith.visitor().seal(json!({"text": "a"})).await;
    let (id, right) = (note.text_at("/id"), note.text_at("/manage_token"));
    let visitor = kith.visitor();
    visitor.destroy(&id, Some(&right)).bearer("x").await.assert_problem(401, "unauthorized");
    // The gateway joins them in one line.
    assert_gone(&visitor.destroy(&id, Some("first")).header("kith-manage-token", &right).await);
    visitor.open(&note.text_at("/token")).await.assert_status(200);
}

#[tokio::test]
async fn b01_of_many_who_destroy_a_note_at_once_one_does_and_nobody_fails() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = kith.visitor().seal(json!({"text": "a"})).await;
    let (id, token) = (note.text_at("/id"), note.text_at("/manage_token"));
    let visitors: Vec<Actor> = (0..10).map(|_| kith.visitor()).collect();
    let answers = join_all(visitors.iter().map(|by| async { by.destroy(&id, Some(&token)).await })).await;
    let mut statuses: Vec<u16> = answers.iter().map(Answer::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[..2], [204, 404]);
    assert!(statuses[1..].iter().all(|status| *status == 404), "{statuses:?}");
}

#[tokio::test]
async fn b01_a_note_that_is_opened_and_destroyed_at_once_is_read_once_at_most_and_gone() {
    let Some(kith) = Kith::with_helpers().await else { return };
    for _ in 0..5 {
        let note = kith.visitor().seal(json!({"text": "a"})).await;
        let (id, token, manage_token) = (note.text_at("/id"), note.text_at("/token"), note.text_at("/manage_token"));
        let readers: Vec<Actor> = (0..8).map(|_| kith.visitor()).collect();
        let opening = join_all(readers.iter().map(|reader| async { reader.open(&token).await }));
        let (opened, destroyed) = futures::join!(opening, async { readers[0].destroy(&id, Some(&manage_token)).await });
        destroyed.assert_status(204);
        assert!(opened.iter().all(|answer| [200, 404].contains(&answer.status())), "{opened:?}");
        assert!(opened.iter().filter(|answer| answer.status() == 200).count() <= 1);
        assert_gone(&kith.visitor().open(&token).await);
        assert!(!kith.table().await.iter().any(|item| item.to_string().contains(&id)), "something of it is back");
    }
}

#[tokio::test]
async fn c31_a_banned_author_can_neither_seal_nor_destroy_and_whoever_has_the_link_still_reads() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (root, ada) = (kith.admin("root").await, kith.registered("ada").await);
    let notes = seal_many(&ada, 3).await;
    let ban = format!("/v1/users/{}/ban", ada.id());
    root.put(&ban).await.assert_status(204);
    let (id, manage_token) = (notes[0].text_at("/id"), notes[0].text_at("/manage_token"));
    for answer in [
        ada.seal(json!({"text": "a"})).await,
        ada.get(PATH).await,
        ada.destroy(&id, None).await,
        ada.destroy(&id, Some(&manage_token)).await,
    ] {
        answer.assert_problem(401, "unauthorized");
    }
    kith.visitor().open(&notes[1].text_at("/token")).await.assert_status(200);
    // The manage token is with whoever has it.
    kith.visitor().destroy(&id, Some(&manage_token)).await.assert_status(204);
    root.delete(&ban).await.assert_status(204);
    let ada = ada.logged_in().await;
    assert_eq!(ids(&ada.get(PATH).await).len(), 2);
    ada.destroy(&notes[2].text_at("/id"), None).await.assert_status(204);
}
