//! Calling cards as tests write and find them.

use kith_tests::{Actor, Answer};
use serde_json::{Value, json};

pub(crate) const PATH: &str = "/v1/contacts";

/// Every field that one writes on a card.
pub(crate) const FIELDS: [&str; 13] = [
    "first_name",
    "last_name",
    "email",
    "company",
    "position",
    "social_media",
    "phone",
    "event",
    "place",
    "met_at",
    "spark",
    "tags",
    "introduced_by",
];

/// A card with something in every field, of the kind that gets lost on the way.
pub(crate) fn full() -> Value {
    json!({
        "first_name": "Søren Aabye", "last_name": "Kierkegård-O’Neill", "email": "Soren.K+cards@example.org",
        "company": "Either & Or <Ltd>", "position": "Author; \"thinker\"",
        "social_media": "@soren\nhttps://example.org/~soren?x=1&y=%20\t#top", "phone": "+45 33 (0) 12-34 ext. 5",
        "event": "RustFest 🦀 {2026}", "place": "Café am Ufer, København", "met_at": "2026-09-21T10:00+02:00",
        "spark": "We both walk.\r\n\r\n  \\o/ 語 שלום 👩‍👩‍👧 #loaded :loaded",
        "tags": ["Philosophy", "walks & talks", "語"], "introduced_by": {"name": "Regine \\ Olsen"},
    })
}

/// Adds a card; its id.
pub(crate) async fn add(owner: &Actor, card: Value) -> String {
    owner.post(PATH).json(card).await.assert_status(201).text_at("/id")
}

pub(crate) fn path(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// The card as it is now.
pub(crate) async fn show(owner: &Actor, id: &str) -> Value {
    owner.get(&path(id)).await.assert_status(200).json()
}

/// The path of the list with these parameters, escaped.
pub(crate) fn list(parameters: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://kith.example", parameters).unwrap();
    format!("{PATH}?{}", url.query().unwrap_or_default())
}

/// The items of a page.
pub(crate) fn items(page: &Answer) -> Vec<Value> {
    page.assert_status(200).json()["items"].as_array().unwrap().clone()
}

/// The ids on a page, in its order.
pub(crate) fn ids(page: &Answer) -> Vec<String> {
    items(page).iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list, which are full, by number or by a megabyte, but for the last. `path` has a query already.
pub(crate) async fn walk(owner: &Actor, path: &str, limit: usize) -> Vec<Answer> {
    let mut pages = vec![owner.get(&format!("{path}&limit={limit}")).await];
    while let Some(cursor) = next(pages.last().unwrap()) {
        let page = pages.last().unwrap();
        assert!(ids(page).len() == limit || page.body().len() > 900_000, "a short page is not the last");
        pages.push(owner.get(&format!("{path}&limit={limit}&cursor={cursor}")).await);
        assert!(pages.len() < 400, "no end");
    }
    pages
}

/// The cursor of the page after this one.
pub(crate) fn next(page: &Answer) -> Option<String> {
    page.json()["next_cursor"].as_str().map(str::to_owned)
}

/// The ids of all cards for which all of this holds, in the order of the list.
pub(crate) async fn found(owner: &Actor, parameters: &[(&str, &str)]) -> Vec<String> {
    walk(owner, &list(parameters), 100).await.iter().flat_map(ids).collect()
}

/// The revision in an answer's tag.
pub(crate) fn rev(answer: &Answer) -> u64 {
    let tag = answer.header("etag").unwrap();
    tag.trim_matches('"').split_once('-').unwrap().0.parse().unwrap()
}
