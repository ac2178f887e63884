//! What all pages for people have in common: the frame in `templates/frame.html`, the style sheet, and forms.
//!
//! A package with pages names the templates here among its own, in its `askama.toml`.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use kith_http::{Html, Problem, ProblemPage, Result};

mod form;

pub use form::{Control, Faults, Field};

/// The one style sheet, without its comments; the frame puts it into every page, so that a page is one request.
pub const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/kith.css"));

/// Headers of a page that a secret leads to: no cache keeps it, no search engine lists it. What all answers have keeps
/// browsers from telling its address to others.
pub const UNLISTED: [(HeaderName, &str); 2] =
    [(HeaderName::from_static("cache-control"), "no-store"), (HeaderName::from_static("x-robots-tag"), "noindex")];

/// A page.
pub fn page(status: StatusCode, page: &impl Template) -> Result<Html> {
    Ok(Html { status, document: document(page)?, style: STYLE, has_script: false })
}

/// A page that loads a script of ours. It must do without: the script makes it handier, no more.
pub fn page_with_script(status: StatusCode, page: &impl Template) -> Result<Html> {
    Ok(Html { has_script: true, ..self::page(status, page)? })
}

/// A page that tells of a problem.
pub fn problem_page(problem: Problem, page: &impl Template) -> Result<ProblemPage> {
    Ok(ProblemPage { problem, document: document(page)?, style: STYLE })
}

fn document(page: &impl Template) -> Result<String> {
    page.render().map_err(|error| Problem::internal(error.to_string()))
}
