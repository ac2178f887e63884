//! Keys retired at any age and in any order. Each test has a runner of its own: a retired key ends everybody's tokens.

use kith_tests::{Actor, ClockHand, Jwt, Kith};
use serde_json::{Value, json};

fn kid(actor: &Actor) -> String {
    Jwt::parse(actor.access()).kid().to_owned()
}

async fn published(kith: &Kith) -> Vec<String> {
    let set = kith.visitor().bare_request("GET", "/.well-known/jwks.json").await.assert_status(200).json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn retire(kith: &Kith, kid: &str) -> Value {
    kith.job_with("rotate-keys", json!({"retire": kid})).await
}

/// A minute later, somebody logs in anew and somebody stays logged in, under the one key that signs now. Gives both and
/// that key.
async fn in_a_minute(clock: &mut ClockHand, kith: &Kith, ada: &Actor) -> (Actor, String) {
    clock.advance("61s").await;
    let ada = ada.with_tokens_of(&ada.refresh(ada.refresh_token()).await);
    let anew = ada.elsewhere().logged_in().await;
    for actor in [&ada, &anew] {
        actor.get("/v1/me").await.assert_status(200);
    }
    assert_eq!(kid(&ada), kid(&anew));
    assert!(published(kith).await.contains(&kid(&ada)));
    let signs = kid(&ada);
    (ada, signs)
}

#[tokio::test]
async fn h07_the_key_that_signs_is_retired_long_after_a_rotation_and_log_ins_work_within_a_minute() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    for wait in ["1h", "26h", "8d"] {
        clock.advance("30d").await;
        let first = kid(&ada.logged_in().await);
        kith.job("rotate-keys").await;
        clock.advance(wait).await;
        let logged_in = ada.logged_in().await;
        let second = kid(&logged_in);
        assert_ne!(second, first);
        let known = published(&kith).await;
        retire(&kith, &second).await;
        let (_, signs) = in_a_minute(&mut clock, &kith, &logged_in).await;
        assert!(signs != first && signs != second && known.contains(&signs), "{wait}: {signs}");
        logged_in.get("/v1/me").await.assert_status(401);
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h07_whichever_key_is_retired_whenever_everybody_stays_logged_in_and_no_key_comes_back() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    let mut signed = vec![kid(&ada)];
    let mut retired = Vec::new();
    // What is retired after each wait and rotation: the key that signs, one of the others that are published, the same
    // once more.
    let orders =
        [("1s", false, 0), ("1s", false, 0), ("61s", true, 1), ("2h", true, 0), ("1s", true, 1), ("26h", false, 1)];
    for (wait, rotates, which) in orders.into_iter().chain([("30d", true, 2), ("1h", true, 0), ("1s", false, 2)]) {
        ada = ada.logged_in().await;
        clock.advance(wait).await;
        if rotates {
            kith.job("rotate-keys").await;
        }
        let known = published(&kith).await;
        let target = match which {
            0 => kid(&ada.logged_in().await),
            1 => known.iter().find(|key| **key != kid(&ada)).unwrap().clone(),
            _ => retired.last().cloned().unwrap_or_default(),
        };
        retire(&kith, &target).await;
        retired.push(target.clone());
        let (next, signs) = in_a_minute(&mut clock, &kith, &ada.logged_in().await).await;
        ada = next;
        assert!(!published(&kith).await.contains(&target), "{wait} {which}");
        if signed.last() != Some(&signs) {
            assert!(!signed.contains(&signs) && !retired.contains(&signs), "{wait} {which}: {signs} signs again");
            signed.push(signs);
        }
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h07_two_retirements_at_once_of_all_keys_that_there_are_leave_log_ins_that_work() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    for twice in [false, true] {
        let known = published(&kith).await;
        let targets = if twice { vec![kid(&ada), kid(&ada), kid(&ada)] } else { known.clone() };
        futures::future::join_all(targets.iter().map(|kid| retire(&kith, kid))).await;
        let (next, signs) = in_a_minute(&mut clock, &kith, &ada).await;
        ada = next;
        assert!(!targets.contains(&signs), "{signs}");
        let left = published(&kith).await;
        assert!(left.len() == 2 && !left.iter().any(|kid| targets.contains(kid)), "{left:?}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h07_a_retirement_that_is_cut_off_anywhere_harms_nobody_and_is_finished_by_the_next() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    for action in ["TransactWriteItems", "PutSecretValue", "UpdateItem"] {
        let target = kid(&ada);
        let fault = json!({"operation": "rotate-keys", "action": action, "kind": "error", "times": 8});
        kith.inject_fault(fault).await;
        let call = json!({"retire": target});
        assert!(kith.visitor().post("/_kith/jobs/rotate-keys").json(&call).await.status() >= 500, "{action}");
        ada = in_a_minute(&mut clock, &kith, &ada).await.0;
        // The faults that are left are used up by repeating it, as whoever called would.
        while kith.visitor().post("/_kith/jobs/rotate-keys").json(&call).await.status() >= 500 {}
        let (next, signs) = in_a_minute(&mut clock, &kith, &ada).await;
        ada = next;
        assert!(signs != target && !published(&kith).await.contains(&target), "{action}");
    }
    kith.shut_down().await;
}

#[tokio::test]
async fn h07_a_key_retired_by_hand_is_over_even_if_whoever_did_it_has_a_wrong_clock() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut ada = kith.registered("ada").await;
    for time in ["2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"] {
        let old = ada.logged_in().await;
        kith.job_with("rotate-keys", json!({"retire": kid(&old), "time": time})).await;
        let (next, signs) = in_a_minute(&mut clock, &kith, &old).await;
        ada = next;
        assert_ne!(signs, kid(&old), "{time}");
        old.get("/v1/me").await.assert_status(401);
        // Nor does it stop the rotation.
        clock.advance("2h").await;
        assert!(kith.job("rotate-keys").await["signing"].get("changed").is_some(), "{time}");
        ada = in_a_minute(&mut clock, &kith, &ada).await.0;
    }
    kith.shut_down().await;
}

/// The id of the key under which a note is that is sealed now, in a minute.
async fn seals_in_a_minute(clock: &mut ClockHand, kith: &Kith) -> String {
    clock.advance("61s").await;
    let visitor = kith.visitor();
    let note = visitor.seal(json!({"text": "the key is under the mat"})).await;
    let (id, token) = (note.assert_status(201).text_at("/id"), note.text_at("/token"));
    let items = kith.items("note#").await;
    let item = items.into_iter().find(|item| item["id"] == *id).unwrap();
    visitor.open(&token).json(json!({})).await.assert_status(200);
    item["key_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn h07_a_note_key_that_was_replaced_or_retired_never_seals_again() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = Kith::own(|_| {}).await;
    let mut clock = kith.clock().await;
    let mut sealed = vec![seals_in_a_minute(&mut clock, &kith).await];
    let orders =
        [("30d", true, true), ("26h", false, true), ("1s", false, true), ("30d", true, false), ("1h", true, true)];
    for (wait, rotates, retires) in orders {
        clock.advance(wait).await;
        if rotates {
            kith.job("rotate-keys").await;
        }
        let now = seals_in_a_minute(&mut clock, &kith).await;
        if !sealed.contains(&now) {
            sealed.push(now.clone());
        }
        if retires {
            kith.job_with("rotate-keys", json!({"retire_note_key": now})).await;
        }
        let next = seals_in_a_minute(&mut clock, &kith).await;
        assert_eq!(next == now, !retires, "{wait}");
        if retires {
            assert!(!sealed.contains(&next), "{wait}: {next} seals again");
            sealed.push(next);
        }
    }
    // Two at once, of the key that seals and of the one that stands by.
    let last = sealed.last().unwrap().clone();
    let standby = kith.job_with("rotate-keys", json!({"retire_note_key": last})).await["notes"]["changed"].clone();
    let both = [&standby["in_use"], &standby["standby"]];
    let at_once = both.map(|kid| kith.job_with("rotate-keys", json!({"retire_note_key": kid})));
    futures::future::join_all(at_once).await;
    let next = seals_in_a_minute(&mut clock, &kith).await;
    assert!(!both.iter().any(|kid| **kid == *next) && !sealed.contains(&next), "{next}");
    kith.shut_down().await;
}
