//! The runner as a real process, with every function as a process of its own: killed, stopped, started again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod keeping;
mod kill;
mod log;
mod notes;
mod runner;
mod settings;
