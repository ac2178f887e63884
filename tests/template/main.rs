//! The code against the template, both ways, and the rules of the house for policies.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod code;
mod policies;
mod tested;
mod tree;

use kith_http::Function;
use kith_local::template::{Sources, Template};

/// An area: its package and its stacks.
struct Area {
    name: &'static str,
    /// One, unless a single one would be too long to read.
    stacks: &'static [&'static str],
    functions: Vec<Function>,
}

/// Every area of the code.
fn areas() -> [Area; 7] {
    [
        Area {
            name: "accounts",
            stacks: &["accounts", "addresses", "passwords", "preferences", "sessions"],
            functions: kith_accounts::functions(),
        },
        Area { name: "users", stacks: &["users", "moderation"], functions: kith_users::functions() },
        Area {
            name: "contacts",
            stacks: &["contacts", "followups", "memories"],
            functions: kith_contacts::functions(),
        },
        Area { name: "notes", stacks: &["notes", "note-pages"], functions: kith_notes::functions() },
        Area { name: "photos", stacks: &["photos"], functions: kith_photos::functions() },
        Area { name: "site", stacks: &["site", "pages", "address-pages"], functions: kith_site::functions() },
        Area { name: "jobs", stacks: &["jobs"], functions: kith_jobs::functions() },
    ]
}

/// Every function of the code.
fn functions() -> Vec<Function> {
    areas().into_iter().flat_map(|area| area.functions).collect()
}

/// The project's templates, resolved.
fn template() -> Template {
    kith_local::project_template().unwrap()
}

/// The project's templates, as written.
fn sources() -> Sources {
    Sources::read(&kith_local::project_root().unwrap()).unwrap()
}
