//! Calling cards: whom two members met, where and when, what they remember, and whom they want to see again.

use http::Method;
use jiff::civil::Date;
use jiff::{ToSpan as _, Zoned, tz::TimeZone};
use serde_json::{Value, json};

use super::SeedError;
use super::accounts::People;
use super::kith::{Caller, Kith};

const AREA: &str = "contacts";

/// Somebody whom a member met.
struct Card {
    first_name: &'static str,
    last_name: &'static str,
    company: &'static str,
    position: &'static str,
    event: &'static str,
    place: &'static str,
    met_at: &'static str,
    tags: &'static [&'static str],
    spark: &'static str,
    /// What was remembered later.
    memory: Option<&'static str>,
    /// A coffee chat in so many days, at this place.
    coffee: Option<(i32, &'static str)>,
}

const OF_MATEO: [Card; 6] = [
    Card {
        first_name: "Zoë",
        last_name: "Brännström",
        company: "Norrsken Boats",
        position: "Hull designer",
        event: "Harbour Days",
        place: "Café Måsen, Gothenburg",
        met_at: "2026-09-21T10:30",
        tags: &["boats", "design"],
        spark: "Draws every hull by hand before she lets a computer near it. Wants to see the old slipway in \
                Valparaíso. Laughed about my spreadsheet of knots.",
        memory: Some("Her daughter starts school in August and already wants her own dinghy."),
        coffee: Some((5, "Café Måsen")),
    },
    Card {
        first_name: "Tomás",
        last_name: "Iglesias",
        company: "Puerto Abierto",
        position: "Harbour pilot",
        event: "Harbour Days",
        place: "Muelle Prat, Valparaíso",
        met_at: "2026-09-22",
        tags: &["boats", "harbour"],
        spark: "Knows every rock by the name of the ship that found it.",
        memory: None,
        coffee: None,
    },
    Card {
        first_name: "Aiyana",
        last_name: "Whitlock",
        company: "Tidewater Atlas",
        position: "Cartographer",
        event: "Open Maps Evening",
        place: "Library of Santiago",
        met_at: "2026-06",
        tags: &["maps"],
        spark: "Collects maps that were wrong on purpose.",
        memory: Some("Promised to lend me the atlas with the island that never was."),
        coffee: Some((12, "Library café")),
    },
    Card {
        first_name: "Jean-Luc",
        last_name: "Côté",
        company: "Atelier Côté",
        position: "Sailmaker",
        event: "",
        place: "Ferry to Chiloé",
        met_at: "2025",
        tags: &["boats", "travel"],
        spark: "Mended my jacket on the ferry with a sailmaker's palm, in exchange for a thermos of coffee.",
        memory: None,
        coffee: None,
    },
    Card {
        first_name: "Rosa",
        last_name: "Aguirre",
        company: "Cooperativa Mar Azul",
        position: "Bookkeeper",
        event: "Spreadsheet Sunday",
        place: "Valparaíso",
        met_at: "2026-10-04",
        tags: &["spreadsheets"],
        spark: "Found the one wrong cell in my tide table in under a minute.",
        memory: None,
        coffee: None,
    },
    Card {
        first_name: "",
        last_name: "",
        company: "Astilleros del Sur",
        position: "",
        event: "Harbour Days",
        place: "Valparaíso",
        met_at: "2026-09",
        tags: &["boats"],
        spark: "Stand with the blue crane. Ask for whoever builds the small ones.",
        memory: None,
        coffee: None,
    },
];

const OF_YUKI: [Card; 3] = [
    Card {
        first_name: "Håkon",
        last_name: "Øverland",
        company: "Nattog AS",
        position: "Sleeping-car steward",
        event: "Night Train Forum",
        place: "Bodø",
        met_at: "2026-02-14",
        tags: &["night trains", "snow"],
        spark: "Makes up forty beds while I make tea. Says that snow sounds different in every valley.",
        memory: Some("Sends a postcard from each end of the line."),
        coffee: Some((3, "Platform 4, by the clock")),
    },
    Card {
        first_name: "Mei",
        last_name: "Lin",
        company: "Slow Lines Magazine",
        position: "Photographer",
        event: "Night Train Forum",
        place: "Bodø",
        met_at: "2026-02-15",
        tags: &["night trains", "photos"],
        spark: "Photographs only through windows.",
        memory: None,
        coffee: None,
    },
    Card {
        first_name: "Kenji",
        last_name: "Arakawa",
        company: "",
        position: "",
        event: "Snow Festival",
        place: "Ōdōri Park, Sapporo",
        met_at: "2026-02",
        tags: &["snow"],
        spark: "Carves foxes. Was looking for somebody to hold the ladder.",
        memory: None,
        coffee: None,
    },
];

/// Makes what is missing.
pub(super) async fn fill(kith: &mut Kith<'_>, people: &People) -> Result<(), SeedError> {
    cards(kith, &people.mateo, "Mateo", &OF_MATEO).await?;
    cards(kith, &people.yuki, "Yuki", &OF_YUKI).await
}

async fn cards(kith: &mut Kith<'_>, owner: &Caller, name: &str, cards: &[Card]) -> Result<(), SeedError> {
    let page = kith.get(owner, "/v1/contacts?limit=100").await?;
    let known: Vec<String> =
        page.get("items").and_then(Value::as_array).into_iter().flatten().map(|card| named(card, text)).collect();
    for card in cards {
        let wanted = json!({"first_name": card.first_name, "last_name": card.last_name, "company": card.company});
        let is_new = !known.contains(&named(&wanted, text));
        if is_new {
            make(kith, owner, card).await?;
        }
        let who = [card.first_name, card.last_name, card.company].into_iter().find(|part| !part.is_empty());
        kith.say(AREA, &format!("{} on a card of {name}", who.unwrap_or_default()), is_new)?;
    }
    Ok(())
}

async fn make(kith: &Kith<'_>, owner: &Caller, card: &Card) -> Result<(), SeedError> {
    let texts = [
        ("first_name", card.first_name),
        ("last_name", card.last_name),
        ("company", card.company),
        ("position", card.position),
        ("event", card.event),
        ("place", card.place),
        ("met_at", card.met_at),
        ("spark", card.spark),
    ];
    let mut body: serde_json::Map<String, Value> =
        texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.into(), text.into())).collect();
    body.insert("tags".into(), json!(card.tags));
    let made = kith.ask(owner, Method::POST, "/v1/contacts", Some(&body.into())).await?.success()?;
    let path = format!("/v1/contacts/{}", text(&made, "id"));
    if let Some(memory) = card.memory {
        let memory = json!({"text": memory});
        kith.ask(owner, Method::POST, &format!("{path}/memories"), Some(&memory)).await?.success()?;
    }
    if let Some((days, place)) = card.coffee {
        let day = today(kith).await?.checked_add(days.days()).unwrap_or(Date::MAX);
        let plan = json!({"at": format!("{day}T15:00"), "what": "Coffee chat", "place": place});
        kith.ask(owner, Method::PUT, &format!("{path}/follow-up"), Some(&plan)).await?.success()?;
    }
    Ok(())
}

/// The runner's day: its clock may have been moved.
async fn today(kith: &Kith<'_>) -> Result<Date, SeedError> {
    let now = kith.now().await?;
    Ok(Zoned::new(now, TimeZone::UTC).date())
}

/// What tells a card from the others.
fn named(card: &Value, text: impl Fn(&Value, &str) -> String) -> String {
    ["first_name", "last_name", "company"].map(|field| text(card, field)).join("\n")
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
