//! The runner is for this machine only.

use kith_tests::Kith;
use serde_json::json;

/// Pages, routes, the gateway's own answers, and helpers.
const PATHS: [&str; 9] =
    ["/", "/health", "/v1/me", "/nowhere", "/v1/nowhere", "/_kith", "/_kith/", "/_kith/mails", "/_kith/nowhere"];

/// Where the server is, without the scheme.
fn host_of(kith: &Kith) -> String {
    kith.url().trim_start_matches("http://").to_owned()
}

#[tokio::test]
async fn h24_a_foreign_host_gets_nothing_on_any_route() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let port = host_of(&kith).rsplit(':').next().unwrap().to_owned();
    let visitor = kith.visitor();
    for path in PATHS {
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "rebound.evil.example:80"] {
            for method in ["GET", "POST", "OPTIONS", "DELETE"] {
                let answer = visitor.request(method, path).header("host", format!("{host}:{port}")).await;
                assert_eq!(answer.status(), 421, "{method} {path} at {host}: {answer}");
                let plain = visitor.request(method, path).header("host", host).await;
                assert_eq!(plain.status(), 421, "{method} {path} at {host}: {plain}");
                assert!(plain.text().contains("another host"), "{plain}");
            }
        }
        for host in ["localhost", "LOCALHOST.", "kith.localhost", "[::1]"] {
            let answer = visitor.get(path).header("host", format!("{host}:{port}")).await;
            assert_ne!(answer.status(), 421, "{path} at {host}: {answer}");
        }
    }
}

#[tokio::test]
async fn h24_no_page_of_another_origin_moves_anything() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let (host, visitor, before) = (host_of(&kith), kith.visitor(), kith.now().await);
    let foreign = [
        "http://evil.example",
        "https://evil.example",
        "null",
        "http://localhost:1",
        "http://127.0.0.1",
        "file://",
        "chrome-extension://abc",
    ];
    for helper in ["clock", "settle", "sweep", "faults", "jobs/redrive-outbox", "nowhere"] {
        let path = format!("/_kith/{helper}");
        for origin in foreign {
            for kind in ["text/plain", "application/json", "application/x-www-form-urlencoded"] {
                let posted = visitor.post(&path).header("origin", origin).body(kind, r#"{"advance": "30d"}"#).await;
                assert_eq!(posted.status(), 403, "{path} from {origin}: {posted}");
            }
        }
        for site in ["cross-site", "same-site"] {
            let posted = visitor.post(&path).header("sec-fetch-site", site).json(json!({"advance": "30d"})).await;
            assert_eq!(posted.status(), 403, "{path} from {site}: {posted}");
        }
    }
    let moved = kith.now().await.duration_since(before);
    assert!(moved < jiff::SignedDuration::from_hours(1), "the clock went on by {moved:?}");
    // Its own page, and whoever is no page at all.
    let own = visitor.post("/_kith/settle").header("origin", format!("http://{host}"));
    own.header("sec-fetch-site", "same-origin").await.assert_status(200);
    visitor.post("/_kith/settle").await.assert_status(200);
}
