//! What all pages have in common: the frame in `templates/frame.html` and the style sheet.

use askama::Template;
use axum::http::StatusCode;
use kith_http::{Html, Problem, ProblemPage, Result};

/// The one style sheet; the frame puts it into every page, so that a page is one request.
pub(crate) const STYLE: &str = include_str!("../style/kith.css");

/// A page.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Result<Html> {
    Ok(Html { status, document: document(page)?, style: STYLE })
}

/// A page that tells of a problem.
pub(crate) fn problem_page(problem: Problem, page: &impl Template) -> Result<ProblemPage> {
    Ok(ProblemPage { problem, document: document(page)?, style: STYLE })
}

fn document(page: &impl Template) -> Result<String> {
    page.render().map_err(|error| Problem::internal(error.to_string()))
}
