//! The AWS side, called by the real SDK clients.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod client;

#[path = "aws_side/accounting.rs"]
mod accounting;
#[path = "aws_side/caller.rs"]
mod caller;
#[path = "aws_side/faults.rs"]
mod faults;
#[path = "aws_side/keeping.rs"]
mod keeping;
#[path = "aws_side/mails.rs"]
mod mails;
#[path = "aws_side/objects.rs"]
mod objects;
#[path = "aws_side/policies.rs"]
mod policies;
#[path = "aws_side/secrets.rs"]
mod secrets;
