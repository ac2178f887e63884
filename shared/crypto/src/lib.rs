//! The cryptography of Kith: random secrets and their hashes, password hashing, the ring of token-signing keys,
//! the ring of keys that seal notes, access tokens, and sealing of stored answers and cursors.
//!
//! Everything takes the time as an argument. Only [`secret_store`] does I/O, and only [`password`] and [`note`] need an
//! async runtime (hashing runs on its blocking threads). No `Debug` here shows a secret.

mod base64url;
mod jwk;
mod key_ring;
mod random;

pub mod access_token;
pub mod note;
pub mod note_ring;
pub mod password;
pub mod photo;
pub mod seal;
pub mod secret_store;
pub mod signing;
pub mod signing_plan;
pub mod succession;
pub mod token;

pub use access_token::{ACCESS_TOKEN_LIFETIME, Claims, IssueError, Parties, TokenFault};
pub use jwk::{Jwk, JwkSet};
pub use key_ring::{KeyRing, RingError};
pub use note::{NoteSeal, NoteToken, PassphraseKey};
pub use note_ring::{NoteKey, NoteRing};
pub use password::{PasswordError, Verdict};
pub use random::random;
pub use seal::SealError;
pub use secret_store::{LoadedRing, SecretStore, SecretStoreError};
pub use signing::{SigningKey, SigningRing};
pub use signing_plan::{End, SigningPlan, Wish};
pub use succession::{Key, Succession};
pub use token::{MailToken, RefreshToken, Secret, SecretHash};
