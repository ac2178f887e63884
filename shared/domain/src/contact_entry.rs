//! What a search knows of a card without reading it.

use crate::fold::{fold, words};
use crate::phone::digits_of;
use crate::signature::{Signature, Words};
use crate::{Contact, Memory, PartialDate, SocialMedia, Spark};
use serde::{Deserialize, Serialize};

/// How many bytes of its texts an entry keeps at most: three for each character that the card may have, which holds
/// whatever people write, but not what folding makes many letters of one.
const LONGEST_NAME: usize = 363;
const LONGEST_COMPANY: usize = 180;
const LONGEST_EVENT: usize = 240;
const LONGEST_PLACE: usize = 360;
pub(crate) const LONGEST_TAG: usize = 90;
/// Of profiles elsewhere, as people write one or two. All their words are in the signature.
const LONGEST_PROFILES: usize = 160;
/// What a search looks at: the texts of a card, folded, when one met, and signatures of the long texts that belong to
/// it. Kept apart from the card, since a search reads this of all cards and a card may be a hundred times as long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEntry {
    /// First and last name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) company: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) position: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) event: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) place: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) email: String,
    /// The digits that count.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) phone: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) profiles: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) met_at: Option<PartialDate>,
    /// Of the spark and the profiles.
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub(crate) words: Signature<320>,
    /// Of the memories: written with them, and not with the card.
    #[serde(default, skip_serializing)]
    pub(crate) memory_words: Signature<192>,
}

/// What an entry knows of the memories of its card. Written with them, and not with the card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// How many there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub memories: u32,
    /// Of their words; what was deleted may still be there.
    #[serde(default, skip_serializing_if = "Signature::is_empty")]
    pub(crate) memory_words: Signature<192>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Remembered {
    /// Takes in the words of a memory.
    pub fn add_words_of(&mut self, memory: &Memory) {
        self.memory_words.add(&Words::of(memory.text.as_str()));
    }
}

impl ContactEntry {
    /// The entry of a card of which nothing is remembered.
    pub fn of(contact: &Contact) -> Self {
        fn folded<T: ToString>(text: Option<&T>, longest: usize) -> String {
            text.map(|text| cut(fold(&text.to_string()), longest)).unwrap_or_default()
        }
        let names = [&contact.first_name, &contact.last_name].map(|name| folded(name.as_ref(), LONGEST_NAME));
        let mut long_words = Words::default();
        for text in [contact.spark.as_ref().map(Spark::as_str), contact.social_media.as_ref().map(SocialMedia::as_str)]
        {
            long_words.extend(Words::of(text.unwrap_or_default()));
        }
        Self {
            name: cut(names.join(" ").trim().to_owned(), LONGEST_NAME),
            company: folded(contact.company.as_ref(), LONGEST_COMPANY),
            position: folded(contact.position.as_ref(), LONGEST_COMPANY),
            event: folded(contact.event.as_ref(), LONGEST_EVENT),
            place: folded(contact.place.as_ref(), LONGEST_PLACE),
            email: folded(contact.email.as_ref(), LONGEST_PLACE),
            phone: contact.phone.as_ref().map(|phone| digits_of(&fold(phone.as_str()))).unwrap_or_default(),
            profiles: contact.social_media.as_ref().map(|text| profiles_of(text.as_str())).unwrap_or_default(),
            tags: contact.tags.folded().into_iter().map(|tag| cut(tag, LONGEST_TAG)).collect(),
            met_at: contact.met_at.clone(),
            words: Signature::of(&long_words),
            memory_words: Signature::default(),
        }
    }

    /// The same entry, with what another one knows of the memories.
    #[must_use]
    pub fn remembering(mut self, other: &Self) -> Self {
        self.memory_words.clone_from(&other.memory_words);
        self
    }

    /// All texts of which a part may be sought.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        let texts = [&self.name, &self.company, &self.position, &self.event, &self.place, &self.email, &self.profiles];
        texts.into_iter().chain(&self.tags)
    }
}

/// The beginning of a text that has at most so many bytes.
pub(crate) fn cut(mut text: String, longest: usize) -> String {
    text.truncate(text.floor_char_boundary(longest));
    text
}

/// Profiles without what all addresses of the web have in common.
fn profiles_of(written: &str) -> String {
    let bare = |word: &str| {
        let word = word.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
        word.trim_end_matches('/').to_owned()
    };
    cut(words(&fold(written)).map(bare).collect::<Vec<_>>().join(" "), LONGEST_PROFILES)
}
