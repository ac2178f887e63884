//! Uploads under way: which objects somebody may have written, until an item names them or they are deleted.

use crate::index::{indexed, time};
use crate::item::{Item, entity, item};
use crate::keys::{self, UNDER_WAY, UPLOADS, number};
use crate::table::Expression;
use crate::transaction::Transaction;
use crate::{Result, Store, StoreError};
use jiff::Timestamp;
use kith_domain::{Upload, UserId};

impl Store {
    /// Names the objects of an upload, before they are written.
    pub async fn begin_upload(&self, upload: &Upload) -> Result<()> {
        let mut change = Transaction::new();
        change.put_new(&self.table, upload_item(upload)?);
        self.commit(change).await
    }

    /// Adds to the transaction that shows a photo that its upload is finished. `Busy` where it is over: its objects
    /// are being deleted.
    pub(crate) fn finish_upload(&self, change: &mut Transaction, upload: &Upload, now: Timestamp) {
        let under_way = Expression {
            condition: Some("expires_at > :now"),
            values: vec![(":now", number(now.as_millisecond()))],
            ..Expression::default()
        };
        let over = |_| StoreError::Busy("the upload is over".into());
        change.delete(&self.table, &keys::upload(upload.user, upload.photo), under_way, over);
    }

    /// The uploads of an account that were not finished.
    pub async fn uploads_of(&self, user: UserId) -> Result<Vec<Upload>> {
        let items = self.everything(&keys::uploads_of(user), "").await?;
        items.into_iter().map(entity).collect()
    }

    /// Up to 500 uploads that were over before `now`, oldest first.
    pub async fn expired_uploads(&self, now: Timestamp) -> Result<Vec<Upload>> {
        let keys = self.indexed_before(UNDER_WAY, now, UPLOADS).await?;
        let mut expired = Vec::new();
        for key in keys {
            // The index may lag: what is finished is not there any more.
            if let Some(item) = self.get(&key).await? {
                expired.push(entity(item)?);
            }
        }
        Ok(expired)
    }

    /// Forgets an upload whose objects are deleted.
    pub async fn forget_upload(&self, upload: &Upload) -> Result<()> {
        let _ = self.delete(&keys::upload(upload.user, upload.photo), Expression::default()).await?;
        Ok(())
    }
}

/// What an upload is stored as. Without `ttl`: nobody would know any more which objects to delete.
fn upload_item(upload: &Upload) -> Result<Item> {
    let item = item(&keys::upload(upload.user, upload.photo), "upload", upload)?;
    Ok(indexed(item, UNDER_WAY, time(upload.expires_at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::snapshot;
    use kith_domain::PhotoPath;

    #[test]
    fn an_upload_is_stored_with_its_place_in_the_index_and_reads_back() {
        let user = "usr_01a318c1400074aab4a3b5b6a7a8b9c0".parse().unwrap();
        let photo = "pho_01a318c1400074aab4a3b5b6a7a8b9c1".parse().unwrap();
        let expires_at = Timestamp::from_second(1_800_003_600).unwrap();
        let upload = Upload { photo, user, path: PhotoPath::of_user(user, photo), expires_at };
        let item = upload_item(&upload).unwrap();
        assert_eq!(entity::<Upload>(item.clone()).unwrap(), upload);
        insta::assert_json_snapshot!(snapshot(item));
    }
}
