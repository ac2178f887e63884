//! What may stand behind the question mark: exactly what a route knows.

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

/// Every `GET` of the API that has no parameter in its path, with the names that it knows.
async fn reads(kith: &Kith) -> Vec<(String, Vec<String>)> {
    let contract = kith.visitor().get("/openapi.json").await.json();
    let is_read =
        |path: &str, item: &Value| path.starts_with("/v1") && !path.contains('{') && item.get("get").is_some();
    let items = contract["paths"].as_object().unwrap().iter().filter(|(path, item)| is_read(path, item));
    let names = |item: &Value| {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let in_query = parameters.into_iter().filter(|parameter| parameter["in"] == "query");
        in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    items.map(|(path, item)| (path.clone(), names(item))).collect()
}

#[tokio::test]
async fn h17_a_name_that_a_route_does_not_know_is_named_and_refused() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let reads = reads(&kith).await;
    assert!(reads.len() >= 10, "{reads:?}");
    for (path, _) in &reads {
        for (query, pointers) in [
            ("tags=boats", vec!["?tags"]),
            ("Limit=5", vec!["?Limit"]),
            ("limits=5&x=1&x=2", vec!["?limits", "?x"]),
            ("utm_source=mail", vec!["?utm_source"]),
            ("=", vec!["?"]),
            ("limit%20=1", vec!["?limit "]),
        ] {
            root.get(&format!("{path}?{query}")).await.assert_faults(&pointers);
        }
    }
    // Whatever the method.
    root.post("/v1/contacts?dry_run=1").json(json!({"first_name": "Ada"})).await.assert_faults(&["?dry_run"]);
    root.delete("/v1/auth/sessions?all=1").await.assert_faults(&["?all"]);
    root.patch("/v1/me?fields=bio").json(json!({})).await.assert_faults(&["?fields"]);
    kith.visitor().post("/v1/auth/login?next=/").json(json!({})).await.assert_faults(&["?next"]);
}

#[tokio::test]
async fn h17_a_name_is_given_once_unless_it_may_be_given_again() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    for (path, names) in reads(&kith).await {
        for name in names.iter().filter(|name| *name != "tag") {
            for (one, other) in [("1", "2"), ("1", "1"), ("", "1"), ("", "")] {
                let answer = root.get(&format!("{path}?{name}={one}&{name}={other}")).await;
                answer.assert_faults(&[&format!("?{name}")]);
            }
        }
    }
}

#[tokio::test]
async fn h17_a_limit_is_from_1_to_100_on_every_list() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let contact = root.post("/v1/contacts").json(json!({"first_name": "Ada"})).await.text_at("/id");
    let lists = reads(&kith).await.into_iter().filter(|(_, names)| names.iter().any(|name| name == "limit"));
    let mut paths: Vec<String> = lists.map(|(path, _)| path).collect();
    paths.push(format!("/v1/contacts/{contact}/memories"));
    assert!(paths.len() >= 7, "{paths:?}");
    for path in paths {
        for bad in ["0", "101", "-1", "x", "", "1.0", "+5", "%201", "1e1", "18446744073709551617"] {
            root.get(&format!("{path}?limit={bad}")).await.assert_faults(&["?limit"]);
        }
        for good in ["1", "100"] {
            root.get(&format!("{path}?limit={good}")).await.assert_status(200);
        }
    }
}

#[tokio::test]
async fn h17_pages_and_documents_let_others_add_to_their_addresses() {
    let kith = Kith::shared().await;
    for path in ["/", "/docs", "/health", "/openapi.json", "/notes/new", "/.well-known/jwks.json"] {
        kith.visitor().get(&format!("{path}?utm_source=mail&utm_source=chat&fbclid=x")).await.assert_status(200);
    }
}

async fn card(of: &Actor, name: &str, tags: &[&str]) {
    of.post("/v1/contacts").json(json!({"first_name": name, "tags": tags})).await.assert_status(201);
}

#[tokio::test]
async fn h17_of_several_tags_a_card_must_have_all() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    card(&ada, "Both", &["Boats", "sails"]).await;
    card(&ada, "One", &["boats"]).await;
    card(&ada, "Other", &["sails"]).await;
    let names = async |query: &str| -> Vec<String> {
        let page = ada.get(&format!("/v1/contacts?{query}")).await;
        let items = page.assert_status(200).json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["first_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("tag=boats&tag=sails").await, ["Both"]);
    assert_eq!(names("tag=sails&tag=BOATS").await, ["Both"]);
    assert_eq!(names("tag=boats&tag=boats").await, ["One", "Both"]);
    assert_eq!(names("tag=boats&tag=").await, ["One", "Both"]);
    assert_eq!(names("tag=boats&q=one").await, ["One"]);
    assert!(names("tag=boats&tag=sails&tag=wind").await.is_empty());

    // The next page is one of the same list.
    card(&ada, "Too", &["sails", "boats"]).await;
    let first = ada.get("/v1/contacts?tag=boats&limit=1&tag=sails").await;
    let link = first.header("link").unwrap().to_owned();
    let next = link.split_once('<').unwrap().1.split_once('>').unwrap().0;
    let next = next.strip_prefix(kith.url()).unwrap();
    assert_eq!(ada.get(next).await.assert_status(200).json()["items"][0]["first_name"], "Both");

    let many = vec!["tag=x"; 21].join("&");
    ada.get(&format!("/v1/contacts?{many}")).await.assert_faults(&["?tag"]);
    let long = "x".repeat(201);
    ada.get(&format!("/v1/contacts?tag=ok&tag={long}")).await.assert_faults(&["?tag"]);
}
