//! A server for one request on 127.0.0.1, for the tests of the crates that name an SDK: they run it with its real
//! connector, since a missing one compiles and fails only when a request is made. A dev-dependency; never deployed.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    thread::JoinHandle,
};

/// What the SDK sent.
pub struct Request {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Answers the first request that comes.
pub struct Server {
    address: SocketAddr,
    serving: JoinHandle<Request>,
}

impl Server {
    /// Starts, with the answer that the request will get.
    ///
    /// # Panics
    ///
    /// Where it cannot listen.
    #[must_use]
    pub fn answering(status: u16, body: &str) -> Self {
        let answer =
            format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(stream.read_line(&mut head).unwrap(), 0, "the request ended early");
            }
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            Request { head, body }
        });
        Self { address, serving }
    }

    /// Sends the SDK to this server, once.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test")))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(format!("http://{}", self.address))
            .build()
    }

    /// The request that came.
    ///
    /// # Panics
    ///
    /// If none did, or not a whole one.
    #[must_use]
    pub fn request(self) -> Request {
        self.serving.join().unwrap()
    }
}
