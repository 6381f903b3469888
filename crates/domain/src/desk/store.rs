//! Reading a conversation within a seat's reach; every verb begins here.

use db::{Conn, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};

use super::Status;
use crate::accounts::{Permission, Scope, Seat};
use crate::{Error, Result};

row! {
    pub struct Conversation {
        pub id: Id<kinds::Conversation>,
        pub account_id: Id<kinds::ChannelAccount>,
        pub account_name: String,
        pub account_address: Option<String>,
        pub channel: String,
        pub is_public: bool,
        pub subject: String,
        pub from_name: String,
        pub excerpt: String,
        pub lang: String,
        pub status: Status,
        pub priority: i64,
        pub assignee_id: Option<Id<kinds::User>>,
        pub assignee_name: Option<String>,
        pub team_id: Option<Id<kinds::Team>>,
        pub team_name: Option<String>,
        pub contact_id: Option<Id<kinds::Contact>>,
        pub profile_id: Option<Id<kinds::Profile>>,
        pub snoozed_until: Option<Timestamp>,
        pub waiting_since: Option<Timestamp>,
        pub last_message_at: Timestamp,
        pub messages: i64,
        pub imported: bool,
        pub created_at: Timestamp,
        pub resolved_at: Option<Timestamp>,
    }
}

/// The conversation, if it is in the seat's workspace and within the permission's reach; else `NotFound`, as if it did not exist.
pub(super) async fn load(conn: &mut Conn, seat: &Seat, permission: Permission, id: Id<kinds::Conversation>) -> Result<Conversation> {
    let conversation: Conversation = conn
        .opt(
            "SELECT c.id, c.account_id, a.name AS account_name, a.address AS account_address, c.channel, c.is_public, c.subject, c.from_name, c.excerpt, c.lang, c.status,
               c.priority, c.assignee_id, u.name AS assignee_name, c.team_id, t.name AS team_name, c.contact_id, c.profile_id, c.snoozed_until, c.waiting_since,
               c.last_message_at, c.messages, c.imported, c.created_at, c.resolved_at
             FROM conversations c JOIN channel_accounts a ON a.workspace_id = c.workspace_id AND a.id = c.account_id
             LEFT JOIN users u ON u.id = c.assignee_id LEFT JOIN teams t ON t.workspace_id = c.workspace_id AND t.id = c.team_id
             WHERE c.workspace_id = $1 AND c.id = $2",
            args![seat.ws(), id],
        )
        .await?
        .ok_or(Error::NotFound)?;
    // Seeing comes before acting: who may not see it gets the same answer as for what does not exist.
    if !seat.reaches(Permission::InboxRead, conversation.team_id, conversation.account_id) {
        return Err(Error::NotFound);
    }
    if !seat.reaches(permission, conversation.team_id, conversation.account_id) {
        return Err(Error::Forbidden(permission.name()));
    }
    Ok(conversation)
}

/// As [`load`], and nobody else changes the row until this transaction ends.
pub(super) async fn lock(tx: &mut Tx, seat: &Seat, permission: Permission, id: Id<kinds::Conversation>) -> Result<Conversation> {
    tx.opt::<(i64,)>(sql!("SELECT id FROM conversations WHERE workspace_id = $1 AND id = $2" for_update), args![seat.ws(), id])
        .await?
        .ok_or(Error::NotFound)?;
    load(tx, seat, permission, id).await
}

/// A scope as the three values list queries bind: everything?, teams, accounts.
pub(crate) fn reach(scope: &Scope) -> (bool, db::Value, db::Value) {
    match scope {
        Scope::Everything => (true, serde_json::json!([]).into(), serde_json::json!([]).into()),
        Scope::Only { teams, accounts } => (false, teams.as_slice().into(), accounts.as_slice().into()),
    }
}
