use db::{Conn, args, row, sql};
use model::{Id, Timestamp, kinds};

use crate::accounts::{Permission, Scope, Seat};
use crate::desk::Status;
use crate::{Error, Result};

row! {
    /// An author; their posts are read by `listening::posts::of_profile`.
    pub struct Profile {
        pub id: Id<kinds::Profile>,
        pub network: String,
        pub handle: String,
        pub name: String,
        pub url: Option<String>,
        pub posts: i64,
        pub first_seen_at: Timestamp,
        pub last_seen_at: Timestamp,
    }
    /// A public conversation with them.
    pub struct PublicTalk {
        pub id: Id<kinds::Conversation>,
        pub subject: String,
        pub status: Status,
        pub last_message_at: Timestamp,
    }
}

/// `NotFound` for profiles of other workspaces.
pub async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::Profile>) -> Result<Profile> {
    seat.require(Permission::ListenRead)?;
    conn.opt(
        "SELECT id, network, handle, name, url, posts, first_seen_at, last_seen_at FROM profiles WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id],
    )
    .await?
    .ok_or(Error::NotFound)
}

/// The public conversations with them within the seat's reach, newest first.
pub async fn talks(conn: &mut Conn, seat: &Seat, id: Id<kinds::Profile>, limit: i64) -> Result<Vec<PublicTalk>> {
    if !seat.can(Permission::InboxRead) {
        return Ok(Vec::new());
    }
    let (all, teams, accounts) = match seat.scope(Permission::InboxRead) {
        Scope::Everything => (true, Vec::new(), Vec::new()),
        Scope::Only { teams, accounts } => (false, teams, accounts),
    };
    Ok(conn
        .all(
            sql!("SELECT c.id, c.subject, c.status, c.last_message_at FROM conversations c
                  WHERE c.workspace_id = $1 AND c.profile_id = $2 AND c.is_public AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ")
                  ORDER BY c.last_message_at DESC, c.id DESC LIMIT $6"),
            args![seat.ws(), id, all, teams.as_slice(), accounts.as_slice(), limit],
        )
        .await?)
}
