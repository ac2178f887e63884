//! `GET /v1/me/audit`: what was done to one's account, and what one did to others'.

use kith_domain::AuditId;
use kith_http::{AuditView, Cx, Function, Member, Page, PageParams, PageQuery, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-my-audit-events", NEEDS, || Router::default().routes(routes!(list_my_audit_events)))
}

/// List what was done to your account
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/me/audit", operation_id = "list-my-audit-events", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(PageParams),
    responses((status = 200, description = "A page of events", body = Page<AuditView>))
)]
pub async fn list_my_audit_events(cx: Cx, who: Member, query: PageQuery) -> Result<Page<AuditView>> {
    let after = query.after::<AuditId>(&cx, &who.user)?;
    let (events, more) = cx.store.audit_of(who.user.id, after, query.limit, cx.now).await?;
    let last = events.last().filter(|_| more).map(|event| event.id.to_string());
    query.page(&cx, &who.user, "/v1/me/audit", events.into_iter().map(AuditView::from).collect(), last)
}
