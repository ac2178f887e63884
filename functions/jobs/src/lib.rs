//! Jobs: what schedules, the table's stream and other functions start.
//!
//! One file per job; its binary of the same name is in `src/bin/`.

use kith_http::Function;

pub mod clean_up;
pub mod deliver_mail;
pub mod erase_account;
pub mod expire_items;
pub mod redrive_outbox;
pub mod relay_outbox;
pub mod remind_due;
pub mod rotate_keys;

mod letters;
mod note_rotation;
mod photo_objects;
mod signing_rotation;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        relay_outbox::function(),
        deliver_mail::function(),
        erase_account::function(),
        clean_up::function(),
        expire_items::function(),
        redrive_outbox::function(),
        remind_due::function(),
        rotate_keys::function(),
    ]
}
