//! Setting and removing the photos of one's own account.

use crate::upload;
use kith_domain::{PhotoKind, Upload, User};
use kith_http::{Cx, FileBody, NoContent, PhotoView, Problem, Result, Tagged};
use kith_store::{Along, Revisions};

/// Puts a photo in the place of the one before it, whose objects are deleted soon after.
pub(crate) async fn set(
    cx: &Cx,
    user: User,
    rev: Option<Revisions>,
    kind: PhotoKind,
    file: FileBody,
) -> Result<Tagged<PhotoView>> {
    upload::meant_for(rev.as_ref(), user.rev)?;
    let upload = Upload::of_user(user.id, cx.now);
    let photo = upload::store(cx, file, &upload).await?;
    let apply = |user: &mut User| {
        let tasks = user.change_photo(kind, Some(photo.clone()), cx.now).into_iter().collect();
        Ok::<_, Problem>(Along { tasks, finished_upload: Some(upload.clone()), ..Along::default() })
    };
    let user = cx.store.change_user(user, rev, cx.now, apply).await?;
    Ok(Tagged { rev: user.rev, view: PhotoView::of_user(cx, &user, kind)? })
}

/// Puts the default picture in the place of a photo; 404 where it is there already.
pub(crate) async fn remove(cx: &Cx, user: User, rev: Option<Revisions>, kind: PhotoKind) -> Result<NoContent> {
    let apply = |user: &mut User| {
        let task = user.change_photo(kind, None, cx.now).ok_or_else(Problem::not_found)?;
        Ok::<_, Problem>(Along { tasks: vec![task], ..Along::default() })
    };
    cx.store.change_user(user, rev, cx.now, apply).await.map(|_| NoContent)
}
