//! Bodies: JSON with every fault named at once, and forms.

use crate::problem::Fault;
use crate::{App, Problem, Result, edge};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// A JSON body. 415 for another content type, 400 for what is no JSON object, 422 with every fault for the rest.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported("Content-Type: application/json"));
        }
        read(&edge::bytes(request.into_body(), app.body_limit()).await?).map(Self)
    }
}

/// A JSON body that may be left out, or be null. What has a content type must be one.
impl<T: DeserializeOwned + ToSchema> OptionalFromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>> {
        let is_typed = request.headers().contains_key(CONTENT_TYPE);
        let is_json = is_json(request.headers());
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        match bytes.trim_ascii() {
            b"" if !is_typed => Ok(None),
            _ if !is_json => Err(Problem::unsupported("Content-Type: application/json")),
            b"null" => Ok(None),
            _ => read(&bytes).map(|value| Some(Self(value))),
        }
    }
}

/// Reads an object.
fn read<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T> {
    // Derived readers would also take a list, field by field. What is no object is refused by the closer look.
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    // Almost every body is right: it is read once, straight into its type. Only a wrong one is looked at closely.
    let read = if is_object { serde_json::from_slice(bytes).ok() } else { None };
    read.map_or_else(|| read_closely(bytes), Ok)
}

/// A form as browsers send it. 415 for another content type, 400 for what does not fit.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_form(request.headers()) {
            return Err(Problem::unsupported("Content-Type: application/x-www-form-urlencoded"));
        }
        let form = axum::Form::<T>::from_request(request, app).await;
        form.map(|axum::Form(value)| Self(value)).map_err(|_| Problem::bad_request("The form is not complete."))
    }
}

/// A form that may be left out. What has a content type must be one.
impl<T: DeserializeOwned> OptionalFromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Option<Self>> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return <Self as FromRequest<App>>::from_request(request, app).await.map(Some);
        }
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        let wanted = || Problem::unsupported("Content-Type: application/x-www-form-urlencoded");
        if bytes.is_empty() { Ok(None) } else { Err(wanted()) }
    }
}

pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| {
        kind.eq_ignore_ascii_case("application/json") || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

/// Reads a body that did not read at once, to say everything that is wrong with it.
fn read_closely<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Problem::bad_request("The body is not JSON."))?;
    let Value::Object(fields) = value else {
        return Err(Problem::bad_request("The body is not a JSON object."));
    };
    let faults = faults::<T>(fields.clone());
    if faults.is_empty() {
        // As a map it is right, so it was not right as a text: a field is there twice, of which one would be lost.
        return Err(Problem::bad_request("A field is given twice."));
    }
    Err(Problem::invalid(faults))
}

/// All faults of the fields: unknown ones, missing ones, and every one whose value does not parse.
///
/// `serde` stops at the first error. So each faulty value is noted and taken out, and the rest is tried again; which
/// fields there are and which must be there is asked of the contract's schema.
pub(crate) fn faults<T: DeserializeOwned + ToSchema>(mut fields: Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (known, required) = shape(&T::schema());
    let unknown: Vec<String> = fields.keys().filter(|name| !known.contains(*name)).cloned().collect();
    for name in unknown {
        fields.remove(&name);
        faults.push(Fault::new(pointer(&[name]), "is not a field of this request"));
    }
    faults.extend(
        required
            .iter()
            .filter(|name| !fields.contains_key(*name))
            .map(|name| Fault::new(pointer(std::slice::from_ref(name)), "is required")),
    );
    faults.extend(missing_within::<T>(&fields));
    let mut value = Value::Object(fields);
    let mut removed = BTreeSet::new();
    while let Err(error) = serde_path_to_error::deserialize::<_, T>(&value) {
        let path: Vec<String> = error.path().iter().filter_map(segment).collect();
        let message = error.inner().to_string();
        if message.starts_with(ONE_NEEDED) {
            // One that is there but faulty would do if it were right, and is named already.
            let is_named = |fault: &Fault| faults.iter().any(|known| known.pointer == fault.pointer);
            if !one_needed(&message).any(|fault| is_named(&fault)) {
                faults.extend(one_needed(&message));
            }
            break;
        }
        if let Some(missing) = quoted_after("missing field", &message) {
            if path.is_empty() {
                break;
            }
            let field = [path.as_slice(), &[missing]].concat();
            let is_named = faults.iter().any(|fault| fault.pointer == pointer(&field));
            if !removed.contains(&field) && !is_named {
                faults.push(Fault::new(pointer(&field), "is required"));
            }
        } else if message.starts_with("unknown field") {
            // The path ends with its name.
            faults.push(Fault::new(pointer(&path), "is not a field of this request"));
        } else if !removed.iter().any(|part: &Vec<String>| part.starts_with(&path)) {
            // Otherwise a part of it is named already, and may be all that it lacks.
            faults.push(Fault::new(pointer(&path), in_words(&message)));
        }
        if path.is_empty() || !remove(&mut value, &path) {
            break;
        }
        removed.insert(path);
    }
    faults
}

/// A rule over several fields, of which at least one must be there, begins so; their names follow.
const ONE_NEEDED: &str = "needs one of ";

/// A fault of each field of which one must be there.
pub(crate) fn one_needed(message: &str) -> impl Iterator<Item = Fault> {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let detail = format!("is required: at least one of {}", names.join(", "));
    names.into_iter().map(move |name| Fault::new(format!("/{name}"), detail.clone()))
}

/// Names of the fields in a schema, all and required.
fn shape(schema: &RefOr<Schema>) -> (BTreeSet<String>, BTreeSet<String>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            (object.properties.keys().cloned().collect(), object.required.iter().cloned().collect())
        }
        _ => (BTreeSet::new(), BTreeSet::new()),
    }
}

/// What is missing in the objects among the fields: `serde` would name the first of each alone.
fn missing_within<T: ToSchema>(fields: &Map<String, Value>) -> Vec<Fault> {
    let RefOr::T(Schema::Object(outer)) = T::schema() else { return Vec::new() };
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut faults = Vec::new();
    for (name, value) in fields {
        let (Value::Object(given), Some(schema)) = (value, outer.properties.get(name)) else { continue };
        let part = named_by(schema).and_then(|part| parts.iter().find(|(own, _)| *own == part));
        let Some((_, required)) = part.map(|(_, schema)| shape(schema)) else { continue };
        let missing = required.into_iter().filter(|inner| !given.contains_key(inner));
        faults.extend(missing.map(|inner| Fault::new(pointer(&[name.clone(), inner]), "is required")));
    }
    faults
}

/// The name of the schema that a property has, or may have beside null.
fn named_by(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(part) => part.ref_location.rsplit('/').next(),
        RefOr::T(Schema::OneOf(any)) => any.items.iter().find_map(named_by),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().find_map(named_by),
        RefOr::T(_) => None,
    }
}

fn segment(segment: &serde_path_to_error::Segment) -> Option<String> {
    use serde_path_to_error::Segment::{Enum, Map, Seq, Unknown};
    match segment {
        Map { key } => Some(key.clone()),
        Seq { index } => Some(index.to_string()),
        Enum { .. } | Unknown => None,
    }
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &[String]) -> String {
    let escaped = path.iter().map(|part| part.replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|part| ["/".to_owned(), part]).collect()
}

/// Takes the value at `path` out. An element of a list takes the whole list with it: the others' places must stay.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let Value::Object(fields) = value else { return false };
    match fields.get_mut(first) {
        Some(inner) if !rest.is_empty() && inner.is_object() => remove(inner, rest) || fields.remove(first).is_some(),
        _ => fields.remove(first).is_some(),
    }
}

/// The name in `<what> `name`…` of a serde message.
fn quoted_after(what: &str, message: &str) -> Option<String> {
    message.strip_prefix(what)?.split('`').nth(1).map(str::to_owned)
}

/// A serde message without the value that it repeats: that may be a secret.
pub(crate) fn in_words(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}", expected.replace('`', "")),
        None => message.to_owned(),
    }
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
    fn h28_all_that_is_missing_in_an_object_is_named_at_once() {
        let missing = pair("/place/country", "is required");
        let body = |place: Value| json!({"username": "ada", "password": "correct horse", "place": place});
        assert_eq!(found(&body(json!({}))), [pair("/place/city", "is required"), missing.clone()]);
        let wrong = body(json!({"city": 1, "street": 2}));
        let unknown = pair("/place/street", "is not a field of this request");
        assert_eq!(found(&wrong), [pair("/place/city", "must be a string"), missing, unknown]);
        assert_eq!(found(&body(Value::Null)), []);
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
