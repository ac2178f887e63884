//! Sealing: AES-256-GCM (NIST SP 800-38D) under a key derived by HKDF with SHA-256 (RFC 5869).
//!
//! A sealed text is the 96-bit random nonce, the ciphertext, the 128-bit tag. Random nonces bound one key to 2^32
//! texts (SP 800-38D, section 8.3): an idempotent answer is sealed once, and nobody draws that many cursors.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf,
};
use zeroize::Zeroizing;

/// The text could not be sealed. AES-GCM takes 64 GiB at once, so nothing that fits a request causes it.
#[derive(Debug, thiserror::Error)]
#[error("the text could not be sealed")]
pub struct SealError;

/// Seals `plain`.
///
/// `key_material` is the secret (at least 128 bits that nobody can guess, in any form), `info` says what the key is
/// for, so that one secret gives unrelated keys for unrelated purposes, and `aad` is what the sealed text belongs
/// to: it is not stored, and opening with any other fails.
pub fn seal(key_material: &[u8], info: &str, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut text = Zeroizing::new(plain.to_vec());
    let nonce = key(key_material, info)
        .ok_or(SealError)?
        .seal_in_place_append_tag(Aad::from(aad), &mut *text)
        .map_err(|_| SealError)?;
    Ok([nonce.as_ref().as_slice(), text.as_slice()].concat())
}

/// Opens what [`seal`] made of the same `key_material`, `info` and `aad`; `None` if any of them, or one bit of
/// `sealed`, differs.
pub fn open(key_material: &[u8], info: &str, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut text = text.to_vec();
    let plain = key(key_material, info)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut text)
        .ok()?
        .len();
    text.truncate(plain);
    Some(text)
}

fn key(key_material: &[u8], info: &str) -> Option<RandomizedNonceKey> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"kith.seal.v1")
        .extract(key_material)
        .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|output| output.fill(key.as_mut_slice()))
        .ok()?;
    RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"an idempotency key of the client";

    #[test]
    fn what_is_sealed_opens_again() {
        for plain in [&b""[..], b"a", &vec![0xff; 100_000]] {
            let sealed = seal(KEY, "answer", b"usr_1", plain).unwrap();
            assert_eq!(sealed.len(), NONCE_LEN + plain.len() + 16);
            assert_eq!(open(KEY, "answer", b"usr_1", &sealed).as_deref(), Some(plain));
        }
    }

    #[test]
    fn another_key_purpose_or_owner_does_not_open_it() {
        let sealed = seal(KEY, "answer", b"usr_1", b"text").unwrap();
        assert_eq!(open(b"another key", "answer", b"usr_1", &sealed), None);
        assert_eq!(open(KEY, "cursor", b"usr_1", &sealed), None);
        assert_eq!(open(KEY, "answer", b"usr_2", &sealed), None);
    }

    #[test]
    fn any_changed_bit_and_any_shorter_text_is_refused() {
        let sealed = seal(KEY, "answer", b"", b"text").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert_eq!(open(KEY, "answer", b"", &changed), None, "byte {position}");
            assert_eq!(open(KEY, "answer", b"", &sealed[..position]), None, "cut at {position}");
        }
    }

    #[test]
    fn equal_texts_are_sealed_differently() {
        assert_ne!(seal(KEY, "answer", b"", b"text").unwrap(), seal(KEY, "answer", b"", b"text").unwrap());
    }
}
