//! How much one account may have.

/// How many things an account may make within an hour of the clock.
pub const CREATIONS_AN_HOUR: u32 = 600;

/// What is counted, since it is kept for ever and paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// The cards of an account.
    Contacts,
    /// The memories of a card.
    Memories,
}

impl Amount {
    /// How many there may be.
    pub const fn limit(self) -> u32 {
        match self {
            Self::Contacts => 10_000,
            Self::Memories => 1_000,
        }
    }
}
