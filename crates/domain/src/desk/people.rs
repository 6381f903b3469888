//! Who a conversation can be given to.

use db::{Conn, args};
use model::{Id, kinds};

use crate::Result;
use crate::accounts::Seat;

/// Members, by name.
pub async fn assignable(conn: &mut Conn, seat: &Seat) -> Result<Vec<(Id<kinds::User>, String)>> {
    Ok(conn
        .all(
            "SELECT u.id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id",
            args![seat.ws()],
        )
        .await?)
}

/// Teams, by name.
pub async fn teams(conn: &mut Conn, seat: &Seat) -> Result<Vec<(Id<kinds::Team>, String)>> {
    Ok(conn.all("SELECT id, name FROM teams WHERE workspace_id = $1 ORDER BY name, id", args![seat.ws()]).await?)
}

/// Labels in use by name, at most 200. Nothing is counted: with a million labelled conversations a count reads them all, while this jumps
/// through the index from one label to the next, once for each different label.
pub async fn labels(conn: &mut Conn, seat: &Seat) -> Result<Vec<String>> {
    let found: Vec<(String,)> = conn
        .all(
            "WITH RECURSIVE keys (label_key) AS (
               SELECT MIN(label_key) FROM conversation_labels WHERE workspace_id = $1 AND label_key > ''
               UNION ALL
               SELECT (SELECT MIN(l.label_key) FROM conversation_labels l WHERE l.workspace_id = $1 AND l.label_key > keys.label_key) FROM keys WHERE keys.label_key IS NOT NULL
             )
             SELECT (SELECT l.label FROM conversation_labels l WHERE l.workspace_id = $1 AND l.label_key = keys.label_key ORDER BY l.conversation_id DESC LIMIT 1)
             FROM keys WHERE keys.label_key IS NOT NULL LIMIT 200",
            args![seat.ws()],
        )
        .await?;
    Ok(found.into_iter().map(|(label,)| label).collect())
}
