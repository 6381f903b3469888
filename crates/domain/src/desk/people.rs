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

/// Labels in use, the most frequent first.
pub async fn labels(conn: &mut Conn, seat: &Seat) -> Result<Vec<(String, i64)>> {
    Ok(conn
        .all(
            "SELECT MIN(label), COUNT(*) FROM conversation_labels WHERE workspace_id = $1 GROUP BY label_key ORDER BY 2 DESC, 1 LIMIT 100",
            args![seat.ws()],
        )
        .await?)
}
