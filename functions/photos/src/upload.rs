//! From the body of a request to a photo in the bucket.
//!
//! The objects are named in the table before they are written. Whatever happens then, the upload is either finished, by
//! the transaction that shows the photo, or over after an hour, and `expire-items` deletes what is there.

use kith_crypto::photo::new_secret;
use kith_domain::{Photo, PictureSize, Size, Upload};
use kith_http::{Cx, Fault, FileBody, Problem, Result, Setting, UPLOADS};
use kith_images::{MAX_BYTES, Refused};
use kith_objects::Bucket;
use kith_store::Revisions;

/// What a route takes that takes a picture: 4 MiB, and the form around it. In base64 it stays below the 6 MB of an event.
pub(crate) const BODY: usize = FileBody::limit(MAX_BYTES);

/// Refuses a photo for another revision than the one there is. It is asked once more with the write; here it saves the
/// work.
pub(crate) fn meant_for(wanted: Option<&Revisions>, rev: u64) -> Result<()> {
    if wanted.is_some_and(|wanted| !wanted.include(rev)) { Err(Problem::stale()) } else { Ok(()) }
}

/// Makes the two pictures of a photo and writes them. What is refused leaves nothing behind.
pub(crate) async fn store(cx: &Cx, file: FileBody, upload: &Upload) -> Result<Photo> {
    cx.limit(&UPLOADS, &upload.user.to_string()).await?;
    // On a thread of its own: it may take a second.
    let rendered = tokio::task::spawn_blocking(move || kith_images::render(&file.0)).await;
    let rendered = rendered.map_err(|error| Problem::internal(error.to_string()))?;
    let kith_images::Photo { large, small } = rendered.map_err(problem)?;
    let photo = Photo {
        path: upload.path.clone(),
        secret: new_secret(),
        large: Size { width: large.width, height: large.height },
        small: Size { width: small.width, height: small.height },
    };
    cx.store.begin_upload(upload).await?;
    let bucket = Bucket::new(cx.aws(), cx.settings().get(Setting::ImagesBucket)?);
    let (large_key, small_key) = (photo.path.object(PictureSize::Large), photo.path.object(PictureSize::Small));
    let secret = photo.secret.expose();
    // Boxed: the SDK's futures are large.
    futures::try_join!(
        Box::pin(bucket.put(&large_key, large.content_type, secret, large.bytes)),
        Box::pin(bucket.put(&small_key, small.content_type, secret, small.bytes)),
    )?;
    Ok(photo)
}

fn problem(refused: Refused) -> Problem {
    let fault = |words| Problem::invalid(vec![Fault::new("", words)]);
    match refused {
        Refused::Empty => Problem::bad_request("The file is empty."),
        Refused::TooManyBytes => Problem::too_large(MAX_BYTES),
        Refused::NotAPicture => Problem::unsupported("a PNG, JPEG or WebP; the file is none of them"),
        Refused::TooManyPixels => fault("may be at most 4096 pixels wide and 4096 high"),
        Refused::Broken => fault("is broken or not complete"),
    }
}
