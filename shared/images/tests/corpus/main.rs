//! Uploads of all kinds, made here: good ones, and those that are meant to do harm.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod files;
mod hostile;
mod memory;
mod metadata;
mod pixels;
