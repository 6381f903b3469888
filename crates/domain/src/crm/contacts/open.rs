use db::{Conn, args, row, sql};
use model::{Id, Timestamp, kinds};

use crate::Result;
use crate::accounts::{Permission, Scope, Seat};
use crate::crm::addresses::Address;
use crate::desk::Status;

/// A contact with what belongs to them on this side of the wall.
#[derive(Debug, Clone)]
pub struct Contact {
    pub id: Id<kinds::Contact>,
    pub name: String,
    pub company: Option<String>,
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub addresses: Vec<Address>,
    /// Their conversations within the seat's reach, newest first.
    pub talks: Vec<Talk>,
}

row! {
    /// A conversation as an entry of a timeline.
    pub struct Talk {
        pub id: Id<kinds::Conversation>,
        pub channel: String,
        pub subject: String,
        pub excerpt: String,
        pub status: Status,
        pub messages: i64,
        pub last_message_at: Timestamp,
    }
}

/// `NotFound` for contacts of other workspaces.
pub async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::Contact>, talks: i64) -> Result<Contact> {
    seat.require(Permission::ContactRead)?;
    let known = super::load(conn, seat, id).await?;
    let addresses = conn
        .all(
            "SELECT id, kind, value, verified_at, verified_by FROM addresses WHERE workspace_id = $1 AND contact_id = $2 ORDER BY id",
            args![seat.ws(), id],
        )
        .await?;
    let talks = match seat.can(Permission::InboxRead) {
        true => self::talks(conn, seat, id, talks).await?,
        false => Vec::new(),
    };
    Ok(Contact {
        id,
        name: known.name,
        company: known.company,
        note: known.note,
        created_at: known.created_at,
        updated_at: known.updated_at,
        addresses,
        talks,
    })
}

async fn talks(conn: &mut Conn, seat: &Seat, id: Id<kinds::Contact>, limit: i64) -> Result<Vec<Talk>> {
    let (all, teams, accounts) = match seat.scope(Permission::InboxRead) {
        Scope::Everything => (true, Vec::new(), Vec::new()),
        Scope::Only { teams, accounts } => (false, teams, accounts),
    };
    Ok(conn
        .all(
            sql!("SELECT c.id, c.channel, c.subject, c.excerpt, c.status, c.messages, c.last_message_at FROM conversations c
                  WHERE c.workspace_id = $1 AND c.contact_id = $2 AND NOT c.is_public AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ")
                  ORDER BY c.last_message_at DESC, c.id DESC LIMIT $6"),
            args![seat.ws(), id, all, teams.as_slice(), accounts.as_slice(), limit],
        )
        .await?)
}
