//! Deleting the objects of photos.

use kith_domain::{PhotoPath, PictureSize};
use kith_http::{JobCx, JobError, Setting};
use kith_objects::Bucket;

/// The bucket with the photos of this deployment.
pub(crate) struct Photos(Bucket);

impl Photos {
    pub(crate) fn of(cx: &JobCx) -> Result<Self, JobError> {
        Ok(Self(Bucket::new(cx.aws(), cx.settings().get(Setting::ImagesBucket)?)))
    }

    /// Deletes both objects of a photo, as far as they are there.
    pub(crate) async fn remove(&self, path: &PhotoPath) -> Result<(), JobError> {
        self.0.delete(&path.object(PictureSize::Large)).await?;
        self.0.delete(&path.object(PictureSize::Small)).await?;
        Ok(())
    }
}
