//! Faults while accounts and registrations end: what is to go goes, nothing is left, and one receipt comes.

use kith_tests::{Actor, Kith};
use serde_json::{Value, json};

use crate::{KINDS, assert_struck, audited, kept, kith, strike, strike_times};

/// Everything that names somebody, but for the audit trail, which outlives them, counters, and that they are erased.
async fn left(kith: &Kith, of: &Actor) -> Vec<Value> {
    let (id, person) = (of.id(), &of.person);
    let names = [id.as_str(), &person.username, &person.email];
    let is_theirs = |item: &Value| {
        item["kind"] != "erased" && names.iter().any(|name| item["pk"].as_str().unwrap().ends_with(name))
    };
    kith.table().await.into_iter().filter(is_theirs).collect()
}

/// Nothing is left, and two mails have come: the link of the registration, and the receipt.
async fn assert_erased(kith: &Kith, who: &Actor, why: &str) {
    kith.settle().await;
    let left = left(kith, who).await;
    assert!(left.is_empty(), "{why}: {left:?}");
    assert_eq!(kith.mails_to(&who.person.email).await.len(), 2, "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_whatever_happens_to_leaving_the_account_goes_once_and_one_receipt_comes() {
    let kith = kith().await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        strike(&kith, "delete-me", "TransactWriteItems", kind).await;
        let answer = ada.leave().await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        ada.get("/v1/me").await.assert_status(401);
        assert_erased(&kith, &ada, kind).await;
        assert_eq!(audited(&kith, &ada.id()).await, ["user_deleted"], "{kind}");
    }
    assert_struck(&kith, "delete-me", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c32_an_admin_who_leaves_is_counted_off_once() {
    let kith = kith().await;
    let _boss = kith.admin("boss").await;
    for kind in KINDS {
        let other = kith.admin("other").await;
        strike(&kith, "delete-me", "TransactWriteItems", kind).await;
        let answer = other.leave().await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        kith.settle().await;
        let roster = kith.items("roster#admin").await;
        let count = roster.iter().find(|item| item["sk"] == "count").unwrap();
        assert_eq!((roster.len(), &count["count"]), (2, &json!(1)), "{kind}: {roster:?}");
    }
    assert_struck(&kith, "delete-me", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e17_whatever_happens_to_a_deletion_by_an_admin_it_is_done_once() {
    let kith = kith().await;
    let boss = kith.admin("boss").await;
    for kind in KINDS {
        let ada = kith.registered("ada").await;
        let path = format!("/v1/users/{}", ada.id());
        strike(&kith, "delete-user", "TransactWriteItems", kind).await;
        let answer = boss.delete(&path).await;
        assert_eq!(answer.status(), 204, "{kind}: {answer}");
        boss.get(&path).await.assert_status(404);
        assert_erased(&kith, &ada, kind).await;
        assert_eq!(audited(&kith, &ada.id()).await, ["user_deleted"], "{kind}");
    }
    assert_struck(&kith, "delete-user", "TransactWriteItems", KINDS.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_a_deletion_whose_answer_got_lost_before_a_conflict_does_not_miss_its_own_account() {
    let kith = kith().await;
    let (boss, ada, bob) = (kith.admin("boss").await, kith.registered("ada").await, kith.registered("bob").await);
    for operation in ["delete-me", "delete-user"] {
        for kind in ["applied_answer_lost", "conflict"] {
            strike(&kith, operation, "TransactWriteItems", kind).await;
        }
    }
    ada.leave().await.assert_status(204);
    boss.delete(&format!("/v1/users/{}", bob.id())).await.assert_status(204);
    for who in [&ada, &bob] {
        assert_erased(&kith, who, "lost and clashed").await;
    }
    assert_struck(&kith, "delete-me", "TransactWriteItems", 2).await;
    assert_struck(&kith, "delete-user", "TransactWriteItems", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_whatever_happens_to_the_calls_of_an_erasure_nothing_is_left_and_one_receipt_comes() {
    let kith = kith().await;
    for action in ["UpdateItem", "BatchGetItem", "Query", "DeleteItem", "TransactWriteItems"] {
        for kind in KINDS {
            if kind == "conflict" && !action.ends_with("eItem") && action != "TransactWriteItems" {
                continue;
            }
            let ada = kith.registered("ada").await;
            strike(&kith, "erase-account", action, kind).await;
            ada.leave().await.assert_status(204);
            assert_erased(&kith, &ada, &format!("{action} {kind}")).await;
        }
    }
    for (action, times) in
        [("UpdateItem", 5), ("BatchGetItem", 4), ("Query", 4), ("DeleteItem", 5), ("TransactWriteItems", 5)]
    {
        assert_struck(&kith, "erase-account", action, times).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_an_erasure_that_dies_before_in_or_after_its_work_goes_on_and_sends_one_receipt() {
    let kith = kith().await;
    for (kind, times) in [("crash_before", 1), ("crash_before", 2), ("crash_after", 1), ("crash_after", 2)] {
        let ada = kith.registered("ada").await;
        kith.inject_fault(json!({"operation": "erase-account", "kind": kind, "times": times})).await;
        ada.leave().await.assert_status(204);
        assert_erased(&kith, &ada, &format!("{kind} {times} times")).await;
    }
    // The first attempt, with all tries of the SDK, ends in the middle: at the items, or at the user.
    for action in ["DeleteItem", "TransactWriteItems"] {
        for kind in ["error", "applied_answer_lost"] {
            let ada = kith.registered("ada").await;
            strike_times(&kith, "erase-account", action, kind, 4).await;
            ada.leave().await.assert_status(204);
            assert_erased(&kith, &ada, &format!("{action} {kind}, four times")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_what_late_requests_write_for_an_erased_account_goes_too() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    for operation in ["create-contact", "seal-note"] {
        strike(&kith, operation, "TransactWriteItems", "late").await;
    }
    let leave = async {
        // Time enough for both requests to get as far as the slow database.
        for _ in 0..3 {
            ada.get("/v1/me").await.assert_status(200);
        }
        ada.leave().await.assert_status(204);
        kith.settle().await;
        kith.items("auth#").await.len()
    };
    let (card, note, users) = futures::join!(
        async { ada.post("/v1/contacts").json(json!({"first_name": "Late"})).await },
        async { ada.post("/v1/notes").json(json!({"text": "Late", "expires_in": 604_800})).await },
        leave
    );
    assert_eq!(users, 0);
    card.assert_status(201);
    note.assert_status(201);
    kith.clock().await.advance("31m").await;
    assert_eq!(kith.job("expire-items").await["erasures"], 1);
    assert_erased(&kith, &ada, "late").await;
    for kind in ["erased#", "contacts#", "note#", "noteid#", "notes#", "outbox-"] {
        assert!(kith.items(kind).await.is_empty(), "{kind}");
    }
    assert_eq!(kith.job("expire-items").await["erasures"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_an_account_with_more_than_one_batch_of_items_is_erased_whole() {
    let kith = kith().await;
    let ada = kith.registered("ada").await;
    let mut clock = kith.clock().await;
    for round in 0..4 {
        for _ in 0..9 {
            ada.elsewhere().log_in().await.assert_status(200);
        }
        if round < 3 {
            clock.advance("16m").await;
        }
    }
    let ada = ada.logged_in().await;
    strike(&kith, "erase-account", "Query", "throttle").await;
    ada.leave().await.assert_status(204);
    assert_erased(&kith, &ada, "37 sessions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_whatever_happens_to_the_end_of_a_registration_all_of_it_goes() {
    let kith = kith().await;
    for action in ["Query", "GetItem", "TransactWriteItems", "DeleteItem"] {
        for kind in KINDS {
            if kind == "conflict" && !(action == "DeleteItem" || action == "TransactWriteItems") {
                continue;
            }
            let ada = kith.pending("ada").await;
            kith.clock().await.advance("25h").await;
            strike(&kith, "expire-items", action, kind).await;
            let expired = kith.job("expire-items").await;
            assert_eq!(expired["registrations"], 1, "{action} {kind}");
            assert_eq!(kept(&kith, &ada).await, (0, 0, 0, 0), "{action} {kind}");
            assert_eq!(kith.job("expire-items").await["registrations"], 0, "{action} {kind}");
        }
    }
    for (action, times) in [("Query", 4), ("GetItem", 4), ("TransactWriteItems", 5), ("DeleteItem", 6)] {
        assert_struck(&kith, "expire-items", action, times).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_more_registrations_than_the_index_gives_at_once_expire_in_one_run() {
    const MANY: usize = 120;
    let kith = kith().await;
    let all = futures::future::join_all((0..MANY).map(|_| kith.pending("ada"))).await;
    kith.settle().await;
    kith.clock().await.advance("25h").await;
    assert_eq!(kith.job("expire-items").await["registrations"], MANY);
    assert_eq!(kept(&kith, &all[MANY - 1]).await, (0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_an_expiry_leaves_a_name_alone_that_somebody_took_meanwhile() {
    let kith = kith().await;
    let ada = kith.pending("ada").await;
    kith.clock().await.advance("25h").await;
    let mut other = kith.newcomer("other");
    other.person.username.clone_from(&ada.person.username);
    other.register().await.assert_status(201);
    strike(&kith, "expire-items", "DeleteItem", "applied_answer_lost").await;
    assert_eq!(kith.job("expire-items").await["registrations"], 1);
    assert_eq!(kept(&kith, &other).await, (0, 1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b07_whatever_happens_to_retiring_a_key_it_is_refused_and_another_signs() {
    for action in ["Query", "TransactWriteItems", "UpdateItem", "GetSecretValue", "PutSecretValue"] {
        for kind in ["throttle", "timeout", "applied_answer_lost", "error"] {
            if kind == "applied_answer_lost" && matches!(action, "Query" | "GetSecretValue") {
                continue;
            }
            let kith = kith().await;
            let ada = kith.registered("ada").await;
            let leaked = kith_tests::Jwt::parse(ada.access()).kid().to_owned();
            strike(&kith, "rotate-keys", action, kind).await;
            let retire = json!({"retire": leaked, "time": kith.now().await.to_string()});
            let done = kith.job_with("rotate-keys", retire).await;
            // The run at the start finds neither secret yet.
            let at_the_start = 2 * usize::from(action == "GetSecretValue");
            assert_struck(&kith, "rotate-keys", action, 1 + at_the_start).await;
            let new = done["signing"]["changed"]["in_use"]
                .as_str()
                .unwrap_or_else(|| panic!("{action} {kind}: {done}"))
                .to_owned();
            // Within a minute all instances have looked again, those that verify and those that sign.
            kith.clock().await.advance("61s").await;
            ada.get("/v1/me").await.assert_status(401);
            let again = ada.elsewhere().logged_in().await;
            assert_eq!(kith_tests::Jwt::parse(again.access()).kid(), new, "{action} {kind}");
            again.get("/v1/me").await.assert_status(200);
            let published = kith.visitor().get("/.well-known/jwks.json").await.json();
            let kids: Vec<&str> =
                published["keys"].as_array().unwrap().iter().filter_map(|key| key["kid"].as_str()).collect();
            assert!(kids.len() == 2 && kids.contains(&new.as_str()), "{action} {kind}: {kids:?}");
        }
    }
}
