//! Phone numbers as a search compares them: by their digits, however they are written.

use crate::fold::is_punctuation;

/// Digits by which a phone number is told from another, whatever stands before them.
const TELLING_DIGITS: usize = 5;
/// How many digits of a country there are at most.
const COUNTRY_DIGITS: usize = 3;

/// The digits of a phone number that count: without the signs of dialling abroad (`00`, `+`) and at home (`0`).
pub(crate) fn digits_of(folded: &str) -> String {
    let digits: String = folded.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

/// The digits that count in a text that can be nothing but a part of a phone number: at least three.
pub(crate) fn as_phone(folded: &str) -> Option<String> {
    let is_number = folded.chars().all(|c| c.is_ascii_digit() || c == ' ' || is_punctuation(c));
    let has_digits = folded.chars().filter(char::is_ascii_digit).count() >= 3;
    let digits = if is_number && has_digits { digits_of(folded) } else { String::new() };
    (digits.len() >= 2).then_some(digits)
}

/// Whether these are digits of one number: one has all of the other, or both end alike where the country stands before
/// one of them alone.
pub(crate) fn is_phone(kept: &str, sought: &str) -> bool {
    let before = sought.strip_suffix(kept).map(str::len);
    kept.contains(sought) || kept.len() >= TELLING_DIGITS && before.is_some_and(|digits| digits <= COUNTRY_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::fold;

    fn finds(kept: &str, sought: &str) -> bool {
        as_phone(&fold(sought)).is_some_and(|sought| is_phone(&digits_of(&fold(kept)), &sought))
    }

    #[test]
    fn h16_numbers_are_compared_by_their_digits() {
        let spellings = ["+49 (0)30 123-45", "0049 30 12345", "030/12345", "+49 30 123 45", "(030) 12345", "٠٣٠١٢٣٤٥"];
        for kept in spellings {
            for sought in spellings.iter().chain(&["12345", "30123", "12 345"]) {
                assert!(finds(kept, sought), "{kept} by {sought}");
            }
            for other in ["030/12346", "+49 40 12345", "123456", "+1 212 555", "999", "12", "", "a 12345", "abc"] {
                assert!(!finds(kept, other), "{kept} by {other}");
            }
        }
        assert!(!finds("7", "104") && !finds("", "104") && finds("104", "104"));
    }
}
