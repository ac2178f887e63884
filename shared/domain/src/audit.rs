//! The audit trail: who did what to whom.

use crate::{AuditId, Permission, Profile, Role, UserId};
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
    /// Changed an account's names.
    UserUpdated {
        /// Which.
        fields: BTreeSet<NameField>,
    },
    /// Asked, as an admin, for another address of an account; it has to be confirmed there.
    EmailChangeAsked,
    /// Withdrew a wish for another address.
    EmailChangeWithdrawn,
    /// Gave an account another address, which was confirmed there, or that of somebody invited was corrected.
    EmailChanged,
    /// Gave an account the address back that it had before, on the word of whoever reads mail there.
    EmailChangeUndone,
    /// Deleted notes that had ended.
    NotesPurged {
        /// How many.
        purged: u64,
    },
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

/// A name of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameField {
    /// The name by which others find the person.
    Username,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
}

impl NameField {
    /// In which names two profiles differ.
    pub fn changed(before: &Profile, after: &Profile) -> BTreeSet<Self> {
        let differs = [
            (Self::Username, before.username != after.username),
            (Self::FirstName, before.first_name != after.first_name),
            (Self::LastName, before.last_name != after.last_name),
        ];
        differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }
}

impl Act {
    /// The name, as in answers and log lines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UserInvited => "user_invited",
            Self::UserUpdated { .. } => "user_updated",
            Self::EmailChangeAsked => "email_change_asked",
            Self::EmailChangeWithdrawn => "email_change_withdrawn",
            Self::EmailChanged => "email_changed",
            Self::EmailChangeUndone => "email_change_undone",
            Self::NotesPurged { .. } => "notes_purged",
            Self::UserDeactivated => "user_deactivated",
            Self::UserActivated => "user_activated",
            Self::UserDeleted => "user_deleted",
            Self::RoleChanged { .. } => "role_changed",
            Self::PermissionsChanged { .. } => "permissions_changed",
            Self::UserBanned => "user_banned",
            Self::UserUnbanned => "user_unbanned",
        }
    }
}

impl AuditEvent {
    /// An event that happens now.
    pub fn new(actor: UserId, target: UserId, act: Act, now: Timestamp) -> Self {
        Self { id: AuditId::new(now), actor, target, act, at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h03_an_act_is_named_alike_in_lines_and_answers() {
        let acts = [
            Act::UserInvited,
            Act::UserUpdated { fields: BTreeSet::from([NameField::FirstName]) },
            Act::EmailChangeAsked,
            Act::EmailChangeWithdrawn,
            Act::EmailChanged,
            Act::EmailChangeUndone,
            Act::NotesPurged { purged: 1 },
            Act::UserDeactivated,
            Act::UserActivated,
            Act::UserDeleted,
            Act::RoleChanged { before: Role::Member, after: Role::Admin },
            Act::PermissionsChanged { before: BTreeSet::new(), after: BTreeSet::new() },
            Act::UserBanned,
            Act::UserUnbanned,
        ];
        for act in acts {
            assert_eq!(serde_json::to_value(&act).unwrap()["action"], act.name());
        }
    }
}
