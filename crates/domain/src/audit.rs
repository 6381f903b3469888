//! Who did what: ids and codes, never names, addresses or text.

use std::collections::HashMap;

use db::{Conn, Json, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};

use crate::Result;
use crate::accounts::{Permission, Seat};
use crate::privacy::wall;

/// What is audited. The name is stored; `audit-action-<name>` (dots and underscores as hyphens) is its text.
pub struct Entry<'a> {
    /// `None` for what concerns the installation.
    pub workspace: Option<Id<kinds::Workspace>>,
    pub actor: Option<Id<kinds::User>>,
    pub action: &'a str,
    pub subject_kind: Option<&'a str>,
    pub subject: Option<i64>,
    pub detail: serde_json::Value,
}

pub async fn record(tx: &mut Tx, entry: Entry<'_>) -> db::Result<()> {
    let (id, now) = (tx.id::<kinds::AuditEvent>(), tx.now());
    tx.run(
        "INSERT INTO audit_events (id, workspace_id, at, actor_id, action, subject_kind, subject_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![id, entry.workspace, now, entry.actor, entry.action, entry.subject_kind, entry.subject, entry.detail],
    )
    .await?;
    Ok(())
}

row! {
    pub struct AuditRow {
        pub id: Id<kinds::AuditEvent>,
        pub at: Timestamp,
        pub actor_id: Option<Id<kinds::User>>,
        /// Looked up now, not stored.
        pub actor_name: Option<String>,
        pub action: String,
        pub subject_kind: Option<String>,
        pub subject_id: Option<i64>,
        pub detail: Json<serde_json::Value>,
    }
}

#[derive(Debug, Default, Clone)]
pub struct Filter {
    /// Beginning of the action's name: `session.`, `channel.`.
    pub action: Option<String>,
    pub actor: Option<Id<kinds::User>>,
    /// Page: entries older than this one.
    pub before: Option<Id<kinds::AuditEvent>>,
}

/// Newest first, `limit` at most.
pub async fn list(conn: &mut Conn, workspace: Id<kinds::Workspace>, filter: &Filter, limit: i64) -> Result<Vec<AuditRow>> {
    let prefix = filter.action.as_ref().map(|a| format!("{}%", a.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")));
    Ok(conn
        .all(
            "SELECT a.id, a.at, a.actor_id, u.name AS actor_name, a.action, a.subject_kind, a.subject_id, a.detail FROM audit_events a
             LEFT JOIN users u ON u.id = a.actor_id
             WHERE a.workspace_id = $1 AND ($2 IS NULL OR a.action LIKE $2 ESCAPE '\\') AND ($3 IS NULL OR a.actor_id = $3) AND a.id < $4
             ORDER BY a.id DESC LIMIT $5",
            args![workspace, prefix, filter.actor, filter.before.map_or(i64::MAX, Id::as_i64), limit],
        )
        .await?)
}

/// What an entry is about, looked up now: the log itself holds no names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub name: String,
    /// Where it can be opened, below the workspace's path; `None` where there is no such page or not for this person.
    pub place: Option<String>,
}

/// The subjects of these entries, by kind and id. What is gone, and what this person may not see, is not among them.
pub async fn subjects(conn: &mut Conn, seat: &Seat, rows: &[AuditRow]) -> Result<HashMap<(String, i64), Subject>> {
    use Permission::{ChannelRead, ContactRead, ListenRead, MemberEdit};
    // Kind, names by id, who may see the names, where the thing stands and who may open that.
    let looks: [(&str, db::Sql, Option<Permission>, &str, Option<Permission>); 7] = [
        (
            "watch",
            sql!("SELECT id, name FROM watches WHERE workspace_id = $1 AND id IN " [ids "$2"]),
            Some(ListenRead),
            "listen/",
            Some(ListenRead),
        ),
        (
            "contact",
            sql!("SELECT id, name FROM contacts WHERE workspace_id = $1 AND id IN " [ids "$2"]),
            Some(ContactRead),
            "customers/contacts/",
            Some(ContactRead),
        ),
        (
            "channel_account",
            sql!("SELECT id, name FROM channel_accounts WHERE workspace_id = $1 AND removed_at IS NULL AND id IN " [ids "$2"]),
            None,
            "settings/channels/",
            Some(ChannelRead),
        ),
        (
            "team",
            sql!("SELECT id, name FROM teams WHERE workspace_id = $1 AND id IN " [ids "$2"]),
            None,
            "settings/teams/",
            Some(MemberEdit),
        ),
        (
            "role",
            sql!("SELECT id, COALESCE(builtin, name) FROM roles WHERE workspace_id = $1 AND id IN " [ids "$2"]),
            None,
            "settings/roles/",
            Some(MemberEdit),
        ),
        (
            "user",
            sql!("SELECT u.id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND u.id IN " [ids "$2"]),
            None,
            "",
            None,
        ),
        (
            "channel_account",
            sql!("SELECT id, name FROM channel_accounts WHERE workspace_id = $1 AND removed_at IS NOT NULL AND id IN " [ids "$2"]),
            None,
            "",
            None,
        ),
    ];
    let mut found = HashMap::new();
    for (kind, names, may_see, place, may_open) in looks {
        let of_kind = rows.iter().filter(|row| row.subject_kind.as_deref() == Some(kind));
        let ids: Vec<Id<()>> = of_kind.filter_map(|row| row.subject_id.map(Id::from_i64)).collect();
        if ids.is_empty() || may_see.is_some_and(|permission| !seat.can(permission)) {
            continue;
        }
        for (id, name) in conn.all::<(i64, String)>(names, args![seat.ws(), ids.as_slice()]).await? {
            let place = may_open.filter(|permission| seat.can(*permission)).map(|_| format!("{place}{}", Id::<()>::from_i64(id)));
            found.insert((kind.to_string(), id), Subject { name, place });
        }
    }
    // Both sides of the wall, and so the wall decides: only a link that is open now.
    for row in rows.iter().filter(|row| row.subject_kind.as_deref() == Some("profile_link")) {
        let side = |name: &str| row.detail.0.get(name).and_then(|id| id.as_str()).unwrap_or_default().to_string();
        let (Some(id), Ok(profile), Ok(contact)) = (row.subject_id, side("profile").parse(), side("contact").parse()) else { continue };
        if let Some(link) = wall::open_link(conn, seat, profile, contact).await?.filter(|link| link.id.as_i64() == id) {
            let name: Option<(String,)> =
                conn.opt("SELECT name FROM profiles WHERE workspace_id = $1 AND id = $2", args![seat.ws(), link.profile_id]).await?;
            let Some((name,)) = name else { continue };
            let subject = Subject { name, place: Some(format!("customers/profiles/{profile}")) };
            found.insert(("profile_link".to_string(), id), subject);
        }
    }
    Ok(found)
}
