//! Sealing of notes: AES-256-GCM under a key that is derived from the server's note key, the token in the note's link
//! and, where there is one, the passphrase through Argon2id. Without any one of them nothing opens: neither the table
//! with the server's key, nor the link with the table.
//!
//! A sealed text belongs to one note, one server key and one end: put under another note, or given another end, it does
//! not open.

use crate::note_ring::NoteKey;
use crate::password::{self, PasswordError, SALT_BYTES};
use crate::{SealError, Secret, base64url, random, seal};
use jiff::Timestamp;
use kith_domain::{NoteId, Passphrase};
use std::fmt;
use zeroize::Zeroizing;

/// The token in a note's link: 256 random bits. The table keeps its hash.
pub type NoteToken = Secret<32>;

/// Keys with a passphrase have nothing in common with those without one.
const PLAIN: &str = "kith note";
const WITH_PASSPHRASE: &str = "kith note with passphrase";

/// What a passphrase and its salt make: 256 bits. Wiped from memory when dropped, not shown by `Debug`.
pub struct PassphraseKey(Zeroizing<[u8; 32]>);

impl PassphraseKey {
    /// Derives the key, with the work of hashing a password: some 20 ms and 19 MiB on a blocking thread. `Malformed` for
    /// a salt that [`new_salt`] did not make.
    pub async fn derive(passphrase: &Passphrase, salt: &str) -> Result<Self, PasswordError> {
        let salt = base64url::decode_exactly::<SALT_BYTES>(salt).ok_or(PasswordError::Malformed)?;
        password::derive(passphrase.secret(), *salt).await.map(Self)
    }
}

impl fmt::Debug for PassphraseKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PassphraseKey(…)")
    }
}

/// A new salt for a passphrase: 128 random bits as text.
pub fn new_salt() -> String {
    base64url::encode(&random::<SALT_BYTES>())
}

/// Everything that a note is sealed under.
#[derive(Debug, Clone, Copy)]
pub struct NoteSeal<'a> {
    /// The server's key.
    pub key: &'a NoteKey,
    /// The token in the link.
    pub token: &'a NoteToken,
    /// What the passphrase made, where there is one.
    pub passphrase: Option<&'a PassphraseKey>,
    /// The note that the text belongs to.
    pub note: NoteId,
    /// When the note ends.
    pub expires_at: Timestamp,
}

impl NoteSeal<'_> {
    /// Seals a text; 28 bytes longer than it.
    pub fn seal(&self, text: &[u8]) -> Result<Vec<u8>, SealError> {
        seal::seal(&self.material(), self.info(), &self.belonging(), text)
    }

    /// Opens what [`NoteSeal::seal`] made under the very same things; `None` if any of them, or one bit of `sealed`,
    /// differs.
    pub fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        seal::open(&self.material(), self.info(), &self.belonging(), sealed).map(Zeroizing::new)
    }

    /// Every part has a fixed length, so no two sets of parts make the same whole.
    fn material(&self) -> Zeroizing<Vec<u8>> {
        let passphrase = self.passphrase.map(|key| key.0.as_slice()).unwrap_or_default();
        Zeroizing::new([self.key.bytes().as_slice(), self.token.expose_bytes().as_slice(), passphrase].concat())
    }

    fn info(&self) -> &'static str {
        if self.passphrase.is_some() { WITH_PASSPHRASE } else { PLAIN }
    }

    fn belonging(&self) -> Vec<u8> {
        format!("{}\n{}\n{}", self.note, self.key.kid(), self.expires_at.as_millisecond()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const TEXT: &[u8] = b"the key is under the mat";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn note_key() -> NoteKey {
        NoteKey::generate(now())
    }

    fn sealed_under<'a>(key: &'a NoteKey, token: &'a NoteToken) -> NoteSeal<'a> {
        NoteSeal { key, token, passphrase: None, note: NoteId::new(now()), expires_at: now() }
    }

    #[test]
    fn what_is_sealed_opens_again() {
        let (key, token) = (note_key(), NoteToken::generate());
        let under = sealed_under(&key, &token);
        for text in [&b""[..], TEXT, &vec![0xff; 64 * 1024]] {
            let sealed = under.seal(text).unwrap();
            assert_eq!(sealed.len(), text.len() + 28);
            assert_eq!(under.open(&sealed).unwrap().as_slice(), text);
        }
    }

    #[test]
    fn neither_the_server_key_nor_the_token_opens_anything_alone() {
        let (key, token) = (note_key(), NoteToken::generate());
        let under = sealed_under(&key, &token);
        let sealed = under.seal(TEXT).unwrap();
        let nothing = NoteToken::from_bytes([0; 32]);
        for token in [&nothing, &NoteToken::generate()] {
            assert!(NoteSeal { token, ..under }.open(&sealed).is_none(), "the server's key alone");
        }
        assert!(NoteSeal { key: &note_key(), ..under }.open(&sealed).is_none(), "the token alone");
        // Not even with what is stored of it.
        let hash = NoteToken::parse(&token.hash().to_string()).unwrap();
        assert!(NoteSeal { token: &hash, ..under }.open(&sealed).is_none(), "the server's key and the stored hash");
    }

    #[test]
    fn moved_to_another_note_or_given_another_end_it_does_not_open() {
        let (key, token) = (note_key(), NoteToken::generate());
        let under = sealed_under(&key, &token);
        let sealed = under.seal(TEXT).unwrap();
        assert!(NoteSeal { note: NoteId::new(now()), ..under }.open(&sealed).is_none());
        for later in [1, -1, 1000] {
            let expires_at = under.expires_at + SignedDuration::from_millis(later);
            assert!(NoteSeal { expires_at, ..under }.open(&sealed).is_none(), "{later} ms later");
        }
    }

    #[test]
    fn one_flipped_bit_closes_it() {
        let (key, token) = (note_key(), NoteToken::generate());
        let under = sealed_under(&key, &token);
        let sealed = under.seal(TEXT).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(under.open(&flipped).is_none(), "bit {bit}");
        }
        assert!(under.open(&sealed[..sealed.len() - 1]).is_none());
    }

    #[tokio::test]
    async fn with_a_passphrase_nothing_opens_without_the_right_one_and_its_salt() {
        let (key, token, salt) = (note_key(), NoteToken::generate(), new_salt());
        let derive = async |passphrase, salt: &str| {
            PassphraseKey::derive(&Passphrase::parse(passphrase).unwrap(), salt).await.unwrap()
        };
        let right = derive("open sesame", &salt).await;
        let under = NoteSeal { passphrase: Some(&right), ..sealed_under(&key, &token) };
        let sealed = under.seal(TEXT).unwrap();
        let again = derive("open sesame", &salt).await;
        assert_eq!(NoteSeal { passphrase: Some(&again), ..under }.open(&sealed).unwrap().as_slice(), TEXT);
        for wrong in [derive("open sesame!", &salt).await, derive("open sesame", &new_salt()).await] {
            assert!(NoteSeal { passphrase: Some(&wrong), ..under }.open(&sealed).is_none());
        }
        assert!(NoteSeal { passphrase: None, ..under }.open(&sealed).is_none());
    }

    #[tokio::test]
    async fn a_salt_that_is_none_is_an_error_not_a_wrong_passphrase() {
        for salt in ["", "short", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let derived = PassphraseKey::derive(&Passphrase::parse("x").unwrap(), salt).await;
            assert!(matches!(derived, Err(PasswordError::Malformed)), "{salt:?}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let (key, token) = (note_key(), NoteToken::generate());
        let passphrase = PassphraseKey(Zeroizing::new([7; 32]));
        let shown = format!("{:?}", NoteSeal { passphrase: Some(&passphrase), ..sealed_under(&key, &token) });
        assert!(!shown.contains("7, 7") && !shown.contains(&format!("{:?}", key.bytes())), "{shown}");
        assert!(!shown.contains(token.encode().as_str()), "{shown}");
    }
}
