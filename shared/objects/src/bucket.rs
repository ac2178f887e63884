//! Writing, reading and deleting.

use crate::{ObjectError, endpoint};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{AggregatedBytes, ByteStream, ByteStreamError};
use aws_types::SdkConfig;

/// The name among an object's metadata of what tells who may see it.
const SECRET: &str = "secret";

/// What a bucket answers where there is no such object: the second to whoever may not list what there is.
const ABSENT: [&str; 2] = ["NoSuchKey", "AccessDenied"];

/// A bucket.
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
    /// are the same object. The secret lies in the object's metadata.
    pub async fn put(&self, key: &str, content_type: &str, secret: &str, bytes: Vec<u8>) -> Result<(), ObjectError> {
        let call = self.client.put_object().bucket(&self.name).key(key).content_type(content_type);
        let call = call.metadata(SECRET, secret).body(ByteStream::from(bytes));
        call.send().await.map(drop).map_err(|error| failed("PutObject", &error))
    }

    /// What is told of an object before its content, if there is such an object. One `GetObject`.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(found) => Ok(Some(Object {
                secret: found.metadata.and_then(|mut metadata| metadata.remove(SECRET)),
                content_type: found.content_type.unwrap_or_default(),
                content: found.body,
            })),
            Err(error) if error.code().is_some_and(|code| ABSENT.contains(&code)) => Ok(None),
            Err(error) => Err(failed("GetObject", &error)),
        }
    }

    /// Deletes an object, if it is there. One `DeleteObject`.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        call.send().await.map(drop).map_err(|error| failed("DeleteObject", &error))
    }
}

/// An object whose content has not been read yet.
#[derive(Debug)]
pub struct Object {
    /// The secret that it was put with.
    pub secret: Option<String>,
    /// The type that it was put with.
    pub content_type: String,
    content: ByteStream,
}

impl Object {
    /// The content, to its end.
    pub async fn bytes(self) -> Result<Vec<u8>, ObjectError> {
        let broken = |error: ByteStreamError| ObjectError::Call { action: "GetObject", cause: error.to_string() };
        self.content.collect().await.map(AggregatedBytes::to_vec).map_err(broken)
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
    async fn an_object_is_sent_whole_with_its_type_and_its_secret() {
        let server = Server::answering(200, "");
        let bucket = Bucket::new(&server.config(), "kith-images");
        bucket.put("users/usr_1/pho_1/large", "image/png", "hidden", b"pixels".to_vec()).await.unwrap();
        let request = server.request();
        assert!(request.head.starts_with("PUT /kith-images/users/usr_1/pho_1/large?"), "{}", request.head);
        let head = request.head.to_ascii_lowercase();
        assert!(head.contains("content-type: image/png\r\n"), "{head}");
        assert!(head.contains("x-amz-meta-secret: hidden\r\n"), "{head}");
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
    async fn an_object_is_read_to_its_end() {
        let server = Server::answering(200, "pixels");
        let object = Bucket::new(&server.config(), "kith-images").get("users/a").await.unwrap().unwrap();
        assert_eq!(object.secret, None);
        assert_eq!(object.bytes().await.unwrap(), b"pixels");
        assert!(server.request().head.starts_with("GET /kith-images/users/a?"));
    }

    #[tokio::test]
    async fn who_may_not_list_takes_a_refusal_for_nothing() {
        for (status, code) in [(404, "NoSuchKey"), (403, "AccessDenied")] {
            let server = Server::answering(status, &format!("<Error><Code>{code}</Code><Message>no</Message></Error>"));
            assert!(Bucket::new(&server.config(), "kith-images").get("users/a").await.unwrap().is_none(), "{code}");
        }
        let server = Server::answering(403, "<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>");
        let error = Bucket::new(&server.config(), "kith-images").get("users/a").await.unwrap_err();
        assert_eq!(error.to_string(), "GetObject did not work: InvalidAccessKeyId");
    }

    #[tokio::test]
    async fn a_refusal_names_its_code() {
        let server = Server::answering(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
        let error = Bucket::new(&server.config(), "kith-images").delete("users/x").await.unwrap_err();
        assert_eq!(error.to_string(), "DeleteObject did not work: AccessDenied");
    }
}
