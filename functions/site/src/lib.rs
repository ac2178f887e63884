//! Site: pages for people, the API's contract and documentation, health, public keys, and the answer to what has no
//! route.
//!
//! One file per route; its binary of the same name is in `src/bin/`. Pages are in `templates/`, what all pages have in
//! common in `shared/pages`, what the API documentation loads besides Swagger UI in `assets/`.

use kith_http::Function;

pub mod answer_unmatched;
pub mod show_accept_invitation_page;
pub mod show_confirm_page;
pub mod show_docs;
pub mod show_docs_asset;
pub mod show_greeting;
pub mod show_health;
pub mod show_home;
pub mod show_jwks;
pub mod show_openapi;
pub mod show_reset_password_page;
pub mod show_security_txt;
pub mod show_undo_email_change_page;
pub mod submit_accept_invitation_page;
pub mod submit_confirm_page;
pub mod submit_reset_password_page;
pub mod submit_undo_email_change_page;

mod accept_invitation_form;
mod confirm_form;
mod contract;
mod mailed;
mod reset_password_form;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        show_home::function(),
        show_greeting::function(),
        show_health::function(),
        show_openapi::function(),
        show_docs::function(),
        show_docs_asset::function(),
        show_jwks::function(),
        show_security_txt::function(),
        show_confirm_page::function(),
        submit_confirm_page::function(),
        show_reset_password_page::function(),
        submit_reset_password_page::function(),
        show_accept_invitation_page::function(),
        submit_accept_invitation_page::function(),
        show_undo_email_change_page::function(),
        submit_undo_email_change_page::function(),
        answer_unmatched::function(),
    ]
}
