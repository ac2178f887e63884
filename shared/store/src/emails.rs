//! The addresses of an account: the one that it has, and those that it had and that are held for it a while.

use crate::keys;
use crate::registrations::{held_by, held_item, owner_item, takeable};
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Email, User};
use std::collections::BTreeMap;

/// An address that nobody else can have: until when, where it is not for good.
type Held<'a> = BTreeMap<String, (&'a Email, Option<Timestamp>)>;

impl Store {
    /// Adds to the change of a user what it does to addresses. `EmailTaken` where somebody else has the new one.
    pub(crate) fn move_emails(
        &self,
        change: &mut Transaction,
        before: &User,
        after: &User,
        now: Timestamp,
    ) -> Result<()> {
        let (had, has) = (held(before, now), held(after, now));
        for (folded, (email, until)) in &has {
            let item = match until {
                None => owner_item(after)?,
                Some(until) => held_item(after.id, email, *until)?,
            };
            match had.get(folded) {
                Some((_, same)) if same == until => {}
                Some(_) => change.put(&self.table, item, held_by(after.id), |_| StoreError::Stale),
                None => change.put(&self.table, item, takeable(now), |_| StoreError::EmailTaken),
            }
        }
        for (_, (email, _)) in had.iter().filter(|(folded, _)| !has.contains_key(*folded)) {
            change.delete(&self.table, &keys::email_owner(email), held_by(after.id), |_| StoreError::Stale);
        }
        Ok(())
    }

    /// Frees the addresses that are held for an account which is being erased.
    pub(crate) async fn free_held_emails(&self, user: &User) -> Result<()> {
        for past in user.past_emails.iter().filter(|past| past.email.folded() != user.email.folded()) {
            // What was held no more may belong to somebody else by now.
            let _ = self.delete(&keys::email_owner(&past.email), held_by(user.id)).await?;
        }
        Ok(())
    }
}

/// What an account keeps others from, by the folded address.
fn held(user: &User, now: Timestamp) -> Held<'_> {
    let mut held = Held::new();
    for past in user.held_emails(now) {
        let entry = held.entry(past.email.folded()).or_insert((&past.email, Some(past.until)));
        entry.1 = entry.1.max(Some(past.until));
    }
    held.insert(user.email.folded(), (&user.email, None));
    held
}
