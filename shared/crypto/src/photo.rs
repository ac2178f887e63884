//! The secrets of photos, and the codes (HMAC-SHA-256, RFC 2104) by which an address tells that we made it.

use crate::{Secret, base64url};
use aws_lc_rs::hmac;
use kith_domain::{AddressDay, PhotoSecret};

/// The secret of a new photo: 256 random bits.
#[must_use]
pub fn new_secret() -> PhotoSecret {
    PhotoSecret::new(Secret::<32>::generate().encode().as_str())
}

/// The code of an address that shows an object from this day on: 43 characters of base64url.
pub fn code(secret: &PhotoSecret, object: &str, day: &AddressDay) -> String {
    base64url::encode(hmac::sign(&key(secret), &named(object, day)).as_ref())
}

/// Whether this is the code of such an address. Takes as long for any code.
pub fn is_code(code: &str, secret: &PhotoSecret, object: &str, day: &AddressDay) -> bool {
    base64url::decode(code).is_some_and(|code| hmac::verify(&key(secret), &named(object, day), &code).is_ok())
}

fn key(secret: &PhotoSecret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

/// What the code vouches for. Neither part has a line break.
fn named(object: &str, day: &AddressDay) -> Vec<u8> {
    format!("kith photo\n{object}\n{day}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn day(text: &str) -> AddressDay {
        AddressDay::today(text.parse::<Timestamp>().unwrap())
    }

    #[test]
    fn h33_a_code_is_for_one_object_one_day_and_one_secret() {
        let (secret, today) = (new_secret(), day("2026-12-01T12:00:00Z"));
        let code = code(&secret, "users/a/large", &today);
        assert_eq!(code.len(), 43);
        assert!(is_code(&code, &secret, "users/a/large", &today));
        assert!(!is_code(&code, &secret, "users/a/small", &today));
        assert!(!is_code(&code, &secret, "users/a/large", &day("2026-12-02T12:00:00Z")));
        assert!(!is_code(&code, &new_secret(), "users/a/large", &today));
        for wrong in ["", "x", &code[1..], &format!("{code}A"), &format!("{code}=")] {
            assert!(!is_code(wrong, &secret, "users/a/large", &today), "{wrong}");
        }
    }
}
