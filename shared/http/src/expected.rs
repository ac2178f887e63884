//! What a route's contract says of its requests: what the edge asks before the handler does.

use crate::auth::Caller;
use crate::{Cx, Fault, Problem, Result};
use axum::extract::Query;
use axum::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, RefOr};

/// What the one route of a function takes.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    is_known: bool,
    /// Names of query parameters, each with whether it may be given several times; `None` where what the route does not
    /// know is no matter, as on pages, to whose addresses others add names of their own.
    query: Option<BTreeMap<String, bool>>,
    caller: Needed,
}

/// Who may call.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// Anybody: tokens are not looked at.
    #[default]
    Nobody,
    /// Anybody; but a token that is sent must be good.
    AnybodyOrMember,
    /// Somebody who is logged in.
    Member,
}

impl Expected {
    /// Reads the contract of one route.
    pub(crate) fn of(contract: &OpenApi) -> Self {
        let Some((path, item)) = contract.paths.paths.iter().next() else { return Self::default() };
        let methods = [&item.get, &item.put, &item.post, &item.patch, &item.delete];
        let Some(operation) = methods.into_iter().flatten().next() else { return Self::default() };
        let is_api = path == "/v1" || path.starts_with("/v1/");
        Self { is_known: true, query: is_api.then(|| query_of(operation)), caller: Needed::of(operation) }
    }

    /// Whether there is a route. The function for all other paths has none.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether a query parameter may be given several times.
    pub(crate) fn may_repeat(&self, name: &str) -> bool {
        self.query.as_ref().and_then(|known| known.get(name)).copied().unwrap_or_default()
    }

    /// What is wrong with a request whatever its handler would say: a body that is encoded, query parameters that the
    /// route does not know, or twice what it takes once.
    pub(crate) fn refuse(&self, uri: &Uri, headers: &HeaderMap, has_body: bool) -> Result<()> {
        if has_body && is_encoded(headers) {
            return Err(Problem::encoded());
        }
        let Some(known) = &self.query else { return Ok(()) };
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::bad_request("The query cannot be read."))?;
        let (mut seen, mut named) = (BTreeSet::new(), BTreeSet::new());
        let mut faults = Vec::new();
        for (name, _) in &pairs {
            let detail = match known.get(name) {
                None => "is not a parameter of this request",
                Some(false) if !seen.insert(name) => "is given more than once",
                Some(_) => continue,
            };
            if named.insert(name) {
                faults.push(Fault::new(format!("?{name}"), detail));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }

    /// The problem, but for a caller whose session is over: who is not logged in learns that before anything else.
    pub(crate) async fn told(&self, cx: Option<&Cx>, authorization: Option<&HeaderValue>, problem: Problem) -> Problem {
        let (Some(cx), Needed::Member | Needed::AnybodyOrMember) = (cx, self.caller) else { return problem };
        if authorization.is_none() && self.caller == Needed::AnybodyOrMember {
            return problem;
        }
        let admitted = match Caller::named(cx, authorization).await {
            Ok(caller) => caller.member(cx).await.map(drop),
            Err(unauthorized) => Err(unauthorized),
        };
        admitted.err().unwrap_or(problem)
    }
}

impl Needed {
    fn of(operation: &Operation) -> Self {
        let alternatives = operation.security.as_deref().unwrap_or_default();
        let is_optional = alternatives.contains(&SecurityRequirement::default());
        match alternatives.iter().any(|alternative| *alternative != SecurityRequirement::default()) {
            true if is_optional => Self::AnybodyOrMember,
            true => Self::Member,
            false => Self::Nobody,
        }
    }
}

/// The names of an operation's query parameters, each with whether it is a list.
fn query_of(operation: &Operation) -> BTreeMap<String, bool> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let in_query = parameters.filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query));
    in_query.map(|parameter| (parameter.name.clone(), parameter.schema.as_ref().is_some_and(is_list))).collect()
}

fn is_list(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Array(array)) = schema else { return false };
    match &array.schema_type {
        SchemaType::Type(kind) => *kind == Type::Array,
        SchemaType::Array(kinds) => kinds.contains(&Type::Array),
        SchemaType::AnyValue => false,
    }
}

/// Whether the body is anything but as it is (RFC 9110, section 8.4).
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings =
        headers.get_all(CONTENT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.map(<[u8]>::trim_ascii).any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// What an answer to an encoded body says of the bodies that are taken (RFC 9110, section 15.5.16).
pub(crate) const ONLY_IDENTITY: (HeaderName, &str) = (ACCEPT_ENCODING, "identity");

/// The header by which callers say who they are.
pub(crate) fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(AUTHORIZATION).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(coding: &'static str) -> bool {
        is_encoded(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding))]))
    }

    #[test]
    fn h20_identity_is_no_encoding_and_everything_else_is() {
        assert!(
            !is_encoded(&HeaderMap::new()) && !encoded("") && !encoded("identity") && !encoded("Identity, identity")
        );
        for coding in ["gzip", "br", "deflate", "x-unknown", "identity, gzip", "GZIP"] {
            assert!(encoded(coding), "{coding}");
        }
    }

    #[test]
    fn h17_what_no_parameter_is_or_is_there_twice_is_named_once() {
        let query = BTreeMap::from([("q".to_owned(), false), ("tag".to_owned(), true)]);
        let expected = Expected { is_known: true, query: Some(query), caller: Needed::Nobody };
        let refused = |query: &str| {
            let uri: Uri = format!("/v1/contacts?{query}").parse().unwrap();
            expected.refuse(&uri, &HeaderMap::new(), false).err().map(|problem| problem.status().as_u16())
        };
        assert_eq!(refused("q=a&tag=b&tag=c"), None);
        assert_eq!(refused(""), None);
        for query in ["tags=a", "q=a&q=a", "q=&q=", "Q=a", "limit", "tag=a&x=1&x=2"] {
            assert_eq!(refused(query), Some(422), "{query}");
        }
    }
}
