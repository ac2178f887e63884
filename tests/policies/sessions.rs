//! The parts of the journey of people who log in and out.

use kith_tests::Kith;

use crate::journey::{Went, expect};

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    match operation {
        "log-in" => log_in(kith).await,
        "list-sessions" => list_sessions(kith).await,
        "revoke-session" => revoke_session(kith).await,
        "revoke-all-sessions" => revoke_all_sessions(kith).await,
        "log-out" => log_out(kith).await,
        "refresh-token" => refresh_token(kith).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// By address and by username; wrong, unknown and unconfirmed.
async fn log_in(kith: &Kith) -> Went {
    let ada = kith.confirmed("ada").await;
    let (username, email, password) = (&ada.person.username, &ada.person.email, &ada.person.password);
    expect(ada.log_in_as(username, password), 200).await?;
    expect(ada.log_in_as(email, password), 200).await?;
    expect(ada.log_in_as(email, "a wrong password"), 401).await?;
    let nobody = kith.newcomer("nobody");
    expect(nobody.log_in(), 401).await?;
    expect(nobody.log_in_as("nobody at all", "a wrong password"), 401).await?;
    let bob = kith.pending("bob").await;
    expect(bob.log_in(), 403).await?;
    expect(bob.log_in_as(&bob.person.email, &bob.person.password), 403).await?;
    Ok(())
}

async fn list_sessions(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.log_in(), 200).await?;
    let page = expect(ada.get("/v1/auth/sessions?limit=1"), 200).await?;
    let cursor = page.json()["next_cursor"].as_str().ok_or("no second page")?.to_owned();
    expect(ada.get(&format!("/v1/auth/sessions?limit=1&cursor={cursor}")), 200).await?;
    Ok(())
}

async fn revoke_session(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.log_in(), 200).await?;
    let sessions = expect(ada.get("/v1/auth/sessions"), 200).await?.json();
    let other = sessions["items"].as_array().into_iter().flatten().find(|session| session["is_current"] == false);
    let path = format!("/v1/auth/sessions/{}", other.ok_or("no other session")?["id"].as_str().unwrap_or_default());
    expect(ada.delete(&path), 204).await?;
    expect(ada.delete(&path), 404).await?;
    Ok(())
}

async fn revoke_all_sessions(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.delete("/v1/auth/sessions"), 204).await?;
    expect(ada.delete("/v1/auth/sessions"), 401).await?;
    Ok(())
}

async fn log_out(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    expect(ada.post("/v1/auth/logout"), 204).await?;
    expect(ada.post("/v1/auth/logout"), 401).await?;
    Ok(())
}

/// Rotates; races; uses an old token at once, and again later, which ends the session.
async fn refresh_token(kith: &Kith) -> Went {
    let ada = kith.registered("ada").await;
    let first = ada.refresh_token();
    let second = expect(ada.refresh(first), 200).await?.text_at("/refresh_token");
    expect(ada.refresh(first), 200).await?;
    let race = futures::future::join_all([(); 4].map(|()| async { ada.refresh(&second).await })).await;
    let winners: Vec<_> = race.iter().filter(|answer| answer.status() == 200).collect();
    let [winner, _, _, _] = winners[..] else {
        return Err(format!("{} of 4 who refreshed at once got a pair", winners.len()));
    };
    kith.clock().await.advance("31s").await;
    expect(ada.refresh(&second), 401).await?;
    expect(ada.refresh(&winner.text_at("/refresh_token")), 401).await?;
    Ok(())
}
