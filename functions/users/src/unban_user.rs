//! `DELETE /v1/users/{user_id}/ban`: lifts a ban.

use kith_domain::{Act, AuditEvent, User, UserId, rules};
use kith_http::{Cx, Function, Member, NoContent, Path, Problem, Result, Router, Setting};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("unban-user", NEEDS, || Router::default().routes(routes!(unban_user)))
}

/// Lift a ban
///
/// By an admin, or whoever has the permission `ban_user`. 409 where the user is not banned.
#[utoipa::path(
    delete, path = "/v1/users/{user_id}/ban", operation_id = "unban-user", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm or ban_user"))), params(("user_id" = UserId, Path)),
    responses((status = 204, description = "The user may log in again"))
)]
pub async fn unban_user(cx: Cx, who: Member, Path(id): Path<UserId>) -> Result<NoContent> {
    let apply = |user: &mut User| {
        rules::may_ban(&who.user, user)?;
        if user.banned_at.take().is_none() {
            return Err(Problem::conflict("This user is not banned."));
        }
        user.touch(cx.now);
        let audit = AuditEvent::new(who.user.id, id, Act::UserUnbanned, cx.now);
        Ok(Along { audit: vec![audit], ..Along::default() })
    };
    cx.store.change_user(cx.store.user(id).await?, None, cx.now, apply).await.map(|_| NoContent)
}
