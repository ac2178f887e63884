//! A test's own HTTP connections: they belong to its runtime and end with it.

/// A client. Whoever builds the whole workspace builds it for https as well, and then it wants to know which cryptography
/// to use.
pub(crate) fn client() -> reqwest::Client {
    // A second test finds it in place.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::new()
}
