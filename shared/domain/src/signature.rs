//! Signatures: which words a text may hold, in a few bytes, so that a search need not read the text.
//!
//! A signature errs on one side only: a word that is there is always found in it, and now and then one that is not. So
//! what it says is looked up in the text itself.

use crate::fold::{fold, is_punctuation, loose, parts, words};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::hash::Hasher as _;

/// The words of a text as a search compares them: whole, folded, however their punctuation and umlauts are spelt. Those
/// that punctuation joins count apart as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(BTreeSet<String>);

impl Words {
    /// The words of a text as it was written.
    pub(crate) fn of(text: &str) -> Self {
        let folded = fold(text);
        let whole = words(&folded).map(loose);
        // An apostrophe is in a word more often than between two.
        let joined = folded.split(|c: char| c != '\'' && (c.is_whitespace() || is_punctuation(c))).map(loose);
        let apart = parts(&folded).map(loose);
        Self(whole.chain(joined).chain(apart).filter(|word| !word.is_empty()).collect())
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether a word that is sought, in any of its spellings, is one of them.
    pub(crate) fn have(&self, sought: &SoughtWord) -> bool {
        self.0.contains(&sought.whole) || sought.all_parts(|part| self.0.contains(part))
    }
}

/// A word that is sought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SoughtWord {
    /// Folded.
    pub(crate) folded: String,
    /// As people spell it loosely.
    pub(crate) whole: String,
    /// What its punctuation parts, loosely; empty where it parts nothing.
    pub(crate) parts: Vec<String>,
}

impl SoughtWord {
    /// A word of a folded text.
    pub(crate) fn new(folded: &str) -> Self {
        let parts: Vec<String> = parts(folded).map(loose).collect();
        Self {
            folded: folded.to_owned(),
            whole: loose(folded),
            parts: if parts.len() > 1 { parts } else { Vec::new() },
        }
    }

    /// Whether there are parts, and this holds for each.
    pub(crate) fn all_parts(&self, holds: impl Fn(&str) -> bool) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| holds(part))
    }
}

/// A signature of at most `LONGEST` bytes, sized by its words.
///
/// While they fit, it is the sorted hashes of its words, two bytes each: one word in some hundreds is then taken for one
/// of them. More words than fit are a Bloom filter of all `LONGEST` bytes over the same hashes, so a signature can always
/// take in more words, but never give one back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Signature<const LONGEST: usize>(Vec<u8>);

impl<const LONGEST: usize> Signature<LONGEST> {
    /// The signature of these words.
    pub(crate) fn of(words: &Words) -> Self {
        let mut signature = Self::default();
        signature.add(words);
        signature
    }

    /// Whether it has no words.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in more words.
    pub(crate) fn add(&mut self, words: &Words) {
        let new = words.0.iter().map(|word| hash(word));
        if self.is_filter() {
            for hash in new {
                set(&mut self.0, hash);
            }
            return;
        }
        let hashes: BTreeSet<u16> = self.hashes().chain(new).collect();
        if hashes.len() * 2 < LONGEST {
            self.0 = hashes.into_iter().flat_map(u16::to_be_bytes).collect();
        } else {
            self.0 = vec![0; LONGEST];
            for hash in hashes {
                set(&mut self.0, hash);
            }
        }
    }

    /// Whether the word may be one of them.
    pub(crate) fn may_have(&self, sought: &SoughtWord) -> bool {
        self.may_hold(&sought.whole) || sought.all_parts(|part| self.may_hold(part))
    }

    fn may_hold(&self, word: &str) -> bool {
        let sought = hash(word);
        if self.is_filter() {
            places(sought, self.0.len()).all(|(byte, bit)| self.0.get(byte).is_some_and(|byte| byte & bit != 0))
        } else {
            self.hashes().any(|hash| hash == sought)
        }
    }

    fn is_filter(&self) -> bool {
        self.0.len() == LONGEST
    }

    fn hashes(&self) -> impl Iterator<Item = u16> {
        self.0.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
    }
}

/// Two bytes of a word.
fn hash(word: &str) -> u16 {
    let mut hasher = fnv::FnvHasher::default();
    hasher.write(word.as_bytes());
    let long = hasher.finish();
    // All of it: FNV's own low bytes say little of a short word's first letters.
    let folded = long ^ (long >> 32);
    u16::try_from((folded ^ (folded >> 16)) & 0xffff).unwrap_or_default()
}

/// Three bits of a filter of so many bytes, by multiplication with odd numbers.
fn places(hash: u16, bytes: usize) -> impl Iterator<Item = (usize, u8)> {
    let bits = u32::try_from(bytes * 8).unwrap_or(u32::MAX).max(1);
    [0x9e37_79b1_u32, 0x85eb_ca6b, 0xc2b2_ae35].into_iter().map(move |odd| {
        let place = (u32::from(hash) + 1).wrapping_mul(odd).rotate_left(15) % bits;
        (usize::try_from(place / 8).unwrap_or_default(), 1 << (place % 8))
    })
}

fn set(filter: &mut [u8], hash: u16) {
    for (byte, bit) in places(hash, filter.len()) {
        if let Some(byte) = filter.get_mut(byte) {
            *byte |= bit;
        }
    }
}

/// Bytes in the table, which has no place for them in text.
impl<const LONGEST: usize> Serialize for Signature<LONGEST> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de, const LONGEST: usize> Deserialize<'de> for Signature<LONGEST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_owned())
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        from.deserialize_byte_buf(Bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Short = Signature<192>;

    fn sought(word: &str) -> SoughtWord {
        SoughtWord::new(&fold(word))
    }

    #[test]
    fn h34_words_are_whole_and_loosely_spelt() {
        let words = Words::of("Bakes sourdough, with Jörg O’Brien-Müller (Café)… C++!");
        for there in [
            "SOURDOUGH",
            "sourdough!",
            "jorg",
            "joerg",
            "obrien",
            "O'Brien",
            "brien",
            "mueller",
            "café",
            "obrien-muller",
            "c",
        ] {
            assert!(words.have(&sought(there)), "{there}");
        }
        for not_there in ["sour", "dough", "bake", "rien"] {
            assert!(!words.have(&sought(not_there)), "{not_there}");
        }
    }

    #[test]
    fn h34_a_signature_is_sized_by_its_words_and_has_an_end() {
        let mut signature = Short::default();
        let mut sizes = Vec::new();
        for number in 0..2000 {
            signature.add(&Words::of(&format!("word{number}")));
            sizes.push(signature.0.len());
        }
        assert_eq!((sizes[0], sizes[1], sizes[50]), (2, 4, 102));
        assert!(sizes.is_sorted() && sizes.last() == Some(&192));
        assert!((0..2000).all(|number| signature.may_have(&sought(&format!("word{number}")))));
        assert!(Short::of(&Words::of(" … ")).is_empty());
    }

    #[test]
    fn h34_few_words_are_taken_for_others() {
        // As many as a long letter has, and as many as just fit.
        for (count, at_most) in [(60, 30), (95, 40), (120, 400)] {
            let text: Vec<String> = (0..count).map(|number| format!("there{number}")).collect();
            let signature = Short::of(&Words::of(&text.join(" ")));
            let wrong = (0..10_000).filter(|number| signature.may_have(&sought(&format!("absent{number}")))).count();
            assert!(wrong <= at_most, "{wrong} of 10,000 with {count} words");
        }
    }

    proptest! {
        #[test]
        fn h34_whatever_was_added_is_found(texts in proptest::collection::vec("\\PC{0,60}", 1..8)) {
            let mut signature = Short::default();
            for text in &texts {
                signature.add(&Words::of(text));
            }
            for word in texts.iter().flat_map(|text| text.split_whitespace()) {
                let word = sought(word);
                prop_assert!(word.whole.is_empty() && word.parts.is_empty() || signature.may_have(&word), "{:?}", word);
            }
        }
    }
}
