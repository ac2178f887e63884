//! Sealed notes: sealing, peeking, opening, destroying.
//!
//! One file per route; its binary of the same name is in `src/bin/`. What the API and the pages have in common is in
//! `sealing` and `opening`.

use kith_http::Function;

pub mod destroy_note;
pub mod list_my_notes;
pub mod open_note;
pub mod peek_note;
pub mod purge_expired_notes;
pub mod seal_note;

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
    ]
}
