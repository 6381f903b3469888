//! Whole workspaces as text: to see whether anything in one has changed, and whether one holds what is another's.

use db::{Conn, Engine, args};
use model::{Id, kinds};

/// Every row of the workspace, table by table: `(table, row)`. Beside the tables that carry a workspace: itself, its people, their sessions
/// and its sources.
pub async fn of(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for table in tables(conn).await {
        out.extend(rows(conn, &table, "workspace_id = $1", workspace).await);
    }
    for (table, condition) in [
        ("workspaces", "id = $1"),
        ("users", "id IN (SELECT user_id FROM memberships WHERE workspace_id = $1)"),
        ("sessions", "user_id IN (SELECT user_id FROM memberships WHERE workspace_id = $1)"),
        ("sources", "id IN (SELECT source_id FROM channel_accounts WHERE workspace_id = $1)"),
    ] {
        out.extend(rows(conn, table, condition, workspace).await);
    }
    out
}

/// The tables that carry a workspace.
pub async fn tables(conn: &mut Conn) -> Vec<String> {
    let sqlite = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'workspace_id' ORDER BY m.name";
    let postgres = "SELECT CAST(table_name AS TEXT) FROM information_schema.columns WHERE column_name = 'workspace_id' AND table_schema = 'public' ORDER BY 1";
    let names: Vec<(String,)> = conn.all_built(sqlite.into(), postgres.into(), args![]).await.unwrap();
    names.into_iter().map(|(name,)| name).collect()
}

async fn rows(conn: &mut Conn, table: &str, condition: &str, workspace: Id<kinds::Workspace>) -> Vec<(String, String)> {
    let columns: Vec<(String,)> = match conn.engine() {
        Engine::Sqlite => conn.all("SELECT name FROM pragma_table_info($1)", args![table]).await.unwrap(),
        Engine::Postgres => Vec::new(),
    };
    let joined: Vec<String> = columns.iter().map(|(name,)| format!("quote(\"{name}\")")).collect();
    let sqlite = format!("SELECT {} FROM {table} WHERE {condition} ORDER BY 1", joined.join(" || ',' || "));
    let postgres = format!("SELECT CAST({table} AS TEXT) FROM {table} WHERE {condition} ORDER BY 1");
    let rows: Vec<(String,)> = conn.all_built(sqlite, postgres, args![workspace]).await.unwrap();
    rows.into_iter().map(|(row,)| (table.to_string(), row)).collect()
}
