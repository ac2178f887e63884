//! Pages of lists: `?limit=` and `?cursor=`.

use crate::{App, Cx, Fault, Problem, Result};
use axum::extract::{FromRequestParts, Query};
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kith_domain::User;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A longer link is left out: `next_cursor` leads on as well, and the gateway takes 10 KB of headers.
const LONGEST_LINK: usize = 4096;
/// How many a page has when the client does not say, and at most.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// Which page a client asks for.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// 1 to 100.
    pub limit: usize,
    cursor: Option<String>,
    /// The rest of the query: the next page is one of the same list.
    filters: String,
}

/// The query parameters of every list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "for the contract; read field by field")]
pub struct PageParams {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of a list. It is short only when it is the last, or where the items are large: then it has about a megabyte.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
    #[serde(skip)]
    next_link: Option<String>,
}

impl FromRequestParts<App> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::bad_request("The query cannot be read."))?;
        let last = |name: &str| pairs.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        let limit = match last("limit").map(|text| text.parse::<usize>()) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => {
                return Err(Problem::invalid(vec![Fault::new("?limit", "must be a whole number from 1 to 100")]));
            }
        };
        Ok(Self { limit, cursor: last("cursor"), filters: filters(parts.uri.query().unwrap_or_default()) })
    }
}

impl PageQuery {
    /// What the page before ended with. A cursor that is not this user's, of this operation, is 400.
    pub fn after<T: std::str::FromStr>(&self, cx: &Cx, user: &User) -> Result<Option<T>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let opened = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|sealed| {
            kith_crypto::seal::open(user.cursor_key.as_bytes(), CURSOR, cx.app().operation().as_bytes(), &sealed)
        });
        let last = opened.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
        last.map(Some)
            .ok_or_else(|| Problem::bad_request("The cursor is not one of this list. Begin without a cursor."))
    }

    /// The answer: `items`, and where to go on if there are more.
    pub fn page<T>(&self, cx: &Cx, user: &User, path: &str, items: Vec<T>, last: Option<String>) -> Result<Page<T>> {
        let Some(last) = last else {
            return Ok(Page { items, next_cursor: None, next_link: None });
        };
        let sealed = kith_crypto::seal::seal(
            user.cursor_key.as_bytes(),
            CURSOR,
            cx.app().operation().as_bytes(),
            last.as_bytes(),
        );
        let cursor = URL_SAFE_NO_PAD.encode(sealed.map_err(|error| Problem::internal(error.to_string()))?);
        let (filters, limit) = (&self.filters, self.limit);
        let link = format!("<{}?{filters}limit={limit}&cursor={cursor}>; rel=\"next\"", cx.link(path)?);
        let next_link = Some(link).filter(|link| link.len() <= LONGEST_LINK);
        Ok(Page { items, next_cursor: Some(cursor), next_link })
    }
}

/// What a query asks for besides the page, as it was sent, with an `&` behind each part.
fn filters(query: &str) -> String {
    let is_page = |part: &str| part.starts_with("limit=") || part.starts_with("cursor=");
    // Nothing may end the link around it.
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b'>');
    query.split('&').filter(|part| is_plain(part) && !is_page(part)).flat_map(|part| [part, "&"]).collect()
}

/// Separates the keys of cursors from others derived from the same secret.
const CURSOR: &str = "kith cursor";

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let link = self.next_link.clone().and_then(|link| link.try_into().ok());
        let mut response = axum::Json(self).into_response();
        if let Some(link) = link {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_to_the_next_page_keeps_what_was_asked_for_besides_the_page() {
        assert_eq!(filters(""), "");
        assert_eq!(filters("limit=5&cursor=x"), "");
        assert_eq!(filters("limit=5&role=admin&cursor=x&email=a%40b.example"), "role=admin&email=a%40b.example&");
        assert_eq!(filters("a>b&c d&e=f"), "e=f&");
    }
}
