//! The rotation of the keys that sign access tokens: carries out what `SigningPlan` says, in its order.

use crate::rotate_keys::{Rotated, TRIES, failed, outrun};
use jiff::Timestamp;
use kith_crypto::{End, SecretStore, SigningPlan, SigningRing, Wish};
use kith_http::{JobCx, JobError, Setting};
use kith_store::Store;

/// Fulfils a wish. `None`, and nothing is changed, where nobody knows the key to retire.
pub(crate) async fn run(cx: &JobCx, wish: Wish<'_>, now: Timestamp) -> Result<Option<Rotated>, JobError> {
    let secret: SecretStore<SigningRing> = SecretStore::new(cx.aws(), cx.settings().get(Setting::SigningSecret)?);
    let store = cx.store()?;
    for _ in 0..TRIES {
        let loaded = secret.load().await.map_err(failed)?;
        // Read after the ring: what is in that was published before.
        let published = store.verification_keys().await?;
        let Some(plan) = SigningPlan::new(&loaded.ring, &published, wish, now).map_err(failed)? else {
            return Ok(None);
        };
        if !plan.publish.is_empty() {
            store.publish_keys(&plan.publish).await?;
        }
        if plan.is_another && !secret.replace(&loaded, &plan.ring).await.map_err(failed)? {
            // Another run was faster. What this one has made is in no ring.
            for key in &plan.publish {
                store.revoke_key(&key.kid, now).await?;
            }
            continue;
        }
        end(store, &plan, now).await?;
        return Ok(Some(match wish {
            _ if plan.is_another => Rotated::to(plan.ring.keys()),
            Wish::Retirement(_) => Rotated::Retired,
            Wish::Present | Wish::Rotation => Rotated::NotDue,
        }));
    }
    Err(outrun())
}

async fn end(store: &Store, plan: &SigningPlan, now: Timestamp) -> Result<(), JobError> {
    for (kid, end) in &plan.ends {
        match end {
            End::At(end) => store.end_key(kid, *end).await?,
            End::AtOnce => store.revoke_key(kid, now).await?,
        }
    }
    Ok(())
}
