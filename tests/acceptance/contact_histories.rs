//! Cards that are added, changed, deleted and sought in any order are what a book in memory says.

use crate::cards::{PATH, add, found, path};
use futures::future::join_all;
use kith_tests::{Actor, Kith};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Words as people write them, and how each is typed by whoever is in a hurry.
const WORDS: [(&str, &[&str]); 8] = [
    ("lodz", &["Łódź", "LODZ", "lódz", "Lo\u{301}dz\u{301}"]),
    ("koln", &["Köln", "KÖLN", "koln"]),
    ("strasse", &["Straße", "STRASSE", "strasse"]),
    ("zoe", &["Zoë", "ZOE", "zoé"]),
    ("oresund", &["Øresund", "oresund", "ØRESUND"]),
    ("cafe", &["Café", "CAFÉ", "cafe"]),
    ("odysseus", &["Odysseus", "ODYSSEUS"]),
    ("rust", &["Rust", "rust", "RUST"]),
];

const TEXTS: [&str; 5] = ["first_name", "company", "position", "event", "place"];

/// What is known of a card: the words of each text in their plain form, and the year of meeting.
#[derive(Clone, Debug, Default)]
struct Known {
    texts: BTreeMap<&'static str, Vec<&'static str>>,
    tags: BTreeSet<&'static str>,
    met_at: Option<u32>,
    /// The one word of the spark, if there is one.
    spark: Option<&'static str>,
}

/// A search in plain words.
#[derive(Debug, Default)]
struct Sought {
    q: Vec<&'static str>,
    texts: BTreeMap<&'static str, &'static str>,
    tag: Option<&'static str>,
    from: Option<u32>,
    to: Option<u32>,
}

impl Known {
    fn is(&self, sought: &Sought) -> bool {
        let anywhere = |word: &&str| {
            let is_in_texts = self.texts.values().flatten().any(|own| own == word);
            is_in_texts || self.tags.contains(*word) || self.spark == Some(*word)
        };
        let has = |(field, word): (&&str, &&str)| self.texts.get(*field).is_some_and(|words| words.contains(word));
        sought.q.iter().all(anywhere)
            && sought.texts.iter().all(has)
            && sought.tag.is_none_or(|tag| self.tags.contains(tag))
            && (sought.from.is_none() && sought.to.is_none()
                || self.met_at.is_some_and(|year| {
                    sought.from.is_none_or(|from| year >= from) && sought.to.is_none_or(|to| year <= to)
                }))
    }
}

/// Draws what somebody does next; the same in every run.
struct Draw(fastrand::Rng);

impl Draw {
    fn word(&mut self) -> (&'static str, &'static str) {
        let (plain, written) = WORDS[self.0.usize(..WORDS.len())];
        (plain, written[self.0.usize(..written.len())])
    }

    /// Some changes, which are noted in `known`, as the API takes them. The company always stays.
    fn changes(&mut self, known: &mut Known) -> Value {
        let mut changes = Map::new();
        for field in TEXTS {
            match self.0.u8(..4) {
                0 => {
                    let words: Vec<_> = (0..self.0.usize(1..=2)).map(|_| self.word()).collect();
                    known.texts.insert(field, words.iter().map(|(plain, _)| *plain).collect());
                    let written: Vec<&str> = words.iter().map(|(_, written)| *written).collect();
                    changes.insert(field.into(), written.join(" ").into());
                }
                1 if field != "company" => {
                    known.texts.remove(field);
                    changes.insert(field.into(), Value::Null);
                }
                _ => {}
            }
        }
        if self.0.bool() {
            let tags: BTreeMap<_, _> = (0..self.0.usize(..4)).map(|_| self.word()).collect();
            known.tags = tags.keys().copied().collect();
            changes.insert("tags".into(), json!(tags.values().collect::<Vec<_>>()));
        }
        if self.0.bool() {
            known.met_at = self.0.bool().then(|| self.0.u32(2018..2024));
            changes.insert("met_at".into(), json!(known.met_at.map(|year| year.to_string())));
        }
        if self.0.bool() {
            known.spark = Some("lodz");
            changes.insert("spark".into(), "Łódź ".repeat(self.0.usize(1..50)).into());
        }
        changes.into()
    }

    /// A search, and its parameters as somebody types them.
    fn search(&mut self) -> (Sought, Vec<(&'static str, String)>) {
        let (mut sought, mut typed) = (Sought::default(), Vec::new());
        if self.0.bool() {
            let words: Vec<_> = (0..self.0.usize(1..=2)).map(|_| self.word()).collect();
            sought.q = words.iter().map(|(plain, _)| *plain).collect();
            typed.push(("q", words.iter().map(|(_, written)| *written).collect::<Vec<_>>().join(" ")));
        }
        for field in ["company", "event", "place"] {
            if self.0.u8(..4) == 0 {
                let (plain, written) = self.word();
                sought.texts.insert(field, plain);
                typed.push((field, written.to_owned()));
            }
        }
        if self.0.u8(..4) == 0 {
            let (plain, written) = self.word();
            sought.tag = Some(plain);
            typed.push(("tag", written.to_owned()));
        }
        if self.0.u8(..3) == 0 {
            let from = self.0.u32(2018..2024);
            (sought.from, sought.to) = (Some(from), self.0.bool().then(|| from + self.0.u32(..3)));
            typed.push(("met_from", from.to_string()));
            typed.extend(sought.to.map(|to| ("met_to", to.to_string())));
        }
        (sought, typed)
    }
}

async fn assert_found(owner: &Actor, book: &BTreeMap<String, Known>, draw: &mut Draw) -> usize {
    let (sought, typed) = draw.search();
    let parameters: Vec<(&str, &str)> = typed.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let expected: Vec<&String> = book.iter().rev().filter(|(_, known)| known.is(&sought)).map(|(id, _)| id).collect();
    assert_eq!(found(owner, &parameters).await.iter().collect::<Vec<_>>(), expected, "{typed:?}");
    expected.len()
}

/// Ids that are behind a kind of sort key in somebody's partition.
async fn stored(kith: &Kith, owner: &Actor, kind: &str) -> Vec<String> {
    let items = kith.items(&format!("contacts#{}", owner.id())).await;
    let id = |item: &Value| item["sk"].as_str().unwrap().strip_prefix(kind).map(str::to_owned);
    items.iter().filter_map(id).collect()
}

#[tokio::test]
async fn a11_after_any_history_a_search_finds_exactly_what_is_there() {
    let kith = Kith::shared().await;
    for seed in 0..3 {
        let ada = kith.registered("ada").await;
        let mut draw = Draw(fastrand::Rng::with_seed(seed));
        let mut book: BTreeMap<String, Known> = BTreeMap::new();
        let mut hits = 0;
        for step in 0..60 {
            let chosen = book.keys().nth(draw.0.usize(..=book.len())).cloned();
            match (draw.0.u8(..8), chosen) {
                (0, Some(id)) => {
                    ada.delete(&path(&id)).await.assert_status(204);
                    book.remove(&id);
                }
                (1..=3, Some(id)) => {
                    let changes = draw.changes(book.get_mut(&id).unwrap());
                    ada.patch(&path(&id)).json(changes).await.assert_status(200);
                }
                _ => {
                    let mut known = Known::default();
                    known.texts.insert("company", vec!["acme"]);
                    let mut card = draw.changes(&mut known);
                    if card["company"].is_null() {
                        card["company"] = "Acme".into();
                    }
                    book.insert(add(&ada, card).await, known);
                }
            }
            if step % 3 == 0 {
                hits += assert_found(&ada, &book, &mut draw).await;
            }
        }
        for _ in 0..15 {
            hits += assert_found(&ada, &book, &mut draw).await;
        }
        assert!(hits > 20, "the searches of history {seed} found next to nothing: {hits}");
    }
}

#[tokio::test]
async fn a11_changes_at_once_leave_no_entry_that_differs_from_its_card() {
    let Some(kith) = Kith::with_helpers().await else { return };
    let ada = kith.registered("ada").await;
    let mut draw = Draw(fastrand::Rng::with_seed(7));
    let cards = join_all((0..8).map(|_| add(&ada, json!({"company": "Acme"})))).await;
    for _ in 0..4 {
        // Several at each card, some of them deletions, and lists meanwhile.
        let requests = (0..32).map(|_| {
            let card = path(&cards[draw.0.usize(..cards.len())]);
            match draw.0.u8(..16) {
                0 => ada.delete(&card),
                1..=3 => ada.get(&format!("{PATH}?q=rust&limit=100")),
                _ => ada.patch(&card).json(draw.changes(&mut Known::default())),
            }
        });
        let answers = join_all(requests.collect::<Vec<_>>().into_iter().map(IntoFuture::into_future)).await;
        for answer in &answers {
            assert!([200, 204, 404].contains(&answer.status()), "{answer}");
        }
        let ids = stored(&kith, &ada, "contact#").await;
        assert_eq!(stored(&kith, &ada, "entry#").await, ids, "a card without an entry, or the other way round");
        let shown = ada.get(&format!("{PATH}?limit=100")).await.json()["items"].as_array().unwrap().clone();
        assert_eq!(shown.len(), ids.len());
        // Whatever has won, each word that is on a card finds it.
        for field in ["company", "event", "place"] {
            for word in shown.iter().filter_map(|card| card[field].as_str()).collect::<BTreeSet<_>>() {
                let expected = shown.iter().filter(|card| card[field] == word);
                let expected: BTreeSet<String> = expected.map(|card| card["id"].as_str().unwrap().to_owned()).collect();
                let found: BTreeSet<String> = found(&ada, &[(field, word)]).await.into_iter().collect();
                assert!(expected.is_subset(&found), "{field}={word}: {expected:?} {found:?}");
            }
        }
        for (plain, _) in WORDS {
            let found: BTreeSet<String> = found(&ada, &[("tag", plain)]).await.into_iter().collect();
            let is_written = |tag: &Value| {
                WORDS.iter().any(|(own, written)| *own == plain && written.iter().any(|written| tag == nfc(written)))
            };
            let tagged = shown.iter().filter(|card| card["tags"].as_array().unwrap().iter().any(is_written));
            let tagged: BTreeSet<String> = tagged.map(|card| card["id"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found, tagged, "tag={plain}");
        }
    }
}

/// As the API answers it.
fn nfc(written: &str) -> &str {
    if written == "Lo\u{301}dz\u{301}" { "Lódź" } else { written }
}
