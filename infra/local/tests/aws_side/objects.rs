use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ObjectCannedAcl};
use kith_local::aws::{Fault, FaultKind};
use reqwest::StatusCode;

use crate::caller::{BUCKET, Function, Side, allow, code};
use crate::client::client;

const IMAGES: &str = "kith-images";
const KEY: &str = "users/usr_1/large";
const IMAGE: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

async fn put(s3: &Client, key: &str, content: &'static [u8]) -> String {
    let put = s3.put_object().bucket(IMAGES).key(key).content_type("image/png");
    code(put.body(ByteStream::from_static(content)).send().await)
}

async fn got(s3: &Client, key: &str) -> Result<Vec<u8>, String> {
    match s3.get_object().bucket(IMAGES).key(key).send().await {
        Ok(answer) => Ok(answer.body.collect().await.unwrap().to_vec()),
        refused => Err(code(refused)),
    }
}

async fn delete(s3: &Client, key: &str) -> String {
    code(s3.delete_object().bucket(IMAGES).key(key).send().await)
}

/// A link to an object, signed by a function for an hour.
async fn link(function: &Function<'_>, key: &str) -> String {
    let presigning = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    let presigned = function.s3().get_object().bucket(IMAGES).key(key).presigned(presigning).await.unwrap();
    presigned.uri().to_owned()
}

#[tokio::test]
async fn an_object_is_put_got_replaced_and_deleted() {
    let side = Side::in_memory().await;
    let s3 = side.trusted().s3();
    let put_once = s3.put_object().bucket(IMAGES).key(KEY).content_type("image/png").cache_control("private");
    let put_once = put_once.metadata("secret", "hidden");
    let e_tag = put_once.body(ByteStream::from_static(IMAGE)).send().await.unwrap().e_tag;
    let answer = s3.get_object().bucket(IMAGES).key(KEY).send().await.unwrap();
    assert_eq!((answer.content_type(), answer.cache_control()), (Some("image/png"), Some("private")));
    assert_eq!((answer.e_tag(), answer.content_length()), (e_tag.as_deref(), i64::try_from(IMAGE.len()).ok()));
    assert_eq!(answer.metadata().unwrap()["secret"], "hidden");
    assert_eq!(answer.body.collect().await.unwrap().to_vec(), IMAGE);
    let head = s3.head_object().bucket(IMAGES).key(KEY).send().await.unwrap();
    assert_eq!((head.e_tag(), head.content_length()), (e_tag.as_deref(), i64::try_from(IMAGE.len()).ok()));

    let listed = side.aws.objects("").unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].bucket.as_str(), listed[0].key.as_str(), listed[0].size), (IMAGES, KEY, IMAGE.len()));
    assert_eq!(listed[0].content_type.as_deref(), Some("image/png"));

    assert_eq!(put(&s3, KEY, b"another").await, "ok");
    assert_eq!(got(&s3, KEY).await.unwrap(), b"another");
    assert_eq!(delete(&s3, KEY).await, "ok");
    assert_eq!(delete(&s3, KEY).await, "ok", "what is not there is as good as deleted");
    assert_eq!(got(&s3, KEY).await.unwrap_err(), "NoSuchKey");
    assert!(side.aws.objects("").unwrap().is_empty());
}

#[tokio::test]
async fn every_checksum_of_the_sdk_is_understood_and_compared() {
    let side = Side::in_memory().await;
    let s3 = side.trusted().s3();
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let put = s3.put_object().bucket(IMAGES).key(KEY).checksum_algorithm(algorithm.clone());
        assert_eq!(code(put.body(ByteStream::from_static(IMAGE)).send().await), "ok", "{algorithm}");
        assert_eq!(got(&s3, KEY).await.unwrap(), IMAGE, "{algorithm}");
    }
    let put = s3.put_object().bucket(IMAGES).key(KEY).checksum_crc32("AAAAAA==");
    assert_eq!(code(put.body(ByteStream::from_static(IMAGE)).send().await), "BadDigest");
}

#[tokio::test]
async fn what_the_runner_does_not_do_is_refused() {
    let side = Side::in_memory().await;
    let s3 = side.trusted().s3();
    let put = || s3.put_object().bucket(IMAGES).key(KEY).body(ByteStream::from_static(IMAGE));
    for refused in [put().acl(ObjectCannedAcl::PublicRead), put().tagging("a=b"), put().if_none_match("*")] {
        assert_eq!(code(refused.send().await), "NotImplemented");
    }
    assert_eq!(code(s3.list_objects_v2().bucket(IMAGES).send().await), "AccessDenied");
    assert_eq!(code(s3.create_bucket().bucket("another").send().await), "AccessDenied");
    assert_eq!(
        side.aws.policies()["trusted"].denied,
        ["s3:CreateBucket on another", "s3:ListObjectsV2 on kith-images"]
    );
    assert!(side.aws.objects("").unwrap().is_empty());
}

#[tokio::test]
async fn a_function_reaches_what_its_policy_names_and_the_report_tells_the_rest() {
    let side = Side::in_memory().await;
    let users = format!("{BUCKET}/users/*");
    let function = side.function("set-photo", vec![allow(&["s3:PutObject", "s3:DeleteObject"], &[&users], None)]);
    let s3 = function.s3();
    assert_eq!(put(&s3, KEY, IMAGE).await, "ok");
    assert_eq!(put(&s3, "communities/1/large", IMAGE).await, "AccessDenied");
    assert_eq!(got(&s3, KEY).await.unwrap_err(), "AccessDenied");
    let elsewhere = s3.put_object().bucket("other-bucket").key(KEY).send().await;
    assert_eq!(code(elsewhere), "AccessDenied");
    let report = &side.aws.policies()["set-photo"];
    assert_eq!(report.used, ["s3:PutObject on kith-images/users/*"]);
    assert_eq!(report.superfluous, ["s3:DeleteObject on kith-images/users/*"]);
    assert_eq!(
        report.denied,
        [
            format!("s3:GetObject on {IMAGES}/{KEY}"),
            format!("s3:PutObject on {IMAGES}/communities/1/large"),
            format!("s3:PutObject on other-bucket/{KEY}"),
        ]
    );
    assert_eq!(side.aws.objects("").unwrap().len(), 1);
}

#[tokio::test]
async fn who_may_not_list_is_not_told_what_is_missing() {
    let side = Side::in_memory().await;
    let function = side.function("get", vec![allow(&["s3:GetObject"], &[&format!("{BUCKET}/users/*")], None)]);
    assert_eq!(got(&function.s3(), KEY).await.unwrap_err(), "AccessDenied");
    let report = &side.aws.policies()["get"];
    assert_eq!((report.denied.len(), report.used.len()), (0, 1));
}

#[tokio::test]
async fn h33_nobody_reads_an_object_by_a_link() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    assert_eq!(put(&function.s3(), KEY, b"pixels").await, "ok");
    let link = link(&function, KEY).await;
    let unsigned = link.split_once('?').unwrap().0;
    for (link, code) in [(link.as_str(), "NotImplemented"), (unsigned, "AccessDenied")] {
        let answer = client().get(link).send().await.unwrap();
        assert!(!answer.status().is_success());
        assert!(answer.text().await.unwrap().contains(&format!("<Code>{code}</Code>")), "{link}");
    }
}

#[tokio::test]
async fn calls_are_accounted_and_faults_look_like_those_of_the_cloud() {
    let side = Side::in_memory().await;
    let function = side.trusted();
    let s3 = function.s3();
    let fault = |kind| Fault { operation: "trusted".into(), action: "PutObject".into(), kind, after: 0, times: 1 };
    for (kind, expected, kept) in [
        (FaultKind::Throttle, "SlowDown", 0),
        (FaultKind::Timeout, "no answer", 0),
        (FaultKind::Error, "InternalError", 0),
        (FaultKind::AppliedAnswerLost, "no answer", 1),
    ] {
        side.aws.inject(fault(kind));
        assert_eq!(put(&s3, KEY, IMAGE).await, expected, "{kind:?}");
        assert_eq!(side.aws.objects("").unwrap().len(), kept, "{kind:?}");
    }

    side.aws.inject(fault(FaultKind::Throttle));
    side.aws.inject(fault(FaultKind::AppliedAnswerLost));
    let function = function.retrying();
    let s3 = function.s3();
    let (outcome, calls) = function
        .calls_of(Box::pin(async {
            assert_eq!(delete(&s3, "users/usr_9/large").await, "ok");
            put(&s3, KEY, IMAGE).await
        }))
        .await;
    assert_eq!(outcome, "ok");
    let seen: Vec<_> = calls.iter().map(|call| (call.service, call.action.as_str(), call.outcome.as_str())).collect();
    let put = |outcome| ("s3", "PutObject", outcome);
    assert_eq!(seen, [("s3", "DeleteObject", "ok"), put("SlowDown"), put("dropped"), put("ok")]);
}

#[tokio::test]
async fn a_stranger_and_a_wrong_secret_get_nothing() {
    let side = Side::in_memory().await;
    let mut function = side.trusted();
    function.secret_key = "wrong".into();
    assert_eq!(put(&function.s3(), KEY, IMAGE).await, "SignatureDoesNotMatch");
    function.access_key = "KITHUNKNOWN".into();
    assert_eq!(put(&function.s3(), KEY, IMAGE).await, "InvalidAccessKeyId");
    let unsigned = format!("{}/{IMAGES}/{KEY}", side.aws.url());
    let answer = client().put(unsigned).body(IMAGE).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(side.aws.objects("").unwrap().is_empty());
}

#[tokio::test]
async fn objects_are_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let side = Side::start(Some(data.path()), 0.0).await;
    for key in [KEY, "users/usr_2/ü n#?%/large"] {
        assert_eq!(put(&side.trusted().s3(), key, IMAGE).await, "ok");
    }
    let before = side.aws.objects("").unwrap();
    assert_eq!(before.len(), 2);
    drop(side);
    let side = Side::start(Some(data.path()), 0.0).await;
    assert_eq!(side.aws.objects("").unwrap(), before);
    assert_eq!(side.aws.objects("users/usr_2/").unwrap().len(), 1);
    let s3 = side.trusted().s3();
    assert_eq!(got(&s3, "users/usr_2/ü n#?%/large").await.unwrap(), IMAGE);
    assert_eq!(delete(&s3, KEY).await, "ok");
    assert_eq!(side.aws.objects("").unwrap().len(), 1);
}
