//! Setting and removing the photos of one's own account.

use crate::upload;
use kith_domain::{Person, PhotoKind, Upload};
use kith_http::{Cx, FileBody, NoContent, PhotoView, Problem, Result, Tagged};
use kith_store::{Along, Revisions};

/// Puts a photo in the place of the one before it, whose objects are deleted soon after.
pub(crate) async fn set(
    cx: &Cx,
    person: Person,
    rev: Option<Revisions>,
    kind: PhotoKind,
    file: FileBody,
) -> Result<Tagged<PhotoView>> {
    upload::meant_for(rev.as_ref(), person.rev())?;
    let upload = Upload::of_user(person.user.id, cx.now);
    let photo = upload::store(cx, file, &upload).await?;
    let apply = |person: &mut Person| {
        let tasks = person.profile.change_photo(kind, Some(photo.clone()), cx.now).into_iter().collect();
        Ok::<_, Problem>(Along { tasks, finished_upload: Some(upload.clone()), ..Along::default() })
    };
    let person = cx.store.change_person(person, rev, cx.now, apply).await?;
    Ok(Tagged { rev: person.rev(), view: PhotoView::of_profile(cx, &person.profile, kind)? })
}

/// Puts the default picture in the place of a photo; 404 where it is there already.
pub(crate) async fn remove(cx: &Cx, person: Person, rev: Option<Revisions>, kind: PhotoKind) -> Result<NoContent> {
    let apply = |person: &mut Person| {
        let task = person.profile.change_photo(kind, None, cx.now).ok_or_else(Problem::not_found)?;
        Ok::<_, Problem>(Along { tasks: vec![task], ..Along::default() })
    };
    cx.store.change_person(person, rev, cx.now, apply).await.map(|_| NoContent)
}
