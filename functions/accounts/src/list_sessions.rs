//! `GET /v1/auth/sessions`: where one is logged in.

use kith_domain::{Session, SessionId};
use kith_http::{Cx, Function, Member, Page, PageParams, PageQuery, Result, Router, Setting, Time};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-sessions", NEEDS, || Router::default().routes(routes!(list_sessions)))
}

/// One log-in on one device.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    id: SessionId,
    /// The session that asks.
    is_current: bool,
    /// What the client calls itself.
    device: String,
    /// The network address at the last refresh.
    address: String,
    created_at: Time,
    /// When its tokens were last refreshed.
    last_seen_at: Time,
    expires_at: Time,
}

/// List sessions
#[utoipa::path(
    get, path = "/v1/auth/sessions", operation_id = "list-sessions", tag = "accounts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(PageParams),
    responses((status = 200, description = "A page of sessions, oldest first", body = Page<SessionView>))
)]
pub async fn list_sessions(cx: Cx, who: Member, query: PageQuery) -> Result<Page<SessionView>> {
    let after = query.after::<SessionId>(&cx, &who.user)?;
    let is_alive = |session: &Session| session.is_alive(who.user.session_generation, cx.now);
    let (sessions, more) = cx.store.sessions(who.user.id, is_alive, after, query.limit).await?;
    let last = sessions.last().filter(|_| more).map(|session| session.id.to_string());
    let views = sessions.into_iter().map(|session| SessionView::new(session, who.session.id)).collect();
    query.page(&cx, &who.user, "/v1/auth/sessions", views, last)
}

impl SessionView {
    fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            is_current: session.id == current,
            device: session.device,
            address: session.address,
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            expires_at: session.expires_at.into(),
        }
    }
}
