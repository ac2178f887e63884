//! The audit trail: who did what to whom.

use crate::{AuditId, Permission, Role, UserId};
use jiff::Timestamp;
use jiff::{SignedDuration, fmt::serde::timestamp::millisecond};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// How long an event is kept.
pub const AUDIT_LIFETIME: SignedDuration = SignedDuration::from_hours(400 * 24);

/// Something that somebody did to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// The event's id.
    pub id: AuditId,
    /// Who did it.
    pub actor: UserId,
    /// To whom.
    pub target: UserId,
    /// What.
    #[serde(flatten)]
    pub act: Act,
    /// When.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Act {
    /// Made an account and mailed the invitation.
    UserInvited,
    /// Changed an account's address or names.
    UserUpdated,
    /// Switched an account off.
    UserDeactivated,
    /// Switched an account on again.
    UserActivated,
    /// Deleted an account; actor and target are the same where people delete their own.
    UserDeleted,
    /// Gave another role.
    RoleChanged {
        /// The role before.
        before: Role,
        /// The role since.
        after: Role,
    },
    /// Gave other permissions.
    PermissionsChanged {
        /// The permissions before.
        before: BTreeSet<Permission>,
        /// The permissions since.
        after: BTreeSet<Permission>,
    },
    /// Banned.
    UserBanned,
    /// Lifted a ban.
    UserUnbanned,
}

impl AuditEvent {
    /// An event that happens now.
    pub fn new(actor: UserId, target: UserId, act: Act, now: Timestamp) -> Self {
        Self { id: AuditId::new(now), actor, target, act, at: now }
    }
}
