//! A look at how statements are going to be done, in debug builds only: none may read all that a workspace has.
//!
//! Test data is small, so a statement that looks through a whole table is as fast there as one that looks things up; with a million
//! conversations it takes seconds. SQLite, which no statistics help here, tells beforehand.

use std::collections::HashSet;
use std::sync::Mutex;

use sqlx::{Row as _, SqliteConnection};

use crate::Result;

/// Tables of which a workspace has hundreds of rows at most, or that only rare deeds go through.
const SMALL: [&str; 18] = [
    "backfills",
    "channel_accounts",
    "conversation_reads",
    "drafts",
    "form_confirmations",
    "form_suspects",
    "inbound_addresses",
    "memberships",
    "membership_roles",
    "one_time_links",
    "profile_links",
    "role_permissions",
    "roles",
    "team_members",
    "teams",
    "users",
    "watches",
    "workspaces",
];

static SEEN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// Panics when a statement reads a table by its workspace alone. Asked once for each statement.
#[expect(clippy::disallowed_methods, reason = "a statement of ours with EXPLAIN before it")]
pub(crate) async fn check(conn: &mut SqliteConnection, sql: &'static str) -> Result<()> {
    let is_new = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert_default().insert(sql);
    if !is_new || !sql.contains("workspace_id") {
        return Ok(());
    }
    for step in sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).persistent(false).fetch_all(conn).await? {
        let step: String = step.try_get("detail")?;
        if let Some(table) = reads_whole(sql, &step) {
            panic!("this statement reads all of a workspace's {table} ({step}):\n{sql}");
        }
    }
    Ok(())
}

/// The large table that a step of a plan reads from end to end within a workspace.
fn reads_whole<'s>(sql: &'s str, step: &'s str) -> Option<&'s str> {
    let name = step.strip_prefix("SEARCH ").filter(|_| step.ends_with("(workspace_id=?)"))?.split(' ').next()?;
    // A plan names a table by its alias.
    let words: Vec<&str> = sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let is_table = |word: &str| crate::tables().iter().any(|table| table.name == word);
    let is_source = |word: &str| matches!(word, "FROM" | "JOIN");
    let aliased = words.windows(3).find(|three| is_source(three[0]) && is_table(three[1]) && three[2] == name).map(|three| three[1]);
    let table = aliased.unwrap_or(name);
    (!SMALL.contains(&table)).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_read_from_end_to_end_is_noticed_whatever_its_alias() {
        let sql = "SELECT m.id, posts, m.text FROM messages m JOIN teams t ON t.workspace_id = m.workspace_id WHERE m.workspace_id = $1";
        assert_eq!(reads_whole(sql, "SEARCH m USING INDEX messages_post (workspace_id=?)"), Some("messages"));
        assert_eq!(reads_whole(sql, "SEARCH m USING INDEX messages_post (workspace_id=? AND post_id=?)"), None);
        assert_eq!(reads_whole(sql, "SEARCH t USING INDEX sqlite_autoindex_teams_1 (workspace_id=?)"), None, "there are few teams");
        assert_eq!(reads_whole("DELETE FROM posts WHERE workspace_id = $1", "SEARCH posts USING INDEX x (workspace_id=?)"), Some("posts"));
    }
}
