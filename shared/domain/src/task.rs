//! Tasks: what follows from a change and is done later. A task is an outbox item, written in the transaction of the
//! change, and lives until it is done. It holds no secret.

use crate::{ContactId, Email, PhotoPath, TaskId, UserId};
use jiff::fmt::serde::timestamp::millisecond;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A task that nobody could finish in this time is dropped. Two weeks leave an operator time to notice.
pub const TASK_LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Something to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The task's id.
    pub id: TaskId,
    /// What to do.
    pub work: Work,
    /// The invocation that is doing it. Another one leaves it alone; the re-driver takes it away from one that died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<String>,
    /// When it was written.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
}

/// The kinds of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Work {
    /// Mail the link that confirms a registration; or, if the address has an account, tell its owner of the attempt.
    MailConfirmation {
        /// The registration.
        registration: UserId,
        /// Hash of the network that it was asked for from.
        asked_from: String,
    },
    /// Mail a new link for each registration of an address; or, if it has an account, say so; or nothing.
    MailConfirmationAgain {
        /// The address that somebody typed.
        email: Email,
        /// Hash of the network that it was asked for from.
        asked_from: String,
    },
    /// Mail a link that sets a new password, if the address has an account; or nothing.
    MailPasswordReset {
        /// The address that somebody typed.
        email: Email,
    },
    /// Tell that the password was changed.
    MailPasswordChanged {
        /// Whose.
        user: UserId,
    },
    /// Mail the link of an invitation.
    MailInvitation {
        /// The account that an admin made.
        user: UserId,
    },
    /// Mail the link that confirms a new address; or, if that has an account, tell its owner of the attempt.
    MailEmailChange {
        /// Who wants the address.
        user: UserId,
    },
    /// Tell the address of an account that another one is wanted for it, with a link that withdraws and undoes.
    MailEmailWish {
        /// Whose account.
        user: UserId,
        /// Which of its wishes.
        number: u64,
        /// The address that the account had then.
        email: Email,
    },
    /// Tell the old address that the account has another one now, with a link that undoes.
    MailEmailChanged {
        /// Whose account.
        user: UserId,
        /// Which wish.
        number: u64,
        /// The old address.
        email: Email,
    },
    /// Mail a link that sets a new password to whoever has undone a change of the address: the old password is good no
    /// more.
    MailFreshStart {
        /// Whose account.
        user: UserId,
    },
    /// Remind of what is due together, as far as it is still planned for that time.
    MailFollowUps {
        /// Whom.
        user: UserId,
        /// Of what, in the order of the mail; at most 100.
        planned: Vec<PlannedFor>,
        /// How many there are beside these.
        more: usize,
        /// Whether it is the last one of the day, which tells of the rest of it, too.
        is_last: bool,
    },
    /// Tell that an account and everything in it is gone.
    MailErased {
        /// The address that it had.
        email: Email,
    },
    /// Erase an account and everything in it.
    EraseAccount {
        /// Whose.
        user: UserId,
    },
    /// Erase what a deleted card left behind.
    EraseContact {
        /// Whose.
        user: UserId,
        /// The card.
        contact: ContactId,
    },
    /// Delete the objects of a photo that nothing shows any more.
    RemovePhoto {
        /// Where they are.
        path: PhotoPath,
    },
}

/// A follow-up of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedFor {
    /// With whom.
    pub contact: ContactId,
    /// When it is.
    #[serde(with = "millisecond::required")]
    pub at: Timestamp,
}

/// The function that does a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// Sends mails.
    DeliverMail,
    /// Erases accounts.
    EraseAccount,
    /// Erases what belonged to something that is gone.
    CleanUp,
}

impl Worker {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DeliverMail, Self::EraseAccount, Self::CleanUp];

    /// The function's operation.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::DeliverMail => "deliver-mail",
            Self::EraseAccount => "erase-account",
            Self::CleanUp => "clean-up",
        }
    }

    /// The worker with this operation.
    pub fn of_operation(operation: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worker| worker.operation() == operation)
    }
}

impl Work {
    /// Who does it.
    pub fn worker(&self) -> Worker {
        match self {
            Self::EraseAccount { .. } => Worker::EraseAccount,
            Self::EraseContact { .. } | Self::RemovePhoto { .. } => Worker::CleanUp,
            Self::MailConfirmation { .. }
            | Self::MailConfirmationAgain { .. }
            | Self::MailPasswordReset { .. }
            | Self::MailPasswordChanged { .. }
            | Self::MailInvitation { .. }
            | Self::MailEmailChange { .. }
            | Self::MailEmailWish { .. }
            | Self::MailFreshStart { .. }
            | Self::MailEmailChanged { .. }
            | Self::MailFollowUps { .. }
            | Self::MailErased { .. } => Worker::DeliverMail,
        }
    }
}

impl Task {
    /// A new task.
    pub fn new(work: Work, now: Timestamp) -> Self {
        Self { id: TaskId::new(now), work, taken_by: None, created_at: now }
    }
}
