//! The buckets in another AWS: the one service here that speaks XML, and names things for the whole world.

use aws_sigv4::http_request::{PayloadChecksumKind, PercentEncodingMode, SigningSettings, UriPathNormalizationMode};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;

use super::{CallError, Caller};
use crate::template::BucketSpec;

/// The service's name in addresses and signatures.
pub(super) const HOST: &str = "s3";

/// The one region that a bucket is in when it names none, and that it must not name.
const UNNAMED_REGION: &str = "us-east-1";

impl Caller {
    /// The name of a bucket there, made if it is not there yet.
    ///
    /// An emulator without S3 is good for everything but images: it is told of, and no reason not to start.
    pub(super) async fn prepare_bucket(&self, spec: &BucketSpec, account: &str) -> Result<String, CallError> {
        let name = name_there(&spec.name, account, &self.aws.region);
        let failed = |why: String| CallError::NoAnswer { action: "CreateBucket".to_owned(), why };
        // Whoever guesses a name may have made a bucket of it, to read what others put there.
        let owner = ("x-amz-expected-bucket-owner", account);
        let found = self.on_bucket(Method::HEAD, &name, Some(owner), String::new()).await;
        if found.is_ok_and(|(status, _)| status.is_success()) {
            return Ok(name);
        }
        let made = self.on_bucket(Method::PUT, &name, None, self.configuration()).await;
        match made.map_err(failed) {
            Ok((status, _)) if status.is_success() => {}
            Ok((status, body)) => match part(&body, "Code") {
                Some(code) => {
                    let message = format!("{name}: {}", part(&body, "Message").unwrap_or_default());
                    return Err(CallError::Refused { action: "CreateBucket".to_owned(), code, message });
                }
                None => self.warn_of(&format!("CreateBucket was answered with status {status}, and not by S3")),
            },
            Err(error) => self.warn_of(&error.to_string()),
        }
        Ok(name)
    }

    fn warn_of(&self, why: &str) {
        let url = &self.aws.url;
        tracing::warn!(%url, why, "the AWS there serves no S3: everything works but what keeps or shows images");
    }

    fn configuration(&self) -> String {
        let region = &self.aws.region;
        if region == UNNAMED_REGION {
            return String::new();
        }
        format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{region}\
             </LocationConstraint></CreateBucketConfiguration>"
        )
    }

    /// A request about a bucket: the status and the body of its answer; or why there is none.
    async fn on_bucket(
        &self,
        method: Method,
        name: &str,
        header: Option<(&str, &str)>,
        body: String,
    ) -> Result<(StatusCode, Bytes), String> {
        let body = Bytes::from(body);
        let mut request = Request::builder().method(method).uri(format!("{}/{name}", self.aws.address(HOST)));
        if let Some((name, value)) = header.filter(|(_, value)| !value.is_empty()) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.clone())).map_err(|error| error.to_string())?;
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        self.send(self.signed(request, &body, HOST, settings)?).await
    }
}

/// All accounts of the world share the names of buckets; with account and region in it, a name is ours.
fn name_there(name: &str, account: &str, region: &str) -> String {
    if account.is_empty() { name.to_owned() } else { format!("{name}-{account}-{region}") }
}

/// The text of an element of an XML answer.
fn part(body: &[u8], element: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    Some(rest.split_once(&format!("</{element}>"))?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_after_its_owner_and_place() {
        assert_eq!(name_there("kith-images", "123456789012", "eu-west-1"), "kith-images-123456789012-eu-west-1");
        assert_eq!(name_there("kith-images", "", "eu-west-1"), "kith-images");
    }

    #[test]
    fn an_error_of_s3_is_told_from_an_answer_of_something_else() {
        let error = b"<?xml version=\"1.0\"?><Error><Code>BucketAlreadyExists</Code><Message>taken</Message></Error>";
        assert_eq!(part(error, "Code").as_deref(), Some("BucketAlreadyExists"));
        assert_eq!(part(b"{\"__type\": \"UnknownOperationException\"}", "Code"), None);
    }
}
