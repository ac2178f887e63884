//! HEAD: what GET would answer, without its body.

use kith_tests::Kith;
use serde_json::json;

/// Every public `GET`, with something in place of its parameters.
fn public_reads(token: &str, photo: &str) -> Vec<String> {
    let user = "usr_01a318c1400074aab4a3b5b6a7a8b9c0";
    let routes = kith_local::code_routes(&kith_local::functions());
    let public = routes.into_iter().filter(|route| route.method == "GET" && route.who == "public");
    let filled = public.map(|route| {
        if route.operation == "show-photo" {
            return photo.to_owned();
        }
        let path = route.path.replace("{token}", token).replace("{file}", "kith-docs.css");
        path.replace("{kind}", "cover-photo").replace("{user_id}", user)
    });
    filled.collect()
}

#[tokio::test]
async fn h18_head_answers_as_get_does_wherever_anybody_may_get() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let note = kith.visitor().seal(json!({"text": "for one reading"})).await;
    let token = note.text_at("/token");
    let photo = crate::photos::upload(&kith.registered("ada").await, crate::photos::PROFILE, 30, 20).await;
    let paths = public_reads(&token, &photo["url"].as_str().unwrap()[kith.url().len()..]);
    assert!(paths.len() >= 15 && !paths.iter().any(|path| path.contains('{')), "{paths:?}");
    for path in paths {
        let visitor = kith.visitor();
        let (head, get) = (visitor.request("HEAD", &path).await, visitor.get(&path).await);
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(head.body().is_empty() && !get.body().is_empty(), "{path}");
        assert_eq!(head.header("content-length").unwrap(), get.body().len().to_string(), "{path}");
        for name in
            get.headers().keys().filter(|name| !["date", "apigw-requestid", "ratelimit"].contains(&name.as_str()))
        {
            assert_eq!(head.header(name.as_str()), get.header(name.as_str()), "{path}: {name}");
        }
    }
    // However often: nothing is used up.
    for path in [format!("/n/{token}"), format!("/v1/notes/{token}"), format!("/v1/notes/{token}/open")] {
        for _ in 0..3 {
            kith.visitor().request("HEAD", &path).await;
        }
    }
    assert_eq!(kith.visitor().open(&token).await.assert_status(200).json()["text"], "for one reading");
}

#[tokio::test]
async fn h18_head_knows_what_has_not_changed() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let tag = visitor.get("/openapi.json").await.header("etag").unwrap().to_owned();
    let same = visitor.request("HEAD", "/openapi.json").header("if-none-match", tag).await;
    assert!(same.assert_status(304).body().is_empty());
}

#[tokio::test]
async fn h18_head_of_what_is_not_for_everybody_is_405_and_of_nothing_404() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    let refused = visitor.request("HEAD", "/v1/me").await;
    assert_eq!(refused.assert_status(405).header("allow"), Some("DELETE, GET, PATCH"));
    assert!(refused.body().is_empty());
    visitor.request("HEAD", "/nowhere").await.assert_status(404);
    assert_eq!(visitor.post("/health").await.assert_status(405).header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn h18_under_v1_an_unknown_path_is_a_problem_whatever_one_accepts() {
    let kith = Kith::shared().await;
    let visitor = kith.visitor();
    for path in ["/v1/nowhere", "/v1/", "/v1/users/a/b/c"] {
        for accepted in ["text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "text/html;q=0", "*/*", ""] {
            visitor.get(path).header("accept", accepted).await.assert_problem(404, "not-found");
        }
    }
    for accepted in
        ["text/html;q=0", "text/html;q=0.000, */*", "application/json, text/html;q=0.5", "text/htmlx", "*/*"]
    {
        visitor.get("/nowhere").header("accept", accepted).await.assert_problem(404, "not-found");
    }
    for accepted in ["text/html", "TEXT/HTML;q=0.1", "text/html;level=1;q=0.7, */*;q=0.1"] {
        let page = visitor.get("/nowhere").header("accept", accepted).await;
        assert_eq!(page.assert_status(404).header("content-type"), Some("text/html; charset=utf-8"), "{accepted}");
    }
}
