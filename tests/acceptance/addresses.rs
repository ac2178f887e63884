//! E-mail addresses: what a mail server takes, in one spelling, wherever one is typed.

use crate::cards;
use kith_tests::{Actor, Kith};
use serde_json::json;

/// No mail would reach these, or they would mean something else in a link or a header.
const BAD: [&str; 24] = [
    "müller@example.com",
    "\u{212a}ate@example.com",
    "ада@example.org",
    "a@b",
    "a@localhost",
    "a\x40127.0.0.1",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@ex_ample.org",
    "a@-example.org",
    "a\x40example-.org",
    "a@example..org",
    "a@example.org.",
    ".a@example.org",
    "a.@example.org",
    "a..b@example.org",
    "\"a b\"@example.org",
    "a@example.org?subject=x",
    "a?subject=x@example.org",
    "a&b@example.org",
    "a%40b@example.org",
    "a@example.org\r\nBcc: b@example.org",
    "a,b@example.org",
    "A <a@example.org>",
];

/// Everywhere an address is typed, as somebody who may.
async fn typed(kith: &Kith, admin: &Actor, address: &str) -> Vec<(&'static str, kith_tests::Answer, &'static str)> {
    let stranger = kith.newcomer("stranger");
    let mut registration = stranger.person.registration();
    registration["email"] = address.into();
    let email = json!({"email": address});
    let query: String = cards::list(&[("email", address)]).split_once('?').unwrap().1.to_owned();
    vec![
        ("register", stranger.post("/v1/auth/register").json(registration).await, "/email"),
        ("resend", stranger.post("/v1/auth/confirm/resend").json(&email).await, "/email"),
        ("forgot", stranger.post("/v1/auth/password/forgot").json(&email).await, "/email"),
        ("change", admin.patch("/v1/me").json(&email).await, "/email"),
        ("invite", admin.post("/v1/users").json(&email).await, "/email"),
        ("correct", admin.patch(&format!("/v1/users/{}", admin.id())).json(&email).await, "/email"),
        ("find", admin.get(&format!("/v1/users?{query}")).await, "?email"),
        ("card", admin.post(cards::PATH).json(json!({"first_name": "A", "email": address})).await, "/email"),
    ]
}

#[tokio::test]
async fn h14_what_no_mail_server_takes_is_refused_wherever_it_is_typed() {
    let kith = Kith::shared().await;
    let admin = kith.admin("root").await;
    for bad in BAD {
        for (place, answer, pointer) in typed(&kith, &admin, bad).await {
            let problem = answer.assert_faults(&[pointer]);
            let detail = &problem.errors[0].detail;
            // It says how to write it, and does not repeat what was typed.
            assert!(detail.contains('@') && !detail.contains(bad), "{place} of {bad:?}: {detail}");
        }
        // Nobody has it, and to log in by it is answered as any name that nobody has.
        kith.newcomer("eve").log_in_as(bad, "a long secret").await.assert_problem(401, "wrong-credentials");
    }
}

#[tokio::test]
async fn h14_two_spellings_of_a_domain_are_one_account() {
    let kith = Kith::shared().await;
    let mut ada = kith.newcomer("ada");
    let name = ada.person.email.split_once('@').unwrap().0.to_owned();
    let at = |domain: &str| format!("{name}@{domain}");
    let [unicode, wire] = ["bücher.example", "xn--bcher-kva.example"].map(at);
    ada.person.email = unicode.clone();
    let answer = ada.register().await;
    answer.assert_status(201);
    assert_eq!(answer.text_at("/email"), wire);
    // The mail goes to the spelling that servers know.
    let mut there = ada.clone();
    there.person.email = wire.clone();
    let token = there.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    for spelling in [&unicode, &wire, &unicode.to_uppercase(), &at("bu\u{308}cher.example")] {
        let ada = ada.elsewhere().with_tokens_of(&ada.elsewhere().log_in_as(spelling, &ada.person.password).await);
        assert_eq!(ada.get("/v1/me").await.text_at("/email"), wire, "{spelling}");
    }
    // The other spelling is taken: a second registration gets another mail, and no account.
    let mut eve = kith.newcomer("eve");
    eve.person.email = wire.clone();
    eve.register().await.assert_status(201);
    let mails = there.mails().await;
    assert!(mails[0].text.contains("already has an account"), "{}", mails[0].text);
    // And an admin finds one account by either.
    let admin = kith.admin("root").await;
    for spelling in [&unicode, &wire] {
        let query = cards::list(&[("email", spelling)]);
        let page = admin.get(&format!("/v1/users?{}", query.split_once('?').unwrap().1)).await;
        assert_eq!(cards::items(&page).len(), 1, "{spelling}");
    }
}

#[tokio::test]
async fn h14_a_card_keeps_an_address_that_can_be_mailed() {
    let kith = Kith::shared().await;
    let ada = kith.registered("ada").await;
    for (written, kept) in [
        ("O'Brien+x@Bücher.Example", "O'Brien+x@xn--bcher-kva.example"),
        ("ada.l_2\x40sub.example.co.uk", "ada.l_2\x40sub.example.co.uk"),
        ("info@пример.рф", "info\x40xn--e1afmkfd.xn--p1ai"),
    ] {
        let id = cards::add(&ada, json!({"first_name": "A", "email": written})).await;
        assert_eq!(cards::show(&ada, &id).await["email"], kept);
    }
}
