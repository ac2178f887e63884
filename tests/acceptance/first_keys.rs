//! A deployment that has no keys yet. Each test has a runner of its own, whose stack never tells that it was made.

use kith_local::template::Sources;
use kith_tests::Kith;
use serde_json::json;
use std::path::Path;

/// Kith before its first key; with `data`, on what is there.
async fn without_keys(data: Option<&Path>) -> Kith {
    let mut sources = Sources::read(&kith_local::project_root().unwrap()).unwrap();
    let jobs = sources.text("infra/stacks/jobs.yaml").unwrap();
    let silent = jobs.replace("{status: [CREATE_COMPLETE, UPDATE_COMPLETE]}", "{status: [DELETE_COMPLETE]}");
    assert_ne!(silent, jobs);
    sources.insert("infra/stacks/jobs.yaml", silent);
    Kith::own(|options| {
        options.template = Some(sources);
        options.data = data.map(Path::to_owned);
    })
    .await
}

/// Puts this into both secrets, as somebody or an emulator would who makes secrets by hand.
fn fill_secrets(data: &Path, value: &serde_json::Value) {
    let dir = data.join("secrets");
    std::fs::create_dir_all(&dir).unwrap();
    for secret in kith_local::project_template().unwrap().secrets {
        let name: String =
            secret.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let versions = json!({"by-hand-00000000000000000000000000": {
            "value": value, "stages": ["AWSCURRENT"], "created": 1.0
        }});
        std::fs::write(dir.join(format!("{name}.json")), versions.to_string()).unwrap();
    }
}

/// Log-in, refresh and sealing wait for the first key, and work once there is one.
async fn assert_waits_and_then_works(kith: &Kith) {
    let ada = kith.confirmed("ada").await;
    let stranger = kith.visitor();
    let waiting = [
        ada.log_in().await,
        stranger.log_in_as("nobody", "this is not the password").await,
        stranger.refresh("made up").await,
        stranger.seal(json!({"text": "a"})).await,
    ];
    for answer in &waiting {
        answer.assert_problem(503, "busy");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0, "{answer}");
    }
    let made = kith.job("rotate-keys").await;
    for ring in ["signing", "notes"] {
        assert!(made[ring].get("changed").is_some(), "{made}");
    }
    let ada = ada.logged_in().await;
    ada.get("/v1/me").await.assert_status(200);
    ada.refresh(ada.refresh_token()).await.assert_status(200);
    let note = stranger.seal(json!({"text": "a"})).await;
    stranger.open(&note.assert_status(201).text_at("/token")).json(json!({})).await.assert_status(200);
}

#[tokio::test]
async fn h25_until_the_first_key_log_in_refresh_and_sealing_are_503_with_retry_after() {
    let Some(_) = Kith::with_helpers().await else { return };
    let kith = without_keys(None).await;
    assert_waits_and_then_works(&kith).await;
    kith.shut_down().await;
}

#[tokio::test]
async fn h25_an_empty_secret_is_no_ring_yet_and_becomes_one() {
    let Some(_) = Kith::with_helpers().await else { return };
    for value in [json!({"SecretString": ""}), json!({"SecretString": " \n"}), json!({"SecretBinary": ""}), json!({})] {
        let data = tempfile::tempdir().unwrap();
        fill_secrets(data.path(), &value);
        let kith = without_keys(Some(data.path())).await;
        assert_waits_and_then_works(&kith).await;
        kith.shut_down().await;
    }
}

#[tokio::test]
async fn h25_a_secret_that_holds_something_else_is_an_error_and_stays_as_it_is() {
    let Some(_) = Kith::with_helpers().await else { return };
    let data = tempfile::tempdir().unwrap();
    fill_secrets(data.path(), &json!({"SecretString": "{\"keys\": \"mine\"}"}));
    let stored = || {
        let mut files: Vec<_> =
            std::fs::read_dir(data.path().join("secrets")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect::<Vec<_>>()
    };
    let before = stored();
    let kith = without_keys(Some(data.path())).await;
    let ada = kith.confirmed("ada").await;
    ada.log_in().await.assert_problem(500, "internal");
    assert!(kith.visitor().post("/_kith/jobs/rotate-keys").await.status() >= 500);
    assert_eq!(stored(), before);
    kith.shut_down().await;
}
