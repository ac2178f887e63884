//! Every link leads somewhere, and every time is a time.

use kith_tests::{Answer, Kith, Mail};
use serde_json::{Value, json};

/// The addresses in a mail, of both its parts.
fn links(mail: &Mail) -> Vec<String> {
    let parts = [&mail.text, &mail.html];
    let mut found: Vec<String> = Vec::new();
    for part in parts {
        for (at, _) in part.match_indices("http") {
            let rest = &part[at..];
            let is_end = |c: char| c.is_whitespace() || "\"'<>()".contains(c);
            let link = rest[..rest.find(is_end).unwrap_or(rest.len())].trim_end_matches(['.', ',']);
            if link.contains("://") && !found.contains(&link.to_owned()) {
                found.push(link.to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn c88_every_location_and_every_link_in_a_mail_resolves() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (ada, bob) = (kith.newcomer("ada"), kith.registered("bob").await);
    let registered = ada.register().await;
    let invited = root.post("/v1/users").json(json!({"email": kith.newcomer("guest").person.email})).await;
    bob.forget_password().await.assert_status(202);
    let moved = kith.newcomer("moved").person.email;
    bob.want_email(&moved).await.assert_status(200);
    kith.settle().await;

    let mut opened = Vec::new();
    let mut mails = kith.mails_to(&bob.person.email).await;
    mails.truncate(2);
    for to in [&ada.person.email, &invited.text_at("/email"), &moved] {
        mails.push(kith.mails_to(to).await.swap_remove(0));
    }
    for mail in mails {
        let links = links(&mail);
        assert!(!links.is_empty(), "no link in {}", mail.text);
        for link in links {
            let path = link.strip_prefix(kith.url()).unwrap_or_else(|| panic!("{link} leads elsewhere"));
            let path = if path.is_empty() { "/" } else { path };
            let page = kith.visitor().get(path).await;
            assert_eq!(page.assert_status(200).header("content-type"), Some("text/html; charset=utf-8"), "{link}");
            opened.push(path.split('?').next().unwrap().to_owned());
        }
    }
    for path in ["/confirm", "/reset-password", "/accept-invitation", "/undo-email-change"] {
        assert!(opened.iter().any(|opened| opened == path), "no mail leads to {path}: {opened:?}");
    }
    let token = ada.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    for answer in [&registered, &invited] {
        let location = answer.assert_status(201).header("location").unwrap();
        let seen = root.get(location).await;
        assert_eq!(seen.assert_status(200).json()["id"], answer.json()["id"]);
    }
    // Whoever registers may follow it, too.
    let ada = ada.logged_in().await;
    ada.get(registered.header("location").unwrap()).await.assert_status(200);
}

#[tokio::test]
async fn c88_no_mail_ever_leads_elsewhere() {
    let Some(kith) = Kith::with_helpers().await else { return };
    kith.pending("ada").await.newest_link_token().await;
    // Of all tests so far.
    let mails: Vec<Mail> = serde_json::from_value(kith.helper("/_kith/mails").await).unwrap();
    assert!(!mails.is_empty());
    for mail in &mails {
        for link in links(mail) {
            assert!(link.starts_with(kith.url()), "{link} in {}", mail.text);
        }
        assert!(!mail.text.trim().is_empty() && !mail.html.trim().is_empty(), "{} has not both parts", mail.subject);
    }
}

#[tokio::test]
async fn c87_times_are_real_utc_times_of_each_object() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let root = kith.admin("root").await;
    let invite = async || {
        let guest = kith.newcomer("guest").person.email;
        root.post("/v1/users").json(json!({"email": guest})).await
    };
    let time = |answer: &Answer, name: &str| -> jiff::Timestamp {
        let text = answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
        assert!(text.ends_with('Z'), "{text}");
        text.parse().unwrap()
    };
    let first = invite().await;
    let between = clock.advance("2s").await;
    let second = invite().await;
    // Times have whole milliseconds.
    let shown = between - jiff::SignedDuration::from_millis(1);
    assert!(time(&first, "created_at") < shown && shown <= time(&second, "created_at"));
    assert!(time(&second, "created_at").duration_since(time(&first, "created_at")).as_secs() >= 2);
    assert_eq!(time(&first, "created_at"), time(&first, "updated_at"));

    let path = format!("/v1/users/{}", first.text_at("/id"));
    clock.advance("2s").await;
    let changed = root.patch(&path).json(json!({"first_name": "Guest"})).await;
    assert_eq!(time(&changed, "created_at"), time(&first, "created_at"));
    assert!(time(&changed, "updated_at").duration_since(time(&first, "updated_at")).as_secs() >= 4);
    root.put(&format!("{path}/ban")).await.assert_status(204);
    let banned = root.get(&path).await;
    assert!(time(&banned, "banned_at") >= time(&changed, "updated_at"));
    let events = root.get("/v1/me/audit").await.json();
    for event in events["items"].as_array().unwrap() {
        let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
        // That the admin became one came before.
        let is_since = at >= time(&first, "created_at") || event["action"] == "role_changed";
        assert!(is_since && event["at"].as_str().unwrap().ends_with('Z'));
    }
    assert_ne!(events, Value::Null);
}
