//! `GET /v1/contacts/{contact_id}/memories`: what one remembers of somebody.

use crate::memory_view::MemoryView;
use kith_domain::{ContactId, MemoryId};
use kith_http::{Cx, Function, Member, Page, PageParams, PageQuery, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-memories", NEEDS, || Router::default().routes(routes!(list_memories)))
}

/// List what you remember of a contact
///
/// What was written last comes first.
#[utoipa::path(
    get, path = "/v1/contacts/{contact_id}/memories", operation_id = "list-memories", tag = "contacts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    params(("contact_id" = ContactId, Path), PageParams),
    responses((status = 200, description = "A page of memories", body = Page<MemoryView>))
)]
pub async fn list_memories(
    cx: Cx,
    who: Member,
    Path(contact): Path<ContactId>,
    query: PageQuery,
) -> Result<Page<MemoryView>> {
    let after = query.after::<MemoryId>(&cx, &who.user)?;
    let (memories, more) = cx.store.memories(who.user.id, contact, after, query.limit).await?;
    let last = memories.last().filter(|_| more).map(|memory| memory.id.to_string());
    let path = format!("/v1/contacts/{contact}/memories");
    query.page(&cx, &who.user, &path, memories.into_iter().map(MemoryView::from).collect(), last)
}
