//! People, as they introduce themselves.

use serde_json::{Value, json};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Somebody whom no other test knows.
#[derive(Clone, Debug)]
pub struct Person {
    /// At most 32 characters, unique.
    pub username: String,
    /// In lower case, unique.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Unique, so that it can be looked for where it must not be.
    pub password: String,
}

impl Person {
    /// Somebody who goes by `name`, with an address of this domain. `name` has at most 16 lower-case characters.
    pub fn new(name: &str, domain: &str) -> Self {
        let tag = unique_tag();
        Self {
            username: format!("{name}-{tag}"),
            email: format!("{name}.{tag}@{domain}"),
            first_name: name.to_owned(),
            last_name: "Example".to_owned(),
            password: format!("a long secret {tag}"),
        }
    }

    /// The body that registers this person.
    pub fn registration(&self) -> Value {
        json!({
            "email": self.email,
            "username": self.username,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "password": self.password,
        })
    }

    /// The body that accepts an invitation and chooses this person's username.
    pub fn acceptance(&self, token: &str) -> Value {
        json!({
            "token": token,
            "password": self.password,
            "username": self.username,
            "first_name": self.first_name,
            "last_name": self.last_name,
        })
    }

    /// The body that logs this person in by username.
    pub fn credentials(&self) -> Value {
        json!({"login": self.username, "password": self.password})
    }
}

/// Letters and digits that no test has had before, on whatever server it ran.
pub(crate) fn unique_tag() -> String {
    let (run, number) = unique();
    format!("{run:08x}{number:04x}")
}

/// A network address of its own /64, from the range for documentation (RFC 3849).
pub(crate) fn unique_address() -> String {
    let (run, number) = unique();
    let [a, b, ..] = run.to_be_bytes().map(u16::from);
    // 2001:db8::/32 leaves 32 bits for networks: 16 for this run, 16 for those who take part in it.
    format!("2001:db8:{:x}:{number:x}::1", (a << 8) | b)
}

/// A number for this run of the tests, and one for each call.
fn unique() -> (u32, u32) {
    static RUN: OnceLock<u32> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    (*RUN.get_or_init(|| fastrand::u32(..)), NUMBER.fetch_add(1, Ordering::Relaxed) & 0xffff)
}
