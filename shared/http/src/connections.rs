//! The connections of an instance to AWS: one pool, and one reading of the trusted roots, for all its clients. Left
//! alone, every client has its own.

use crate::StartError;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http_body_util::BodyExt as _;
use std::time::Duration;

/// Within a region a connection takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The first request must not wait for long because of what was to save it time.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);

/// What all clients of an instance connect by.
pub(crate) struct Connections(SharedHttpConnector);

impl Connections {
    /// For AWS, or for the endpoint given in its place. Connects to nothing.
    pub(crate) fn new(endpoint: Option<&str>) -> Result<Self, StartError> {
        // On plain HTTP nobody has to be trusted, and reading the roots takes as long as all the rest of the start.
        let trusted = match endpoint {
            Some(endpoint) if endpoint.starts_with("http://") => TrustStore::empty(),
            _ => TrustStore::default(),
        };
        let tls = TlsContext::builder().with_trust_store(trusted).build();
        let tls = tls.map_err(|error| StartError::Unusable("AWS_ENDPOINT_URL", error.to_string()))?;
        let connector = Connector::builder()
            .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls)
            .build();
        Ok(Self(SharedHttpConnector::new(connector)))
    }

    /// What an SDK client is configured with.
    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = self.0.clone();
        http_client_fn(move |_, _| connector.clone())
    }

    /// Opens a connection to `url` and leaves it to the first request. If it fails, that request will say so.
    ///
    /// A plain `GET` of its root is what DynamoDB's endpoints answer without credentials.
    pub(crate) async fn open(&self, url: &str) {
        let Ok(request) = HttpRequest::get(url) else { return };
        let opened = async {
            let answer = self.0.call(request).await.ok()?;
            // Only a connection whose answer has been read can be used again.
            answer.into_body().collect().await.ok()
        };
        let _ = tokio::time::timeout(OPEN_TIMEOUT, opened).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_open_connection_is_used_again() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (mut connection, _) = server.accept().unwrap();
            for _ in 0..2 {
                let mut request = [0; 4096];
                let length = connection.read(&mut request).unwrap();
                assert!(request[..length].starts_with(b"GET / HTTP/1.1\r\n"));
                connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhealthy").unwrap();
            }
        });
        let connections = Connections::new(Some(&url)).unwrap();
        connections.open(&url).await;
        connections.open(&url).await;
        serving.join().unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn aws_is_spoken_to_by_tls() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", server.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let (mut connection, _) = server.accept().unwrap();
            let mut first = [0];
            connection.read_exact(&mut first).unwrap();
            first[0]
        });
        Connections::new(None).unwrap().open(&url).await;
        assert_eq!(serving.join().unwrap(), 22, "the first byte of a handshake");
    }
}
