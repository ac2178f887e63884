//! The parts of the journey of people who plan to meet somebody again, and who delete cards.

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::contacts::{card, memory};
use crate::journey::{Went, expect, helper};
use crate::people::member;
use crate::photos;

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    let ada = kith.registered("ada").await;
    match operation {
        "plan-follow-up" => plan(&ada).await,
        "cancel-follow-up" => cancel(&ada).await,
        "list-follow-ups" => list(&ada).await,
        "remind-due" => remind(kith).await,
        "clean-up" => clean_up(kith, &ada).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// The path of what is planned on a new card.
async fn planned(owner: &Actor, at: &str) -> Result<String, String> {
    let path = format!("{}/follow-up", card(owner).await?);
    expect(owner.put(&path).json(json!({"at": at})), 200).await?;
    Ok(path)
}

/// Once, for another time, and for what it is planned for already.
async fn plan(ada: &Actor) -> Went {
    let path = planned(ada, "2999-12-01").await?;
    for at in ["2999-12-02", "2999-12-02"] {
        expect(ada.put(&path).json(json!({"at": at})), 200).await?;
    }
    Ok(())
}

async fn cancel(ada: &Actor) -> Went {
    let path = planned(ada, "2999-12-01").await?;
    expect(ada.delete(&path), 204).await?;
    expect(ada.delete(&path), 404).await.map(drop)
}

async fn list(ada: &Actor) -> Went {
    planned(ada, "2999-12-01").await?;
    let listed = expect(ada.get("/v1/follow-ups"), 200).await?.json();
    if listed["items"][0]["contact_name"] == "Grace" { Ok(()) } else { Err(format!("not listed: {listed}")) }
}

/// Its time comes, and a mail with it; there is nothing to do for a second run.
pub(crate) async fn remind(kith: &Kith) -> Went {
    let ada = member(kith, "ada").await?;
    planned(&ada, &(kith.now().await + jiff::SignedDuration::from_mins(1)).to_string()).await?;
    kith.clock().await.advance("2m").await;
    for reminded in [1, 0] {
        let done = helper(kith, "/_kith/jobs/remind-due").await?.json();
        if done["reminded"] != reminded || done["failed"] != 0 {
            return Err(format!("{reminded} reminders are expected: {done}"));
        }
    }
    helper(kith, "/_kith/settle").await?;
    let mails = kith.mails_to(&ada.person.email).await;
    let is_reminder = mails.first().is_some_and(|mail| mail.subject.starts_with("Kith reminder"));
    if mails.len() == 2 && is_reminder { Ok(()) } else { Err(format!("no reminder among {} mails", mails.len())) }
}

/// A card goes, and a memory with it; and photos.
pub(crate) async fn clean_up(kith: &Kith, owner: &Actor) -> Went {
    delete_card(owner).await?;
    helper(kith, "/_kith/settle").await?;
    expect_no_memories(kith, owner).await?;
    photos::clean_up(kith, owner).await
}

/// Adds a card with a memory, and deletes it.
pub(crate) async fn delete_card(owner: &Actor) -> Went {
    let memory = memory(owner).await?;
    let card = memory.split("/memories").next().unwrap_or_default();
    expect(owner.delete(card), 204).await.map(drop)
}

/// Nothing is left of any card.
pub(crate) async fn expect_no_memories(kith: &Kith, owner: &Actor) -> Went {
    let left = kith.items(&format!("contacts#{}", owner.id())).await;
    if left.is_empty() { Ok(()) } else { Err(format!("left of a deleted card: {left:?}")) }
}
