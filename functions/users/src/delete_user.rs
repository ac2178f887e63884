//! `DELETE /v1/users/{user_id}`: deletes somebody's account and everything in it.

use kith_domain::{Act, AuditEvent, User, UserId, rules};
use kith_http::{Admin, Cx, Function, NoContent, Path, Problem, Result, Router, Setting};
use kith_store::Along;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("delete-user", NEEDS, || Router::default().routes(routes!(delete_user)))
}

/// Delete a user
///
/// From this answer on the account is gone for everybody; what was in it is erased within minutes. Not another admin,
/// and not yourself.
#[utoipa::path(
    delete, path = "/v1/users/{user_id}", operation_id = "delete-user", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm"))), params(("user_id" = UserId, Path)),
    responses((status = 204, description = "Gone"))
)]
pub async fn delete_user(cx: Cx, Admin { user: admin }: Admin, Path(id): Path<UserId>) -> Result<NoContent> {
    let apply = |user: &mut User| {
        rules::may_shut_out(&admin, user)?;
        let task = user.begin_erasing(cx.now);
        let audit = AuditEvent::new(admin.id, id, Act::UserDeleted, cx.now);
        Ok::<_, Problem>(Along { tasks: vec![task], audit: vec![audit], ..Along::default() })
    };
    cx.store.change_user(cx.store.user(id).await?, None, cx.now, apply).await.map(|_| NoContent)
}
