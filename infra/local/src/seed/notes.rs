//! A sealed note: one member left it, and whoever opens the link reads it once.

use http::Method;
use serde_json::{Value, json};

use super::SeedError;
use super::accounts::People;
use super::kith::Kith;

/// Seals one, where its author has none that can still be opened.
pub(super) async fn fill(kith: &mut Kith<'_>, people: &People) -> Result<(), SeedError> {
    let notes = kith.get(&people.yuki, "/v1/notes").await?;
    if notes.get("items").and_then(Value::as_array).is_some_and(|notes| !notes.is_empty()) {
        return kith.say("notes", "a sealed note of Yuki", false);
    }
    let note = json!({
        "text": "The spare key is under the third sleeper, where the snow melts first.\n\nTell nobody but Håkon. \
                 – Y.",
        "max_views": 1,
    });
    let sealed = kith.ask(&people.yuki, Method::POST, "/v1/notes", Some(&note)).await?.success()?;
    let link = sealed.get("url").and_then(Value::as_str).unwrap_or_default();
    kith.say("notes", &format!("a sealed note of Yuki, to be read once: {link}"), true)
}
