//! The same fields as JSON or as a form: for requests that people also make by hand or from a plain page.

use crate::body::{self, Json};
use crate::faults::faults;
use crate::{App, Problem, Result, edge};
use axum::extract::{FromRequest, Request};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

/// A JSON body, or a form with the same fields, in which a blank one is left out. 415 for another content type, 400 for
/// what cannot be read, 422 with every fault for the rest.
pub struct JsonOrForm<T>(pub T);

impl<T: DeserializeOwned + ToSchema> FromRequest<App> for JsonOrForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if body::is_json(request.headers()) {
            return Json::from_request(request, app).await.map(|Json(value)| Self(value));
        }
        if !body::is_form(request.headers()) {
            return Err(Problem::unsupported("Content-Type: application/json or application/x-www-form-urlencoded"));
        }
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        let fields = fields::<T>(&bytes)?;
        match serde_json::from_value(Value::Object(fields.clone())) {
            Ok(value) => Ok(Self(value)),
            Err(_) => Err(Problem::invalid(faults::<T>(fields))),
        }
    }
}

/// The fields of a form as JSON has them: what the contract calls a whole number is one, all else is text.
fn fields<T: ToSchema>(form: &[u8]) -> Result<Map<String, Value>> {
    let numbers = whole_numbers::<T>();
    let mut fields = Map::new();
    for part in form.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        let mut sides = part.splitn(2, |byte| *byte == b'=');
        let (name, value) = (decoded(sides.next().unwrap_or_default())?, decoded(sides.next().unwrap_or_default())?);
        if value.is_empty() {
            continue;
        }
        let number = value.parse::<i64>().ok().filter(|_| numbers.contains(&name));
        if fields.insert(name, number.map_or(Value::String(value), Value::from)).is_some() {
            return Err(Problem::bad_request("A field is given twice."));
        }
    }
    Ok(fields)
}

/// A name or a value of a form as it was typed (URL Standard, section 5.1); 400 where it is no UTF-8, since a letter less
/// is another text.
fn decoded(written: &[u8]) -> Result<String> {
    let spaced: Vec<u8> = written.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let text = percent_decode(&spaced).decode_utf8().map(Cow::into_owned);
    text.map_err(|_| Problem::bad_request("The form is not written in UTF-8."))
}

/// Names of the fields that the schema of `T` calls whole numbers.
fn whole_numbers<T: ToSchema>() -> BTreeSet<String> {
    let RefOr::T(Schema::Object(object)) = T::schema() else { return BTreeSet::new() };
    let is_whole_number = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(field)) => match &field.schema_type {
            SchemaType::Type(kind) => *kind == Type::Integer,
            SchemaType::Array(kinds) => kinds.contains(&Type::Integer),
            SchemaType::AnyValue => false,
        },
        _ => false,
    };
    let properties = object.properties.into_iter();
    properties.filter(|(_, schema)| is_whole_number(schema)).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Input {
        text: String,
        count: Option<u32>,
    }

    fn read(form: &str) -> std::result::Result<Value, u16> {
        fields::<Input>(form.as_bytes()).map(Value::Object).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_form_reads_as_json_would() {
        assert_eq!(read("text=a+b%26%3D%0D%0A%C3%A9&count=7").unwrap(), json!({"text": "a b&=\r\né", "count": 7}));
        assert_eq!(read("text=7&count=seven&other=7").unwrap(), json!({"text": "7", "count": "seven", "other": "7"}));
        assert_eq!(read("&text=a=b&count=&").unwrap(), json!({"text": "a=b"}));
        assert_eq!(read("text=%00%2").unwrap(), json!({"text": "\u{0}%2"}));
    }

    #[test]
    fn what_would_lose_something_is_refused() {
        assert_eq!(read("text=a&text=b"), Err(400));
        assert_eq!(read("text=%FF"), Err(400));
        assert_eq!(read("%FF=a"), Err(400));
    }
}
