//! Pages of what is large end at a megabyte, and the next begins there.

use kith_tests::{Actor, Kith};
use serde_json::json;

/// A page, and what is around its items and their texts in JSON.
const MOST: usize = 1024 * 1024 + 128 * 1024;

/// Sizes of the pages of a list, and the ids of all that is in them.
async fn walk(of: &Actor, path: &str) -> (Vec<usize>, Vec<String>) {
    let (mut sizes, mut ids) = (Vec::new(), Vec::new());
    let mut next = path.to_owned();
    loop {
        let page = of.get(&next).await;
        let body = page.assert_status(200).json();
        sizes.push(page.body().len());
        ids.extend(body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match body["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}&cursor={cursor}"),
            None => return (sizes, ids),
        }
    }
}

#[tokio::test]
async fn h11_a_page_of_the_largest_cards_ends_at_a_megabyte() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = json!({"first_name": "Grace", "place": "Harbour", "spark": "\u{1F426}".repeat(9_000)});
    let mut made = Vec::new();
    for _ in 0..64 {
        made.insert(0, ada.post("/v1/contacts").json(&card).await.assert_status(201).text_at("/id"));
    }
    for path in ["/v1/contacts?limit=100", "/v1/contacts?limit=100&place=harbour", "/v1/contacts?limit=64&q=grace"] {
        let (sizes, ids) = walk(&ada, path).await;
        assert_eq!(ids, made, "{path}: something is missing or there twice");
        assert!(sizes.iter().all(|size| *size <= MOST), "{path}: {sizes:?}");
        // No more pages than that needs.
        assert!((3..=4).contains(&sizes.len()), "{path}: {sizes:?}");
    }
    let (sizes, ids) = walk(&ada, "/v1/contacts?limit=20").await;
    assert_eq!((sizes.len(), ids.len()), (4, 64));
}

#[tokio::test]
async fn h11_a_page_of_the_longest_memories_ends_at_a_megabyte() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let card = ada.post("/v1/contacts").json(json!({"first_name": "Grace"})).await;
    let path = format!("{}/memories", card.header("location").unwrap());
    let longest = kith.visitor().get("/openapi.json").await.json()["components"]["schemas"]["MemoryText"]["maxLength"]
        .as_u64()
        .and_then(|length| usize::try_from(length).ok())
        .unwrap();
    for _ in 0..100 {
        let memory = ada.post(&path).json(json!({"text": "\u{1F426}".repeat(longest)}));
        memory.await.assert_status(201);
    }
    let (sizes, ids) = walk(&ada, &format!("{path}?limit=100")).await;
    assert_eq!(ids.len(), 100);
    assert!(sizes.iter().all(|size| *size <= MOST), "{sizes:?}");
}
