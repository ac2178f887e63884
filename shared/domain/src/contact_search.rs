//! Finding cards: what a search looks at, and which cards it wants.

use crate::fold::{fold, words};
use crate::text::{Invalid, parsed_text, tidy};
use crate::{Contact, PartialDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a search looks at: the texts of a card, folded, and when one met. Kept apart from the card, since a search
/// reads this of all cards and a card may be a hundred times as long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEntry {
    /// First and last name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    company: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    position: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    event: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    place: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    met_at: Option<PartialDate>,
}

impl ContactEntry {
    /// The entry of a card.
    pub fn of(contact: &Contact) -> Self {
        fn folded<T: ToString>(text: Option<&T>) -> String {
            text.map(|text| fold(&text.to_string())).unwrap_or_default()
        }
        let names = [folded(contact.first_name.as_ref()), folded(contact.last_name.as_ref())];
        Self {
            name: names.join(" ").trim().to_owned(),
            company: folded(contact.company.as_ref()),
            position: folded(contact.position.as_ref()),
            event: folded(contact.event.as_ref()),
            place: folded(contact.place.as_ref()),
            email: folded(contact.email.as_ref()),
            tags: contact.tags.folded(),
            met_at: contact.met_at.clone(),
        }
    }

    /// Whether any text has the word in it.
    fn has(&self, word: &str) -> bool {
        let texts = [&self.name, &self.company, &self.position, &self.event, &self.place, &self.email];
        texts.into_iter().chain(&self.tags).any(|text| text.contains(word))
    }
}

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
    /// Every word of it is in a name, the company, position, event, place or e-mail address, or in a tag.
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

impl ContactFilter {
    /// Whether it takes every card.
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it takes the card of this entry.
    pub fn takes(&self, entry: &ContactEntry) -> bool {
        let holds = |text: &str, sought: &Option<SearchText>| match sought {
            Some(SearchText(sought)) => text.contains(sought.as_str()),
            None => true,
        };
        let has_words = self.q.as_ref().is_none_or(|SearchText(q)| words(q).all(|word| entry.has(word)));
        let has_tags = self.tags.iter().all(|SearchText(sought)| entry.tags.contains(sought));
        has_words
            && has_tags
            && holds(&entry.company, &self.company)
            && holds(&entry.event, &self.event)
            && holds(&entry.place, &self.place)
            && self.takes_date(entry.met_at.as_ref())
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
        let finds = |q: &str| ContactFilter { q: text(q), ..ContactFilter::default() }.takes(&ada());
        for found in ["ADA", "lovelace ada", "love", "lodz MEETUP engin", "@example.org", "two words", "math", " "] {
            assert!(finds(found), "{found}");
        }
        for not_found in ["ada grace", "adalovelace", "lovelace zebra"] {
            assert!(!finds(not_found), "{not_found}");
        }
    }

    #[test]
    fn a11_fields_are_searched_on_their_own_and_a_tag_as_a_whole() {
        let filter = |company: &str| ContactFilter { company: text(company), ..ContactFilter::default() };
        assert!(filter("engine").takes(&ada()) && !filter("meetup").takes(&ada()));
        let filter = |tag: &str| ContactFilter { tags: text(tag).into_iter().collect(), ..ContactFilter::default() };
        assert!(filter("MATHE").takes(&ada()) && filter("Two  Words").takes(&ada()) && !filter("math").takes(&ada()));
    }

    #[test]
    fn g06_place_event_and_date_combine() {
        let with = |place: &str, from: &str| ContactFilter {
            place: text(place),
            event: text("rust"),
            ..met(Some(from), Some("2020-10"))
        };
        assert!(with("lodz", "2020-09-30").takes(&ada()));
        assert!(!with("lodz", "2020-10").takes(&ada()) && !with("paris", "2020-09").takes(&ada()));
    }

    #[test]
    fn a11_a_span_takes_what_may_be_in_it() {
        for (from, to) in
            [(Some("2020"), None), (None, Some("2020-09-01")), (Some("2020-09-30T23:59Z"), Some("2021")), (None, None)]
        {
            assert!(met(from, to).takes(&ada()), "{from:?} to {to:?}");
        }
        for (from, to) in [(Some("2020-10-01"), None), (None, Some("2020-08")), (Some("2021"), Some("2022"))] {
            assert!(!met(from, to).takes(&ada()), "{from:?} to {to:?}");
        }
        let undated = entry(json!({"first_name": "Ada"}));
        assert!(!met(Some("0001"), None).takes(&undated) && !met(None, Some("9999")).takes(&undated));
        assert!(met(None, None).takes(&undated));
    }

    #[test]
    fn a_text_to_search_for_has_at_most_200_characters() {
        assert!(SearchText::parse(&"ß".repeat(200)).is_ok() && SearchText::parse(&"ß".repeat(201)).is_err());
    }

    proptest! {
        #[test]
        fn a11_a_card_is_found_by_every_field_in_capitals_and_by_every_part_of_it(
            name in "[\\p{Latin}\\p{Greek}]{1,30}",
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
            prop_assert!(filter.takes(&found), "{:?} {:?}", filter, found);
        }

        #[test]
        fn a11_dates_compare_as_their_days_do(met_day in 1i8..=28, from in 1i8..=28, to in 1i8..=28) {
            let day = |day: i8| format!("2020-02-{day:02}");
            let found = entry(json!({"first_name": "Ada", "met_at": day(met_day)}));
            let takes = met(Some(&day(from)), Some(&day(to))).takes(&found);
            prop_assert_eq!(takes, (from..=to).contains(&met_day));
        }
    }
}
