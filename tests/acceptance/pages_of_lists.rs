//! Pages of lists: limits, cursors, links.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::Value;

const PATH: &str = "/v1/auth/sessions";

/// Somebody with so many sessions, this one among them. Ten log-ins come from one address.
async fn with_sessions(kith: &Kith, name: &str, wanted: usize) -> Actor {
    let ada = kith.confirmed(name).await;
    let mut places = vec![ada.clone()];
    places.extend((10..wanted).step_by(10).map(|_| ada.elsewhere()));
    let log_ins = (0..wanted).map(|n| places[n / 10].log_in());
    let answers = join_all(log_ins.map(IntoFuture::into_future)).await;
    for answer in &answers {
        answer.assert_status(200);
    }
    ada.with_tokens_of(&answers[0])
}

fn ids(page: &Answer) -> Vec<String> {
    let page = page.assert_status(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn next(page: &Answer) -> Option<String> {
    page.json()["next_cursor"].as_str().map(str::to_owned)
}

/// All pages of a list.
async fn walk(actor: &Actor, limit: usize) -> Vec<Answer> {
    let mut pages = vec![actor.get(&format!("{PATH}?limit={limit}")).await];
    while let Some(cursor) = next(pages.last().unwrap()) {
        pages.push(actor.get(&format!("{PATH}?limit={limit}&cursor={cursor}")).await);
        assert!(pages.len() < 60, "no end");
    }
    pages
}

#[tokio::test]
async fn c84_walking_45_items_shows_each_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = with_sessions(&kith, "ada", 45).await;

    let first = ada.get(PATH).await;
    assert_eq!(ids(&first).len(), 20, "20 is the default");
    for (limit, expected) in
        [(20, vec![20, 20, 5]), (15, vec![15; 3]), (45, vec![45]), (100, vec![45]), (44, vec![44, 1])]
    {
        let pages = walk(&ada, limit).await;
        let sizes: Vec<usize> = pages.iter().map(|page| ids(page).len()).collect();
        assert_eq!(sizes, expected, "pages of {limit}");
        let mut all: Vec<String> = pages.iter().flat_map(ids).collect();
        assert!(all.is_sorted(), "not in order");
        all.dedup();
        assert_eq!(all.len(), 45, "pages of {limit} repeat or lose items");
        let last = pages.last().unwrap();
        assert_eq!((&last.json()["next_cursor"], last.header("link")), (&Value::Null, None));
    }
}

#[tokio::test]
async fn c88_the_link_to_the_next_page_works_and_is_not_built_from_the_host() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = with_sessions(&kith, "ada", 5).await;
    let page = ada.get(&format!("{PATH}?limit=2")).header("host", "evil.localhost").await;
    let link = page.header("link").unwrap().to_owned();
    let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let path = target.strip_prefix(kith.url()).unwrap_or_else(|| panic!("leads elsewhere: {target}"));
    assert_eq!(path, format!("{PATH}?limit=2&cursor={}", next(&page).unwrap()));
    let second = ada.get(path).await;
    assert_eq!(ids(&second).len(), 2);
    assert!(ids(&second)[0] > ids(&page)[1]);
}

#[tokio::test]
async fn c84_a_limit_is_a_whole_number_from_1_to_100() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    for bad in ["0", "-1", "x", "", "1.5", "1e2", "101", "4000000000", "99999999999999999999999"] {
        ada.get(&format!("{PATH}?limit={bad}")).await.assert_faults(&["?limit"]);
    }
    for good in ["1", "100"] {
        assert_eq!(ids(&ada.get(&format!("{PATH}?limit={good}")).await).len(), 1);
    }
}

#[tokio::test]
async fn c84_a_forged_cursor_is_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (ada, eve) = (with_sessions(&kith, "ada", 3).await, with_sessions(&kith, "eve", 3).await);
    let cursor = async |actor: &Actor| next(&actor.get(&format!("{PATH}?limit=1")).await).unwrap();
    let (own, foreign) = (cursor(&ada).await, cursor(&eve).await);
    assert!(!own.contains("ses_"), "the cursor shows what it holds");
    let mut bad = vec![
        foreign,
        String::new(),
        "x".into(),
        "%00".into(),
        "%ff%fe".into(),
        "a".repeat(5000),
        own[1..].to_owned(),
        format!("{own}A"),
    ];
    // No bit of it may be changed.
    for at in [0, own.len() / 2, own.len() - 2] {
        let other = if own.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut changed = own.clone();
        changed.replace_range(at..=at, other);
        bad.push(changed);
    }
    let session = &ids(&ada.get(PATH).await)[0];
    bad.push(session.clone());
    for cursor in bad {
        ada.get(&format!("{PATH}?limit=1&cursor={cursor}")).await.assert_problem(400, "bad-request");
    }
    assert_eq!(ids(&ada.get(&format!("{PATH}?limit=1&cursor={own}")).await).len(), 1);
    // It grants nothing by itself.
    kith.visitor().get(&format!("{PATH}?cursor={own}")).await.assert_status(401);
}

#[tokio::test]
async fn c84_a_page_is_full_although_some_have_ended() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = with_sessions(&kith, "ada", 9).await;
    ada.delete(PATH).await.assert_status(204);
    let mut elsewhere = ada.elsewhere();
    for _ in 0..5 {
        elsewhere = elsewhere.logged_in().await;
    }
    let sizes: Vec<usize> = walk(&elsewhere, 2).await.iter().map(|page| ids(page).len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn c84_a_cursor_outlives_the_item_that_it_points_to() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = with_sessions(&kith, "ada", 4).await;
    let all = ids(&ada.get(PATH).await);
    let page = ada.get(&format!("{PATH}?limit=2")).await;
    let current = page.json()["items"].as_array().unwrap().iter().position(|item| item["is_current"] == true);
    if current != Some(1) {
        ada.delete(&format!("{PATH}/{}", all[1])).await.assert_status(204);
    }
    let rest = ada.get(&format!("{PATH}?limit=2&cursor={}", next(&page).unwrap())).await;
    assert_eq!(ids(&rest), all[2..]);
}
