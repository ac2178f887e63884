//! Folding texts for searching: what people take for the same letters becomes the same.

use crate::text::{is_blank, is_ignorable};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// `text` without case, accents, different widths and what nobody sees, its words parted by one space each.
///
/// Compatibility decomposition (UAX #15), then the small letters of the capitals, so that a final sigma and a long s
/// count like their kin. Then marks above, below and through letters go, and letters that are an accented one to the
/// eye, or that keyboards of different languages have for the same one, become that one. Signs that are letters of
/// their own (vowels of Indic scripts, the voicing of kana) stay.
pub(crate) fn fold(text: &str) -> String {
    let caseless = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    let mut folded = String::with_capacity(text.len());
    for letter in caseless.filter(|c| !is_accent(*c) && !is_ignorable(*c)) {
        match plain(letter) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(same(letter)),
        }
    }
    words(&folded).collect::<Vec<_>>().join(" ")
}

/// The words of a folded text.
pub(crate) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split_whitespace()
}

/// A folded text as loosely as people spell: without punctuation, and of the two letters that stand for one with an
/// accent (ä as ae, å as aa) only the first.
pub(crate) fn loose(folded: &str) -> String {
    let mut loose = String::with_capacity(folded.len());
    for letter in folded.chars().filter(|c| !is_punctuation(*c)) {
        match (loose.chars().next_back(), letter) {
            (Some('a' | 'o' | 'u'), 'e') | (Some('a'), 'a') => {}
            _ => loose.push(letter),
        }
    }
    words(&loose).collect::<Vec<_>>().join(" ")
}

/// The parts of a folded text between blanks and punctuation.
pub(crate) fn parts(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| c.is_whitespace() || is_punctuation(c)).filter(|part| !part.is_empty())
}

/// Whether a character of a folded text is neither letter, digit, sign of a script nor blank.
pub(crate) fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_punctuation()
    } else {
        matches!(c, '\u{a1}'..='\u{bf}' | '\u{2010}'..='\u{205e}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{60c}' | '\u{61b}' | '\u{61f}' | '\u{6d4}' | '\u{5be}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' | '\u{964}' | '\u{965}')
    }
}

/// Marks of European scripts have the classes from 200 on, points of Hebrew and Arabic those from 10 to 36.
fn is_accent(letter: char) -> bool {
    matches!(canonical_combining_class(letter), 10..=36 | 200..)
}

/// What a letter without a decomposition is typed as by whoever has no key for it. Only small letters: the text has no
/// others any more.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        // Only what was a capital sharp s: the small one has the capitals SS.
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ĳ' => "ij",
        // Of Arabic: what stretches a word, and a hamza that stands alone and is often left away.
        'ـ' | 'ء' => "",
        _ => return None,
    })
}

/// The letter that stands for this one and its like.
fn same(letter: char) -> char {
    if let Some(digit) = digit(letter) {
        return digit;
    }
    match letter {
        'ø' | 'ɔ' | 'ɵ' => 'o',
        'ł' | 'ƚ' | 'ɫ' => 'l',
        'đ' | 'ð' | 'ɖ' | 'ɗ' => 'd',
        'ħ' => 'h',
        'ŧ' | 'ƭ' => 't',
        'ŋ' | 'ɲ' | 'ƞ' => 'n',
        'ə' | 'ǝ' | 'ɛ' | 'ɇ' => 'e',
        'ɓ' | 'ƀ' => 'b',
        'ƈ' | 'ȼ' => 'c',
        'ƒ' => 'f',
        'ǥ' | 'ɠ' | 'ɣ' => 'g',
        'ı' | 'ɨ' | 'ɩ' => 'i',
        'ɉ' => 'j',
        'ĸ' | 'ƙ' => 'k',
        'ƥ' => 'p',
        'ɍ' => 'r',
        'ʉ' | 'ʊ' => 'u',
        'ƴ' | 'ɏ' => 'y',
        'ƶ' | 'ʒ' => 'z',
        'ⱥ' => 'a',
        // Cyrillic without the keys of a language.
        'ґ' | 'ғ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ү' | 'ұ' => 'у',
        'ө' => 'о',
        'һ' | 'ҳ' => 'х',
        'ә' => 'а',
        'җ' => 'ж',
        // Arabic letters as keyboards of Persian, Urdu, Kurdish and Turkic languages have them, and what people type
        // for one another in Arabic itself.
        'ى' | 'ی' | 'ې' | 'ۍ' | 'ێ' | 'ے' => 'ي',
        'ک' | 'ڪ' => 'ك',
        'ة' | 'ۃ' | 'ہ' | 'ھ' | 'ە' | 'ۀ' | 'ۂ' => 'ه',
        'ٱ' | 'ٲ' | 'ٳ' => 'ا',
        'ۆ' | 'ۇ' | 'ۋ' => 'و',
        // Hebrew letters at the end of a word.
        'ך' => 'כ',
        'ם' => 'מ',
        'ן' => 'נ',
        'ף' => 'פ',
        'ץ' => 'צ',
        // Phones type these by themselves.
        '‘' | '’' | 'ʼ' | 'ʻ' | 'ʹ' | '׳' => '\'',
        '“' | '”' | '„' | '״' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '־' => '-',
        // Katakana and hiragana are the same sounds.
        'ァ'..='ヶ' => char::from_u32(u32::from(letter) - 0x60).unwrap_or(letter),
        blank if is_blank(blank) => ' ',
        letter => letter,
    }
}

/// Where the digits from 0 to 9 are in scripts that people write numbers in.
const ZEROS: [char; 22] =
    ['٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '෦', '๐', '໐', '༠', '၀', '႐', '០', '᠐', '᥆', '᧐'];

/// The ASCII digit of a digit in any of them.
fn digit(letter: char) -> Option<char> {
    let ten =
        ZEROS.iter().find(|zero| (**zero..=letter).contains(&letter) && u32::from(letter) - u32::from(**zero) < 10)?;
    char::from_digit(u32::from(letter) - u32::from(*ten), 10)
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
    fn h16_what_keyboards_have_for_the_same_letter_is_the_same() {
        for (written, sought) in [
            ("علي كريم", "علی کریم"),
            ("علي", "على"),
            ("فاطمة", "فاطمه"),
            ("أحمد إبراهيم آل", "احمد ابراهيم ال"),
            ("مُحَمَّد", "محمد"),
            ("محمـــد", "محمد"),
            ("مؤمن", "مومن"),
            ("هانئ", "هاني"),
            ("علاء", "علا"),
            ("ٱلله", "الله"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("ہمایوں", "هماىوں"),
            ("١٢٣ ۴۵۶", "123 456"),
            ("१२३", "123"),
            ("Γιώργος", "γιωργοσ"),
            ("Фёдор", "федор"),
            ("Ґалаґан", "галаган"),
            ("Зеленський Андрій", "Зеленськии Андріи"),
            ("ﾏﾂﾓﾄ", "マツモト"),
            ("マツモト", "まつもと"),
            ("ｶﾞ", "が"),
            ("שלום", "שלומ"),
            ("Əliyev", "eliyev"),
            ("Þór", "thor"),
            ("Œuvre", "oeuvre"),
            ("Hawai\u{2bb}i", "hawai'i"),
            ("Zoë\u{200b}", "zoe"),
            ("a\u{ad}b\u{fe0f}\u{e0041}", "ab"),
            ("a\u{2800}b", "a b"),
            ("\u{3164}", ""),
        ] {
            assert_eq!(fold(written), fold(sought), "{written} and {sought}");
        }
    }

    #[test]
    fn h34_punctuation_and_the_spelling_of_umlauts_do_not_matter() {
        for same in [
            &["Müller", "Mueller", "Muller", "MUELLER"][..],
            &["O'Brien", "O’Brien", "OBrien", "o-brien", "o.brien"],
            &["Søren", "Soeren", "Soren"],
            &["Kierkegård", "Kierkegaard"],
            &["Jäger", "Jaeger", "Jager"],
            &["Jean-Luc", "jeanluc"],
        ] {
            for other in same {
                assert_eq!(loose(&fold(other)), loose(&fold(same[0])), "{other}");
            }
        }
        assert_eq!(parts(&fold("L’Été, d'azur… (bleu)")).collect::<Vec<_>>(), ["l", "ete", "d", "azur", "bleu"]);
        assert_eq!(parts("،؟ -").count(), 0);
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
        fn h16_a_loose_text_is_loose(text in "\\PC{0,40}") {
            let once = loose(&fold(&text));
            prop_assert_eq!(loose(&once), once);
        }

        #[test]
        fn h15_what_is_invisible_makes_no_other_text(text in "[\\p{Latin} ]{1,20}", at in 0usize..20, which in 0usize..8) {
            let invisible = ['\u{200b}', '\u{200d}', '\u{ad}', '\u{fe0f}', '\u{2060}', '\u{115f}', '\u{e0061}', '\u{34f}'];
            let mut with: Vec<char> = text.chars().collect();
            with.insert(at.min(with.len()), invisible[which]);
            prop_assert_eq!(fold(&with.iter().collect::<String>()), fold(&text));
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
