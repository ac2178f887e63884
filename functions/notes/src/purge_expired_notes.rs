//! `POST /v1/notes/purge`: deletes notes that have ended, on an admin's word.
//!
//! They cannot be opened anyway, and the job `expire-items` deletes them, too.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kith_domain::{Act, AuditEvent};
use kith_http::{Admin, Cx, Function, Result, Router, Setting};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// How often 500 notes are looked for: what fits into the time of a request.
const ROUNDS: usize = 4;
/// How many are deleted at the same time.
const SIDE_BY_SIDE: usize = 16;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("purge-expired-notes", NEEDS, || Router::default().routes(routes!(purge_expired_notes)))
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub struct Purged {
    /// How many notes were deleted.
    purged: usize,
}

/// Purge expired notes
///
/// At most 2,000 at a time, oldest first. What still lives stays.
#[utoipa::path(
    post, path = "/v1/notes/purge", operation_id = "purge-expired-notes", tag = "notes", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm"))),
    responses((status = 200, description = "Done", body = Purged))
)]
pub async fn purge_expired_notes(cx: Cx, Admin { user: admin }: Admin) -> Result<axum::Json<Purged>> {
    let mut purged = 0;
    for _ in 0..ROUNDS {
        let ended = cx.store.expired_notes(cx.now).await?;
        let delete = |hash: String| {
            let cx = cx.clone();
            async move { cx.store.expire_note(&hash, cx.now).await }
        };
        let deleting = stream::iter(ended).map(delete).buffer_unordered(SIDE_BY_SIDE);
        let deleted = deleting.try_fold(0, async |count, gone| Ok(count + usize::from(gone))).await?;
        purged += deleted;
        if deleted == 0 {
            break;
        }
    }
    if purged > 0 {
        let act = Act::NotesPurged { purged: u64::try_from(purged).unwrap_or(u64::MAX) };
        cx.store.leave_audit(&AuditEvent::new(admin.id, admin.id, act, cx.now), cx.now).await?;
    }
    Ok(axum::Json(Purged { purged }))
}
