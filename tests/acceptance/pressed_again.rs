//! Pages of mailed links: whoever pressed the button is told of their success again, and the link works once all the same.

use futures::future::join;
use kith_tests::{Actor, Answer, Kith};

/// What the hidden field of a page carries.
fn form_key(page: &Answer) -> String {
    let text = page.assert_status(200).text();
    let (_, from) = text.split_once("name=\"key\" value=\"").unwrap_or_else(|| panic!("no key in {page}"));
    from.split_once('"').unwrap().0.to_owned()
}

/// A page behind a mailed link.
struct Page<'a> {
    path: &'a str,
    token: String,
    /// What is typed or chosen there.
    fields: Vec<(&'a str, String)>,
}

impl Page<'_> {
    async fn key_for(&self, by: &Actor) -> String {
        form_key(&by.bare_request("GET", &format!("{}?token={}", self.path, self.token)).await)
    }

    async fn press(&self, by: &Actor, key: &str) -> Answer {
        let mut fields = vec![("token", &*self.token), ("key", key)];
        fields.extend(self.fields.iter().map(|(name, value)| (*name, value.as_str())));
        by.bare_request("POST", self.path).form(&fields).await
    }

    /// Presses twice at once, then again; and tells what others see.
    async fn assert_told_again(&self, by: &Actor, words: &str) {
        let (mine, other) = (self.key_for(by).await, self.key_for(&by.elsewhere()).await);
        assert_ne!(mine, other, "{}: a key is made up for each time that the page is shown", self.path);
        let (one, two) = join(self.press(by, &mine), self.press(by, &mine)).await;
        // From another network, too.
        for told in [one, two, self.press(by, &mine).await, self.press(&by.moved(), &mine).await] {
            assert!(told.assert_status(200).text().contains(words), "{}: {told}", self.path);
            assert_eq!(told.header("cache-control"), Some("no-store"), "{told}");
        }
        // Another window, another form, none at all: the link is used up.
        for key in [&*other, &format!("{mine}x"), "", "short"] {
            self.press(&by.elsewhere(), key).await.assert_status(400);
        }
        by.bare_request("GET", &format!("{}?token={}", self.path, self.token)).await.assert_status(400);
    }
}

fn confirming(who: &Actor, token: String, answer: &str) -> Page<'static> {
    let fields = vec![("answer", answer.to_owned()), ("password", who.person.password.clone())];
    Page { path: "/confirm", token, fields }
}

fn resetting(token: String, password: &str) -> Page<'static> {
    let fields = vec![("password", password.to_owned()), ("password_again", password.to_owned())];
    Page { path: "/reset-password", token, fields }
}

#[tokio::test]
async fn h31_confirming_twice_tells_the_same_welcome_twice() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let page = confirming(&ada, ada.newest_link_token().await, "confirm");
    page.assert_told_again(&ada, &format!("Welcome, <span class=\"name\">{}", ada.person.username)).await;
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn h31_this_was_not_me_is_thanked_for_as_often_as_it_is_pressed() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.pending("ada").await;
    let token = ada.newest_link_token().await;
    let page = confirming(&ada, token.clone(), "not_me");
    let key = page.key_for(&ada).await;
    page.assert_told_again(&ada, "The registration is destroyed.").await;
    // The other button of a form whose first was pressed does nothing, and does not claim to.
    for key in [key, "0123456789abcdef".to_owned()] {
        confirming(&ada, token.clone(), "confirm").press(&ada, &key).await.assert_status(400);
    }
    ada.log_in().await.assert_problem(401, "wrong-credentials");
}

#[tokio::test]
async fn h31_resetting_twice_tells_twice_that_the_password_is_set_and_mails_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    let mails = ada.mails().await.len();
    let password = format!("another-secret-of-{}", ada.person.username);
    resetting(token, &password).assert_told_again(&ada, "Your new password is set").await;
    ada.log_in_as(&ada.person.username, &password).await.assert_status(200);
    assert_eq!(ada.mails().await.len(), mails + 1);
}

#[tokio::test]
async fn h31_another_password_in_the_same_form_is_not_said_to_be_set() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    ada.forget_password().await.assert_status(202);
    let token = ada.newest_link_token().await;
    let (first, second) = (format!("first-of-{}", ada.person.username), format!("second-of-{}", ada.person.username));
    let key = resetting(token.clone(), &first).key_for(&ada).await;
    // A slip of the finger is mended in the form that comes back, which has a key of its own.
    let slip = [("token", &*token), ("key", &*key), ("password", &*first), ("password_again", &*second)];
    ada.bare_request("POST", "/reset-password").form(&slip).await.assert_status(422);
    resetting(token.clone(), &first).press(&ada, &key).await.assert_status(200);
    let refused = resetting(token.clone(), &second).press(&ada, &key).await;
    assert!(!refused.assert_status(400).text().contains("is set"), "{refused}");
    resetting(token, &first).press(&ada, &key).await.assert_status(200);
    ada.log_in_as(&ada.person.username, &second).await.assert_status(401);
    // Nor does the table or a record hold what was typed.
    let table = serde_json::to_string(&kith.table().await).unwrap();
    for secret in [&first, &second, &key] {
        assert!(!table.contains(secret.as_str()), "{secret}");
    }
}

#[tokio::test]
async fn h31_accepting_an_invitation_twice_tells_the_same_welcome_twice() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (grace, _) = kith.invited(&root, "grace").await;
    let token = grace.newest_link_token().await;
    let typed = [
        ("first_name", "Grace"),
        ("last_name", "Hopper"),
        ("username", &grace.person.username),
        ("password", &grace.person.password),
    ];
    let fields = typed.map(|(name, value)| (name, value.to_owned())).to_vec();
    let page = Page { path: "/accept-invitation", token, fields };
    page.assert_told_again(&grace, &format!("Welcome, <span class=\"name\">{}", grace.person.username)).await;
    grace.log_in().await.assert_status(200);
}

#[tokio::test]
async fn h31_after_a_day_a_press_is_forgotten_and_the_link_stays_used_up() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.pending("ada").await;
    let page = confirming(&ada, ada.newest_link_token().await, "confirm");
    let key = page.key_for(&ada).await;
    page.press(&ada, &key).await.assert_status(200);
    clock.advance("23h59m").await;
    page.press(&ada, &key).await.assert_status(200);
    clock.advance("2m").await;
    page.press(&ada, &key).await.assert_status(400);
    kith.shut_down().await;
}

#[tokio::test]
async fn h31_taking_an_account_back_twice_says_so_twice_and_mails_once() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut new = kith.newcomer("new");
    new.person.password.clone_from(&ada.person.password);
    ada.want_email(&new.person.email).await.assert_status(200);
    let stop = Page { path: "/undo-email-change", token: ada.newest_link_token().await, fields: Vec::new() };
    stop.assert_told_again(&ada, "The change is stopped").await;
    ada.want_email(&new.person.email).await.assert_status(200);
    let token = new.newest_link_token().await;
    ada.confirm(&token).await.assert_status(204);
    let back = Page { path: "/undo-email-change", token: ada.newest_link_token().await, fields: Vec::new() };
    let mails = ada.mails().await.len();
    back.assert_told_again(&ada, "Your account is back").await;
    assert_eq!(ada.mails().await.len(), mails + 1);
}
