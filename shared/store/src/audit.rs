//! The audit trail: by year for admins, and with those whom it is about.

use crate::item::{entity, expiring, item};
use crate::keys::{self, AUDITS};
use crate::list::{List, Span};
use crate::table::Order;
use crate::transaction::Transaction;
use crate::{Result, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kith_domain::{AUDIT_LIFETIME, AuditEvent, AuditId, UserId};

impl Store {
    /// Adds an event to the transaction of the act that it tells of: one copy for admins, one for each of the two
    /// whom it is about. A user that is being deleted keeps none.
    pub(crate) fn put_audit(
        &self,
        change: &mut Transaction,
        event: &AuditEvent,
        changed: UserId,
        now: Timestamp,
    ) -> Result<()> {
        change.tell(event);
        let end = now + AUDIT_LIFETIME;
        let copy = |key| Ok::<_, crate::StoreError>(expiring(item(&key, "audit_event", event)?, end));
        change.put_new(&self.table, copy(keys::audit(year(event.at), event.id))?);
        change.put_new(&self.table, copy(keys::own_audit(changed, event.id))?);
        let other = if event.actor == changed { event.target } else { event.actor };
        if other != changed {
            change.put_new(&self.table, copy(keys::own_audit(other, event.id))?);
        }
        Ok(())
    }

    /// Writes an event of what no transaction did.
    pub async fn leave_audit(&self, event: &AuditEvent, now: Timestamp) -> Result<()> {
        let mut change = Transaction::new();
        self.put_audit(&mut change, event, event.target, now)?;
        self.commit(change).await
    }

    /// A page of the events about one user, newest first, and whether there are more.
    pub async fn audit_of(
        &self,
        user: UserId,
        after: Option<AuditId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<AuditEvent>, bool)> {
        self.audit_page(&keys::own_audits(user), after, limit, now).await
    }

    /// A page of all events, newest first, and whether there are more. One read for each year that it touches: at most
    /// three, since events are kept for 400 days.
    pub async fn audit(&self, after: Option<AuditId>, limit: usize, now: Timestamp) -> Result<(Vec<AuditEvent>, bool)> {
        let mut events = Vec::new();
        let newest = year(after.as_ref().and_then(time_of).unwrap_or(now));
        let mut after = after;
        for year in (year(now - AUDIT_LIFETIME)..=newest).rev() {
            let pk = keys::audit(year, AuditId::new(now)).pk;
            let (found, more) = self.audit_page(&pk, after.take(), limit - events.len(), now).await?;
            events.extend(found);
            if more {
                return Ok((events, true));
            }
        }
        Ok((events, false))
    }

    /// Up to `limit` events of one partition, and whether there are more in it.
    async fn audit_page(
        &self,
        pk: &str,
        after: Option<AuditId>,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<AuditEvent>, bool)> {
        let span = Span { pk, prefix: AUDITS, order: Order::NewestFirst, at_most: usize::MAX };
        let mut list = List::new(span, after.map(|id| format!("{AUDITS}{id}")), limit);
        while let Some(items) = list.next(self).await? {
            for item in items {
                let event: AuditEvent = entity(item)?;
                if now < event.at + AUDIT_LIFETIME {
                    list.push(event);
                }
            }
        }
        Ok(list.page())
    }
}

/// When an event happened, as its id says.
fn time_of(id: &AuditId) -> Option<Timestamp> {
    let (seconds, nanoseconds) = id.as_uuid().get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

fn year(time: Timestamp) -> i16 {
    time.to_zoned(TimeZone::UTC).year()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use kith_domain::{Act, Role};

    #[test]
    fn an_event_tells_its_year_by_its_id() {
        let time: Timestamp = "2026-12-31T23:59:59.999Z".parse().unwrap();
        assert_eq!(time_of(&AuditId::new(time)), Some(time));
        assert_eq!((year(time), year("2027-01-01T00:00:00Z".parse().unwrap())), (2026, 2027));
    }

    #[test]
    fn an_event_is_stored_whole_and_reads_back() {
        let actor: UserId = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let target: UserId = "usr_01a318c1400074aab4a3b5b6a7a8b9c1".parse().unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let act = Act::RoleChanged { before: Role::Member, after: Role::Moderator };
        let event = AuditEvent { id: "aud_01a318c1400074aab4a3b5b6a7a8b9c2".parse().unwrap(), actor, target, act, at };
        let item = item(&keys::audit(2027, event.id), "audit_event", &event).unwrap();
        assert_eq!(entity::<AuditEvent>(item.clone()).unwrap(), event);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
