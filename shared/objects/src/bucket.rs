//! Writing and deleting.

use crate::{ObjectError, endpoint};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;

/// A bucket, for functions that write to it.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// The bucket with this name. Makes no call.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        // In place of AWS stands one host, which cannot have a name of its own for each bucket.
        let is_elsewhere = endpoint(config).is_some();
        let config = Builder::from(config).force_path_style(is_elsewhere).build();
        Self { client: Client::from_conf(config), name: name.into() }
    }

    /// Writes an object, whatever is there. One `PutObject`, repeated by the SDK where it helps; the same bytes twice
    /// are the same object.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        let call = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        // What is behind a key never changes, and nobody but its reader may keep it.
        let call = call.cache_control("private, max-age=31536000, immutable").body(ByteStream::from(bytes));
        call.send().await.map(drop).map_err(|error| failed("PutObject", &error))
    }

    /// Deletes an object, if it is there. One `DeleteObject`.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        call.send().await.map(drop).map_err(|error| failed("DeleteObject", &error))
    }
}

/// The error's code, or the words of all its causes; never the answer's body.
fn failed<E>(action: &'static str, error: &SdkError<E>) -> ObjectError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let cause = match error.code() {
        Some(code) => code.to_owned(),
        None => std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": "),
    };
    ObjectError::Call { action, cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_loopback::Server;

    #[tokio::test]
    async fn an_object_is_sent_whole_with_its_type() {
        let server = Server::answering(200, "");
        let bucket = Bucket::new(&server.config(), "kith-images");
        bucket.put("users/usr_1/pho_1/large", "image/png", b"pixels".to_vec()).await.unwrap();
        let request = server.request();
        assert!(request.head.starts_with("PUT /kith-images/users/usr_1/pho_1/large?"), "{}", request.head);
        let head = request.head.to_ascii_lowercase();
        assert!(head.contains("content-type: image/png\r\n"), "{head}");
        assert!(head.contains("cache-control: private, max-age=31536000, immutable\r\n"), "{head}");
        assert_eq!(request.body, b"pixels");
    }

    #[tokio::test]
    async fn an_object_is_deleted_by_its_key() {
        let server = Server::answering(204, "");
        Bucket::new(&server.config(), "kith-images").delete("users/usr_1/pho_1/small").await.unwrap();
        let head = server.request().head;
        assert!(head.starts_with("DELETE /kith-images/users/usr_1/pho_1/small?"), "{head}");
    }

    #[tokio::test]
    async fn a_refusal_names_its_code() {
        let server = Server::answering(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
        let error = Bucket::new(&server.config(), "kith-images").delete("users/x").await.unwrap_err();
        assert_eq!(error.to_string(), "DeleteObject did not work: AccessDenied");
    }
}
