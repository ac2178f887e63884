//! Which function can write what, by the templates: what `docs/SECURITY.md` tells.

use std::collections::{BTreeMap, BTreeSet};

use super::Template;
use crate::page::Part;

/// Where the table stands in `docs/SECURITY.md`.
pub const WRITERS: Part = Part { name: "writers", command: "cargo kith policies --write" };

/// The actions that change an item, each with what it can do.
const WRITES: [(&str, usize); 3] = [("dynamodb:PutItem", 0), ("dynamodb:UpdateItem", 1), ("dynamodb:DeleteItem", 2)];

/// A table in Markdown: for each kind of item who may put, change and delete it.
pub fn writers(template: &Template) -> String {
    let mut kinds: BTreeMap<&str, [BTreeSet<&str>; 3]> = BTreeMap::new();
    for (operation, function) in &template.functions {
        for statement in function.policy.iter() {
            for (_, column) in WRITES.iter().filter(|(action, _)| statement.actions.iter().any(|own| own == action)) {
                for key in statement.leading_keys.iter().flatten() {
                    if let Some(column) = kinds.entry(key).or_default().get_mut(*column) {
                        column.insert(operation);
                    }
                }
            }
        }
    }
    let row = |(kind, columns): (&str, [BTreeSet<&str>; 3])| {
        let cells = columns.map(|operations| operations.into_iter().collect::<Vec<_>>().join(", "));
        format!("| `{kind}` | {} |\n", cells.join(" | "))
    };
    let rows: String = kinds.into_iter().map(row).collect();
    format!("| items | put by | changed by | deleted by |\n|---|---|---|---|\n{rows}")
}
