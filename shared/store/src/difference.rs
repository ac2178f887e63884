//! Changes of an entity that has a revision: only what differs is written, and only where nobody was faster.

use crate::item::{Item, number_of, text_of};
use crate::keys::{Key, number, text};
use crate::table::{Expression, pause};
use crate::{Result, Store, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use std::borrow::Cow;

/// How often a change is repeated that others were faster than. Whenever one loses, another has won, so this is also how
/// many people may change one thing at the same moment.
const RACES: u32 = 40;

/// An attribute that a change may write, with the placeholders of its name and its value.
pub(crate) type Changeable = (&'static str, &'static str, &'static str);

/// Which attributes tell the revision of what changes, and who changed it last. An item has several of these where its
/// parts change apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versioned {
    rev: &'static str,
    mark: &'static str,
    unchanged: &'static str,
    marked: &'static str,
}

/// What most items have.
pub(crate) const WHOLE: Versioned =
    Versioned { rev: "rev", mark: "changed_by", unchanged: "rev = :loaded", marked: "changed_by = :request" };

/// The preferences in a profile, which nobody else sees change.
pub(crate) const PREFERENCES: Versioned = Versioned {
    rev: "preferences_rev",
    mark: "preferences_changed_by",
    unchanged: "preferences_rev = :loaded",
    marked: "preferences_changed_by = :request",
};

/// The update that turns one state of an entity into another.
pub(crate) struct Difference {
    versioned: Versioned,
    pub(crate) sets: Vec<String>,
    removes: Vec<&'static str>,
    names: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) values: Vec<(&'static str, AttributeValue)>,
}

impl Difference {
    /// As the API words it: for the revision that was loaded, and for no other.
    pub(crate) fn expression(self) -> Expression {
        let mut update = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            update = format!("{update} REMOVE {}", self.removes.join(", "));
        }
        let condition = Some(self.versioned.unchanged);
        Expression { update: Some(update.into()), condition, names: self.names, values: self.values }
    }
}

impl Store {
    /// What differs between two states of an entity, the first of which has the revision `rev`; with this request's
    /// mark.
    pub(crate) fn difference<T: Serialize>(
        &self,
        before: &T,
        after: &T,
        rev: u64,
        changeable: &[Changeable],
    ) -> Result<Difference> {
        self.difference_of(WHOLE, before, after, rev, changeable)
    }

    /// The same of a part that has a revision of its own.
    pub(crate) fn difference_of<T: Serialize>(
        &self,
        versioned: Versioned,
        before: &T,
        after: &T,
        rev: u64,
        changeable: &[Changeable],
    ) -> Result<Difference> {
        let (old, new): (Item, Item) =
            (serde_dynamo::aws_sdk_dynamodb_1::to_item(before)?, serde_dynamo::aws_sdk_dynamodb_1::to_item(after)?);
        let mut difference = Difference {
            versioned,
            sets: vec![versioned.marked.to_owned()],
            removes: Vec::new(),
            names: Vec::new(),
            values: vec![(":request", text(&*self.request)), (":loaded", number(rev))],
        };
        for (name, place, value) in changeable.iter().filter(|(name, ..)| old.get(*name) != new.get(*name)) {
            difference.names.push((place, (*name).into()));
            match new.get(*name) {
                Some(new) => {
                    difference.sets.push(format!("{place} = {value}"));
                    difference.values.push((value, new.clone()));
                }
                None => difference.removes.push(place),
            }
        }
        Ok(difference)
    }

    /// Writes a difference alone, without a transaction's double price. `rev` is the revision that it leads to.
    pub(crate) async fn save_alone(&self, key: &Key, difference: Difference, rev: u64) -> Result<()> {
        let Versioned { rev: attribute, mark, .. } = difference.versioned;
        match self.update(key, difference.expression()).await? {
            Ok(_) => Ok(()),
            Err(refused) => match refused.0 {
                // The answer to our own write got lost and the SDK repeated it.
                Some(item)
                    if text_of(&item, mark) == Some(&*self.request)
                        && number_of(&item, attribute).and_then(|own| u64::try_from(own).ok()) == Some(rev) =>
                {
                    Ok(())
                }
                refused => Err(changed_or_gone(refused)),
            },
        }
    }
}

/// Whether a change changes nothing: then nothing is written, and the entity stays at its revision.
pub(crate) fn is_same<T: Serialize>(before: &T, after: &T) -> Result<bool> {
    let said = |entity: &T| -> Result<Item> {
        let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(entity)?;
        // By these a change says that it was one.
        item.remove("updated_at");
        item.remove("rev");
        Ok(item)
    };
    Ok(said(before)? == said(after)?)
}

/// Why an update for a revision was refused.
pub(crate) fn changed_or_gone(item: Option<Item>) -> StoreError {
    if item.is_some() { StoreError::Stale } else { StoreError::NotFound }
}

/// The revisions that a change is for: any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions(Vec<u64>);

impl Revisions {
    /// Whether one of them is this.
    pub fn include(&self, rev: u64) -> bool {
        self.0.contains(&rev)
    }
}

impl FromIterator<u64> for Revisions {
    fn from_iter<T: IntoIterator<Item = u64>>(revs: T) -> Self {
        Self(revs.into_iter().collect())
    }
}

/// The tries of one change, each of which loads, applies a rule, and saves for the revision that was loaded.
///
/// With `if_match` the change is for those revisions only; without it a lost race is repeated on the newest state.
pub(crate) struct Tries {
    lost: u32,
    if_match: Option<Revisions>,
}

impl Tries {
    pub(crate) fn new(if_match: Option<Revisions>) -> Self {
        Self { lost: 0, if_match }
    }

    /// One more try, on what has the revision `rev`: `Stale` where that is not the wanted one, `Busy` where others were
    /// faster too often.
    pub(crate) async fn on(&mut self, rev: u64) -> Result<()> {
        // At most 20 ms: the rest of the herd thins out by itself.
        pause(self.lost.min(2)).await;
        self.lost += 1;
        if self.if_match.as_ref().is_some_and(|wanted| !wanted.include(rev)) {
            return Err(StoreError::Stale);
        }
        if self.lost <= RACES { Ok(()) } else { Err(StoreError::Busy("it kept changing".into())) }
    }
}
