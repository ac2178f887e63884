//! base64url without padding (RFC 4648, section 5), the one spelling of bytes in tokens and JSON.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of `text`; `None` unless `text` is exactly what [`encode`] makes of them: no padding, no white space,
/// no stray bits in the last character. So one secret has one spelling.
pub(crate) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(text).ok().map(Zeroizing::new)
}

/// Like [`decode`], for exactly `N` bytes.
pub(crate) fn decode_exactly<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    decode(text)?.as_slice().try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(decode("-_8").unwrap().as_slice(), [0xfb, 0xff]);
        for other in ["-_9", "-_8=", "+/8", "-_8 ", " -_8", "-_8\n", "-"] {
            assert!(decode(other).is_none(), "{other:?} was read");
        }
    }

    #[test]
    fn another_length_is_refused() {
        assert!(decode_exactly::<2>("-_8").is_some());
        assert!(decode_exactly::<3>("-_8").is_none());
        assert!(decode_exactly::<1>("-_8").is_none());
    }
}
