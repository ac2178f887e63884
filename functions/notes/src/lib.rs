//! Sealed notes: sealing, peeking, opening, destroying, and the pages on which people do it.
//!
//! One file per route; its binary of the same name is in `src/bin/`. Pages are in `templates/`, what the API and the pages
//! have in common is in `sealing` and `opening`.

use kith_http::Function;

pub mod destroy_note;
pub mod list_my_notes;
pub mod open_note;
pub mod open_note_page;
pub mod peek_note;
pub mod purge_expired_notes;
pub mod seal_note;
pub mod show_new_note_page;
pub mod show_note_page;
pub mod show_notes_script;
pub mod submit_destroy_note_page;
pub mod submit_new_note_page;

mod just_opened;
mod moment;
mod new_note_form;
mod note_page;
mod opening;
mod sealing;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        seal_note::function(),
        peek_note::function(),
        open_note::function(),
        destroy_note::function(),
        list_my_notes::function(),
        purge_expired_notes::function(),
        show_new_note_page::function(),
        submit_new_note_page::function(),
        show_note_page::function(),
        open_note_page::function(),
        submit_destroy_note_page::function(),
        show_notes_script::function(),
    ]
}
