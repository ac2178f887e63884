//! Who introduced somebody: where it is one's own card, its name is noted with it, so that a list can show it and
//! whoever deletes that card still knows.

use kith_domain::{Contact, ContactFields, UserId};
use kith_http::{Cx, Fault, Problem, Result};
use kith_store::StoreError;

/// Fills in the name of an introducer who is given as a card; 422 unless that is another one of the owner's. The card
/// of whoever is the introducer on `before` may be gone since: that one stays as it was.
pub(crate) async fn look_up(
    cx: &Cx,
    owner: UserId,
    fields: &mut ContactFields,
    before: Option<&Contact>,
) -> Result<()> {
    let Some(Some(introducer)) = &mut fields.introduced_by else { return Ok(()) };
    let Some(id) = introducer.contact_id else { return Ok(()) };
    let unknown =
        || Problem::invalid(vec![Fault::new("/introduced_by/contact_id", "must be another of your contacts")]);
    if before.is_some_and(|card| card.id == id) {
        return Err(unknown());
    }
    *introducer = match cx.store.contact(owner, id).await {
        Err(StoreError::NotFound) => {
            let noted = before.and_then(|card| card.introduced_by.clone());
            noted.filter(|noted| noted.contact_id == Some(id)).ok_or_else(unknown)?
        }
        found => found?.as_introducer(),
    };
    Ok(())
}
