use db::{Conn, args, row, sql};
use model::{Id, Timestamp, kinds};

use crate::Result;
use crate::accounts::{Permission, Seat};
use crate::crm::trigrams;

row! {
    pub struct Row {
        pub id: Id<kinds::Profile>,
        pub network: String,
        pub handle: String,
        pub name: String,
        pub posts: i64,
        pub first_seen_at: Timestamp,
        pub last_seen_at: Timestamp,
    }
}

/// Who spoke last, first.
pub async fn list(conn: &mut Conn, seat: &Seat, before: Option<(Timestamp, Id<kinds::Profile>)>, limit: i64) -> Result<Vec<Row>> {
    seat.require(Permission::ListenRead)?;
    let (at, id) = before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id.as_i64()));
    Ok(conn
        .all(
            "SELECT id, network, handle, name, posts, first_seen_at, last_seen_at FROM profiles WHERE workspace_id = $1 AND (last_seen_at, id) < ($2, $3)
             ORDER BY last_seen_at DESC, id DESC LIMIT $4",
            args![seat.ws(), at, id, limit],
        )
        .await?)
}

/// By name or handle, best first.
pub async fn find(conn: &mut Conn, seat: &Seat, text: &str, limit: i64) -> Result<Vec<Row>> {
    seat.require(Permission::ListenRead)?;
    let (wanted, least) = trigrams::wanted(text);
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    Ok(conn
        .all(
            sql!("SELECT p.id, p.network, p.handle, p.name, p.posts, p.first_seen_at, p.last_seen_at FROM (
                    SELECT t.profile_id, COUNT(*) AS score FROM " [each_text "$2"] " CROSS JOIN profile_trigrams t WHERE t.workspace_id = $1 AND t.trigram = value
                      GROUP BY t.profile_id HAVING COUNT(*) >= $3) AS best
                  CROSS JOIN profiles p WHERE p.workspace_id = $1 AND p.id = best.profile_id ORDER BY best.score DESC, p.last_seen_at DESC, p.id LIMIT $4"),
            args![seat.ws(), wanted.as_slice(), least, limit],
        )
        .await?)
}
