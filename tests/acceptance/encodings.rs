//! Bodies that are encoded: none is taken, and the answer says so.

use kith_tests::{Actor, Answer, Kith, pictures};

/// `{"first_name":"Ada"}` by gzip.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0x4a, 0xcb, 0x2c, 0x2a, 0x2e, 0x89, 0xcf, 0x4b, 0xcc, 0x4d,
    0x55, 0xb2, 0x52, 0x72, 0x4c, 0x49, 0x54, 0xaa, 0x05, 0,
];

fn assert_told(answer: &Answer) {
    let problem = answer.assert_problem(415, "encoded");
    assert!(problem.detail.contains("Content-Encoding"), "{answer}");
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
}

/// Every kind of body there is: JSON, optional JSON, forms of pages and of the API, pictures in both ways.
async fn encoded(actor: &Actor, coding: &str) -> Vec<Answer> {
    let form = "application/x-www-form-urlencoded";
    let mut answers = Vec::new();
    for (method, path, kind) in [
        ("PATCH", "/v1/me", "application/json"),
        ("POST", "/v1/contacts", "application/json"),
        ("POST", "/v1/auth/login", "application/json"),
        ("POST", "/v1/auth/register", "application/json"),
        ("DELETE", "/v1/me", "application/json"),
        ("POST", "/v1/notes", "application/json"),
        ("POST", "/v1/notes", form),
        ("POST", "/v1/notes/x/open", "application/json"),
        ("POST", "/notes/new", form),
        ("POST", "/notes/destroy", form),
        ("POST", "/n/x", form),
        ("POST", "/confirm", form),
        ("POST", "/undo-email-change", form),
        ("POST", "/reset-password", form),
        ("POST", "/accept-invitation", form),
        ("PUT", "/v1/me/profile-photo", "image/png"),
        ("PUT", "/v1/me/cover-photo", "multipart/form-data; boundary=x"),
    ] {
        let sent = actor.moved().request(method, path).header("content-encoding", coding);
        answers.push(sent.body(kind, GZIPPED).await);
    }
    answers
}

#[tokio::test]
async fn h20_an_encoded_body_is_415_with_the_reason() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for coding in ["gzip", "br", "deflate", "x-gzip", "compress", "zstd", "made-up", "identity, gzip", "GZIP"] {
        for answer in encoded(&ada, coding).await {
            assert_told(&answer);
        }
    }
}

#[tokio::test]
async fn h20_a_body_as_it_is_may_say_so() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for coding in ["identity", "Identity", ""] {
        let sent = ada.patch("/v1/me").header("content-encoding", coding).body("application/json", r#"{"bio":"x"}"#);
        sent.await.assert_status(200);
        let photo = ada.put("/v1/me/profile-photo").header("content-encoding", coding);
        photo.body("image/png", pictures::png(9, 9)).await.assert_status(200);
    }
    // Without a body there is nothing that could be encoded.
    ada.get("/v1/me").header("content-encoding", "gzip").await.assert_status(200);
}
