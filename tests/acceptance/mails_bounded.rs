//! Limits of mails: what a stranger asks for is never paid by whoever is mailed.

use kith_tests::{Actor, Kith, Mail, link_token};

/// The tokens of all links in a mail, in their order, once each.
fn tokens(mail: &Mail) -> Vec<String> {
    let mut rest = mail.text.as_str();
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once("?token=") {
        found.extend(after.split_whitespace().next().map(str::to_owned));
        rest = after;
    }
    found
}

/// Somebody else who registers with this person's address.
fn stranger(kith: &Kith, name: &str, to: &Actor) -> Actor {
    let mut stranger = kith.newcomer(name);
    stranger.person.email = to.person.email.to_uppercase();
    stranger
}

#[tokio::test]
async fn h04_an_address_is_mailed_3_times_an_hour_for_each_network_that_asks_and_every_answer_is_the_same() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    for _ in 0..4 {
        ada.resend().await.assert_status(202);
        kith.settle().await;
    }
    assert_eq!(ada.mails().await.len(), 3, "one for registering, two for asking again");
    ada.elsewhere().resend().await.assert_status(202);
    assert_eq!(ada.mails().await.len(), 4);
    clock.advance("61m").await;
    ada.resend().await.assert_status(202);
    assert_eq!(ada.mails().await.len(), 5);
}

#[tokio::test]
async fn h04_no_address_is_asked_to_confirm_more_than_12_times_an_hour() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    for _ in 0..12 {
        ada.elsewhere().resend().await.assert_status(202);
        kith.settle().await;
    }
    assert_eq!(ada.mails().await.len(), 12);
}

#[tokio::test]
async fn h04_after_a_strangers_resends_and_registrations_the_owner_registers_confirms_and_resets() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let eve = stranger(&kith, "eve", &ada);
    for _ in 0..3 {
        eve.resend().await.assert_status(202);
    }
    for _ in 0..4 {
        let mut next = stranger(&kith, "eve", &ada);
        next.address.clone_from(&eve.address);
        next.register().await.assert_status(201);
        kith.settle().await;
    }
    assert_eq!(ada.mails().await.len(), 3);
    ada.register().await.assert_status(201);
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    let ada = ada.logged_in().await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    ada.reset_password(&token, "another long secret").await.assert_status(204);
}

#[tokio::test]
async fn h04_asking_again_brings_a_link_for_each_registration_and_the_askers_own_is_among_them() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let eves: Vec<Actor> = (0..4).map(|_| stranger(&kith, "eve", &ada)).collect();
    for eve in &eves {
        eve.register().await.assert_status(201);
    }
    kith.settle().await;
    ada.resend().await.assert_status(202);
    let mail = &ada.mails().await[0];
    let tokens = tokens(mail);
    assert_eq!(tokens.len(), 3, "{}", mail.text);
    // Ada's first, since it was asked for from here; then the newest two of the others.
    for (who, token) in [&ada, &eves[3], &eves[2]].into_iter().zip(&tokens) {
        assert!(mail.text.contains(&who.person.username) && mail.html.contains(&who.person.username), "{}", mail.text);
        assert!(ada.get(&format!("/confirm?token={token}")).await.text().contains(&who.person.username));
    }
    ada.confirm(&tokens[0]).await.assert_status(204);
    eves[3].confirm(&tokens[1]).await.assert_problem(400, "dead-link");
}

#[tokio::test]
async fn h04_a_forgotten_password_is_answered_alike_and_mailed_3_times_an_hour() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let before = ada.mails().await.len();
    for _ in 0..4 {
        ada.elsewhere().forget_password().await.assert_status(202);
        kith.settle().await;
    }
    let mails = ada.mails().await;
    assert_eq!(mails.len() - before, 3);
    // What was mailed works, whoever asked for it.
    ada.reset_password(&link_token(&mails[2]).unwrap(), "another long secret").await.assert_status(204);
}

#[tokio::test]
async fn h04_a_username_that_looks_like_a_host_is_no_link_in_a_mail_to_strangers() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut eve = kith.newcomer("win");
    eve.person.username.push_str(".example.com");
    eve.register().await.assert_status(201);
    let mail = &eve.mails().await[0];
    for part in [&mail.text, &mail.html] {
        assert!(!part.contains(".example.com") && part.contains(".\u{2060}example.\u{2060}com"), "{part}");
    }
}
