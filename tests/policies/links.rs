//! The parts of the journey of people who open what was mailed to them, by the API and on the pages.

use kith_tests::{Actor, Kith, Request};

use crate::journey::{Went, expect};
use crate::people::{admin, admin_email, give_role, invited, link_to, links_to, member, want_email};

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    match operation {
        "confirm-email" => confirm(kith, |who, token| (who.confirm(token), 204, 400)).await,
        "show-confirm-page" => show_confirm_page(kith).await,
        "submit-confirm-page" => {
            confirm(kith, |who, token| (press(who, token, "confirm"), 200, 200)).await?;
            refuse(kith).await
        }
        "reset-password" => reset(kith, |who, token| (who.reset_password(token, "a new long secret"), 204, 400)).await,
        "show-reset-password-page" => show_reset_password_page(kith).await,
        "submit-reset-password-page" => reset(kith, |who, token| (send_new_password(who, token), 200, 200)).await,
        "accept-invitation" => accept(kith, |who, token| (who.accept_invitation(token), 204, 400)).await,
        "show-accept-invitation-page" => show_accept_invitation_page(kith).await,
        "submit-accept-invitation-page" => accept(kith, |who, token| (send_acceptance(who, token), 200, 200)).await,
        "withdraw-email-change" => withdraw(kith).await,
        "undo-email-change" => undo(kith, |who, token| (who.undo_email_change(token), 204, 400)).await,
        "show-undo-email-change-page" => show_undo_page(kith).await,
        "submit-undo-email-change-page" => undo(kith, |who, token| (send_undo(who, token), 200, 200)).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// What the form of a page carries: the same press again is told of the same success.
const KEY: (&str, &str) = ("key", "0123456789abcdef");

fn press(who: &Actor, token: &str, answer: &str) -> Request {
    who.bare_request("POST", "/confirm").form(&[
        ("token", token),
        ("answer", answer),
        ("password", &*who.person.password),
        KEY,
    ])
}

fn send_undo(who: &Actor, token: &str) -> Request {
    who.bare_request("POST", "/undo-email-change").form(&[("token", token), KEY])
}

fn send_new_password(who: &Actor, token: &str) -> Request {
    let fields = [("token", token), ("password", "a new long secret"), ("password_again", "a new long secret"), KEY];
    who.bare_request("POST", "/reset-password").form(&fields)
}

fn send_acceptance(who: &Actor, token: &str) -> Request {
    let fields = [
        ("token", token),
        KEY,
        ("first_name", who.person.first_name.as_str()),
        ("last_name", who.person.last_name.as_str()),
        ("username", who.person.username.as_str()),
        ("password", who.person.password.as_str()),
    ];
    who.bare_request("POST", "/accept-invitation").form(&fields)
}

/// Two registrations of one address, and the tokens of their links: first that of the one given back.
async fn two_links(kith: &Kith) -> Result<(Actor, Vec<String>), String> {
    let ada = kith.newcomer("ada");
    expect(ada.register(), 201).await?;
    let mut rival = kith.newcomer("rival");
    rival.person.email.clone_from(&ada.person.email);
    expect(rival.register(), 201).await?;
    let mut tokens = links_to(kith, &ada.person.email).await?;
    tokens.sort_unstable();
    if tokens.len() == 2 { Ok((ada, tokens)) } else { Err(format!("{} links for two registrations", tokens.len())) }
}

/// Confirms one of two registrations, which ends the other; then tries the other, and a forged link. Confirms a new
/// address, and as a moderator one that makes an admin.
async fn confirm(kith: &Kith, by: impl Fn(&Actor, &str) -> (Request, u16, u16)) -> Went {
    let (ada, tokens) = two_links(kith).await?;
    let (confirmed, good, again) = by(&ada, &tokens[0]);
    expect(confirmed, good).await?;
    expect(by(&ada, &tokens[0]).0, again).await?;
    let forged: String = tokens[0].chars().rev().collect();
    for dead in [&tokens[1], &forged] {
        expect(by(&ada, dead).0, 400).await?;
    }

    let (boss, bob) = (admin(kith, "boss").await?, member(kith, "bob").await?);
    give_role(&boss, &bob.id(), "moderator").await?;
    let new = admin_email("bob");
    want_email(&bob, &new).await?;
    let token = link_to(kith, &new).await?;
    expect(by(&bob, &token).0, good).await?;
    expect(by(&bob, &token).0, again).await?;
    expect(bob.get("/v1/users?role=admin"), 200).await?;
    Ok(())
}

/// "This was not me", on a registration and on a new address.
async fn refuse(kith: &Kith) -> Went {
    let (ada, tokens) = two_links(kith).await?;
    expect(press(&ada, &tokens[0], "not_me"), 200).await?;
    expect(press(&ada, &tokens[0], "not_me"), 200).await?;
    let (bob, new) = (member(kith, "bob").await?, kith.newcomer("new").person.email);
    want_email(&bob, &new).await?;
    let token = link_to(kith, &new).await?;
    expect(press(&bob, &token, "not_me"), 200).await?;
    expect(press(&bob, &token, "not_me"), 200).await?;
    Ok(())
}

async fn show_confirm_page(kith: &Kith) -> Went {
    let ada = kith.pending("ada").await;
    let token = link_to(kith, &ada.person.email).await?;
    expect(ada.get(&format!("/confirm?token={token}")), 200).await?;
    expect(ada.get("/confirm?token=nothing"), 400).await?;
    let (bob, new) = (kith.registered("bob").await, kith.newcomer("new").person.email);
    want_email(&bob, &new).await?;
    let token = link_to(kith, &new).await?;
    expect(bob.get(&format!("/confirm?token={token}")), 200).await?;
    Ok(())
}

/// Uses the link, and tries it again.
async fn reset(kith: &Kith, by: impl Fn(&Actor, &str) -> (Request, u16, u16)) -> Went {
    let ada = kith.confirmed("ada").await;
    expect(ada.forget_password(), 202).await?;
    let token = link_to(kith, &ada.person.email).await?;
    let (done, good, again) = by(&ada, &token);
    expect(done, good).await?;
    expect(by(&ada, &token).0, again).await?;
    expect(ada.log_in_as(&ada.person.username, "a new long secret"), 200).await?;
    Ok(())
}

async fn show_reset_password_page(kith: &Kith) -> Went {
    let ada = kith.confirmed("ada").await;
    expect(ada.forget_password(), 202).await?;
    let token = link_to(kith, &ada.person.email).await?;
    expect(ada.get(&format!("/reset-password?token={token}")), 200).await?;
    expect(ada.get("/reset-password?token=nothing"), 400).await?;
    Ok(())
}

/// As somebody who was made a moderator meanwhile and whose address makes an admin, under another username: the one
/// that is taken first, then a free one.
async fn accept(kith: &Kith, by: impl Fn(&Actor, &str) -> (Request, u16, u16)) -> Went {
    let boss = kith.admin("boss").await;
    let email = admin_email("carol");
    let (id, token) = invited(kith, &boss, &email).await?;
    give_role(&boss, &id, "moderator").await?;
    let mut carol = kith.newcomer("carol");
    let free = std::mem::replace(&mut carol.person.username, boss.person.username.clone());
    expect(by(&carol, &token).0, 409).await?;
    carol.person.username = free;
    let (accepted, good, again) = by(&carol, &token);
    expect(accepted, good).await?;
    expect(by(&carol, &token).0, again).await?;
    let carol = carol.with_tokens_of(&expect(carol.log_in(), 200).await?);
    expect(carol.get("/v1/users?role=admin"), 200).await?;
    Ok(())
}

async fn show_accept_invitation_page(kith: &Kith) -> Went {
    let boss = kith.admin("boss").await;
    let carol = kith.newcomer("carol");
    let (_, token) = invited(kith, &boss, &carol.person.email).await?;
    expect(carol.get(&format!("/accept-invitation?token={token}")), 200).await?;
    expect(carol.get("/accept-invitation?token=nothing"), 400).await?;
    Ok(())
}

async fn withdraw(kith: &Kith) -> Went {
    let (ada, new) = (kith.registered("ada").await, kith.newcomer("new").person.email);
    expect(ada.delete("/v1/me/email-change"), 404).await?;
    want_email(&ada, &new).await?;
    expect(ada.delete("/v1/me/email-change"), 204).await.map(drop)
}

/// Withdraws a wish; then gives back the first of three addresses, which frees the others.
async fn undo(kith: &Kith, by: impl Fn(&Actor, &str) -> (Request, u16, u16)) -> Went {
    let ada = kith.registered("ada").await;
    want_email(&ada, &kith.newcomer("new").person.email).await?;
    let token = link_to(kith, &ada.person.email).await?;
    let (done, good, again) = by(&ada, &token);
    expect(done, good).await?;
    expect(by(&ada, &token).0, again).await?;
    for _ in 0..2 {
        let new = kith.newcomer("new").person.email;
        want_email(&ada, &new).await?;
        let confirm = link_to(kith, &new).await?;
        expect(ada.confirm(&confirm), 204).await?;
    }
    let token = link_to(kith, &ada.person.email).await?;
    expect(by(&ada, &token).0, good).await?;
    expect(by(&ada, &token).0, again).await?;
    expect(ada.get("/v1/me"), 401).await?;
    // The mail that sets a new password.
    link_to(kith, &ada.person.email).await.map(drop)
}

async fn show_undo_page(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    want_email(&ada, &kith.newcomer("new").person.email).await?;
    let token = link_to(kith, &ada.person.email).await?;
    expect(ada.get(&format!("/undo-email-change?token={token}")), 200).await?;
    expect(ada.get("/undo-email-change?token=nothing"), 400).await.map(drop)
}
