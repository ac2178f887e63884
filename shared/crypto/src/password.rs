//! Password hashing: Argon2id (RFC 9106) with the first parameters that the OWASP Password Storage Cheat Sheet
//! recommends, written as PHC strings.
//!
//! Hashing takes some 20 ms and 19 MiB, so it runs on tokio's blocking threads. Passwords come normalised
//! (`kith_domain::Password`): here a password is its bytes.

use crate::random;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use kith_domain::PasswordHash;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::{Zeroize, Zeroizing};

/// 19 MiB of memory, two passes, one lane, 32 bytes of hash.
const PARAMS: Params = match Params::new(19_456, 2, 1, Some(32)) {
    Ok(params) => params,
    Err(_) => Params::DEFAULT,
};
/// The recommended length of a salt (RFC 9106, section 3.1).
pub(crate) const SALT_BYTES: usize = 16;

/// What an unknown account's password is compared with, so that a log-in costs the same whether or not the account
/// exists. Salt and hash are random bytes: no password is known to match, and a match would not count.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$PytjvVT67SbJzx/Ux4kuJA$qsUX91G8NPmr1I8fbR0CVuonsGpgm2jn1JW9hYzSH08";

/// Why a password could be neither hashed nor compared. A wrong password is no error.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The stored hash is not a PHC string of Argon2.
    #[error("the stored password hash cannot be read")]
    Malformed,
    /// There was no memory, or the hashing thread died.
    #[error("the password could not be hashed")]
    Failed,
}

/// What comparing a password with a stored hash says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    /// The password is right.
    pub matches: bool,
    /// The stored hash was made with other parameters than today's: after a match, hash the password anew and store it.
    pub stale: bool,
}

/// Hashes a new password under a random salt.
pub async fn hash(password: &SecretString) -> Result<PasswordHash, PasswordError> {
    let password = password.clone();
    on_a_blocking_thread(move || {
        let salt = random::<SALT_BYTES>();
        let output = output(&hasher(), password.expose_secret().as_bytes(), &salt)?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&PARAMS).map_err(|_| PasswordError::Failed)?,
            salt: Some(Salt::new(&salt).map_err(|_| PasswordError::Failed)?),
            hash: Some(output),
        };
        Ok(PasswordHash::from_phc(hash.to_string()))
    })
    .await
}

/// Compares a password with the stored hash, in constant time.
///
/// `None` stands for an account that does not exist: the same work, and never a match.
pub async fn verify(password: &SecretString, stored: Option<&PasswordHash>) -> Result<Verdict, PasswordError> {
    let password = password.clone();
    let known = stored.is_some();
    let stored =
        phc::PasswordHash::new(stored.map_or(NOBODY, PasswordHash::as_phc)).map_err(|_| PasswordError::Malformed)?;
    on_a_blocking_thread(move || {
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(PasswordError::Malformed);
        };
        // The work follows the parameters of the stored hash, not today's. Outputs compare in constant time.
        let output = output(&hasher_of(&stored)?, password.expose_secret().as_bytes(), &salt)?;
        Ok(Verdict { matches: known && output == expected, stale: !is_current(&stored) })
    })
    .await
}

/// Derives a key from a password and a salt, by the same work as a hash.
pub(crate) async fn derive(
    password: &SecretString,
    salt: [u8; SALT_BYTES],
) -> Result<Zeroizing<[u8; 32]>, PasswordError> {
    let password = password.clone();
    on_a_blocking_thread(move || {
        let mut key = Zeroizing::new([0; 32]);
        let mut memory = fill(&hasher(), password.expose_secret().as_bytes(), &salt, key.as_mut_slice())?;
        // A hash is stored anyway, a key is not: it could be made again of what is left behind.
        memory.iter_mut().for_each(Zeroize::zeroize);
        keep(memory);
        Ok(key)
    })
    .await
}

/// The memory of the last hash, for the next. Given back and taken anew it fragments the heap: after a dozen hashes a
/// process had 230 MB instead of 30. It needs no wiping: nothing in it is easier to guess a password by than the hash.
static SPARE: Mutex<Vec<Block>> = Mutex::new(Vec::new());

fn spare() -> MutexGuard<'static, Vec<Block>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(memory: Vec<Block>) {
    *spare() = memory;
}

/// The hash itself.
fn output(hasher: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<Output, PasswordError> {
    let mut bytes = [0; Output::MAX_LENGTH];
    let length = hasher.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let bytes = bytes.get_mut(..length).ok_or(PasswordError::Malformed)?;
    keep(fill(hasher, password, salt, bytes)?);
    Output::new(bytes).map_err(|_| PasswordError::Malformed)
}

/// Fills `bytes`, and gives the memory that it took to do so.
fn fill(hasher: &Argon2<'_>, password: &[u8], salt: &[u8], bytes: &mut [u8]) -> Result<Vec<Block>, PasswordError> {
    // Whoever hashes at the same time finds none and takes their own.
    let mut memory = std::mem::take(&mut *spare());
    let blocks = hasher.params().block_count();
    memory.try_reserve_exact(blocks.saturating_sub(memory.len())).map_err(|_| PasswordError::Failed)?;
    memory.resize(blocks, Block::new());
    hasher.hash_password_into_with_memory(password, salt, bytes, &mut memory).map_err(|_| PasswordError::Malformed)?;
    Ok(memory)
}

/// The hasher that a stored hash was made by.
fn hasher_of(stored: &phc::PasswordHash) -> Result<Argon2<'static>, PasswordError> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(|_| PasswordError::Malformed)?;
    let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(|_| PasswordError::Malformed)?;
    let params = Params::try_from(stored).map_err(|_| PasswordError::Malformed)?;
    Ok(Argon2::new(algorithm, version, params))
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, PARAMS)
}

fn is_current(stored: &phc::PasswordHash) -> bool {
    stored.algorithm == Algorithm::Argon2id.ident()
        && stored.version == Some(Version::V0x13.into())
        && Params::try_from(stored).is_ok_and(|params| params == PARAMS)
        && stored.salt.is_some_and(|salt| salt.len() >= SALT_BYTES)
}

async fn on_a_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn made_with(params: Params) -> PasswordHash {
        use argon2::PasswordHasher as _;
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(b"correct horse", &[1; SALT_BYTES])
            .unwrap();
        PasswordHash::from_phc(hash.to_string())
    }

    #[tokio::test]
    async fn the_right_password_matches_and_a_wrong_one_does_not() {
        let stored = hash(&secret("correct horse")).await.unwrap();
        let right = verify(&secret("correct horse"), Some(&stored)).await.unwrap();
        assert_eq!(right, Verdict { matches: true, stale: false });
        assert!(!verify(&secret("correct horsf"), Some(&stored)).await.unwrap().matches);
        assert!(!verify(&secret(""), Some(&stored)).await.unwrap().matches);
    }

    #[tokio::test]
    async fn hashes_are_argon2id_at_the_recommended_parameters_and_salted() {
        let (one, two) = (hash(&secret("correct horse")).await.unwrap(), hash(&secret("correct horse")).await.unwrap());
        assert!(one.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_phc());
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn nobody_never_matches() {
        assert_eq!(verify(&secret("correct horse"), None).await.unwrap(), Verdict { matches: false, stale: false });
    }

    #[tokio::test]
    async fn an_unknown_account_costs_the_same_work_as_a_known_one() {
        let own = hash(&secret("correct horse")).await.unwrap();
        let [own, nobody] = [own.as_phc(), NOBODY].map(|phc| phc::PasswordHash::new(phc).unwrap());
        assert!(is_current(&nobody));
        assert_eq!((own.params, own.version, own.algorithm), (nobody.params, nobody.version, nobody.algorithm));
        assert_eq!(own.salt.unwrap().len(), nobody.salt.unwrap().len());
        assert_eq!(own.hash.unwrap().len(), nobody.hash.unwrap().len());
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_still_matches_and_is_stale() {
        for params in [
            Params::new(8_192, 2, 1, Some(32)),
            Params::new(19_456, 3, 1, Some(32)),
            Params::new(19_456, 2, 1, Some(16)),
        ] {
            let verdict = verify(&secret("correct horse"), Some(&made_with(params.unwrap()))).await.unwrap();
            assert_eq!(verdict, Verdict { matches: true, stale: true });
        }
    }

    #[tokio::test]
    async fn what_is_no_hash_is_an_error_not_a_wrong_password() {
        for bad in [
            "",
            "plain",
            "$argon2id$v=19$m=1,t=1,p=1$x",
            "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let verdict = verify(&secret("correct horse"), Some(&PasswordHash::from_phc(bad.into()))).await;
            assert!(matches!(verdict, Err(PasswordError::Malformed)), "{bad:?}: {verdict:?}");
        }
    }
}
