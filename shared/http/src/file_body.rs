//! A file as a body: by itself, or in a form.

use crate::body::media_type;
use crate::{App, Problem, Result, edge};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use futures::stream;
use multer::Multipart;
use std::convert::Infallible;

/// What the rest of a form may have beside its file, in bytes.
const FORM: usize = 8 * 1024;

/// One file, as the body itself or as the only part of a form (`multipart/form-data`). What is in it is not judged
/// here. 415 for another content type, 400 for a form that is no such form.
pub struct FileBody(pub Bytes);

impl FileBody {
    /// How many bytes a route has to take whose files may have `bytes`.
    pub const fn limit(bytes: usize) -> usize {
        bytes + FORM
    }
}

impl FromRequest<App> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let kind = media_type(request.headers()).unwrap_or_default().to_ascii_lowercase();
        let boundary = match kind.as_str() {
            "multipart/form-data" => Some(boundary(&request)?),
            kind if kind.starts_with("image/") || kind == "application/octet-stream" => None,
            _ => {
                return Err(Problem::unsupported(
                    "Content-Type: image/png, image/jpeg, image/webp or multipart/form-data",
                ));
            }
        };
        let bytes = edge::bytes(request.into_body(), app.body_limit()).await?;
        match boundary {
            Some(boundary) => only_file(bytes, boundary).await.map(Self),
            None => Ok(Self(bytes)),
        }
    }
}

fn boundary(request: &Request) -> Result<String> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    multer::parse_boundary(kind).map_err(|_| Problem::bad_request("The form does not name its boundary."))
}

/// The file of a form that holds nothing else.
async fn only_file(form: Bytes, boundary: String) -> Result<Bytes> {
    let broken = |_| Problem::bad_request("The form cannot be read.");
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(form)]), boundary);
    let file = form.next_field().await.map_err(broken)?;
    let file = file.ok_or_else(|| Problem::bad_request("There is no file in the form."))?;
    let file = file.bytes().await.map_err(broken)?;
    match form.next_field().await.map_err(broken)? {
        None => Ok(file),
        Some(_) => Err(Problem::bad_request("Send one file and nothing else.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn file_in(form: &'static str) -> std::result::Result<Bytes, String> {
        let form = Bytes::from(form.replace('\n', "\r\n"));
        only_file(form, "edge".to_owned()).await.map_err(|problem| problem.detail().to_owned())
    }

    #[tokio::test]
    async fn the_file_is_taken_out_whole_whatever_its_part_is_called() {
        let form = "--edge\nContent-Disposition: form-data; name=\"photo\"; filename=\"me.png\"\n\
                    Content-Type: image/png\n\n\u{1}pixels\n--not the edge\n\n--edge--\n";
        assert_eq!(file_in(form).await.unwrap(), "\u{1}pixels\r\n--not the edge\r\n".as_bytes());
    }

    #[tokio::test]
    async fn a_form_with_more_than_a_file_or_without_one_is_refused() {
        let part = "Content-Disposition: form-data; name=\"photo\"\n\nx";
        for (form, words) in [
            (format!("--edge\n{part}\n--edge\n{part}\n--edge--\n"), "Send one file and nothing else."),
            ("--edge--\n".to_owned(), "There is no file in the form."),
            (format!("--edge\n{part}\n"), "The form cannot be read."),
            (format!("--other\n{part}\n--other--\n"), "The form cannot be read."),
            (String::new(), "The form cannot be read."),
        ] {
            assert_eq!(file_in(form.leak()).await.unwrap_err(), words);
        }
    }
}
