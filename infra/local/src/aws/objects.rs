//! The objects of the template's buckets: in memory, or one file each.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StartError, locked};
use crate::clock::Clock;
use crate::template::BucketSpec;

/// What a file name does not show as it is: everything but letters, digits and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The longest name that common file systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// The ending of a file that is being written. No object has it: their dots are encoded.
const UNFINISHED: &str = ".new";

/// An object as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredObject {
    /// Name of its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Size in bytes.
    pub size: usize,
    /// Such as `image/png`, as it was given.
    pub content_type: Option<String>,
    /// When it was written, by the moved clock.
    pub at: Timestamp,
}

/// An object with its content.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) facts: Facts,
    pub(super) content: Bytes,
}

/// What is kept about an object besides its content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) cache_control: Option<String>,
    /// What the client wants to be told again.
    pub(super) metadata: BTreeMap<String, String>,
    /// The MD5 of the content, as S3 has it.
    pub(super) e_tag: String,
    pub(super) at: Timestamp,
}

/// The buckets there are, and what is in them.
pub(super) struct Objects {
    buckets: Vec<BucketSpec>,
    kept: Kept,
    clock: Clock,
}

enum Kept {
    /// By bucket and key.
    Memory(Mutex<BTreeMap<(String, String), Object>>),
    /// A directory with one of each bucket.
    Files(PathBuf),
}

impl Objects {
    pub(super) fn open(data: Option<&Path>, buckets: Vec<BucketSpec>, clock: &Clock) -> Result<Self, StartError> {
        let kept = match data.map(|data| data.join("objects")) {
            None => Kept::Memory(Mutex::default()),
            Some(dir) => {
                for bucket in &buckets {
                    let bucket = dir.join(&bucket.name);
                    prepare(&bucket).map_err(|source| StartError::Data { path: bucket, source })?;
                }
                Kept::Files(dir)
            }
        };
        Ok(Self { buckets, kept, clock: clock.clone() })
    }

    /// The bucket of that name.
    pub(super) fn bucket(&self, name: &str) -> Option<&BucketSpec> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> std::io::Result<Option<Object>> {
        match &self.kept {
            Kept::Memory(kept) => Ok(locked(kept).get(&(bucket.to_owned(), key.to_owned())).cloned()),
            Kept::Files(dir) => present(fs::read(file_of(dir, bucket, key)?))?.map(parse).transpose(),
        }
    }

    /// Puts an object in place of the one with its key, if there is one, at once.
    pub(super) fn put(&self, bucket: &str, object: Object) -> std::io::Result<()> {
        match &self.kept {
            Kept::Memory(kept) => {
                drop(locked(kept).insert((bucket.to_owned(), object.facts.key.clone()), object));
                Ok(())
            }
            Kept::Files(dir) => write(&file_of(dir, bucket, &object.facts.key)?, &object),
        }
    }

    /// An object that is not there is as good as deleted.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> std::io::Result<()> {
        match &self.kept {
            Kept::Memory(kept) => {
                drop(locked(kept).remove(&(bucket.to_owned(), key.to_owned())));
                Ok(())
            }
            Kept::Files(dir) => present(fs::remove_file(file_of(dir, bucket, key)?)).map(drop),
        }
    }

    /// All objects whose keys begin with `prefix`, in the order of buckets and keys.
    pub(super) fn list(&self, prefix: &str) -> std::io::Result<Vec<StoredObject>> {
        let mut list = Vec::new();
        match &self.kept {
            Kept::Memory(kept) => {
                list.extend(locked(kept).iter().map(|((bucket, _), object)| listed(bucket, object)));
            }
            Kept::Files(dir) => {
                for bucket in &self.buckets {
                    for entry in fs::read_dir(dir.join(&bucket.name))? {
                        let path = entry?.path();
                        // One may be deleted, or renamed into its place, while the directory is read.
                        if is_finished(&path)
                            && let Some(content) = present(fs::read(&path))?
                        {
                            list.push(listed(&bucket.name, &parse(content)?));
                        }
                    }
                }
            }
        }
        list.retain(|object| object.key.starts_with(prefix));
        list.sort_by(|one, other| (&one.bucket, &one.key).cmp(&(&other.bucket, &other.key)));
        Ok(list)
    }
}

fn listed(bucket: &str, object: &Object) -> StoredObject {
    let Facts { key, content_type, at, .. } = object.facts.clone();
    StoredObject { bucket: bucket.to_owned(), key, size: object.content.len(), content_type, at }
}

/// Makes the directory of a bucket, without what a killed runner left half written.
fn prepare(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if !is_finished(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn is_finished(path: &Path) -> bool {
    path.extension().is_none()
}

/// `None` instead of the error that there is no such file.
fn present<T>(result: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// A key may hold slashes, a file name may not.
fn file_of(dir: &Path, bucket: &str, key: &str) -> std::io::Result<PathBuf> {
    let name = utf8_percent_encode(key, ENCODED).to_string();
    if name.len() + UNFINISHED.len() + Uuid::nil().simple().to_string().len() > LONGEST_NAME {
        return Err(Error::new(ErrorKind::InvalidFilename, "the key is too long for the runner to keep it in a file"));
    }
    Ok(dir.join(bucket).join(name))
}

/// One file holds the facts, as a line of JSON, and after it the content: so that both change together.
fn write(path: &Path, object: &Object) -> std::io::Result<()> {
    // Its own name each time: two may be writing the same object.
    let fresh = path.with_extension(format!("{}{UNFINISHED}", Uuid::new_v4().simple()));
    let mut file = fs::File::create(&fresh)?;
    file.write_all(&serde_json::to_vec(&object.facts)?)?;
    file.write_all(b"\n")?;
    file.write_all(&object.content)?;
    file.sync_all()?;
    fs::rename(fresh, path)
}

fn parse(file: Vec<u8>) -> std::io::Result<Object> {
    let file = Bytes::from(file);
    let end = file.iter().position(|byte| *byte == b'\n').ok_or(ErrorKind::InvalidData)?;
    let facts = serde_json::from_slice(&file.slice(..end))?;
    Ok(Object { facts, content: file.slice(end + 1..) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, content: &'static str) -> Object {
        let facts = Facts {
            key: key.to_owned(),
            content_type: Some("text/plain".to_owned()),
            cache_control: None,
            metadata: BTreeMap::new(),
            e_tag: "0".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        Object { facts, content: Bytes::from_static(content.as_bytes()) }
    }

    fn opened(data: Option<&Path>) -> Objects {
        let bucket = BucketSpec { name: "images".to_owned(), arn: "arn:aws:s3:::images".to_owned() };
        Objects::open(data, vec![bucket], &Clock::new(jiff::SignedDuration::ZERO)).unwrap()
    }

    #[test]
    fn memory_and_files_keep_alike() {
        let data = tempfile::tempdir().unwrap();
        for data in [None, Some(data.path())] {
            let objects = opened(data);
            assert!(objects.get("images", "users/1/large").unwrap().is_none());
            for (key, content) in [("users/2/large", "b"), ("users/1/large", "a\nb"), ("users/1/large", "c\nd")] {
                objects.put("images", object(key, content)).unwrap();
            }
            assert_eq!(objects.get("images", "users/1/large").unwrap().unwrap().content, "c\nd");
            let keys = |prefix: &str| objects.list(prefix).unwrap().into_iter().map(|one| (one.key, one.size));
            let all = [("users/1/large".to_owned(), 3), ("users/2/large".to_owned(), 1)];
            assert!(keys("").eq(all.clone()));
            assert!(keys("users/2").eq(all.into_iter().skip(1)));
            objects.delete("images", "users/2/large").unwrap();
            objects.delete("images", "users/2/large").unwrap();
            assert_eq!(keys("").len(), 1);
        }
    }

    #[test]
    fn a_key_never_leads_out_of_its_bucket() {
        let data = tempfile::tempdir().unwrap();
        let objects = opened(Some(data.path()));
        for key in ["../../escaped", "..", ".", "/", "a.new", "ü/\u{0}"] {
            objects.put("images", object(key, "x")).unwrap();
            assert_eq!(objects.get("images", key).unwrap().unwrap().facts.key, key);
        }
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
        assert_eq!(objects.list("").unwrap().len(), 6);
        assert!(objects.put("images", object(&"k".repeat(250), "x")).is_err());
    }

    #[test]
    fn what_was_half_written_is_gone_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        opened(Some(data.path())).put("images", object("users/1/large", "whole")).unwrap();
        let half = data.path().join("objects/images/users%2F1%2Flarge.0.new");
        fs::write(&half, "{\"key\":").unwrap();
        let objects = opened(Some(data.path()));
        assert!(!half.exists());
        assert_eq!(objects.get("images", "users/1/large").unwrap().unwrap().content, "whole");
    }
}
