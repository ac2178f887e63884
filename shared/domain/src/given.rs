//! Fields of a request that may be absent, so that absent and `null` are told apart.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::marker::PhantomData;

/// A field that may be absent but, when present, must hold a value: `null` is not "leave it".
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A field that may be absent (leave it) or `null` (remove it).
#[expect(clippy::option_option, reason = "absent and null mean different things")]
pub(crate) fn given_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// The same for an object. A derived reader alone would also take a list, field by field.
#[expect(clippy::option_option, reason = "absent and null mean different things")]
pub(crate) fn object_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    let object = Option::<Object<T>>::deserialize(from)?;
    Ok(Some(object.map(|Object(value)| value)))
}

/// What reads from an object alone.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[expect(clippy::option_option, reason = "absent and null mean different things")]
    struct Change {
        #[serde(default, deserialize_with = "object_or_null")]
        point: Option<Option<Point>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: u8,
        y: Option<u8>,
    }

    #[test]
    fn an_object_is_no_list_and_absent_is_not_null() {
        let read = |json: &str| serde_json::from_str::<Change>(json).map(|change| change.point);
        assert_eq!(read("{}").unwrap(), None);
        assert_eq!(read(r#"{"point": null}"#).unwrap(), Some(None));
        assert_eq!(read(r#"{"point": {"x": 1}}"#).unwrap(), Some(Some(Point { x: 1, y: None })));
        for bad in [r#"{"point": [1, 2]}"#, r#"{"point": 1}"#, r#"{"point": {"y": 2}}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
