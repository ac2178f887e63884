//! "With whom did I talk about sourdough?": a search through sparks and memories.

use crate::cards::{add, found, ids, list, next, path};
use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

async fn remember(owner: &Actor, card: &str, text: &str) -> String {
    let memory = owner.post(&format!("{}/memories", path(card))).json(json!({"text": text})).await;
    memory.assert_status(201).text_at("/id")
}

/// What the table keeps of a card for searches.
async fn entry(kith: &Kith, owner: &Actor, card: &str) -> Value {
    let items = kith.items(&format!("contacts#{}", owner.id())).await;
    items.into_iter().find(|item| item["sk"] == format!("entry#{card}")).unwrap()
}

#[tokio::test]
async fn h34_a_search_finds_words_of_the_spark_and_of_memories() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let grace = add(&ada, json!({"first_name": "Grace", "spark": "Bakes sourdough, and so do I."})).await;
    let alan = add(&ada, json!({"first_name": "Alan", "place": "Bletchley"})).await;
    let edsger =
        add(&ada, json!({"first_name": "Edsger", "social_media": format!("{}\n@edsger", "x".repeat(300))})).await;
    remember(&ada, &alan, "Runs every morning. Wants my recipe for Sourdough!").await;
    remember(&ada, &alan, "Has a cat called Schrödinger.").await;
    for (q, expected) in [
        ("sourdough", &[&alan, &grace][..]),
        ("SOURDOUGH?", &[&alan, &grace]),
        ("alan sourdough", &[&alan]),
        ("sourdough schroedinger", &[&alan]),
        ("sourdough bletch cat", &[&alan]),
        ("grace bakes", &[&grace]),
        ("edsger", &[&edsger]),
        ("@edsger", &[&edsger]),
        ("sourdoug", &[]),
        ("grace cat", &[]),
        ("sourdough zebra", &[]),
    ] {
        assert_eq!(found(&ada, &[("q", q)]).await.iter().collect::<Vec<_>>(), expected, "{q}");
    }
    assert_eq!(found(&ada, &[("q", "sourdough"), ("place", "bletchley")]).await, std::slice::from_ref(&alan));
    // Nobody else finds them.
    assert!(found(&kith.registered("eve").await, &[("q", "sourdough")]).await.is_empty());
}

#[tokio::test]
async fn h34_what_changes_is_found_as_it_is_now() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = add(&ada, json!({"first_name": "Grace", "spark": "moths"})).await;
    let memory = remember(&ada, &card, "Likes tea").await;
    let one = format!("{}/memories/{memory}", path(&card));
    let finds = async |q: &str| !found(&ada, &[("q", q)]).await.is_empty();
    assert!(finds("moths tea").await);
    ada.patch(&one).json(json!({"text": "Likes coffee"})).await.assert_status(200);
    assert!(finds("coffee").await && !finds("tea").await);
    // A change of the card keeps what is known of its memories.
    ada.patch(&path(&card)).json(json!({"spark": "bees", "place": "Jena"})).await.assert_status(200);
    assert!(finds("bees coffee jena").await && !finds("moths").await);
    ada.patch(&path(&card)).json(json!({"spark": null})).await.assert_status(200);
    assert!(finds("coffee").await && !finds("bees").await);
    ada.delete(&one).await.assert_status(204);
    assert!(!finds("coffee").await && finds("grace").await);
}

#[tokio::test]
async fn h34_memories_that_come_at_once_are_all_found() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = add(&ada, json!({"first_name": "Grace"})).await;
    let words: Vec<String> = (0..12).map(|n| format!("topic{n}")).collect();
    futures::future::join_all(words.iter().map(|word| remember(&ada, &card, word))).await;
    for word in &words {
        assert_eq!(found(&ada, &[("q", word)]).await, [card.as_str()], "{word}");
    }
}

#[tokio::test]
async fn h34_a_signature_has_an_end_and_still_finds_everything() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let spark = (0..1200).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
    let card = add(&ada, json!({"first_name": "Grace", "spark": spark})).await;
    for batch in 0..4 {
        let text = (0..200).map(|n| format!("m{batch}x{n}")).collect::<Vec<_>>().join(" ");
        remember(&ada, &card, &text).await;
    }
    let sizes = ["words", "memory_words"].map(str::to_owned);
    let entry = entry(&kith, &ada, &card).await;
    let bytes = |name: &String| {
        entry[name].as_str().map_or_else(|| entry[name].as_array().unwrap().len(), |text| text.len() * 3 / 4)
    };
    assert!(sizes.iter().map(bytes).sum::<usize>() <= 512 + 4, "{entry}");
    for q in ["s0", "s1199", "m0x0 s5", "m3x199", "m1x7 m2x8"] {
        assert_eq!(found(&ada, &[("q", q)]).await, [card.as_str()], "{q}");
    }
    assert!(found(&ada, &[("q", "s1200")]).await.is_empty());
}

#[tokio::test]
async fn h34_a_search_that_has_looked_through_enough_pauses_and_goes_on() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut all = Vec::new();
    for n in 0..45 {
        let card = json!({"first_name": format!("Friend {n}"), "spark": "We talked about sourdough."});
        all.push(add(&ada, card).await);
    }
    all.reverse();
    let (mut walked, mut path) = (Vec::new(), format!("{}&limit=100", list(&[("q", "sourdough")])));
    let mut pages = 0;
    loop {
        let page = ada.get(&path).await;
        let record = kith.record_of(&page).await;
        assert!(record.database_calls <= 6 && record.read_units <= 60.0, "{record:?}");
        assert!(ids(&page).len() <= 20);
        walked.extend(ids(&page));
        pages += 1;
        let Some(cursor) = next(&page) else { break };
        path = format!("{}&limit=100&cursor={cursor}", list(&[("q", "sourdough")]));
    }
    assert_eq!((walked, pages), (all, 3));
}
