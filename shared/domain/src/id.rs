//! Typed ids: a prefix and a UUID version 7 (RFC 9562), so that ids of one kind sort by the time they were made.
//! An id is never a secret.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// The text is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of this kind")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: the milliseconds of `now`, then 74 random bits.
            pub fn new(now: Timestamp) -> Self {
                let since_epoch = now.as_millisecond().max(0).unsigned_abs();
                let nanoseconds = u32::try_from(since_epoch % 1000).unwrap_or(0) * 1_000_000;
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, since_epoch / 1000, nanoseconds)))
            }

            /// The UUID without its prefix.
            pub fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// The id of a UUID; `None` unless it is of version 7.
            pub fn from_uuid(uuid: Uuid) -> Option<Self> {
                (uuid.get_version_num() == 7).then_some(Self(uuid))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(written: &str) -> Result<Self, InvalidId> {
                let digits = written.strip_prefix(concat!($prefix, "_")).ok_or(InvalidId)?;
                // One spelling per id: `Uuid` alone would also take capitals, hyphens and braces.
                if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
                    return Err(InvalidId);
                }
                Uuid::try_parse(digits).ok().and_then(Self::from_uuid).ok_or(InvalidId)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'_, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .examples([concat!($prefix, "_0192f0c1a2b37c4d8e5f60718293a4b5")])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

id!(
    /// A person's account, from registering on.
    UserId, "usr"
);
id!(
    /// One log-in on one device.
    SessionId, "ses"
);
id!(
    /// A piece of work that follows from a change: an outbox item.
    TaskId, "tsk"
);

id!(
    /// An event of the audit trail.
    AuditId, "aud"
);
id!(
    /// A calling card.
    ContactId, "con"
);
id!(
    /// A memory of somebody, kept with their card.
    MemoryId, "mem"
);

id!(
    /// A sealed note. Knowing it opens nothing.
    NoteId, "not"
);

id!(
    /// A picture that somebody uploads.
    PhotoId, "pho"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = UserId::new(Timestamp::from_millisecond(1_700_000_000_000).unwrap());
        let late = UserId::new(Timestamp::from_millisecond(1_700_000_000_001).unwrap());
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let session = SessionId::new(Timestamp::UNIX_EPOCH).to_string();
        assert_eq!(session.parse::<UserId>(), Err(InvalidId));
    }

    #[test]
    fn an_id_has_exactly_one_spelling() {
        let id = UserId::new(Timestamp::UNIX_EPOCH).to_string();
        assert!(id.parse::<UserId>().is_ok());
        assert_eq!(id.to_uppercase().parse::<UserId>(), Err(InvalidId));
        assert_eq!(format!("{id} ").parse::<UserId>(), Err(InvalidId));
        let hyphens = id.strip_prefix("usr_").unwrap().parse::<Uuid>().unwrap().hyphenated().to_string();
        assert_eq!(format!("usr_{hyphens}").parse::<UserId>(), Err(InvalidId));
    }

    proptest! {
        #[test]
        fn every_id_reads_back(millisecond in 0i64..253_402_300_000_000) {
            let id = UserId::new(Timestamp::from_millisecond(millisecond).unwrap());
            prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = text.parse::<UserId>();
        }
    }
}
