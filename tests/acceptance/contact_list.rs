//! The list of one's cards: what it shows, in which order, and its pages.

use crate::cards::{PATH, add, found, full, ids, items, list, next, path, show, walk};
use futures::stream::{self, StreamExt as _};
use kith_tests::{Actor, Answer, Kith};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Adds so many cards, several at a time; their ids, newest first.
async fn with_cards(owner: &Actor, count: usize, card: impl Fn(usize) -> Value) -> Vec<String> {
    let cards: Vec<Value> = (0..count).map(card).collect();
    let mut ids: Vec<String> = stream::iter(cards).map(|card| add(owner, card)).buffer_unordered(8).collect().await;
    ids.sort();
    ids.reverse();
    ids
}

#[tokio::test]
async fn a02_contacts_are_listed_under_the_account_that_added_them_only() {
    let kith = Kith::shared().await;
    let (ada, bob) = (kith.registered("ada").await, kith.registered("bob").await);
    let profile = ada.get("/v1/me").await.json();
    assert_eq!((&profile["first_name"], &profile["last_name"]), (&json!("ada"), &json!("Example")));
    let id = add(&ada, json!({"first_name": "Grace"})).await;
    assert_eq!(found(&ada, &[]).await, [id.as_str()]);
    // Wherever one is logged in.
    assert_eq!(found(&ada.elsewhere().logged_in().await, &[]).await, [id.as_str()]);
    for parameters in [&[][..], &[("q", "grace")], &[("q", "")]] {
        assert!(found(&bob, parameters).await.is_empty(), "{parameters:?}");
    }
    kith.visitor().get(PATH).await.assert_problem(401, "unauthorized");
}

#[tokio::test]
async fn a05_the_list_shows_all_that_is_on_each_card_the_newest_first() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    assert_eq!(ada.get(PATH).await.assert_status(200).json(), json!({"items": [], "next_cursor": null}));
    let mut expected = Vec::new();
    for card in [full(), json!({"company": "Acme"}), json!({"last_name": "L", "tags": ["x"]})] {
        expected.insert(0, show(&ada, &add(&ada, card).await).await);
    }
    let page = ada.get(PATH).await;
    assert_eq!(items(&page), expected);
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    // Editing a card does not move it.
    let last = expected[2]["id"].as_str().unwrap().to_owned();
    expected[2] = ada.patch(&path(&last)).json(json!({"place": "Jena"})).await.json();
    assert_eq!(items(&ada.get(PATH).await), expected);
    assert_eq!(items(&ada.get(&list(&[("q", "jena")])).await), expected[2..]);
    ada.delete(&path(&last)).await.assert_status(204);
    assert_eq!(items(&ada.get(PATH).await), expected[..2]);
}

#[tokio::test]
async fn a05_walking_45_cards_shows_each_once_with_a_filter_and_without() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    // Every third is somewhere else, so that what a filter takes lies between others.
    let place = |n: usize| if n.is_multiple_of(3) { "Paris" } else { "Łódź" };
    let all = with_cards(&ada, 67, |n| json!({"first_name": format!("Friend {n}"), "place": place(n)})).await;
    let in_lodz = found(&ada, &[("place", "lodz")]).await;
    assert_eq!(in_lodz.len(), 44);
    for (parameters, expected, limits) in [
        (&[][..], &all, &[20, 44, 45, 66, 67, 68][..]),
        (&[("q", "friend")], &all, &[7, 20, 66, 67]),
        (&[("place", "lodz")], &in_lodz, &[1, 20, 22, 43, 44, 45, 100]),
        (&[("q", "lodz"), ("place", "ó")], &in_lodz, &[11]),
    ] {
        for limit in limits {
            let pages = walk(&ada, &list(parameters), *limit).await;
            assert_eq!(pages.len(), expected.len().div_ceil(*limit), "{parameters:?} by {limit}");
            let walked: Vec<String> = pages.iter().flat_map(ids).collect();
            assert_eq!(walked, *expected, "{parameters:?} by {limit}");
        }
    }
    assert_eq!(ids(&ada.get(PATH).await), all[..20], "20 is the default");
}

#[tokio::test]
async fn c84_c88_the_next_page_is_of_the_same_search_and_its_link_works() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let all =
        with_cards(&ada, 7, |n| json!({"first_name": "Zoë & <co>", "place": format!("Łódź {n}"), "tags": ["a b"]}))
            .await;
    add(&ada, json!({"first_name": "Nobody"})).await;
    let first = ada.get(&format!("{}&limit=3", list(&[("q", "zoe & <co>"), ("place", "łódź"), ("tag", "A b")]))).await;
    assert_eq!(ids(&first), all[..3]);
    let mut page = first;
    let mut walked = ids(&page);
    while let Some(link) = page.header("link") {
        let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        let to = target.strip_prefix(kith.url()).unwrap_or_else(|| panic!("leads elsewhere: {target}"));
        assert!(target.contains("limit=3") && target.contains(&next(&page).unwrap()));
        page = ada.get(to).await;
        walked.extend(ids(&page));
    }
    assert_eq!(walked, all);
    assert_eq!(next(&page), None);
}

#[tokio::test]
async fn c84_cursors_are_of_one_list_and_one_person() {
    let kith = Kith::shared().await;
    let (ada, eve) = (kith.registered("ada").await, kith.registered("eve").await);
    let cursor = async |of: &Actor, path: &str| next(&of.get(&format!("{path}?limit=1")).await).unwrap();
    let mut memories = Vec::new();
    for owner in [&ada, &eve] {
        let card = with_cards(owner, 3, |_| json!({"first_name": "Grace"})).await.swap_remove(0);
        memories.push(format!("{}/memories", path(&card)));
        for text in ["one", "two"] {
            owner.post(memories.last().unwrap()).json(json!({"text": text})).await.assert_status(201);
        }
        for _ in 0..2 {
            owner.elsewhere().logged_in().await;
        }
    }
    let own = cursor(&ada, PATH).await;
    assert!(!own.contains("con_"), "the cursor shows what it holds");
    let mut bad = vec![
        cursor(&eve, PATH).await,
        cursor(&ada, &memories[0]).await,
        cursor(&ada, "/v1/auth/sessions").await,
        String::new(),
        ids(&ada.get(PATH).await)[0].clone(),
        own[1..].to_owned(),
        format!("{own}A"),
        "%ff".to_owned(),
    ];
    for at in [0, own.len() / 2, own.len() - 2] {
        let other = if own.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut changed = own.clone();
        changed.replace_range(at..=at, other);
        bad.push(changed);
    }
    for cursor in &bad {
        for filter in ["", "&q=grace"] {
            ada.get(&format!("{PATH}?limit=1&cursor={cursor}{filter}")).await.assert_problem(400, "bad-request");
        }
    }
    ada.get(&format!("{}?cursor={own}", memories[0])).await.assert_problem(400, "bad-request");
    eve.get(&format!("{PATH}?cursor={own}")).await.assert_problem(400, "bad-request");
    assert_eq!(ids(&ada.get(&format!("{PATH}?cursor={own}")).await).len(), 2);
    // One is a place in the list, whatever is sought from there.
    assert_eq!(ids(&ada.get(&format!("{PATH}?cursor={own}&q=grace")).await).len(), 2);
    for bad in ["0", "-1", "x", "1.5"] {
        ada.get(&format!("{PATH}?limit={bad}")).await.assert_faults(&["?limit"]);
    }
}

#[tokio::test]
async fn c84_what_comes_and_goes_during_a_walk_disturbs_nothing_else() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let all = with_cards(&ada, 12, |_| json!({"first_name": "Grace"})).await;
    for parameters in [&[][..], &[("q", "grace")]] {
        let first = ada.get(&format!("{}&limit=4", list(parameters))).await;
        assert_eq!(ids(&first), all[..4]);
        // The one that the cursor points to goes, and one comes that is newer.
        let spare = add(&ada, json!({"first_name": "Grace"})).await;
        let rest = |cursor: String| format!("{}&limit=4&cursor={cursor}", list(parameters));
        let second = ada.get(&rest(next(&first).unwrap())).await;
        assert_eq!(ids(&second), all[4..8]);
        ada.delete(&path(&spare)).await.assert_status(204);
        let third = ada.get(&rest(next(&second).unwrap())).await;
        assert_eq!((ids(&third), next(&third)), (all[8..].to_vec(), None));
    }
    let first = ada.get(&format!("{PATH}?limit=4")).await;
    ada.delete(&path(&all[3])).await.assert_status(204);
    ada.delete(&path(&all[5])).await.assert_status(204);
    let second = ada.get(&format!("{PATH}?limit=4&cursor={}", next(&first).unwrap())).await;
    assert_eq!(ids(&second), [&all[4], &all[6], &all[7], &all[8]].map(String::as_str));
}

/// A megabyte is where the database ends a page, and a hundred of the longest cards are four.
#[tokio::test]
async fn a05_h11_pages_of_the_longest_cards_end_at_a_megabyte_and_miss_none() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let longest = |n: usize| {
        json!({
            "first_name": "🦀".repeat(30), "last_name": "🦀".repeat(30), "company": "\"".repeat(60),
            "position": "\\".repeat(60), "social_media": "\"".repeat(400), "event": "🦀".repeat(80),
            "place": format!("{n} {}", "🦀".repeat(100)), "spark": "🦀".repeat(9000),
            "tags": (0..20).map(|tag| format!("{tag:🦀>30}")).collect::<Vec<_>>(),
        })
    };
    let all = with_cards(&ada, 101, longest).await;
    for parameters in [&[][..], &[("q", "🦀")]] {
        let pages = walk(&ada, &list(parameters), 100).await;
        let sizes: Vec<usize> = pages.iter().map(|page| page.body().len()).collect();
        assert!((4..=5).contains(&pages.len()) && sizes.iter().all(|size| *size < 1_200_000), "{sizes:?}");
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), all);
    }
    let found: BTreeSet<String> = ids(&ada.get(&list(&[("place", "77 ")])).await).into_iter().collect();
    assert_eq!(found.len(), 1);
}

/// The answers of one person are no other's.
#[tokio::test]
async fn d44_lists_are_private() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    let page: Answer = ada.get(PATH).await;
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    assert!(page.header("vary").is_some_and(|vary| vary.contains("authorization")));
}
