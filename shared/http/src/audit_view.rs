//! Audit events as they are answered: to admins all, to everybody their own.

use jiff::Timestamp;
use kith_domain::{Act, AuditEvent, AuditId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// Who did what to whom.
#[derive(Serialize, ToSchema)]
pub struct AuditView {
    id: AuditId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it.
    actor_id: UserId,
    /// To whom.
    user_id: UserId,
    #[serde(flatten)]
    act: Act,
}

impl From<AuditEvent> for AuditView {
    fn from(event: AuditEvent) -> Self {
        Self { id: event.id, at: event.at, actor_id: event.actor, user_id: event.target, act: event.act }
    }
}
