//! `DELETE /v1/contacts/{contact_id}`: deletes a card and what belongs to it.

use kith_domain::{ContactId, Task, Work};
use kith_http::{Caller, Cx, Function, IfMatch, IfMatchHeader, NoContent, Path, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("delete-contact", NEEDS, || Router::default().routes(routes!(delete_contact)))
}

/// Delete a contact
///
/// Its memories, its photo and what was planned go with it. Cards that name it as who introduced somebody keep the name.
#[utoipa::path(
    delete, path = "/v1/contacts/{contact_id}", operation_id = "delete-contact", tag = "contacts",
    security(("bearer" = [])), extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path)), responses((status = 204, description = "It is gone"))
)]
pub async fn delete_contact(
    cx: Cx,
    caller: Caller,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
) -> Result<NoContent> {
    let owner = caller.id();
    let (_, contact) = caller.admit(&cx, cx.store.contact(owner, id)).await?;
    let task = Task::new(Work::EraseContact { user: owner, contact: id }, cx.now);
    cx.store.delete_contact(contact, rev, &task).await?;
    Ok(NoContent)
}
