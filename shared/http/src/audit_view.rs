//! Audit events as they are answered: to admins all, to everybody their own.

use crate::Time;
use kith_domain::{Act, AuditEvent, AuditId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// Who did what to whom.
#[derive(Serialize, ToSchema)]
pub struct AuditView {
    id: AuditId,
    at: Time,
    /// Who did it.
    actor_id: UserId,
    /// To whom.
    user_id: UserId,
    #[serde(flatten)]
    act: Act,
}

impl From<AuditEvent> for AuditView {
    fn from(event: AuditEvent) -> Self {
        Self { id: event.id, at: event.at.into(), actor_id: event.actor, user_id: event.target, act: event.act }
    }
}
