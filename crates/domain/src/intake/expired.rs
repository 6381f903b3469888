//! Posts that nobody wanted and that are gone. Their keys stay a while, as hashes and without content: a source that still lists such a post
//! must not bring it in again for another round.

use std::collections::HashSet;
use std::time::Duration;

use db::{Many, Tx, args, sql};
use model::{Id, kinds};
use sha2::{Digest, Sha256};

use crate::Result;

/// Feeds list what they have for years; whatever is met again within this time is remembered anew.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(400 * 24 * 3600);

fn hash(key: &str) -> String {
    Sha256::digest(key)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Notes the keys of posts that are about to go.
pub(crate) async fn remember(tx: &mut Tx, posts: &[Id<kinds::Post>]) -> Result<()> {
    const EXPIRED: Many = Many {
        into: "INSERT INTO expired_post_keys (workspace_id, key_hash, expired_at)",
        row: sql!("($1, $2, $3)"),
        end: "ON CONFLICT (workspace_id, key_hash) DO NOTHING",
    };
    let keys: Vec<(Id<kinds::Workspace>, String)> =
        tx.all(
            sql!("SELECT k.workspace_id, k.canonical_key FROM posts p JOIN post_keys k ON k.workspace_id = p.workspace_id AND k.post_id = p.id WHERE p.id IN " [ids "$1"]),
            args![posts],
        )
        .await?;
    let now = tx.now();
    tx.run_many(&EXPIRED, keys.iter().map(|(ws, key)| args![*ws, hash(key), now]).collect()).await?;
    Ok(())
}

/// Which of these keys belonged to posts that are gone.
pub(super) async fn among<'k>(tx: &mut Tx, ws: Id<kinds::Workspace>, keys: impl Iterator<Item = &'k str>) -> Result<HashSet<&'k str>> {
    let asked: Vec<(&str, String)> = keys.map(|key| (key, hash(key))).collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let hashes: Vec<String> = asked.iter().map(|(_, hash)| hash.clone()).collect();
    let now = tx.now();
    let met: Vec<(String,)> = tx
        .all(
            sql!("UPDATE expired_post_keys SET expired_at = $3 WHERE workspace_id = $1 AND key_hash IN " [texts "$2"] " RETURNING key_hash"),
            args![ws, hashes.as_slice(), now],
        )
        .await?;
    Ok(asked.into_iter().filter(|(_, hash)| met.iter().any(|(m,)| m == hash)).map(|(key, _)| key).collect())
}
