//! Least privilege, proven: what each function's policy allows is what the function needs, no less and no more (G01).
//!
//! A [`journey`] makes every function do everything that it does. With the policies of the template nothing is denied
//! and nothing is left over. Then, one by one, each grant is taken out, and the part of the journey that needs it must
//! fail for that reason; and a grant that nobody needs must be named.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod accounts;
mod contacts;
mod follow_ups;
mod journey;
mod links;
mod mails;
mod mutation;
mod notes;
mod people;
mod photos;
mod removed;
mod sessions;
mod users;
mod whole;
