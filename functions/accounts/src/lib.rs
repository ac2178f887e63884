//! Accounts: registering, confirming, logging in, sessions, one's own account.
//!
//! One file per route; its binary of the same name is in `src/bin/`.

use kith_http::Function;

pub mod accept_invitation;
pub mod change_password;
pub mod confirm_email;
pub mod delete_me;
pub mod list_my_audit_events;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod refresh_token;
pub mod register_account;
pub mod request_password_reset;
pub mod resend_confirmation;
pub mod reset_password;
pub mod revoke_all_sessions;
pub mod revoke_session;
pub mod show_me;
pub mod show_preferences;
pub mod undo_email_change;
pub mod update_me;
pub mod update_preferences;
pub mod withdraw_email_change;

mod current_password;
mod login_tries;
mod me;
mod oneself;
mod tokens;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        register_account::function(),
        confirm_email::function(),
        resend_confirmation::function(),
        log_in::function(),
        refresh_token::function(),
        log_out::function(),
        list_sessions::function(),
        revoke_session::function(),
        revoke_all_sessions::function(),
        show_me::function(),
        update_me::function(),
        withdraw_email_change::function(),
        undo_email_change::function(),
        change_password::function(),
        delete_me::function(),
        show_preferences::function(),
        update_preferences::function(),
        list_my_audit_events::function(),
        request_password_reset::function(),
        reset_password::function(),
        accept_invitation::function(),
    ]
}
