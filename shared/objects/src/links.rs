//! Links by which somebody reads one object (Signature Version 4 in the query).

use crate::{ObjectError, endpoint};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A link stays the same for so long, so that browsers find in their cache what they have.
const STEP: Duration = Duration::from_mins(30);
/// How long a link works from the beginning of its step: half an hour to an hour from when it is shown.
const LIFETIME: Duration = Duration::from_hours(1);

/// Signs links to the objects of a bucket, with the right of the function to read them.
#[derive(Debug)]
pub struct Links {
    /// Address of the bucket, without a slash at the end.
    base: String,
    region: String,
    identity: Identity,
}

impl Links {
    /// For the bucket with this name. `credentials` are those of `config`. Makes no call.
    pub fn new(config: &SdkConfig, credentials: Credentials, bucket: &str) -> Self {
        let region = config.region().map(Region::as_ref).unwrap_or_default().to_owned();
        let base = match endpoint(config) {
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com"),
        };
        Self { base, region, identity: credentials.into() }
    }

    /// A link to the object with this key (letters, digits, `_` and `/`). Works for half an hour at least and an hour at
    /// most.
    pub fn link(&self, key: &str) -> Result<String, ObjectError> {
        #[expect(clippy::disallowed_methods, reason = "S3 judges a link by its own clock, which nobody moves")]
        let now = SystemTime::now();
        self.link_at(key, now)
    }

    fn link_at(&self, key: &str, now: SystemTime) -> Result<String, ObjectError> {
        let step = STEP.as_secs();
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / step * step;
        // S3 signs a path as it is sent, where other services encode it once more.
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(LIFETIME);
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_secs(since_epoch))
            .settings(settings)
            .build()
            .map_err(|error| ObjectError::Link(error.to_string()))?
            .into();
        let url = format!("{}/{key}", self.base);
        let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::UnsignedPayload);
        let signed = request.and_then(|request| sign(request, &params));
        let (instructions, _) = signed.map_err(|error| ObjectError::Link(error.to_string()))?.into_parts();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(instructions.params());
        Ok(format!("{url}?{}", query.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;

    /// A quarter past an hour of some day.
    const QUARTER: u64 = 1_800_000_900;

    fn links(endpoint: Option<&str>, token: Option<&str>) -> Links {
        let mut config = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        config.set_region(Region::from_static("eu-central-1"));
        config.set_endpoint_url(endpoint.map(str::to_owned));
        let credentials = Credentials::new("AKID", "SECRET", token.map(str::to_owned), None, "test");
        Links::new(&config.build(), credentials, "kith-images")
    }

    fn at(links: &Links, key: &str, second: u64) -> String {
        links.link_at(key, UNIX_EPOCH + Duration::from_secs(second)).unwrap()
    }

    #[test]
    fn a_link_stays_the_same_for_half_an_hour_and_then_is_another() {
        let links = links(None, None);
        let begins = QUARTER / 1_800 * 1_800;
        let first = at(&links, "users/usr_1/pho_1/large", begins);
        for second in [begins + 1, begins + 900, begins + 1_799] {
            assert_eq!(at(&links, "users/usr_1/pho_1/large", second), first);
        }
        assert_ne!(at(&links, "users/usr_1/pho_1/large", begins - 1), first);
        assert_ne!(at(&links, "users/usr_1/pho_1/large", begins + 1_800), first);
        assert_ne!(at(&links, "users/usr_1/pho_1/small", begins), first);
        assert!(first.contains("X-Amz-Date=20270115T080000Z&X-Amz-Expires=3600"), "{first}");
    }

    #[test]
    fn a_bucket_of_aws_has_its_own_host_and_one_elsewhere_a_path() {
        let own = at(&links(None, None), "users/a", QUARTER);
        assert!(own.starts_with("https://kith-images.s3.eu-central-1.amazonaws.com/users/a?X-Amz-Algorithm="), "{own}");
        let elsewhere = at(&links(Some("http://127.0.0.1:4566/"), None), "users/a", QUARTER);
        assert!(elsewhere.starts_with("http://127.0.0.1:4566/kith-images/users/a?"), "{elsewhere}");
    }

    #[test]
    fn a_link_of_a_role_names_its_session_and_none_shows_the_secret() {
        let link = at(&links(None, Some("token/of+a=role")), "users/a", QUARTER);
        assert!(link.contains("X-Amz-Security-Token=token%2Fof%2Ba%3Drole"), "{link}");
        assert!(!link.contains("SECRET"), "{link}");
    }
}
