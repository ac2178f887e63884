//! The parts of the journey of people who keep calling cards.

use kith_tests::{Actor, Kith};
use serde_json::json;

use crate::journey::{Went, expect};
use crate::photos;

/// The part of one function.
pub(crate) async fn part(kith: &Kith, operation: &str) -> Went {
    let ada = kith.registered("ada").await;
    match operation {
        "list-contacts" => list(kith, &ada).await,
        "create-contact" => create(&ada).await,
        "show-contact" => show(kith, &ada).await,
        "update-contact" => update(kith, &ada).await,
        "delete-contact" => delete(&ada).await,
        "list-memories" => list_memories(&ada).await,
        "add-memory" => add_memory(&ada).await,
        "show-memory" => show_memory(&ada).await,
        "update-memory" => update_memory(&ada).await,
        "delete-memory" => delete_memory(&ada).await,
        other => Err(format!("the journey has no part for {other}: add one")),
    }
}

/// The path of a new card.
pub(crate) async fn card(owner: &Actor) -> Result<String, String> {
    let made = expect(owner.post("/v1/contacts").json(json!({"first_name": "Grace", "place": "Jena"})), 201).await?;
    Ok(made.header("location").unwrap_or_default().to_owned())
}

/// The path of a new memory on a new card.
pub(crate) async fn memory(owner: &Actor) -> Result<String, String> {
    let memories = format!("{}/memories", card(owner).await?);
    let made = expect(owner.post(&memories).json(json!({"text": "Takes no sugar"})), 201).await?;
    Ok(made.header("location").unwrap_or_default().to_owned())
}

/// All of them, and those of one place.
async fn list(kith: &Kith, ada: &Actor) -> Went {
    photos::card_with_photo(ada).await?;
    for path in ["/v1/contacts", "/v1/contacts?place=jena"] {
        let found = expect(ada.get(path), 200).await?;
        if found.json()["items"].as_array().is_none_or(|items| items.len() != 1) {
            return Err(format!("one card is expected: {found}"));
        }
        photos::open(kith, &found.json()["items"][0]["photo"]).await?;
    }
    Ok(())
}

/// Twice with one key; and one with an introducer.
async fn create(ada: &Actor) -> Went {
    let key = format!("key-of-{}", ada.person.username);
    let add = |body| ada.post("/v1/contacts").json(body);
    let first = expect(add(json!({"company": "Acme"})).header("idempotency-key", &key), 201).await?;
    expect(add(json!({"company": "Acme"})).header("idempotency-key", &key), 201).await?;
    let introduced = json!({"company": "Acme", "introduced_by": {"contact_id": first.text_at("/id")}});
    expect(add(introduced), 201).await.map(drop)
}

async fn show(kith: &Kith, ada: &Actor) -> Went {
    let path = photos::card_with_photo(ada).await?;
    let shown = expect(ada.get(&path), 200).await?;
    photos::open(kith, &shown.json()["photo"]).await
}

/// What a search does not see, and what it sees.
async fn update(kith: &Kith, ada: &Actor) -> Went {
    let path = photos::card_with_photo(ada).await?;
    expect(ada.patch(&path).json(json!({"phone": "1"})), 200).await?;
    let changed = expect(ada.patch(&path).json(json!({"company": "Acme"})), 200).await?;
    photos::open(kith, &changed.json()["photo"]).await
}

async fn delete(ada: &Actor) -> Went {
    let path = photos::card_with_photo(ada).await?;
    expect(ada.delete(&path), 204).await?;
    expect(ada.get(&path), 404).await.map(drop)
}

async fn list_memories(ada: &Actor) -> Went {
    let path = format!("{}/memories", card(ada).await?);
    expect(ada.get(&path), 200).await.map(drop)
}

/// Twice with one key.
async fn add_memory(ada: &Actor) -> Went {
    let path = format!("{}/memories", card(ada).await?);
    let key = format!("key-of-{}", ada.person.username);
    for _ in 0..2 {
        expect(ada.post(&path).json(json!({"text": "Takes no sugar"})).header("idempotency-key", &key), 201).await?;
    }
    Ok(())
}

async fn show_memory(ada: &Actor) -> Went {
    let path = memory(ada).await?;
    expect(ada.get(&path), 200).await.map(drop)
}

async fn update_memory(ada: &Actor) -> Went {
    let path = memory(ada).await?;
    expect(ada.patch(&path).json(json!({"text": "Takes no milk"})), 200).await.map(drop)
}

async fn delete_memory(ada: &Actor) -> Went {
    let path = memory(ada).await?;
    expect(ada.delete(&path), 204).await.map(drop)
}
