//! Folding texts for searching: what people take for the same letters becomes the same.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// `text` without case, accents and different widths, its words parted by one space each.
///
/// Compatibility decomposition (UAX #15), then the small letters of the capitals, so that a final sigma and a long s
/// count like their kin. Then marks above, below and through letters go, and letters that are an accented one to the
/// eye but do not decompose become that one. Signs that are letters of their own (vowels of Indic scripts, the voicing
/// of kana) stay.
pub(crate) fn fold(text: &str) -> String {
    let caseless = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    let mut folded = String::with_capacity(text.len());
    for letter in caseless.filter(|c| !is_accent(*c)) {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(letter),
        }
    }
    words(&folded).collect::<Vec<_>>().join(" ")
}

/// The words of a folded text.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split_whitespace()
}

/// Marks of European scripts have the classes from 200 on, points of Hebrew and Arabic those from 10 to 36.
fn is_accent(letter: char) -> bool {
    matches!(canonical_combining_class(letter), 10..=36 | 200..)
}

/// What a letter without a decomposition is typed as by whoever has no key for it. Only small letters: the text has no
/// others any more.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        // Only what was a capital sharp s: the small one has the capitals SS.
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ŋ' => "n",
        // Phones type these by themselves.
        '‘' | '’' | 'ʼ' => "'",
        '“' | '”' | '„' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a11_case_accents_and_widths_make_no_difference() {
        for (written, sought) in [
            ("Ada LOVELACE", "ada lovelace"),
            ("Gödel", "godel"),
            ("Søren Kierkegård", "soren kierkegard"),
            ("Łódź", "lodz"),
            ("STRASSE", "straße"),
            ("ẞ", "ss"),
            ("Ærø", "aero"),
            ("İstanbul", "istanbul"),
            ("ISPARTA", "ısparta"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευς"),
            ("Đặng Thị", "dang thi"),
            ("ＡＣＭＥ", "acme"),
            ("ﬁnance", "finance"),
            ("O’Brien", "o'brien"),
            ("New \t York", "new york"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(fold(written), fold(sought), "{written} and {sought}");
        }
    }

    #[test]
    fn signs_that_are_letters_stay() {
        assert_ne!(fold("कि"), fold("का"));
        assert_ne!(fold("が"), fold("か"));
    }

    proptest! {
        #[test]
        fn a_folded_text_folds_to_itself(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn a11_capitals_fold_like_small_letters(text in "[\\p{Latin}\\p{Greek}\\p{Cyrillic} ]{0,40}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text.to_lowercase()));
        }

        #[test]
        fn composed_and_decomposed_are_the_same(text in "\\PC{0,40}") {
            let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
            prop_assert_eq!(fold(&composed), fold(&decomposed));
        }
    }
}
