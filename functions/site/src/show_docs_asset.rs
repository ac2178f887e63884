//! `GET /docs/{file}`: scripts and styles of the API documentation, served by us so that no third party learns who
//! reads it.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use flate2::read::GzDecoder;
use kith_http::{File, Function, Path, Problem, Public, Result, Router};
use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;
use utoipa_axum::routes;
use utoipa_swagger_ui::Config;

/// The function.
pub fn function() -> Function {
    Function::route("show-docs-asset", &[], || Router::default().routes(routes!(show_docs_asset)))
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Where a file comes from.
enum Origin {
    Ours(&'static str),
    SwaggerUi,
}
use Origin::{Ours, SwaggerUi};

/// What the page loads. Swagger UI has further files, such as a page of its own, that nobody needs here.
const FILES: [(&str, &str, Origin); 4] = [
    ("kith-docs.css", CSS, Ours(include_str!("../assets/kith-docs.css"))),
    ("kith-docs.js", JAVASCRIPT, Ours(include_str!("../assets/kith-docs.js"))),
    ("swagger-ui.css", CSS, SwaggerUi),
    ("swagger-ui-bundle.js", JAVASCRIPT, SwaggerUi),
];

/// Show a script or style of the API documentation
#[utoipa::path(
    get, path = "/docs/{file}", operation_id = "show-docs-asset", tag = "site",
    extensions(("x-kith-who" = json!("pub"))), params(("file" = String, Path)),
    responses(
        (
            status = 200, description = "The file", headers(("ETag", description = "Changes with the file")),
            content((String = "text/css"), (String = "text/javascript"))
        ),
        (status = 304, description = "It is still the one of If-None-Match")
    )
)]
pub async fn show_docs_asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Public<File>> {
    let file = file(&name)?.ok_or_else(Problem::not_found)?;
    let answer = if file.gzipped && !takes_gzip(&headers) { unpacked(file)? } else { file };
    Ok(Public { max_age: 3600, answer })
}

/// The file of that name, packed where the library packs it.
fn file(name: &str) -> Result<Option<File>> {
    let Some((_, content_type, origin)) = FILES.iter().find(|(own, ..)| *own == name) else {
        return Ok(None);
    };
    match origin {
        Ours(text) => Ok(Some(File { content_type, bytes: text.as_bytes().into(), gzipped: false })),
        SwaggerUi => {
            let found = utoipa_swagger_ui::serve(name, Arc::new(Config::from("/openapi.json")));
            let found = found.map_err(|error| Problem::internal(error.to_string()))?;
            Ok(found.map(|file| File { content_type, bytes: file.bytes, gzipped: file.gzpipped }))
        }
    }
}

/// Whether the client can unpack gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name == "*" || name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
        is_gzip && weight.unwrap_or(1.0) > 0.0
    })
}

fn unpacked(file: File) -> Result<File> {
    let mut bytes = Vec::new();
    GzDecoder::new(&*file.bytes).read_to_end(&mut bytes).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(File { bytes: Cow::Owned(bytes), gzipped: false, ..file })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show_docs::PAGE;
    use axum::http::HeaderValue;

    #[test]
    fn the_page_loads_what_there_is_and_nothing_else() {
        let loaded: Vec<&str> = PAGE.split("\"/docs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(loaded.len(), FILES.len(), "{loaded:?}");
        for name in loaded {
            let file = unpacked_if_packed(file(name).unwrap().unwrap_or_else(|| panic!("no {name}")));
            assert!(std::str::from_utf8(&file.bytes).is_ok_and(|text| text.len() > 100), "{name}");
        }
    }

    fn unpacked_if_packed(file: File) -> File {
        if file.gzipped { unpacked(file).unwrap() } else { file }
    }

    #[test]
    fn other_files_of_swagger_ui_are_not_served() {
        for name in ["index.html", "swagger-initializer.js", "oauth2-redirect.html", "../Cargo.toml", ""] {
            assert!(file(name).unwrap().is_none(), "{name}");
        }
    }

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        let takes = |value| takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]));
        assert!(takes("gzip, deflate, br") && takes("br;q=1, GZIP;q=0.5") && takes("*"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("") && !takes_gzip(&HeaderMap::new()));
    }
}
