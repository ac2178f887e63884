//! `GET /v1/audit`: who did what to whom.

use kith_domain::AuditId;
use kith_http::{Admin, AuditView, Cx, Function, Page, PageParams, PageQuery, Result, Router, Setting};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-audit-events", NEEDS, || Router::default().routes(routes!(list_audit_events)))
}

/// List what was done to accounts
///
/// Newest first; kept for 400 days.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "list-audit-events", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm"))), params(PageParams),
    responses((status = 200, description = "A page of events", body = Page<AuditView>))
)]
pub async fn list_audit_events(cx: Cx, Admin { user: admin }: Admin, query: PageQuery) -> Result<Page<AuditView>> {
    let after = query.after::<AuditId>(&cx, &admin)?;
    let (events, more) = cx.store.audit(after, query.limit, cx.now).await?;
    let last = events.last().filter(|_| more).map(|event| event.id.to_string());
    query.page(&cx, &admin, "/v1/audit", events.into_iter().map(AuditView::from).collect(), last)
}
