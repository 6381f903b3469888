//! Who did what: ids and codes, never names, addresses or text.

use db::{Conn, Json, Tx, args, row};
use model::{Id, Timestamp, kinds};

use crate::Result;

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
             WHERE a.workspace_id = $1 AND ($2 IS NULL OR a.action LIKE $2 ESCAPE '\\') AND ($3 IS NULL OR a.actor_id = $3) AND ($4 IS NULL OR a.id < $4)
             ORDER BY a.id DESC LIMIT $5",
            args![workspace, prefix, filter.actor, filter.before, limit],
        )
        .await?)
}
