//! Roles and permissions.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What somebody is in this deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Anybody with a confirmed account.
    Member,
    /// A member whom an admin trusts with more permissions.
    Moderator,
    /// Manages people; may do what any permission allows.
    Admin,
}

impl Role {
    /// The name, as in the table and the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

/// A single thing that a role alone does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read messages of one's chats.
    ReadChatMessage,
    /// Write messages to one's chats.
    WriteChatMessage,
    /// Open a group chat in one's community.
    CreateGroupChat,
    /// Join a group chat of one's community.
    JoinGroupChat,
    /// Open a private chat.
    CreatePrivateChat,
    /// Found a community.
    CreateCommunity,
    /// Join a community.
    JoinCommunity,
    /// Ban members.
    BanUser,
}

impl Permission {
    /// What every member starts with: all but banning.
    pub fn of_members() -> BTreeSet<Self> {
        use Permission::{
            CreateCommunity, CreateGroupChat, CreatePrivateChat, JoinCommunity, JoinGroupChat, ReadChatMessage,
            WriteChatMessage,
        };
        BTreeSet::from([
            ReadChatMessage,
            WriteChatMessage,
            CreateGroupChat,
            JoinGroupChat,
            CreatePrivateChat,
            CreateCommunity,
            JoinCommunity,
        ])
    }
}
