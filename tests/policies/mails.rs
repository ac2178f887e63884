//! The parts of the journey that send mails.

use std::time::Duration;

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::follow_ups;
use crate::journey::{Went, expect, helper};
use crate::people::{admin, invited, link_to, member, want_email};

/// How often a look is taken at what another task does, at most: five seconds of looking.
const LOOKS: u32 = 500;

async fn expect_mails(kith: &Kith, to: &Actor, count: usize) -> Went {
    helper(kith, "/_kith/settle").await?;
    let mails = kith.mails_to(&to.person.email).await;
    if mails.len() == count { Ok(()) } else { Err(format!("{} mails instead of {count}", mails.len())) }
}

/// Every kind of mail, and none to somebody unknown; and every other kind of task.
pub(crate) async fn deliver(kith: &Kith) -> Went {
    let ada = kith.newcomer("ada");
    expect(ada.register(), 201).await?;
    expect(ada.resend(), 202).await?;
    expect_mails(kith, &ada, 2).await?;
    let token = link_to(kith, &ada.person.email).await?;
    expect(ada.confirm(&token), 204).await?;
    // There is an account now.
    expect(ada.resend(), 202).await?;
    expect_mails(kith, &ada, 3).await?;

    let nobody = kith.newcomer("nobody");
    expect(nobody.resend(), 202).await?;
    expect(nobody.forget_password(), 202).await?;
    expect_mails(kith, &nobody, 0).await?;

    new_password(kith).await?;
    new_address(kith).await?;
    follow_ups::remind(kith).await?;
    follow_ups::clean_up(kith, &member(kith, "fay").await?).await
}

/// Word of a second registration, and the mails of a new password and of an invitation.
async fn new_password(kith: &Kith) -> Went {
    let bob = member(kith, "bob").await?;
    let mut rival = kith.newcomer("rival");
    rival.person.email.clone_from(&bob.person.email);
    expect(rival.register(), 201).await?;
    expect_mails(kith, &bob, 2).await?;
    expect(bob.forget_password(), 202).await?;
    let token = link_to(kith, &bob.person.email).await?;
    expect(bob.reset_password(&token, "a new long secret"), 204).await?;
    expect_mails(kith, &bob, 4).await?;
    let boss = admin(kith, "boss").await?;
    invited(kith, &boss, &kith.newcomer("carol").person.email).await.map(drop)
}

/// The mails of another address, one that is taken first, and of leaving.
async fn new_address(kith: &Kith) -> Went {
    let (dan, moved) = (member(kith, "dan").await?, kith.newcomer("moved"));
    let eve = member(kith, "eve").await?;
    want_email(&dan, &eve.person.email).await?;
    expect_mails(kith, &eve, 2).await?;
    want_email(&dan, &moved.person.email).await?;
    let token = link_to(kith, &moved.person.email).await?;
    expect(dan.confirm(&token), 204).await?;
    // Word of each wish, and of the change.
    expect_mails(kith, &dan, 4).await?;
    expect(dan.leave(), 204).await?;
    expect_mails(kith, &moved, 2).await
}

/// A mail and two erasures whose functions died three times are done by the schedule, and not twice.
pub(crate) async fn redrive(kith: &Kith) -> Went {
    let (ada, bob, eve) = (kith.newcomer("ada"), kith.registered("bob").await, kith.registered("eve").await);
    let given_up = dead_letters(kith).await;
    for operation in ["deliver-mail", "erase-account", "clean-up"] {
        kith.inject_fault(json!({"operation": operation, "kind": "crash_before", "times": 3})).await;
    }
    expect(ada.register(), 201).await?;
    expect(bob.leave(), 204).await?;
    follow_ups::delete_card(&eve).await?;
    for looks in 0.. {
        if dead_letters(kith).await == given_up + 3 {
            break;
        }
        if looks == LOOKS {
            return Err("no asynchronous invocation was given up".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    kith.clock().await.advance("16m").await;
    for _ in 0..2 {
        helper(kith, "/_kith/jobs/redrive-outbox").await?;
        expect_mails(kith, &ada, 1).await?;
        // The link of the registration, and the receipt.
        expect_mails(kith, &bob, 2).await?;
        follow_ups::expect_no_memories(kith, &eve).await?;
    }
    Ok(())
}

async fn dead_letters(kith: &Kith) -> usize {
    kith.helper("/_kith/jobs").await["dead_letters"].as_array().map_or(0, Vec::len)
}
