//! Users: finding each other, and what admins do.
//!
//! One file per route; its binary of the same name is in `src/bin/`.

use kith_http::Function;

pub mod ban_user;
pub mod create_user;
pub mod delete_user;
pub mod find_user_by_username;
pub mod list_audit_events;
pub mod list_users;
pub mod set_permissions;
pub mod set_role;
pub mod show_role;
pub mod show_user;
pub mod unban_user;
pub mod update_user;

mod role_view;
mod user_view;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        list_users::function(),
        create_user::function(),
        show_user::function(),
        find_user_by_username::function(),
        update_user::function(),
        delete_user::function(),
        show_role::function(),
        set_role::function(),
        set_permissions::function(),
        ban_user::function(),
        unban_user::function(),
        list_audit_events::function(),
    ]
}
