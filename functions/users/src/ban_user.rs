//! `PUT /v1/users/{user_id}/ban`: bans a user.

use kith_domain::{Act, AuditEvent, User, UserId, rules};
use kith_http::{Cx, Function, Member, NoContent, Path, Problem, Result, Router, Setting};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("ban-user", NEEDS, || Router::default().routes(routes!(ban_user)))
}

/// Ban a user
///
/// By an admin, or whoever has the permission `ban_user`. All of the user's sessions end at once. Not an admin, not
/// yourself; 409 where the user is banned already.
#[utoipa::path(
    put, path = "/v1/users/{user_id}/ban", operation_id = "ban-user", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm or ban_user"))), params(("user_id" = UserId, Path)),
    responses((status = 204, description = "Banned"))
)]
pub async fn ban_user(cx: Cx, who: Member, Path(id): Path<UserId>) -> Result<NoContent> {
    let apply = |user: &mut User| {
        rules::may_ban(&who.user, user)?;
        if user.banned_at.is_some() {
            return Err(Problem::conflict("This user is banned already."));
        }
        user.banned_at = Some(cx.now);
        user.end_sessions();
        user.touch(cx.now);
        let audit = AuditEvent::new(who.user.id, id, Act::UserBanned, cx.now);
        Ok(Along { audit: vec![audit], ..Along::default() })
    };
    cx.store.change_user(cx.store.user(id).await?, None, cx.now, apply).await.map(|_| NoContent)
}
