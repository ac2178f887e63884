//! Path and query parameters.

use crate::faults::in_words;
use crate::{App, Fault, Problem, Result};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The path's parameters. What does not parse names nothing: 404, like any unknown id.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let axum::extract::Path(value) =
            axum::extract::Path::<T>::from_request_parts(parts, app).await.map_err(|_| Problem::not_found())?;
        Ok(Self(value))
    }
}

/// The query's parameters, but those of pages. 422 naming each that does not parse; those that are unknown or there too
/// often the edge has refused.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::bad_request("The query cannot be read."))?;
        let mut pairs = Map::new();
        // An empty parameter is one that a form left out.
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
            if !app.expected().may_repeat(&name) {
                pairs.insert(name, value.into());
            } else if let Some(values) = pairs.entry(name).or_insert_with(|| Value::Array(vec![])).as_array_mut() {
                values.push(value.into());
            }
        }
        let mut faults = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize::<_, T>(Value::Object(pairs.clone())) {
                Ok(value) if faults.is_empty() => return Ok(Self(value)),
                Ok(_) => return Err(Problem::invalid(faults)),
                Err(error) => error,
            };
            let first = error.path().iter().next().map(ToString::to_string);
            let name = first.unwrap_or_default();
            faults.push(Fault::new(format!("?{name}"), in_words(&error.inner().to_string())));
            if pairs.remove(&name).is_none() {
                return Err(Problem::invalid(faults));
            }
        }
    }
}
