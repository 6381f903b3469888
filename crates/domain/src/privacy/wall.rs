//! The wall (invariant 4): what the public web shows of somebody and what the company knows of a customer are two stores, and no response
//! depends on both. The door in it is an open link: a profile and a contact that are the same person, on a recorded ground. [`across`] is the
//! one function that decides; nothing outside of `privacy/` reads the table of links, and a test looks that it stays so.
//!
//! Tresen neither guesses nor hints: equal names and addresses on both sides mean nothing here (GDPR Art. 5 (1) b, purpose limitation, and
//! Art. 6: joining the two is processing of its own and needs a ground of its own).

use std::str::FromStr;

use db::{Conn, args, row};
use model::{Id, Timestamp, kinds};

use crate::Result;
use crate::accounts::{Permission, Seat};

/// Where one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Profile(Id<kinds::Profile>),
    Contact(Id<kinds::Contact>),
}

/// Why the two sides may be seen together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    /// We asked and they agreed: GDPR Art. 6 (1) a, to be proved by us (Art. 7 (1)) and withdrawn at any time (Art. 7 (3)).
    Consent,
    /// They told us themselves, to this company, that the profile is theirs.
    Disclosure,
}

impl Ground {
    pub const ALL: [Ground; 2] = [Ground::Consent, Ground::Disclosure];
    pub const fn name(self) -> &'static str {
        match self {
            Ground::Consent => "consent",
            Ground::Disclosure => "disclosure",
        }
    }
}
impl Ground {
    /// What they told us stands in a conversation; a consent may have been given on the telephone or on paper, and is proved by its wording.
    pub const fn needs_message(self) -> bool {
        matches!(self, Ground::Disclosure)
    }
}
impl FromStr for Ground {
    type Err = ();
    fn from_str(name: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|g| g.name() == name).ok_or(())
    }
}
db::text_column!(Ground);

row! {
    /// An open link: the ground is shown wherever both sides are.
    pub struct Link {
        pub id: Id<kinds::ProfileLink>,
        pub profile_id: Id<kinds::Profile>,
        pub contact_id: Id<kinds::Contact>,
        pub ground: Ground,
        /// What was asked and agreed to, or what they said, in their words.
        pub wording: String,
        pub proof_message_id: Option<Id<kinds::Message>>,
        pub proof_conversation_id: Option<Id<kinds::Conversation>>,
        pub linked_by_name: String,
        pub linked_at: Timestamp,
    }
}

impl Link {
    /// What lies beyond the wall, seen from `side`.
    pub fn beyond(&self, side: Side) -> Side {
        match side {
            Side::Profile(_) => Side::Contact(self.contact_id),
            Side::Contact(_) => Side::Profile(self.profile_id),
        }
    }
}

/// The open links of one side, oldest first: what may be shown together with it, to somebody who may see both. An empty list says that
/// nothing is linked or that this person may not see the other side; it is never a hint that there is something.
pub async fn across(conn: &mut Conn, seat: &Seat, side: Side) -> Result<Vec<Link>> {
    if !seat.can(Permission::ContactRead) || !seat.can(Permission::ListenRead) {
        return Ok(Vec::new());
    }
    let (profile, contact) = match side {
        Side::Profile(id) => (Some(id), None),
        Side::Contact(id) => (None, Some(id)),
    };
    Ok(conn
        .all(
            "SELECT l.id, l.profile_id, l.contact_id, l.ground, l.wording, l.proof_message_id, m.conversation_id AS proof_conversation_id, u.name AS linked_by_name, l.linked_at
             FROM profile_links l JOIN users u ON u.id = l.linked_by LEFT JOIN messages m ON m.workspace_id = l.workspace_id AND m.id = l.proof_message_id
             WHERE l.workspace_id = $1 AND l.closed_at IS NULL AND ($2 IS NULL OR l.profile_id = $2) AND ($3 IS NULL OR l.contact_id = $3)
             ORDER BY l.linked_at, l.id",
            args![seat.ws(), profile, contact],
        )
        .await?)
}

/// The link that joins these two, if one is open.
pub async fn open_link(conn: &mut Conn, seat: &Seat, profile: Id<kinds::Profile>, contact: Id<kinds::Contact>) -> Result<Option<Link>> {
    Ok(across(conn, seat, Side::Profile(profile)).await?.into_iter().find(|link| link.contact_id == contact))
}
