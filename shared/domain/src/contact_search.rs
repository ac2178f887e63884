//! Finding cards: what a search looks at, and which cards it wants.

use crate::contact_entry::{LONGEST_TAG, cut};
use crate::fold::{fold, loose, words};
use crate::phone::{as_phone, is_phone};
use crate::signature::{SoughtWord, Words};
use crate::text::{Invalid, parsed_text, tidy};
use crate::{Contact, ContactEntry, Memory, PartialDate, SocialMedia, Spark};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A text to search for: at most 200 Unicode scalars; case and accents make no difference.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 200)]
pub struct SearchText(String);

impl SearchText {
    /// Reads a text.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = tidy(written);
        if text.chars().count() > 200 {
            return Err(Invalid("must be at most 200 characters long"));
        }
        Ok(Self(fold(&text)))
    }

    /// Whether there is nothing to search for.
    pub fn is_blank(&self) -> bool {
        self.0.is_empty()
    }
}

parsed_text!(SearchText, "a text");

/// Which cards are wanted: those for which all that is given holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactFilter {
    /// Every word of it is in a name, the company, position, event, place, e-mail address, profile or tag, is the phone
    /// number or a part of it, or is a word of the spark or a memory.
    pub q: Option<SearchText>,
    /// It is in the company's name.
    pub company: Option<SearchText>,
    /// It is in the event's name.
    pub event: Option<SearchText>,
    /// It is in the place's name.
    pub place: Option<SearchText>,
    /// Each of them is one of the tags.
    pub tags: Vec<SearchText>,
    /// One may have met then or later.
    pub met_from: Option<PartialDate>,
    /// One may have met then or before.
    pub met_to: Option<PartialDate>,
}

/// What an entry says of its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It is not wanted.
    No,
    /// It is wanted.
    Yes,
    /// It is, if the long texts have the words that they seem to have.
    Perhaps,
}

/// Words that are still to be found in the memories of a card.
#[derive(Debug)]
pub struct Missing(Vec<SoughtWord>);

impl Missing {
    /// Whether all are found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks for them in a memory.
    pub fn look_in(&mut self, memory: &Memory) {
        let words = Words::of(memory.text.as_str());
        self.0.retain(|sought| !words.have(sought));
    }
}

/// A filter, made ready to be held against many entries.
#[derive(Debug)]
pub struct Search<'a> {
    filter: &'a ContactFilter,
    words: Vec<SoughtWord>,
    /// What is sought, if it is a phone number as a whole.
    phone: Option<String>,
    /// The company, event and place without what does not matter.
    loosely: [Option<String>; 3],
}

impl ContactFilter {
    /// Whether it takes every card.
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Makes it ready.
    pub fn search(&self) -> Search<'_> {
        let q = self.q.as_ref().map(|SearchText(q)| q.as_str());
        let loosely = |text: &Option<SearchText>| text.as_ref().map(|SearchText(text)| squeezed(text));
        Search {
            filter: self,
            words: q
                .map(|q| words(q).collect::<BTreeSet<_>>().into_iter().map(SoughtWord::new).collect())
                .unwrap_or_default(),
            phone: q.and_then(as_phone),
            loosely: [&self.company, &self.event, &self.place].map(loosely),
        }
    }

    /// A card without a date is in no span of time.
    fn takes_date(&self, met_at: Option<&PartialDate>) -> bool {
        let (from, to) = (self.met_from.as_ref(), self.met_to.as_ref());
        match met_at {
            None => from.is_none() && to.is_none(),
            Some(met_at) => from.is_none_or(|from| from.begins_by(met_at)) && to.is_none_or(|to| met_at.begins_by(to)),
        }
    }
}

impl Search<'_> {
    /// What an entry says of its card.
    pub fn look(&self, entry: &ContactEntry) -> Look {
        if !self.takes_fields(entry) {
            return Look::No;
        }
        let is_phone = self.phone.as_ref().is_some_and(|sought| is_phone(&entry.phone, sought));
        let missing = if is_phone { Vec::new() } else { self.missing(entry) };
        let may_be = |sought: &&SoughtWord| entry.words.may_have(sought) || entry.memory_words.may_have(sought);
        if missing.is_empty() {
            Look::Yes
        } else if missing.iter().all(may_be) {
            Look::Perhaps
        } else {
            Look::No
        }
    }

    /// What is still to be found in the memories of a card, of which an entry says perhaps; `None` where it cannot be
    /// there.
    pub fn missing_on(&self, contact: &Contact, entry: &ContactEntry) -> Option<Missing> {
        let mut missing = self.missing(entry);
        for text in [contact.spark.as_ref().map(Spark::as_str), contact.social_media.as_ref().map(SocialMedia::as_str)]
        {
            let words = Words::of(text.unwrap_or_default());
            missing.retain(|sought| !words.have(sought));
        }
        let may_be = missing.iter().all(|sought| entry.memory_words.may_have(sought));
        may_be.then(|| Missing(missing.into_iter().cloned().collect()))
    }

    fn takes_fields(&self, entry: &ContactEntry) -> bool {
        let ContactFilter { company, event, place, tags, .. } = self.filter;
        let holds = |text: &str, sought: &Option<SearchText>, loosely: &Option<String>| match (sought, loosely) {
            (Some(SearchText(sought)), Some(loosely)) => {
                text.contains(sought.as_str()) || !loosely.is_empty() && squeezed(text).contains(loosely)
            }
            _ => true,
        };
        let has_tag = |SearchText(sought): &SearchText| entry.tags.contains(&cut(sought.clone(), LONGEST_TAG));
        let [loose_company, loose_event, loose_place] = &self.loosely;
        tags.iter().all(has_tag)
            && holds(&entry.company, company, loose_company)
            && holds(&entry.event, event, loose_event)
            && holds(&entry.place, place, loose_place)
            && self.filter.takes_date(entry.met_at.as_ref())
    }

    /// The words that none of the short texts has.
    fn missing(&self, entry: &ContactEntry) -> Vec<&SoughtWord> {
        let texts = OnceCell::new();
        self.words.iter().filter(|word| !has(entry, word, &texts)).collect()
    }
}

/// Whether any short text has the word in it, in any spelling.
fn has(entry: &ContactEntry, word: &SoughtWord, loosely: &OnceCell<Vec<String>>) -> bool {
    if entry.texts().any(|text| text.contains(&word.folded)) {
        return true;
    }
    if as_phone(&word.folded).is_some_and(|sought| is_phone(&entry.phone, &sought)) {
        return true;
    }
    let texts = loosely.get_or_init(|| entry.texts().map(|text| loose(text)).collect());
    let is_in = |part: &str| !part.is_empty() && texts.iter().any(|text| text.contains(part));
    let has_profile = || {
        // The address of a profile: what it ends with is the name there.
        let name = word.folded.rsplit('/').find(|part| !part.is_empty()).map(loose);
        word.folded.contains('/') && name.is_some_and(|name| !name.is_empty() && loose(&entry.profiles).contains(&name))
    };
    is_in(&word.whole) || word.all_parts(is_in) || has_profile()
}

/// A folded text without blanks and all that does not matter.
fn squeezed(folded: &str) -> String {
    let mut text = loose(folded);
    text.retain(|c| c != ' ');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContactId, UserId};
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn entry(card: Value) -> ContactEntry {
        let now = Timestamp::UNIX_EPOCH;
        let fields = serde_json::from_value(card).unwrap();
        ContactEntry::of(&Contact::new(ContactId::new(now), UserId::new(now), fields, now))
    }

    fn ada() -> ContactEntry {
        entry(json!({
            "first_name": "Adá", "last_name": "Lovelace", "company": "Analytical Engines", "position": "Mathematician",
            "event": "Rust Meetup", "place": "Łódź", "email": "Ada@Example.org", "tags": ["Mathe", "two words"],
            "met_at": "2020-09",
        }))
    }

    fn takes(filter: &ContactFilter, entry: &ContactEntry) -> bool {
        filter.search().look(entry) == Look::Yes
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the fields of a filter are")]
    fn text(text: &str) -> Option<SearchText> {
        Some(SearchText::parse(text).unwrap())
    }

    fn met(from: Option<&str>, to: Option<&str>) -> ContactFilter {
        let date = |text: Option<&str>| text.map(|text| PartialDate::parse(text).unwrap());
        ContactFilter { met_from: date(from), met_to: date(to), ..ContactFilter::default() }
    }

    #[test]
    fn a11_every_word_must_be_somewhere() {
        let finds = |q: &str| takes(&ContactFilter { q: text(q), ..ContactFilter::default() }, &ada());
        for found in [
            "ADA",
            "lovelace ada",
            "love",
            "lodz MEETUP engin",
            "@example.org",
            "two words",
            "math",
            " ",
            "ada-lovelace",
            "rust/meetup",
            "a d a",
        ] {
            assert!(finds(found), "{found}");
        }
        for not_found in ["ada grace", "adalovelace", "lovelace zebra"] {
            assert!(!finds(not_found), "{not_found}");
        }
    }

    #[test]
    fn a11_fields_are_searched_on_their_own_and_a_tag_as_a_whole() {
        let filter = |company: &str| ContactFilter { company: text(company), ..ContactFilter::default() };
        assert!(takes(&filter("engine"), &ada()) && !takes(&filter("meetup"), &ada()));
        let filter = |tag: &str| ContactFilter { tags: text(tag).into_iter().collect(), ..ContactFilter::default() };
        assert!(
            takes(&filter("MATHE"), &ada()) && takes(&filter("Two  Words"), &ada()) && !takes(&filter("math"), &ada())
        );
    }

    #[test]
    fn g06_place_event_and_date_combine() {
        let with = |place: &str, from: &str| ContactFilter {
            place: text(place),
            event: text("rust"),
            ..met(Some(from), Some("2020-10"))
        };
        assert!(takes(&with("lodz", "2020-09-30"), &ada()));
        assert!(!takes(&with("lodz", "2020-10"), &ada()) && !takes(&with("paris", "2020-09"), &ada()));
    }

    #[test]
    fn a11_a_span_takes_what_may_be_in_it() {
        for (from, to) in
            [(Some("2020"), None), (None, Some("2020-09-01")), (Some("2020-09-30T23:59Z"), Some("2021")), (None, None)]
        {
            assert!(takes(&met(from, to), &ada()), "{from:?} to {to:?}");
        }
        for (from, to) in [(Some("2020-10-01"), None), (None, Some("2020-08")), (Some("2021"), Some("2022"))] {
            assert!(!takes(&met(from, to), &ada()), "{from:?} to {to:?}");
        }
        let undated = entry(json!({"first_name": "Ada"}));
        assert!(!takes(&met(Some("0001"), None), &undated) && !takes(&met(None, Some("9999")), &undated));
        assert!(takes(&met(None, None), &undated));
    }

    #[test]
    fn a11_profiles_are_found_with_and_without_an_at_and_as_addresses() {
        for kept in ["@soren.k", "soren.k", "https://www.linkedin.com/in/soren.k/", "Mastodon: @soren.k@social.example"]
        {
            let card = entry(json!({"first_name": "A", "social_media": kept}));
            let finds = |q: &str| takes(&ContactFilter { q: text(q), ..ContactFilter::default() }, &card);
            for sought in ["@soren.k", "Soren.K", "sorenk", "https://instagram.com/soren.k", "linkedin.com/in/soren.k/"]
            {
                assert!(finds(sought), "{kept} by {sought}");
            }
            assert!(!finds("@grace") && !finds("https://example.org/grace"), "{kept}");
        }
        // What is beyond the beginning is found as whole words.
        let long = format!("{} https://example.org/zebra", "x".repeat(300));
        let card = entry(json!({"first_name": "A", "social_media": long}));
        let filter = ContactFilter { q: text("zebra"), ..ContactFilter::default() };
        assert_eq!(filter.search().look(&card), Look::Perhaps);
    }

    #[test]
    fn h34_punctuation_and_umlauts_do_not_matter_in_any_field() {
        let card = entry(json!({
            "first_name": "Jörg", "last_name": "O'Brien-Müller", "company": "Schön & Söhne", "event": "Rust-Treff",
            "place": "St. Gallen",
        }));
        for q in ["obrien", "o'brien", "OBRIEN", "mueller", "muller", "joerg", "jorg", "brien-mueller", "schoen soehne"]
        {
            assert!(takes(&ContactFilter { q: text(q), ..ContactFilter::default() }, &card), "{q}");
        }
        for company in ["Schön Söhne", "schoen & soehne", "schon&sohne"] {
            assert!(takes(&ContactFilter { company: text(company), ..ContactFilter::default() }, &card), "{company}");
        }
        let filter = ContactFilter { event: text("rust treff"), place: text("st gallen"), ..ContactFilter::default() };
        assert!(takes(&filter, &card));
        // But tags are what they are.
        let card = entry(json!({"first_name": "A", "tags": ["C", "C++"]}));
        assert!(takes(&ContactFilter { tags: text("c++").into_iter().collect(), ..ContactFilter::default() }, &card));
        assert!(!takes(&ContactFilter { tags: text("c#").into_iter().collect(), ..ContactFilter::default() }, &card));
    }

    #[test]
    fn h34_what_the_long_texts_may_say_is_looked_up_there() {
        let now = Timestamp::UNIX_EPOCH;
        let fields = json!({"first_name": "Ada", "spark": "Bakes sourdough.", "social_media": "@ada"});
        let contact = Contact::new(ContactId::new(now), UserId::new(now), serde_json::from_value(fields).unwrap(), now);
        let memory = |text: &str| {
            let new = serde_json::from_value(json!({"text": text})).unwrap();
            Memory::new(crate::MemoryId::new(now), contact.owner, contact.id, new, now)
        };
        let mut entry = ContactEntry::of(&contact);
        entry.memory_words.add(&Words::of("Has a cat, Schrödinger."));
        let filter = |q: &str| ContactFilter { q: text(q), ..ContactFilter::default() };
        for (q, look, on_card) in [
            ("ada", Look::Yes, Some(0)),
            ("ada SOURDOUGH", Look::Perhaps, Some(0)),
            ("sourdough cat", Look::Perhaps, Some(1)),
            ("Schroedinger", Look::Perhaps, Some(1)),
            ("sour", Look::No, None),
            ("grace cat", Look::No, None),
        ] {
            let filter = filter(q);
            assert_eq!(filter.search().look(&entry), look, "{q}");
            let missing = filter.search().missing_on(&contact, &entry);
            assert_eq!(missing.as_ref().map(|missing| missing.0.len()), on_card, "{q}");
            if let Some(mut missing) = missing {
                missing.look_in(&memory("A memory of something else."));
                missing.look_in(&memory("The cat of Schrödinger"));
                assert!(missing.is_empty(), "{q}");
            }
        }
    }

    #[test]
    fn h12_an_entry_is_cut_however_much_folding_makes_of_a_text() {
        let long = "\u{fdfa}".repeat(60);
        let card = json!({
            "first_name": long, "last_name": long, "company": long, "position": long, "event": long, "place": long,
            "tags": (0..20).map(|n| format!("{n}{}", "\u{fdfa}".repeat(20))).collect::<Vec<_>>(),
            "social_media": "\u{fdfa}".repeat(400), "spark": (0..1000).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" "),
        });
        assert!(serde_json::to_string(&entry(card)).unwrap().len() < 6000);
    }

    #[test]
    fn a_text_to_search_for_has_at_most_200_characters() {
        assert!(SearchText::parse(&"ß".repeat(200)).is_ok() && SearchText::parse(&"ß".repeat(201)).is_err());
    }

    proptest! {
        #[test]
        fn a11_a_card_is_found_by_every_field_in_capitals_and_by_every_part_of_it(
            name in "[A-Z][\\p{Latin}\\p{Greek}]{0,29}",
            place in "[\\p{Latin}\\p{Cyrillic}]{1,40}( [\\p{Latin}]{1,10})?",
            tag in "[\\p{Latin}]{1,20}",
            begin in 0usize..20,
            length in 1usize..10,
        ) {
            // Composed, a text may be shorter, and in capitals longer, than it was drawn.
            let found = entry(json!({"first_name": name, "place": place, "tags": [tag]}));
            let part: String = place.chars().skip(begin).take(length).collect();
            let filter = ContactFilter {
                q: text(&format!("{} {}", name.to_uppercase(), tag.to_uppercase())),
                place: text(&part.to_lowercase()),
                tags: text(&tag.to_uppercase()).into_iter().collect(),
                ..ContactFilter::default()
            };
            prop_assert!(takes(&filter, &found), "{:?} {:?}", filter, found);
        }

        #[test]
        fn a11_dates_compare_as_their_days_do(met_day in 1i8..=28, from in 1i8..=28, to in 1i8..=28) {
            let day = |day: i8| format!("2020-02-{day:02}");
            let found = entry(json!({"first_name": "Ada", "met_at": day(met_day)}));
            let takes = takes(&met(Some(&day(from)), Some(&day(to))), &found);
            prop_assert_eq!(takes, (from..=to).contains(&met_day));
        }
    }
}
