//! The limits of logging in: nobody guesses more than ten times, and nobody else pays for who does.

use futures::future::join_all;
use kith_tests::{Actor, Answer, Kith};
use serde_json::Value;

const WRONG: &str = "this is not the password";

/// ASCII letters and digits as they look twice as wide.
fn wide(text: &str) -> String {
    let widen = |c: char| if c.is_ascii_alphanumeric() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c };
    text.chars().map(widen).collect()
}

/// Spellings of a name that are read as it.
fn spellings(name: &str) -> Vec<String> {
    vec![name.to_owned(), name.to_uppercase(), format!(" {name}\t"), format!("\u{a0}{name}\u{3000}")]
}

/// Spellings of an address that are read as it.
fn spellings_of_address(email: &str) -> Vec<String> {
    let (local, domain) = email.split_once('@').unwrap();
    let more = [format!("{local}@{}", wide(domain)), format!("{local}@{}", domain.replace('.', "\u{3002}"))];
    spellings(email).into_iter().chain(more).collect()
}

async fn wrong(actor: &Actor, login: &str) -> Answer {
    actor.log_in_as(login, WRONG).await
}

async fn assert_wrong(actor: &Actor, login: &str, times: usize) {
    for _ in 0..times {
        wrong(actor, login).await.assert_problem(401, "wrong-credentials");
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, limit: &str, within: i64) {
    answer.assert_problem(429, "too-many");
    let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=within).contains(&wait), "{wait} s");
    assert_eq!(answer.header("ratelimit").unwrap(), format!("\"{limit}\";r=0;t={wait}"));
}

/// How many tries are left under the name that was typed, and from the network.
#[track_caller]
fn left(answer: &Answer) -> (u32, u32) {
    let told = answer.header("ratelimit").unwrap();
    let of = |limit: &str| {
        let part = told.split(", ").find(|part| part.starts_with(&format!("\"{limit}\""))).unwrap();
        part.split(';').find_map(|part| part.strip_prefix("r=")).unwrap().parse().unwrap()
    };
    (of("login"), of("login-network"))
}

/// The counters of a limit that count something.
async fn counting(kith: &Kith, limit: &str) -> Vec<Value> {
    let all = kith.items(&format!("rate#{limit}#")).await;
    all.into_iter().filter(|window| window.get("tries").is_some()).collect()
}

#[tokio::test]
async fn h05_ten_guesses_are_the_most_under_all_names_of_an_account_together() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    let (username, email) = (&ada.person.username, &ada.person.email);
    let all: Vec<String> = [spellings(username), spellings_of_address(email)].concat();
    assert_eq!(all.len(), 10);
    let thief = ada.elsewhere();
    for login in &all {
        assert_wrong(&thief, login, 1).await;
    }
    // The eleventh is not looked at, under whichever name; the owner elsewhere is not concerned.
    for login in &all {
        let answer = thief.log_in_as(login, &ada.person.password).await;
        assert!(matches!(answer.status(), 401 | 429), "{login}: {answer}");
    }
    ada.log_in().await.assert_status(200);
    clock.advance("15m").await;
    for login in &all {
        thief.log_in_as(login, &ada.person.password).await.assert_status(200);
    }
}

#[tokio::test]
async fn h05_whoever_waits_for_the_first_name_finds_the_other_spent_too() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let (username, email, password) = (&ada.person.username, &ada.person.email, &ada.person.password);
    for (spent, fresh) in [(username, spellings_of_address(email)), (email, spellings(username))] {
        let thief = ada.elsewhere();
        assert_wrong(&thief, spent, 10).await;
        assert_refused(&thief.log_in_as(spent, password).await, "login", 900);
        for login in fresh {
            thief.log_in_as(&login, password).await.assert_problem(401, "wrong-credentials");
        }
    }
}

#[tokio::test]
async fn h05_429_goes_by_what_was_typed_and_in_every_spelling_of_it() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let (username, email) = (&ada.person.username, &ada.person.email);
    let thief = ada.elsewhere();
    for (tried, used) in (0..10).zip(0..) {
        let login = &spellings(username)[tried % 4];
        assert_eq!(left(&wrong(&thief, login).await), (9 - used, 59 - used));
    }
    for login in spellings(username).into_iter().chain([wide(username), wide(&username.to_uppercase())]) {
        assert_refused(&wrong(&thief, &login).await, "login", 900);
    }
    // The other name of the same account, and the name of nobody, have all their tries.
    let nobody = kith.newcomer("nobody").person;
    for (login, used) in [email, &nobody.email, &nobody.username].into_iter().zip(11..) {
        let answer = wrong(&thief, login).await;
        answer.assert_problem(401, "wrong-credentials");
        assert_eq!(left(&answer), (9, 60 - used), "{login}");
    }
}

#[tokio::test]
async fn h05_the_names_of_a_registration_count_as_one_and_a_shut_account_is_not_told_either() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let root = kith.admin("root").await;
    let (bob, eve) = (kith.pending("bob").await, kith.registered("eve").await);
    root.put(&format!("/v1/users/{}/ban", eve.id())).await.assert_status(204);
    for (who, problem) in [(&bob, "unconfirmed"), (&eve, "banned")] {
        let (username, email, password) = (&who.person.username, &who.person.email, &who.person.password);
        let thief = who.elsewhere();
        assert_wrong(&thief, username, 5).await;
        assert_wrong(&thief, email, 4).await;
        thief.log_in_as(email, password).await.assert_problem(403, problem);
        for login in [username, email] {
            thief.log_in_as(login, password).await.assert_problem(401, "wrong-credentials");
        }
        who.elsewhere().log_in().await.assert_problem(403, problem);
    }
}

#[tokio::test]
async fn h05_60_failures_in_15_minutes_are_the_most_of_a_network_over_all_names() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    for name in 0..30 {
        assert_wrong(&ada, &format!("somebody-{name}"), 2).await;
        if name < 29 {
            ada.log_in().await.assert_status(200);
        }
    }
    for login in ["somebody-else", "else@example.org", &ada.person.username] {
        assert_refused(&wrong(&ada, login).await, "login-network", 900);
    }
    ada.elsewhere().log_in().await.assert_status(200);
    clock.advance("15m").await;
    ada.log_in().await.assert_status(200);
}

#[tokio::test]
async fn h05_whoever_logs_in_40_times_in_a_row_is_never_refused_and_nothing_stays_counted() {
    let Some(_) = Kith::with_helpers().await else { return };
    // A runner of one's own: no other test counts anything meanwhile, and nothing of theirs ends.
    let kith = Kith::own(|_| {}).await;
    let ada = kith.confirmed("ada").await;
    let before = (counting(&kith, "login").await, counting(&kith, "login-account").await);
    for _ in 0..20 {
        ada.log_in().await.assert_status(200);
        ada.log_in_as(&ada.person.email, &ada.person.password).await.assert_status(200);
    }
    assert_eq!((counting(&kith, "login").await, counting(&kith, "login-account").await), before);
    assert_eq!(left(&wrong(&ada, &ada.person.username).await), (9, 59));
    // A success gives back its own count and no other's.
    ada.log_in().await.assert_status(200);
    assert_eq!(left(&wrong(&ada, &ada.person.username).await), (8, 58));
    kith.shut_down().await;
}

#[tokio::test]
async fn h05_of_40_guesses_at_once_ten_are_looked_at() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    let (username, email) = (&ada.person.username, &ada.person.email);
    let one = ada.elsewhere();
    let answers = join_all((0..40).map(|_| wrong(&one, username))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 401).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 429).count(), 30);
    // By both names at once, each of which may be tried ten times, ten of twenty are looked at.
    let other = ada.elsewhere();
    let names = [username, email];
    let answers = join_all((0..40).map(|n| wrong(&other, names[n % 2]))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 401).count(), 20);
    let windows = kith.items("rate#login#").await;
    let most = |window: &Value| {
        let counts = window["at_accounts"].as_object().unwrap().values();
        counts.filter_map(Value::as_i64).max().unwrap_or_default()
    };
    assert!(windows.iter().any(|window| most(window) == 20), "{windows:?}");
}

#[tokio::test]
async fn h05_who_logs_in_often_at_once_leaves_no_count() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    for answer in join_all((0..8).map(|_| async { ada.log_in().await })).await {
        answer.assert_status(200);
    }
    assert_eq!(left(&wrong(&ada, &ada.person.username).await), (9, 59));
}

#[tokio::test]
async fn h05_a_refusal_is_remembered_when_no_try_is_at_work_any_more() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.confirmed("ada").await;
    assert_wrong(&ada, &ada.person.username, 10).await;
    let calls = async || {
        let answer = wrong(&ada, &ada.person.username).await;
        assert_refused(&answer, "login", 900);
        kith.record_of(&answer).await.database_calls
    };
    for _ in 0..3 {
        assert!(calls().await > 0, "a try that is at work may still be given back");
    }
    clock.advance("31s").await;
    let mut fewest = usize::MAX;
    for _ in 0..8 {
        fewest = fewest.min(calls().await);
    }
    assert_eq!(fewest, 0);
    // It is the refusal of this name alone.
    ada.log_in_as("somebody-else", WRONG).await.assert_status(401);
    clock.advance("15m").await;
    ada.log_in().await.assert_status(200);
}

/// Tries an account a hundred times, from ten networks.
async fn besiege(whom: &Actor) {
    let herd: Vec<Actor> = (0..10).map(|_| whom.elsewhere()).collect();
    for time in 0..10 {
        let name = if time % 2 == 0 { &whom.person.username } else { &whom.person.email };
        for answer in join_all(herd.iter().map(|thief| wrong(thief, name))).await {
            answer.assert_status(401);
        }
    }
}

#[tokio::test]
async fn h05_a_network_of_the_last_30_days_is_not_locked_out_by_others() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    clock.advance("24h").await;
    besiege(&ada).await;
    // From elsewhere the right password is as good as a wrong one, and looks so.
    let away = ada.elsewhere();
    let answer = away.log_in().await;
    answer.assert_problem(401, "wrong-credentials");
    assert_eq!(left(&answer), (9, 59));
    for login in [&ada.person.username, &ada.person.email] {
        ada.log_in_as(login, &ada.person.password).await.assert_status(200);
    }
    assert_wrong(&ada, &ada.person.username, 3).await;
    ada.log_in().await.assert_status(200);
    clock.advance("59m").await;
    away.log_in().await.assert_status(401);
    clock.advance("1m").await;
    away.log_in().await.assert_status(200);
    // That network is known now, too; after more than 30 days both are strange.
    besiege(&ada).await;
    away.log_in().await.assert_status(200);
    clock.advance("744h").await;
    besiege(&ada).await;
    for somewhere in [&ada, &away] {
        somewhere.log_in().await.assert_status(401);
    }
}

#[tokio::test]
async fn h05_what_is_refused_or_not_looked_at_counts_for_no_account() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.confirmed("ada").await;
    // Of these 270 tries 90 are looked at.
    for thief in (0..9).map(|_| ada.elsewhere()) {
        for login in [&ada.person.username, &ada.person.email] {
            for _ in 0..15 {
                wrong(&thief, login).await;
            }
        }
    }
    ada.elsewhere().log_in().await.assert_status(200);
}

#[tokio::test]
async fn h05_the_networks_of_an_account_are_kept_as_hashes_and_are_20_at_most() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let mut clock = kith.clock().await;
    let ada = kith.registered("ada").await;
    for _ in 0..22 {
        ada.elsewhere().log_in().await.assert_status(200);
    }
    let kept = kith.items(&format!("password#{}", ada.id())).await;
    let networks = kept[0]["networks"].as_object().unwrap();
    assert_eq!(networks.len(), 20);
    assert!(networks.keys().all(|network| network.len() == 16), "{networks:?}");
    // What is older than 30 days goes, a few with each log-in.
    clock.advance("744h").await;
    for _ in 0..6 {
        ada.log_in().await.assert_status(200);
    }
    let kept = kith.items(&format!("password#{}", ada.id())).await;
    assert_eq!(kept[0]["networks"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn h05_who_guesses_the_current_password_and_who_logs_in_have_limits_apart() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let stolen = ada.moved();
    let guess = || stolen.change_password(WRONG, "a new secret of ada");
    let answers = join_all((0..30).map(|_| async { guess().await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 403).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 429).count(), 20);
    // The owner logs in, here and elsewhere, and ends the thief's session.
    ada.log_in().await.assert_status(200);
    let again = ada.elsewhere().logged_in().await;
    again.delete("/v1/auth/sessions").await.assert_status(204);
    guess().await.assert_problem(401, "unauthorized");
    // And nobody who fails to log in keeps an owner from changing the password.
    let bob = kith.registered("bob").await;
    assert_wrong(&bob, &bob.person.username, 10).await;
    bob.change_password(&bob.person.password, "a new secret of bob").await.assert_status(204);
}

#[tokio::test]
async fn h05_each_refused_registration_counts_though_it_has_the_key_of_another() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let taken = kith.confirmed("taken").await;
    let mut eve = kith.newcomer("eve");
    eve.person.username.clone_from(&taken.person.username);
    let refused = || eve.register().header("idempotency-key", "one-key-for-all-of-them");
    for count in 0..25 {
        let answer = refused().await;
        let (status, problem) = if count < 10 { (409, "conflict") } else { (429, "too-many") };
        answer.assert_problem(status, problem);
    }
    let mut mallory = kith.newcomer("mallory");
    mallory.person.username.clone_from(&taken.person.username);
    let at_once =
        (0..25).map(|_| async { mallory.register().header("idempotency-key", "another-key-for-all-of-them").await });
    let answers = join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 409).count(), 10);
    assert_eq!(answers.iter().filter(|answer| answer.status() == 429).count(), 15);
    // A refused name is no mail to the address.
    assert!(eve.mails().await.is_empty() && mallory.mails().await.is_empty());
}
