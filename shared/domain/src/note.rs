//! Sealed notes: a text behind a link that cannot be guessed, for so long and so many readings.

use crate::link::same_hash;
use crate::text::{Invalid, is_ignorable, parsed_text};
use crate::{NoteId, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

/// How many bytes of UTF-8 the text of a note has at most.
pub const NOTE_TEXT_LIMIT: usize = 64 * 1024;

/// How many wrong passphrases lock a note.
pub const NOTE_TRIES: usize = 10;

/// For how long whoever took a reading gets its text again on asking as they did.
pub const NOTE_REPEAT: SignedDuration = SignedDuration::from_secs(60);

/// Marks of those who may ask for a text again begin so; the others are of requests that never come again.
const AGAIN: char = '#';

/// How long a note stays locked after the last of them.
pub const NOTE_LOCK: SignedDuration = SignedDuration::from_mins(15);

/// A whole number within limits, with words that name them.
macro_rules! whole_number {
    ($name:ident, $from:literal, $to:literal, $expecting:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Number;
                impl serde::de::Visitor<'_> for Number {
                    type Value = $name;

                    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        out.write_str($expecting)
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$name, E> {
                        let number = u32::try_from(number).ok().filter(|number| ($from..=$to).contains(number));
                        number.map($name).ok_or_else(|| E::custom(concat!("must be ", $expecting)))
                    }

                    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<$name, E> {
                        self.visit_u64(u64::try_from(number).unwrap_or(u64::MAX))
                    }
                }
                from.deserialize_u32(Number)
            }
        }
    };
}

/// How long a note lives: 60 to 604,800 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoteLifetime(u32);

whole_number!(NoteLifetime, 60, 604_800, "a whole number of seconds from 60 to 604800");

impl Default for NoteLifetime {
    /// The longest: seven days.
    fn default() -> Self {
        Self(604_800)
    }
}

/// How often a note may be opened: 1 to 100 times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxViews(u32);

whole_number!(MaxViews, 1, 100, "a whole number from 1 to 100");

impl Default for MaxViews {
    /// Once.
    fn default() -> Self {
        Self(1)
    }
}

/// The text of a note: not empty, and otherwise exactly what somebody wrote. How long it may be is checked apart, since
/// it is answered otherwise.
#[derive(Debug, Clone)]
pub struct NoteText(SecretString);

impl NoteText {
    /// Reads a text.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        if written.is_empty() { Err(Invalid("must not be empty")) } else { Ok(Self(SecretString::from(written))) }
    }

    /// Whether it has more than [`NOTE_TEXT_LIMIT`] bytes.
    pub fn is_too_large(&self) -> bool {
        self.as_bytes().len() > NOTE_TEXT_LIMIT
    }

    /// The text in UTF-8, for sealing.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

parsed_text!(NoteText, "a text");

/// What somebody must know beside the link: 1 to 128 Unicode scalars after NFC, without blanks around them. Never stored,
/// nor a hash of it: it goes into the key of the note.
///
/// Whoever copies it may copy a blank with it, and programs make blanks others: all of them count as spaces.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Password, min_length = 1, max_length = 128)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Reads a new passphrase.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        let text = evened(&written.nfc().collect::<String>());
        if !(1..=128).contains(&text.chars().count()) {
            return Err(Invalid("must be 1 to 128 characters long"));
        }
        Ok(Self(SecretString::from(text)))
    }

    /// What somebody typed to open a note: any length, so that a wrong one is just wrong. After 1,024 characters it is
    /// cut, which no passphrase can match.
    pub fn attempt(written: &str) -> Self {
        Self(SecretString::from(evened(&written.nfc().take(1024).collect::<String>())))
    }

    /// The secret, for deriving the key.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

parsed_text!(Passphrase, "a passphrase");

/// A passphrase without what copying adds: blanks and invisible characters around it, and other blanks than spaces.
fn evened(passphrase: &str) -> String {
    let bare = passphrase.trim_matches(|c: char| c.is_whitespace() || is_ignorable(c));
    bare.chars().map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c }).collect()
}

/// A sealed note without its text: what is told of it, and what guards it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The note's id.
    pub id: NoteId,
    /// Hash of the token in its link.
    pub token_hash: String,
    /// Who sealed it, if they were logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// The server's key that the note's own key is derived from, among others.
    pub key_id: String,
    /// What the passphrase is hashed with; `None` where there is no passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// When it was sealed, in whole seconds, so that its end is one, too.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
    /// How often it may be opened in all.
    pub max_views: u32,
    /// How often it may still be opened.
    pub views_left: u32,
    /// When it was opened last.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millisecond::optional")]
    pub last_opened_at: Option<Timestamp>,
    /// The marks of those who took a reading, and when they did, in milliseconds since 1970. A map also where it is
    /// empty: a reading is put into what is there.
    #[serde(default)]
    pub taken_by: BTreeMap<String, i64>,
    /// The requests that tried a passphrase, but those that had the right one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tries: BTreeSet<String>,
    /// When the tries are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millisecond::optional")]
    pub tries_end: Option<Timestamp>,
}

/// What is sealed, beside the text.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// Hash of the token in the link.
    pub token_hash: String,
    /// Who seals it, if they are logged in.
    pub author: Option<UserId>,
    /// The server's key.
    pub key_id: String,
    /// What the passphrase is hashed with, where there is one.
    pub salt: Option<String>,
    /// How long it lives.
    pub lifetime: NoteLifetime,
    /// How often it may be opened.
    pub max_views: MaxViews,
}

impl Note {
    /// A note sealed now.
    pub fn new(sealing: Sealing, now: Timestamp) -> Self {
        let created_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Self {
            id: NoteId::new(now),
            token_hash: sealing.token_hash,
            author: sealing.author,
            key_id: sealing.key_id,
            salt: sealing.salt,
            created_at,
            expires_at: created_at + SignedDuration::from_secs(sealing.lifetime.0.into()),
            max_views: sealing.max_views.0,
            views_left: sealing.max_views.0,
            last_opened_at: None,
            taken_by: BTreeMap::new(),
            tries: BTreeSet::new(),
            tries_end: None,
        }
    }

    /// Whether it exists.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether there is something to open: it exists, and a reading is left.
    pub fn can_be_opened(&self, now: Timestamp) -> bool {
        self.is_alive(now) && self.views_left > 0
    }

    /// Whether it opens for this mark without another reading: whoever has it took one, and perhaps never saw the text.
    pub fn opens_again_for(&self, mark: &str, now: Timestamp) -> bool {
        let taken_at = self.taken_by.get(mark).and_then(|taken_at| Timestamp::from_millisecond(*taken_at).ok());
        self.is_alive(now) && taken_at.is_some_and(|taken_at| now.duration_since(taken_at) < NOTE_REPEAT)
    }

    /// The mark of whoever may ask again, made of a hash that only they can make.
    pub fn mark_to_open_again(hash: &str) -> String {
        format!("{AGAIN}{hash}")
    }

    /// Whether somebody took a reading who may still ask for the text again.
    pub fn may_be_asked_again(&self, now: Timestamp) -> bool {
        self.taken_by.keys().any(|mark| mark.starts_with(AGAIN) && self.opens_again_for(mark, now))
    }

    /// Until when the text stays if a last reading is taken now.
    pub fn text_stays_until(&self, now: Timestamp) -> Timestamp {
        self.expires_at.min(now + NOTE_REPEAT)
    }

    /// Whether a passphrase is needed to open it.
    pub fn has_passphrase(&self) -> bool {
        self.salt.is_some()
    }

    /// How many wrong passphrases more lock it.
    pub fn tries_left(&self, now: Timestamp) -> usize {
        let counts = self.tries_end.is_some_and(|end| now < end);
        if counts { NOTE_TRIES.saturating_sub(self.tries.len()) } else { NOTE_TRIES }
    }

    /// When it may be tried again, if too many passphrases were wrong.
    pub fn locked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.tries_end.filter(|end| now < *end && self.tries.len() >= NOTE_TRIES)
    }
}

/// How a note is found by its id: to destroy it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteHandle {
    /// The note.
    pub note: NoteId,
    /// Hash of the token in its link, under which the note itself is.
    pub token_hash: String,
    /// Hash of the token that allows to destroy it.
    pub manage_hash: String,
    /// Who sealed it, if they were logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// From here on it does not exist, whether or not the database has deleted it.
    #[serde(with = "millisecond::required")]
    pub expires_at: Timestamp,
}

impl NoteHandle {
    /// The handle of a note.
    pub fn new(note: &Note, manage_hash: String) -> Self {
        Self {
            note: note.id,
            token_hash: note.token_hash.clone(),
            manage_hash,
            author: note.author,
            expires_at: note.expires_at,
        }
    }

    /// Whether somebody may destroy the note: with the token that its maker got, or as its author.
    pub fn is_held_by(&self, manage_hash: Option<&str>, user: Option<UserId>) -> bool {
        let has_token = manage_hash.is_some_and(|hash| same_hash(hash, &self.manage_hash));
        has_token || (self.author.is_some() && self.author == user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn note() -> Note {
        let sealing = Sealing {
            token_hash: "hash".into(),
            author: Some(UserId::new(at(0))),
            key_id: "key".into(),
            salt: None,
            lifetime: NoteLifetime::default(),
            max_views: MaxViews::default(),
        };
        Note::new(sealing, at(1_800_000_000_999))
    }

    #[test]
    fn a_note_is_there_until_the_very_second_of_its_end() {
        let note = note();
        assert_eq!(note.expires_at, at(1_800_000_000_000 + 604_800_000));
        assert!(note.can_be_opened(note.expires_at - SignedDuration::from_millis(1)));
        assert!(!note.can_be_opened(note.expires_at));
    }

    #[test]
    fn a_note_without_a_reading_left_exists_and_cannot_be_opened() {
        let note = Note { views_left: 0, ..note() };
        assert!(note.is_alive(note.created_at) && !note.can_be_opened(note.created_at));
    }

    #[test]
    fn h31_who_took_a_reading_gets_it_again_for_60_seconds_and_never_after_the_end() {
        let mut note = Note { views_left: 0, ..note() };
        let taken_at = note.created_at;
        note.taken_by.insert("mine".into(), taken_at.as_millisecond());
        let again = |note: &Note, millis| note.opens_again_for("mine", taken_at + SignedDuration::from_millis(millis));
        // Nor is it lost to a request that was sent first and came last.
        for (millis, opens) in [(-5, true), (0, true), (59_999, true), (60_000, false)] {
            assert_eq!(again(&note, millis), opens, "{millis}");
        }
        assert!(!note.opens_again_for("another", taken_at));
        assert!(!note.may_be_asked_again(taken_at), "nobody sends that request again");
        let mark = Note::mark_to_open_again("mine");
        note.taken_by.insert(mark.clone(), taken_at.as_millisecond());
        assert!(note.opens_again_for(&mark, taken_at) && note.may_be_asked_again(taken_at));
        assert!(!note.may_be_asked_again(taken_at + NOTE_REPEAT));
        assert_eq!(note.text_stays_until(taken_at), taken_at + NOTE_REPEAT);
        note.expires_at = taken_at + SignedDuration::from_secs(30);
        assert!(again(&note, 29_999) && !again(&note, 30_000));
        assert_eq!(note.text_stays_until(taken_at), note.expires_at);
    }

    #[test]
    fn ten_wrong_passphrases_lock_for_a_while() {
        let mut note = Note { tries_end: Some(at(5_000)), ..note() };
        note.tries = (0..9).map(|n| n.to_string()).collect();
        assert_eq!((note.locked_until(at(1_000)), note.tries_left(at(1_000))), (None, 1));
        note.tries.insert("tenth".into());
        assert_eq!(note.locked_until(at(4_999)), Some(at(5_000)));
        assert_eq!(note.locked_until(at(5_000)), None);
        assert_eq!((note.tries_left(at(4_999)), note.tries_left(at(5_000))), (0, 10));
    }

    #[test]
    fn lifetimes_and_views_have_limits_and_are_whole_numbers() {
        let lifetime = |text: &str| serde_json::from_str::<NoteLifetime>(text).map_err(|error| error.to_string());
        assert_eq!(lifetime("60").unwrap(), NoteLifetime(60));
        assert_eq!(lifetime("604800").unwrap(), NoteLifetime::default());
        for wrong in ["59", "604801", "-1", "18446744073709551615", "60.0", "\"60\"", "null", "true"] {
            let error = lifetime(wrong).unwrap_err();
            assert!(error.contains("a whole number of seconds from 60 to 604800"), "{wrong}: {error}");
        }
        let views = |text: &str| serde_json::from_str::<MaxViews>(text).ok();
        assert_eq!((views("1"), views("100")), (Some(MaxViews::default()), Some(MaxViews(100))));
        assert_eq!((views("0"), views("101")), (None, None));
    }

    #[test]
    fn a_passphrase_has_1_to_128_characters_and_one_spelling() {
        for nothing in ["", " ", "\u{a0}\n", "\u{200b}"] {
            assert!(Passphrase::parse(nothing).is_err(), "{nothing:?}");
        }
        assert!(Passphrase::parse(&"é".repeat(128)).is_ok());
        assert!(Passphrase::parse(&"é".repeat(129)).is_err());
        let (one, other) = (Passphrase::parse("caf\u{e9}").unwrap(), Passphrase::attempt("cafe\u{301}"));
        assert_eq!(one.secret().expose_secret(), other.secret().expose_secret());
        assert!(!format!("{one:?}").contains("caf"));
    }

    #[test]
    fn h16_what_copying_adds_to_a_passphrase_does_not_count() {
        let plain = Passphrase::parse("open sesame").unwrap();
        for pasted in [
            " open sesame",
            "open sesame\n",
            "open\u{a0}sesame",
            "\u{a0}open\u{202f}sesame\u{3000}",
            "\t open sesame\r\n",
            "\u{feff}open sesame\u{200b}",
            "open\u{2007}sesame",
        ] {
            for read in [Passphrase::parse(pasted).unwrap(), Passphrase::attempt(pasted)] {
                assert_eq!(read.secret().expose_secret(), plain.secret().expose_secret(), "{pasted:?}");
            }
        }
        for other in ["opensesame", "open  sesame", "Open sesame", "open\tsesame"] {
            assert_ne!(
                Passphrase::attempt(other).secret().expose_secret(),
                plain.secret().expose_secret(),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_text_is_what_was_written_and_not_empty() {
        assert!(NoteText::parse("").is_err());
        let written = " \r\n\u{0}cafe\u{301} ";
        let text = NoteText::parse(written).unwrap();
        assert_eq!(text.as_bytes(), written.as_bytes());
        assert!(!format!("{text:?}").contains("caf"));
        let limit = "é".repeat(NOTE_TEXT_LIMIT / 2);
        assert!(!NoteText::parse(&limit).unwrap().is_too_large());
        assert!(NoteText::parse(&(limit + "e")).unwrap().is_too_large());
    }

    #[test]
    fn only_the_manage_token_and_the_author_hold_a_note() {
        let handle = NoteHandle::new(&note(), "manage".into());
        let (author, stranger) = (handle.author, Some(UserId::new(at(1))));
        assert!(handle.is_held_by(Some("manage"), None) && handle.is_held_by(None, author));
        assert!(!handle.is_held_by(Some("guess"), stranger) && !handle.is_held_by(None, None));
        let nobodys = NoteHandle { author: None, ..handle };
        assert!(!nobodys.is_held_by(None, None) && !nobodys.is_held_by(Some(""), stranger));
    }
}
