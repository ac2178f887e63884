//! Talks to a running Kith as its users do: over HTTP, from outside.
//!
//! A test begins with [`Kith::shared`] (or [`Kith::with_helpers`], if it needs captured mails, the clock or the table)
//! and then speaks of people: `kith.registered("ada").await`, `ada.get("/v1/me").await.assert_status(200)`. Names and
//! network addresses are unique, so that tests run at the same time against one server and leave nothing to clean up.
//!
//! `KITH_URL` names a server to test instead of one started here; `KITH_MODE=processes` starts the functions as their
//! real binaries.

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "in a test a panic is the message")]

mod actor;
mod answer;
mod build;
mod clock;
mod connection;
mod jwt;
mod kith;
mod observed;
mod person;
pub mod pictures;
mod request;
mod server;

pub use actor::Actor;
pub use answer::{Answer, Problem};
pub use build::binaries;
pub use clock::ClockHand;
pub use jwt::Jwt;
pub use kith::Kith;
pub use observed::{Call, Mail, Record, link_token};
pub use person::Person;
pub use request::Request;
