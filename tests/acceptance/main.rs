//! What Kith promises, seen from outside. Names of tests begin with the row of the feature list that they show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test a panic is the message"
)]

mod addresses;
mod amounts;
mod audit;
mod bans;
mod bodies;
mod canaries;
mod cards;
mod confirm;
mod contact_changes;
mod contact_fields;
mod contact_histories;
mod contact_list;
mod contact_repeats;
mod contact_search;
mod contacts;
mod crawl;
mod deletion;
mod email_change;
mod email_undo;
mod encodings;
mod ended_sessions;
mod enumeration;
mod expiry;
mod first_keys;
mod follow_ups;
mod follow_ups_held;
mod heads;
mod hostile_bodies;
mod idempotency;
mod introducers;
mod invitations;
mod key_orders;
mod keys;
mod large_pages;
mod last_admin;
mod limits;
mod lines;
mod local_only;
mod locations;
mod log_in;
mod login_limits;
mod longest;
mod mails;
mod mails_bounded;
mod many_contacts;
mod matrix;
mod me;
mod memories;
mod moved_by_admins;
mod note_again;
mod note_altered;
mod note_ends;
mod note_holders;
mod note_keys;
mod note_limits;
mod note_members;
mod note_opening;
mod note_page_makers;
mod note_pages;
mod note_repeats;
mod note_secrets;
mod notes;
mod pages_of_lists;
mod password_change;
mod password_reset;
mod paths;
mod people;
mod photo_addresses;
mod photos;
mod photos_kept;
mod photos_refused;
mod planted;
mod preferences;
mod pressed_again;
mod problems;
mod profile;
mod queries;
mod races;
mod reads;
mod refresh;
mod register;
mod remembered_words;
mod reminder_mails;
mod reminders;
mod roles;
mod same_letters;
mod secrets;
mod sessions;
mod shut_accounts;
mod site;
mod tags;
mod tokens;
mod tour;
mod unchanged;
