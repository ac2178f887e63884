//! Who introduced somebody: where it is one's own card, its name is noted with it, so that a list can show it and
//! whoever deletes that card still knows.

use kith_domain::{ContactFields, Introducer, UserId};
use kith_http::{Cx, Fault, Problem, Result};
use kith_store::StoreError;

/// Fills in the name of an introducer who is given as a card; 422 unless that is one of the owner's. What was written
/// before is left as it is: that card may be gone.
pub(crate) async fn look_up(
    cx: &Cx,
    owner: UserId,
    fields: &mut ContactFields,
    before: Option<&Introducer>,
) -> Result<()> {
    let Some(Some(introducer)) = &mut fields.introduced_by else { return Ok(()) };
    let Some(id) = introducer.contact_id else { return Ok(()) };
    if let Some(before) = before.filter(|before| before.contact_id == Some(id)) {
        introducer.clone_from(before);
        return Ok(());
    }
    *introducer = match cx.store.contact(owner, id).await {
        Err(StoreError::NotFound) => {
            let unknown = Fault::new("/introduced_by/contact_id", "must be one of your contacts");
            return Err(Problem::invalid(vec![unknown]));
        }
        found => found?.as_introducer(),
    };
    Ok(())
}
