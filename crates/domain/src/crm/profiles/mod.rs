//! Authors as the public web shows them. Nothing here knows of contacts.

mod list;
mod open;

use db::{Tx, args};
use model::{Id, Timestamp, kinds};

pub use list::{Row, find, list};
pub use open::{Profile, PublicTalk, open, talks};

use super::trigrams;
use crate::{Result, fold_key};

/// Notes that an author was seen with one more post.
pub async fn seen(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    network: &str,
    handle: &str,
    name: &str,
    url: Option<&str>,
    at: Timestamp,
) -> Result<Id<kinds::Profile>> {
    let id = tx.id::<kinds::Profile>();
    let (handle, name) = (model::text::excerpt(handle, 300), model::text::excerpt(name, 200));
    let (stored, posts): (Id<kinds::Profile>, i64) = tx
        .one(
            "INSERT INTO profiles (id, workspace_id, network, handle_key, handle, name, url, posts, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)
             ON CONFLICT (workspace_id, network, handle_key) DO UPDATE SET posts = profiles.posts + 1, name = excluded.name, url = COALESCE(excluded.url, profiles.url),
               first_seen_at = CASE WHEN profiles.first_seen_at < excluded.first_seen_at THEN profiles.first_seen_at ELSE excluded.first_seen_at END,
               last_seen_at = CASE WHEN profiles.last_seen_at > excluded.last_seen_at THEN profiles.last_seen_at ELSE excluded.last_seen_at END
             RETURNING id, posts",
            args![id, ws, network, fold_key(&handle), &handle, &name, url, at],
        )
        .await?;
    if posts == 1 {
        let trigrams: Vec<String> = trigrams::of(&format!("{name} {handle}")).into_iter().collect();
        tx.run(
            db::sql!("INSERT INTO profile_trigrams (workspace_id, trigram, profile_id) SELECT $1, t, $3 FROM (SELECT value AS t FROM " [each_text "$2"] ") AS given WHERE TRUE
                      ON CONFLICT (workspace_id, trigram, profile_id) DO NOTHING"),
            args![ws, trigrams.as_slice(), stored],
        )
        .await?;
    }
    Ok(stored)
}
