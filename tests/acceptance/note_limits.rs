//! How many notes one address may seal, and how often it may look and open.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::json;

const HOUR: i64 = 3600;

/// One too many: when to come again is told in the headers, on pages as in the API.
fn assert_over(answer: &Answer, name: &str, within: i64) {
    answer.assert_status(429);
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("application")) {
        answer.problem();
    }
    let wait: i64 = answer.header("retry-after").unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
    assert!((1..=within).contains(&wait), "{wait} s");
    let told = answer.header("ratelimit").unwrap();
    assert!(told.contains(&format!("\"{name}\";r=0;t={wait}")), "{told}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

/// The same actor at this address.
fn at(actor: &Actor, address: &str) -> Actor {
    let mut there = actor.clone();
    address.clone_into(&mut there.address);
    there
}

/// Somebody else in the same network of IPv6.
fn neighbour(of: &Actor) -> Actor {
    let network = of.address.strip_suffix("::1").unwrap();
    at(of, &format!("{network}:ffff::77"))
}

#[tokio::test]
async fn b16_an_address_seals_30_notes_an_hour_on_all_ways_together() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let writer = kith.visitor();
    for n in 0..30 {
        let answer = match n % 3 {
            0 => writer.seal(json!({"text": "a"})).await,
            1 => neighbour(&writer).post("/v1/notes").form(&[("text", "a")]).await,
            _ => writer.post("/notes/new").form(&[("text", "a")]).await,
        };
        let told = answer.assert_status(201).header("ratelimit").unwrap();
        assert!(told.contains(&format!("\"note-seal\";r={};t=", 29 - n)), "{told}");
        assert!(answer.header("ratelimit-policy").unwrap().contains("\"note-seal\";q=30;w=3600"));
        // What is refused for its form is not counted.
        writer.seal(json!({"text": ""})).await.assert_status(422);
        writer.seal(json!({"text": "a".repeat(65_537)})).await.assert_status(413);
        writer.post("/notes/new").form(&[("text", "")]).await.assert_status(422);
    }
    for _ in 0..3 {
        assert_over(&writer.seal(json!({"text": "a"})).await, "note-seal", HOUR);
        assert_over(&neighbour(&writer).seal(json!({"text": "a"})).await, "note-seal", HOUR);
        assert_over(&writer.post("/notes/new").form(&[("text", "a")]).await, "note-seal", HOUR);
    }
    // Others are none the worse for it, and nor is reading.
    let note = kith.visitor().seal(json!({"text": "a"})).await;
    writer.open(&note.assert_status(201).text_at("/token")).await.assert_status(200);
}

#[tokio::test]
async fn b16_an_account_does_not_help_over_the_limit_and_another_address_does() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (visitor, ada) = (kith.visitor(), kith.registered("ada").await);
    let there = at(&ada, &visitor.address);
    let answers = join_all((0..40).map(|n| {
        let (visitor, there) = (&visitor, &there);
        async move { if n % 2 == 0 { visitor } else { there }.seal(json!({"text": "a"})).await }
    }))
    .await;
    let sealed = answers.iter().filter(|answer| answer.status() == 201).count();
    assert_eq!(sealed, 30, "{:?}", answers.iter().map(Answer::status).collect::<Vec<_>>());
    assert_over(&there.seal(json!({"text": "a"})).await, "note-seal", HOUR);
    ada.seal(json!({"text": "a"})).await.assert_status(201);
}

#[tokio::test]
async fn b16_the_hour_ends_and_so_does_the_minute() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let (writer, reader) = (kith.visitor(), kith.visitor());
    let note = kith.visitor().seal(json!({"text": "a"})).await;
    let token = note.text_at("/token");
    let sealed = join_all((0..30).map(|_| async { writer.seal(json!({"text": "a"})).await })).await;
    assert!(sealed.iter().all(|answer| answer.status() == 201));
    assert_over(&writer.seal(json!({"text": "a"})).await, "note-seal", HOUR);
    let peeked = join_all((0..120).map(|_| async { reader.peek(&token).await })).await;
    assert!(peeked.iter().all(|answer| answer.status() == 200));
    assert_over(&reader.open(&token).await, "note-open", 60);
    clock.advance("60s").await;
    // Nothing was used up by what was refused.
    reader.open(&token).await.assert_status(200);
    assert_over(&writer.seal(json!({"text": "a"})).await, "note-seal", HOUR - 60);
    clock.advance("59m").await;
    writer.seal(json!({"text": "a"})).await.assert_status(201);
    kith.shut_down().await;
}

#[tokio::test]
async fn b16_an_address_looks_and_opens_120_times_a_minute_on_all_ways_together() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let reader = kith.visitor();
    let note = kith.visitor().seal(json!({"text": "a", "max_views": 100})).await;
    let token = note.text_at("/token");
    let unknown = "A".repeat(43);
    // What is not there counts like what is: guessing is what the limit is against.
    let one = async |n: usize| {
        let token = if n < 60 { &token } else { &unknown };
        let page = format!("/n/{token}");
        match n % 4 {
            0 => reader.peek(token).await,
            1 => neighbour(&reader).open(token).await,
            2 => reader.get(&page).await,
            _ => reader.post(&page).await,
        }
    };
    let answers = join_all((0..120).map(one)).await;
    for (n, answer) in answers.iter().enumerate() {
        answer.assert_status(if n < 60 { 200 } else { 404 });
        assert!(answer.header("ratelimit-policy").unwrap().contains("\"note-open\";q=120;w=60"), "{answer}");
    }
    for n in 0..8 {
        assert_over(&one(n).await, "note-open", 60);
        assert_over(&one(60 + n).await, "note-open", 60);
    }
    let opened = kith.visitor().open(&token).await;
    assert_eq!(opened.assert_status(200).json()["views_left"], 100 - 30 - 1);
    // Sealing has a limit of its own.
    reader.seal(json!({"text": "a"})).await.assert_status(201);
}
