//! `GET /v1/users`: all users, or those of a role, or the one with an address.

use crate::user_view::UserView;
use kith_domain::{Email, Role, User, UserId};
use kith_http::{Admin, Cx, Function, Page, PageParams, PageQuery, QueryParams, Result, Router, Setting};
use kith_store::StoreError;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-users", NEEDS, || Router::default().routes(routes!(list_users)))
}

/// Which users to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only those with this role.
    #[param(inline, nullable = false)]
    role: Option<Role>,
    /// Only the one with this address, in any case.
    #[param(value_type = String, required = false)]
    email: Option<Email>,
}

/// List users
///
/// In the order in which the accounts were made.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "list-users", tag = "users", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("adm"))), params(Wanted, PageParams),
    responses((status = 200, description = "A page of users", body = Page<UserView>))
)]
pub async fn list_users(
    cx: Cx,
    Admin { user: admin }: Admin,
    QueryParams(wanted): QueryParams<Wanted>,
    query: PageQuery,
) -> Result<Page<UserView>> {
    let after = query.after::<UserId>(&cx, &admin)?;
    let takes = |user: &User| wanted.role.is_none_or(|role| user.role == role);
    let (users, more) = match &wanted.email {
        Some(email) => match cx.store.user_of_email(email).await {
            Err(StoreError::NotFound) => (vec![], false),
            found => (vec![found?].into_iter().filter(takes).collect(), false),
        },
        None => cx.store.users(wanted.role, takes, after, query.limit).await?,
    };
    let last = users.last().filter(|_| more).map(|user| user.id.to_string());
    let accounts = cx.store.accounts(users).await?;
    let views = accounts.iter().map(|account| UserView::whole(&cx, account)).collect::<Result<_>>()?;
    query.page(&cx, &admin, "/v1/users", views, last)
}
