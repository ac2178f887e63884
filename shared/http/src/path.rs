//! Path and query parameters.

use crate::body::in_words;
use crate::{App, Fault, Problem, Result};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

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

/// The query's parameters, but those of pages. 422 naming the parameter that does not parse; unknown ones are ignored.
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Query(pairs) = Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::bad_request("The query cannot be read."))?;
        // An empty parameter is one that a form left out.
        let mut pairs: serde_json::Map<_, _> = pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.into()))
            .collect();
        let mut faults = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize::<_, T>(serde_json::Value::Object(pairs.clone())) {
                Ok(value) if faults.is_empty() => return Ok(Self(value)),
                Ok(_) => return Err(Problem::invalid(faults)),
                Err(error) => error,
            };
            let name = error.path().to_string();
            faults.push(Fault::new(format!("?{name}"), in_words(&error.inner().to_string())));
            if pairs.remove(&name).is_none() {
                return Err(Problem::invalid(faults));
            }
        }
    }
}
