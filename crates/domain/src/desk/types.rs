use std::fmt;
use std::str::FromStr;

use model::{Id, kinds};
use serde::{Deserialize, Serialize};

macro_rules! names { ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
    $(#[$meta])* #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),* }
    impl $name {
        pub const ALL: &'static [$name] = &[$($name::$variant),*];
        /// As stored and in addresses.
        pub const fn name(self) -> &'static str { match self { $($name::$variant => $text),* } }
    }
    impl FromStr for $name {
        type Err = ();
        fn from_str(text: &str) -> Result<Self, ()> { Self::ALL.iter().copied().find(|v| v.name() == text).ok_or(()) }
    }
    impl fmt::Display for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.name()) }
    }
    db::text_column!($name);
} }

names! {
    /// Where a conversation stands.
    Status { Open = "open", Snoozed = "snoozed", Done = "done" }
}
names! {
    /// Which way a message goes.
    Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
        /// Stays in the house.
        Note = "note",
    }
}
names! {
    /// How far an answer has come.
    MessageState {
        Received = "received",
        /// Waits for its moment (the undo time, a retry).
        Queued = "queued",
        /// Handed to the network; after a crash nobody knows.
        Sending = "sending",
        Sent = "sent",
        Failed = "failed",
        /// Perhaps sent: a person looks.
        Unsure = "unsure",
        /// Taken back before it left.
        Undone = "undone",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    Low = 0,
    #[default]
    Normal = 1,
    High = 2,
    Urgent = 3,
}

impl Priority {
    pub const ALL: [Priority; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
    /// From the column; out of range is normal.
    pub fn from_i64(n: i64) -> Self {
        Self::ALL.into_iter().find(|p| *p as i64 == n).unwrap_or_default()
    }
}
impl FromStr for Priority {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|p| p.name() == text).ok_or(())
    }
}

/// A cut through the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    #[default]
    Mine,
    Team(Id<kinds::Team>),
    Unassigned,
    All,
    Snoozed,
    Done,
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            View::Mine => f.write_str("mine"),
            View::Team(id) => write!(f, "team-{id}"),
            View::Unassigned => f.write_str("unassigned"),
            View::All => f.write_str("all"),
            View::Snoozed => f.write_str("snoozed"),
            View::Done => f.write_str("done"),
        }
    }
}
impl FromStr for View {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "mine" => View::Mine,
            "unassigned" => View::Unassigned,
            "all" => View::All,
            "snoozed" => View::Snoozed,
            "done" => View::Done,
            other => View::Team(other.strip_prefix("team-").and_then(|id| id.parse().ok()).ok_or(())?),
        })
    }
}
