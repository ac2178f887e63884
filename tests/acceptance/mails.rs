//! What is mailed.

use kith_tests::{Kith, link_token};

#[tokio::test]
async fn d12_x09_the_confirmation_mail_is_text_and_html_with_one_link() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let mails = ada.mails().await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.to, [ada.person.email.as_str()]);
    assert!(!mail.from.is_empty() && !mail.subject.is_empty());
    let token = link_token(mail).unwrap();
    let link = format!("{}/confirm?token={token}", kith.url());
    for part in [&mail.text, &mail.html] {
        assert!(part.contains(&link), "no link in {part}");
        assert!(part.contains(&ada.person.username) && part.contains("24"), "{part}");
        assert!(!part.contains(&ada.person.password));
        assert_eq!(part.matches("token=").count(), part.matches(&token).count());
    }
    for foreign in ["<script", "<img", "<link", "url("] {
        assert!(!mail.html.contains(foreign), "the mail loads something: {foreign}");
    }
    // At least 128 bits that nobody can guess.
    assert!(token.split_once('.').unwrap().1.len() >= 43);
}

#[tokio::test]
async fn c88_every_link_in_a_mail_resolves_and_none_is_built_from_the_host() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    ada.register().header("host", "evil.localhost").header("x-forwarded-host", "evil.example").await.assert_status(201);
    let mail = &ada.mails().await[0];
    assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
    let links: Vec<&str> = mail.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(!links.is_empty());
    for link in links {
        let path = link.strip_prefix(kith.url()).unwrap_or_else(|| panic!("leads elsewhere: {link}"));
        kith.visitor().get(path).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_strangers_words_do_not_reach_an_address_that_is_not_theirs() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.newcomer("ada");
    let mut body = ada.person.registration();
    body["first_name"] = "Win a prize at evil.example".into();
    body["last_name"] = "<b>now</b>".into();
    ada.post("/v1/auth/register").json(body).await.assert_status(201);
    let mail = &ada.mails().await[0];
    for part in [&mail.subject, &mail.text, &mail.html] {
        assert!(!part.contains("prize") && !part.contains("<b>now"), "{part}");
    }
}

#[tokio::test]
async fn e05_each_task_is_mailed_once_however_often_the_outbox_is_driven() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    kith.job("redrive-outbox").await;
    kith.settle().await;
    clock.advance("20m").await;
    kith.job("redrive-outbox").await;
    assert_eq!(ada.mails().await.len(), 1);
    assert!(kith.items("outbox-").await.is_empty());
}
