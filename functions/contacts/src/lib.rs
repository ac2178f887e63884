//! Contacts: the calling cards of the people one met, what to remember of them, and what to do next.
//!
//! One file per route; its binary of the same name is in `src/bin/`.

use kith_http::Function;

pub mod add_memory;
pub mod cancel_follow_up;
pub mod create_contact;
pub mod delete_contact;
pub mod delete_memory;
pub mod list_contacts;
pub mod list_follow_ups;
pub mod list_memories;
pub mod plan_follow_up;
pub mod show_contact;
pub mod show_memory;
pub mod update_contact;
pub mod update_memory;

mod contact_view;
mod follow_up_view;
mod introduction;
mod memory_view;

/// Bytes of a body that holds the longest card, however its JSON is written: some 10,700 characters, each put together
/// from up to four and each of those an escape of six.
const LONGEST_CARD: usize = 256 * 1024;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        list_contacts::function(),
        create_contact::function(),
        show_contact::function(),
        update_contact::function(),
        delete_contact::function(),
        list_memories::function(),
        add_memory::function(),
        show_memory::function(),
        update_memory::function(),
        delete_memory::function(),
        plan_follow_up::function(),
        cancel_follow_up::function(),
        list_follow_ups::function(),
    ]
}
