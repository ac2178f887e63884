//! Randomness from the one generator that everything in Kith uses.

/// `N` bytes from AWS-LC's CSPRNG (NIST SP 800-90A `CTR_DRBG`, seeded by the operating system).
///
/// Cannot fail: where the system has no entropy at all the process ends, since neither predictable bytes nor an
/// answer without them may leave it.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(random::<16>(), random::<16>());
    }
}
