//! Everything that is wrong with the fields of a request, in words for people.

use crate::problem::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

/// How many elements of one list are looked at: more than any list of ours takes, and not so many that looking costs
/// more than sending did.
const MOST_ELEMENTS: usize = 50;

/// All faults of the fields: unknown ones, missing ones, and every one whose value does not parse.
///
/// `serde` stops at the first error. So each faulty value is noted and taken out, and the rest is tried again; which
/// fields there are and which must be there is asked of the contract's schema.
pub(crate) fn faults<T: DeserializeOwned + ToSchema>(mut fields: Map<String, Value>) -> Vec<Fault> {
    let mut found = Found { faults: Vec::new(), removed: BTreeSet::new() };
    let shape = Shape::of::<T>();
    if let Some(object) = shape.at(&[]) {
        let known = |name: &String| object.properties.contains_key(name);
        found.note_unknown(&mut fields, &[], known);
        let missing = object.required.iter().filter(|name| !fields.contains_key(*name));
        found.faults.extend(missing.map(|name| Fault::new(pointer(std::slice::from_ref(name)), "is required")));
    }
    let mut value = Value::Object(fields);
    while let Err(error) = serde_path_to_error::deserialize::<_, T>(&value) {
        let message = error.inner().to_string();
        if !found.note::<T>(&mut value, &shape, error.path(), &message) {
            break;
        }
    }
    found.faults
}

/// What has been found so far.
struct Found {
    faults: Vec<Fault>,
    /// Where something was taken out, so that it is not told of once more as missing.
    removed: BTreeSet<Vec<String>>,
}

impl Found {
    /// Notes an error and takes out what it is about; whether there is something left to try.
    fn note<T: DeserializeOwned>(&mut self, value: &mut Value, shape: &Shape, at: &Path, message: &str) -> bool {
        let path: Vec<String> = at.iter().filter_map(segment).collect();
        if message.starts_with(ONE_NEEDED) {
            // One that is there but faulty would do if it were right, and is named already.
            let is_named = |fault: &Fault| self.faults.iter().any(|known| known.pointer == fault.pointer);
            if !one_needed(message).any(|fault| is_named(&fault)) {
                self.faults.extend(one_needed(message));
            }
            return false;
        }
        if let Some(list) = list_in(at) {
            let known = self.faults.len();
            self.note_elements::<T>(value, &list);
            if self.faults.len() == known {
                self.faults.push(Fault::new(pointer(&path), in_words(message)));
            }
            return self.remove(value, list);
        }
        if let Some(missing) = quoted_after("missing field", message) {
            if path.is_empty() {
                return false;
            }
            self.note_missing(value, shape, &path, missing);
        } else if let (Some(known), Some((_, parent))) = (known_fields(message), path.split_last()) {
            // All of the same object at once: there may be thousands.
            if let Some(Value::Object(fields)) = value.pointer_mut(&pointer(parent))
                && self.note_unknown(fields, parent, |name| known.contains(name))
            {
                return true;
            }
            self.faults.push(Fault::new(pointer(&path), UNKNOWN));
        } else if !self.removed.iter().any(|part| part.starts_with(&path)) {
            // Otherwise a part of it is named already, and may be all that it lacks.
            self.faults.push(Fault::new(pointer(&path), in_words(message)));
        }
        self.remove(value, path)
    }

    /// Notes the fields of the object at `place` that it should not have, and takes them out; whether there are any.
    fn note_unknown(
        &mut self,
        fields: &mut Map<String, Value>,
        place: &[String],
        known: impl Fn(&String) -> bool,
    ) -> bool {
        let unknown: Vec<String> = fields.keys().filter(|name| !known(name)).cloned().collect();
        let are_there = !unknown.is_empty();
        for name in unknown {
            fields.remove(&name);
            let path = [place, &[name]].concat();
            self.faults.push(Fault::new(pointer(&path), UNKNOWN));
            self.removed.insert(path);
        }
        are_there
    }

    /// Notes that the object at `path` lacks a field, and all others that it lacks as well.
    fn note_missing(&mut self, value: &Value, shape: &Shape, path: &[String], first: String) {
        let there = value.pointer(&pointer(path)).and_then(Value::as_object);
        let required = shape.at(path).map(|object| object.required.clone()).unwrap_or_default();
        let lacking = required.into_iter().filter(|name| there.is_some_and(|there| !there.contains_key(name)));
        for name in lacking.chain([first]).collect::<BTreeSet<_>>() {
            let field = [path, &[name]].concat();
            if !self.removed.contains(&field) {
                self.faults.push(Fault::new(pointer(&field), "is required"));
            }
        }
    }

    /// Notes every element of the list at `place` that does not parse, each looked at alone.
    fn note_elements<T: DeserializeOwned>(&mut self, value: &mut Value, place: &[String]) {
        let Some(Value::Array(elements)) = value.pointer_mut(&pointer(place)).map(Value::take) else { return };
        for (index, element) in elements.into_iter().enumerate().take(MOST_ELEMENTS) {
            if let Some(list) = value.pointer_mut(&pointer(place)) {
                *list = Value::Array(vec![element]);
            }
            let Err(error) = serde_path_to_error::deserialize::<_, T>(&*value) else { continue };
            if list_in(error.path()).as_deref() == Some(place) {
                let within = error.path().iter().filter_map(segment).skip(place.len() + 1);
                let path: Vec<String> = place.iter().cloned().chain([index.to_string()]).chain(within).collect();
                self.faults.push(Fault::new(pointer(&path), in_words(&error.inner().to_string())));
            }
        }
    }

    /// Takes the value at `path` out; whether it was there.
    fn remove(&mut self, value: &mut Value, path: Vec<String>) -> bool {
        let is_gone = take_out(value, &path);
        self.removed.insert(path);
        is_gone
    }
}

const UNKNOWN: &str = "is not a field of this request";

/// A rule over several fields, of which at least one must be there, begins so; their names follow.
const ONE_NEEDED: &str = "needs one of ";

/// A fault of each field of which one must be there.
pub(crate) fn one_needed(message: &str) -> impl Iterator<Item = Fault> {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let detail = format!("is required: at least one of {}", names.join(", "));
    names.into_iter().map(move |name| Fault::new(format!("/{name}"), detail.clone()))
}

/// The schema of a request, and those that it names.
struct Shape {
    whole: RefOr<Schema>,
    named: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        Self { whole: T::schema(), named }
    }

    /// The object at a path.
    fn at(&self, path: &[String]) -> Option<&Object> {
        let mut object = self.object(&self.whole)?;
        for name in path {
            object = self.object(object.properties.get(name)?)?;
        }
        Some(object)
    }

    /// The object that a schema is, by name or among others, such as null.
    fn object<'a>(&'a self, schema: &'a RefOr<Schema>) -> Option<&'a Object> {
        match schema {
            RefOr::Ref(named) => {
                let name = named.ref_location.rsplit('/').next()?;
                let (_, schema) = self.named.iter().find(|(own, _)| own == name)?;
                self.object(schema)
            }
            RefOr::T(Schema::Object(object)) => Some(object).filter(|object| !object.properties.is_empty()),
            RefOr::T(Schema::OneOf(choice)) => choice.items.iter().find_map(|schema| self.object(schema)),
            RefOr::T(Schema::AnyOf(choice)) => choice.items.iter().find_map(|schema| self.object(schema)),
            RefOr::T(_) => None,
        }
    }
}

fn segment(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// The first list on the way to an error, if there is one.
fn list_in(path: &Path) -> Option<Vec<String>> {
    let position = path.iter().position(|segment| matches!(segment, Segment::Seq { .. }))?;
    Some(path.iter().take(position).filter_map(segment).collect())
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &[String]) -> String {
    let escaped = path.iter().map(|part| part.replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|part| ["/".to_owned(), part]).collect()
}

/// Takes the value at `path` out.
fn take_out(value: &mut Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let Value::Object(fields) = value else { return false };
    match fields.get_mut(first) {
        Some(inner) if !rest.is_empty() && inner.is_object() => take_out(inner, rest) || fields.remove(first).is_some(),
        _ => fields.remove(first).is_some(),
    }
}

/// The name in `<what> `name`…` of a serde message.
fn quoted_after(what: &str, message: &str) -> Option<String> {
    message.strip_prefix(what)?.split('`').nth(1).map(str::to_owned)
}

/// The fields that there are, where the message is of one that there is not.
fn known_fields(message: &str) -> Option<BTreeSet<String>> {
    let unknown = message.strip_prefix("unknown field `")?;
    // The name of the unknown one is the sender's; the last part is serde's.
    let expected = unknown.rsplit_once(", expected ").map(|(_, expected)| expected).unwrap_or_default();
    Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

/// A serde message for people, without the value that it repeats: that may be a secret.
pub(crate) fn in_words(message: &str) -> String {
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("must be {}", kind_in_words(expected));
    }
    if message.starts_with("data did not match any variant") {
        return "has none of the forms that it may have".to_owned();
    }
    // A rule of ours says "must be …"; whatever else speaks of types and values repeats them.
    if message.starts_with("invalid ") || message.starts_with("unknown ") || message.starts_with("missing ") {
        return "is not right".to_owned();
    }
    message.to_owned()
}

/// What serde expects, as people call it.
fn kind_in_words(expected: &str) -> String {
    let is_signed = |kind: &str| ["i8", "i16", "i32", "i64", "i128", "isize", "integer"].contains(&kind);
    let is_unsigned = |kind: &str| ["u8", "u16", "u32", "u64", "u128", "usize"].contains(&kind);
    let words = match expected {
        "a sequence" | "an array" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "unit" | "null" | "unit value" => "null",
        "string or map" | "a string or a map" | "variant identifier" | "a character" | "str" | "a borrowed string" => {
            "a string"
        }
        "option" => "a value or null",
        kind if kind.starts_with("struct ") || kind.starts_with("internally tagged enum") => "an object",
        kind if kind.starts_with("tuple ") || kind.starts_with("an array of length") || kind.starts_with("a tuple") => {
            "a list"
        }
        kind if kind.starts_with("enum ") => "a string",
        kind if is_signed(kind) => "a whole number",
        kind if is_unsigned(kind) => "a whole number, not negative",
        "f32" | "f64" | "floating point number" | "a number" => "a number",
        kind => return kind.replace('`', ""),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kith_domain::{Password, Username};
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Input {
        username: Username,
        password: Password,
        bio: Option<String>,
        place: Option<Place>,
        #[serde(default)]
        friends: Vec<Username>,
        count: Option<u32>,
        is_new: Option<bool>,
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Place {
        city: String,
        country: String,
    }

    fn found(body: &Value) -> Vec<(String, String)> {
        let Value::Object(fields) = body.clone() else { panic!("no object") };
        let mut found: Vec<_> =
            faults::<Input>(fields).into_iter().map(|fault| (fault.pointer, fault.detail)).collect();
        found.sort();
        found
    }

    fn pair(pointer: &str, detail: &str) -> (String, String) {
        (pointer.into(), detail.into())
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let body = json!({"username": "a:b", "password": 5, "bio": 7, "a/b": 1, "place": {"city": 1, "street": 2}});
        assert_eq!(
            found(&body),
            [
                pair("/a~1b", "is not a field of this request"),
                pair("/bio", "must be a string"),
                pair("/password", "must be a password"),
                pair("/place/city", "must be a string"),
                pair("/place/country", "is required"),
                pair("/place/street", "is not a field of this request"),
                pair("/username", "may hold only letters, digits, dots, underscores and hyphens"),
            ]
        );
    }

    #[test]
    fn missing_fields_are_named_even_inside_objects() {
        assert_eq!(
            found(&json!({"place": {"city": "Jena"}})),
            [pair("/password", "is required"), pair("/place/country", "is required"), pair("/username", "is required")]
        );
    }

    #[test]
    fn h28_everything_that_an_object_lacks_is_named() {
        let body = json!({"username": "ada", "password": "correct horse", "place": {}});
        assert_eq!(found(&body), [pair("/place/city", "is required"), pair("/place/country", "is required")]);
    }

    #[test]
    fn h36_every_element_of_a_list_that_is_wrong_is_named() {
        let friends = json!(["ada", "a:b", 7, "grace", null]);
        let body = json!({"username": "ada", "password": "correct horse", "friends": friends, "is_new": "no"});
        let letters = "may hold only letters, digits, dots, underscores and hyphens";
        let expected = [
            pair("/friends/1", letters),
            pair("/friends/2", "must be a username"),
            pair("/friends/4", "must be a username"),
            pair("/is_new", "must be true or false"),
        ];
        assert_eq!(found(&body), expected);
    }

    #[test]
    fn h36_kinds_have_the_names_that_people_give_them() {
        let with = |name: &str, value: Value| {
            let mut body = json!({"username": "ada", "password": "correct horse"});
            body[name] = value;
            found(&body)
        };
        for (name, value, detail) in [
            ("friends", json!("ada"), "must be a list"),
            ("place", json!("Jena"), "must be an object"),
            ("place", json!(7), "must be an object"),
            ("count", json!(-1), "must be a whole number, not negative"),
            ("count", json!(1.5), "must be a whole number, not negative"),
            ("count", json!("1"), "must be a whole number, not negative"),
            ("is_new", json!(1), "must be true or false"),
            ("bio", json!(["x"]), "must be a string"),
        ] {
            assert_eq!(with(name, value.clone()), [pair(&format!("/{name}"), detail)], "{value}");
        }
    }

    #[test]
    fn h11_thousands_of_faults_are_found_in_one_go() {
        let fields = |count: usize| (0..count).map(|n| (format!("f{n}"), json!(1))).collect::<Map<_, _>>();
        let mut body = json!({"username": "ada", "password": "correct horse", "place": fields(8_000)});
        body["place"]["city"] = json!("Jena");
        body["place"]["country"] = json!("Germany");
        assert_eq!(found(&body).len(), 8_000);
        let body = json!({"username": "ada", "password": "correct horse", "friends": vec![1; 8_000]});
        assert_eq!(found(&body).len(), MOST_ELEMENTS);
        // A name that looks like the end of serde's own message hides nothing.
        let body = json!({"username": "ada", "password": "correct horse", "place": {"x`, expected `y": 1, "y": 2}});
        assert!(found(&body).len() >= 2);
    }

    #[test]
    fn a_right_body_has_no_faults() {
        assert_eq!(found(&json!({"username": "ada", "password": "correct horse"})), []);
    }

    #[test]
    fn no_fault_repeats_the_value() {
        let body = json!({"username": "hunter2hunter2:", "password": 1_234_567, "bio": {"x": "hunter2"}});
        let text = format!("{:?}", found(&body));
        assert!(!text.contains("hunter2") && !text.contains("1234567"), "{text}");
    }
}
