//! Amounts and this hour's creations of an account: one item, written in the transaction of what it counts, and read by
//! nobody before.

use crate::item::{Item, number_of};
use crate::keys::{self, number, text};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Amount, CREATIONS_AN_HOUR, UserId};

/// Attributes of which each counts the creations of one hour. An odd number of them, so that somebody who always comes at
/// the same time of day seldom meets the count of another day.
const HOURS: [&str; 31] = [
    "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15", "h16", "h17",
    "h18", "h19", "h20", "h21", "h22", "h23", "h24", "h25", "h26", "h27", "h28", "h29", "h30",
];
const HOUR: i64 = 3600;
/// A count has its hour before it, so that it is told from that of another.
const ROOM: i64 = 1000;

/// The hour in which something is created.
struct Hour {
    attribute: &'static str,
    /// What its count begins with.
    base: i64,
    /// Seconds until the next.
    left: i64,
}

impl Hour {
    fn of(now: Timestamp) -> Self {
        let (hour, second) = (now.as_second().div_euclid(HOUR), now.as_second().rem_euclid(HOUR));
        let slot = usize::try_from(hour.rem_euclid(31)).unwrap_or_default();
        Self { attribute: HOURS.get(slot).copied().unwrap_or("h0"), base: hour * ROOM, left: HOUR - second }
    }

    /// The others, none of which counts any more.
    fn others(&self) -> String {
        let others: Vec<&str> = HOURS.into_iter().filter(|name| *name != self.attribute).collect();
        others.join(", ")
    }
}

impl Store {
    /// Counts a creation in its transaction. `Full` where there are as many as there may be, `TooFast` where it would be
    /// one too many in this hour.
    ///
    /// `Stale` where the hour's attribute has the count of another hour, which is rare: then `anew` begins it.
    pub(crate) fn count_creation(
        &self,
        change: &mut Transaction,
        owner: UserId,
        adds: Option<Amount>,
        anew: bool,
        now: Timestamp,
    ) {
        let (hour, limit) = (Hour::of(now), adds.map_or(0, Amount::limit));
        let counted = if anew { ":base + :one" } else { "if_not_exists(#hour, :base) + :one" };
        let added = match adds {
            Some(Amount::Contacts) => ", contacts = if_not_exists(contacts, :zero) + :one",
            Some(Amount::Memories) | None => "",
        };
        let mut values = vec![
            (":base", number(hour.base)),
            (":one", number(1)),
            (":last", number(hour.base + i64::from(CREATIONS_AN_HOUR) - 1)),
            (":kind", text("counts")),
        ];
        let condition = match (adds, anew) {
            (Some(Amount::Contacts), _) => {
                values.extend([(":zero", number(0)), (":most", number(limit))]);
                if anew {
                    "NOT (#hour BETWEEN :base AND :last) AND (attribute_not_exists(contacts) OR contacts < :most)"
                } else {
                    "(attribute_not_exists(#hour) OR #hour BETWEEN :base AND :last) \
                     AND (attribute_not_exists(contacts) OR contacts < :most)"
                }
            }
            (_, true) => "NOT (#hour BETWEEN :base AND :last)",
            (_, false) => "attribute_not_exists(#hour) OR #hour BETWEEN :base AND :last",
        };
        let expression = Expression {
            update: Some(
                format!("SET #hour = {counted}, kind = :kind, v = :one{added} REMOVE {}", hour.others()).into(),
            ),
            condition: Some(condition),
            names: vec![("#hour", hour.attribute.into())],
            values,
        };
        change.update(&self.table, &keys::counts(owner), expression, move |item| refusal(item, adds, &hour, anew));
    }

    /// Takes a card off the amount, in the transaction that deletes it.
    pub(crate) fn uncount_contact(&self, change: &mut Transaction, owner: UserId) {
        let expression = Expression {
            update: Some("SET contacts = if_not_exists(contacts, :one) - :one".into()),
            values: vec![(":one", number(1))],
            ..Expression::default()
        };
        change.update(&self.table, &keys::counts(owner), expression, |_| StoreError::Stale);
    }

    /// Forgets what is counted of an account that is erased.
    pub async fn forget_counts(&self, owner: UserId) -> Result<()> {
        let _ = self.delete(&keys::counts(owner), Expression::default()).await?;
        Ok(())
    }
}

/// Why a creation was not counted.
fn refusal(item: Option<Item>, adds: Option<Amount>, hour: &Hour, anew: bool) -> StoreError {
    let item = item.unwrap_or_default();
    let is_full = |amount: &Amount| {
        let has = number_of(&item, "contacts").unwrap_or_default();
        *amount == Amount::Contacts && has >= i64::from(amount.limit())
    };
    if let Some(amount) = adds.filter(is_full) {
        return StoreError::Full(amount);
    }
    let counted = number_of(&item, hour.attribute).unwrap_or_default();
    let is_over = counted >= hour.base + i64::from(CREATIONS_AN_HOUR);
    if is_over {
        StoreError::TooFast(hour.left)
    } else if anew {
        StoreError::Stale
    } else {
        StoreError::OtherHour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_an_hour_ends_with_the_hour_and_counts_apart_from_others() {
        let at = |second: i64| Hour::of(Timestamp::from_second(second).unwrap());
        let (first, last, next) = (at(7200), at(10_799), at(10_800));
        assert_eq!((first.attribute, first.base, first.left), ("h2", 2000, 3600));
        assert_eq!((last.attribute, last.base, last.left), ("h2", 2000, 1));
        assert_eq!((next.attribute, next.base, next.left), ("h3", 3000, 3600));
        assert!(!first.others().contains("h2,") && first.others().split(", ").count() == 30);
    }

    #[test]
    fn h12_a_refusal_says_what_is_too_much() {
        let hour = || Hour::of(Timestamp::from_second(7200).unwrap());
        let item = |contacts: i64, counted: i64| {
            Some(Item::from([("contacts".into(), number(contacts)), ("h2".into(), number(counted))]))
        };
        let why = |contacts, counted, adds| refusal(item(contacts, counted), adds, &hour(), true);
        let adds = Some(Amount::Contacts);
        assert!(matches!(why(10_000, 2600, adds), StoreError::Full(Amount::Contacts)));
        assert!(matches!(why(9_999, 2600, adds), StoreError::TooFast(3600)));
        assert!(matches!(why(10_000, 2600, Some(Amount::Memories)), StoreError::TooFast(_)));
        assert!(matches!(why(1, -29_000 + 600, adds), StoreError::Stale));
    }
}
