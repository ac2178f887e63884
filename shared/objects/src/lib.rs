//! Objects in a private bucket of S3, put, read and deleted by functions alone. The only crate that names the S3 SDK.

mod bucket;

pub use bucket::{Bucket, Object};

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// Why something in the bucket was not done, or may not have been.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// S3 did not answer, or refused.
    #[error("{action} did not work: {cause}")]
    Call {
        /// The API action.
        action: &'static str,
        /// Its error code, or what kept the call from being answered.
        cause: String,
    },
}

/// The address that is configured in place of S3's own, if any: for S3 alone, or for all services.
fn endpoint(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let of_s3 = key.ok().and_then(|key| config.service_config()?.load_config(key));
    of_s3.or_else(|| config.endpoint_url().map(str::to_owned))
}
