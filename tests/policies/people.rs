//! People for parts of the journey that must end with an error where a step fails, not with a panic.

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::journey::{expect, helper};

/// The token of the newest link mailed to an address, once all mails have come.
pub(crate) async fn link_to(kith: &Kith, email: &str) -> Result<String, String> {
    links_to(kith, email).await?.into_iter().next().ok_or_else(|| format!("no link was mailed to {email}"))
}

/// Tokens of the links mailed to an address, newest first, once all mails have come.
pub(crate) async fn links_to(kith: &Kith, email: &str) -> Result<Vec<String>, String> {
    helper(kith, "/_kith/settle").await?;
    Ok(kith.mails_to(email).await.iter().filter_map(kith_tests::link_token).collect())
}

/// Somebody who registers, confirms and logs in.
pub(crate) async fn member(kith: &Kith, name: &str) -> Result<Actor, String> {
    join(kith, kith.newcomer(name)).await
}

/// The same with an address that makes an admin.
pub(crate) async fn admin(kith: &Kith, name: &str) -> Result<Actor, String> {
    let mut admin = kith.newcomer(name);
    admin.person.email = admin_email(name);
    join(kith, admin).await
}

/// An address whose owner becomes admin.
pub(crate) fn admin_email(name: &str) -> String {
    format!("{name}.{:08x}@admin.example.org", fastrand::u32(..))
}

async fn join(kith: &Kith, actor: Actor) -> Result<Actor, String> {
    expect(actor.register(), 201).await?;
    let token = link_to(kith, &actor.person.email).await?;
    expect(actor.confirm(&token), 204).await?;
    Ok(actor.with_tokens_of(&expect(actor.log_in(), 200).await?))
}

/// Asks for another address.
pub(crate) async fn want_email(actor: &Actor, email: &str) -> Result<(), String> {
    expect(actor.want_email(email), 200).await.map(drop)
}

/// Gives somebody a role.
pub(crate) async fn give_role(admin: &Actor, user: &str, role: &str) -> Result<(), String> {
    let path = format!("/v1/users/{user}/role");
    expect(admin.put(&path).json(json!({"role": role})), 200).await.map(drop)
}

/// Somebody whom an admin invites; the account's id, and the token of the link.
pub(crate) async fn invited(kith: &Kith, admin: &Actor, email: &str) -> Result<(String, String), String> {
    let made = expect(admin.post("/v1/users").json(json!({"email": email})), 201).await?;
    Ok((made.text_at("/id"), link_to(kith, email).await?))
}
