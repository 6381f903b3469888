//! What is not needed any more goes (GDPR Art. 5 (1) c and e): public profiles nobody has a reason to keep.

use db::{Db, args, sql};
use model::{Id, kinds};

use crate::Result;

/// Profiles of one step.
const STEP: i64 = 200;

/// Forgets profiles of whom nothing is left: no post (and so no hit), no conversation, no link, not even a closed one, which is the record of
/// what was seen together. They are looked for outside of any transaction; each deletion looks once more. How many went.
pub async fn forget_profiles(db: &Db) -> Result<u64> {
    let (mut gone, mut after) = (0, Id::<kinds::Profile>::from_i64(0));
    loop {
        let idle: Vec<(Id<kinds::Profile>,)> = db
            .read()
            .await?
            .all(
                "SELECT p.id FROM profiles p WHERE p.id > $1
                   AND NOT EXISTS (SELECT 1 FROM posts o WHERE o.workspace_id = p.workspace_id AND o.profile_id = p.id)
                   AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.workspace_id = p.workspace_id AND c.profile_id = p.id)
                   AND NOT EXISTS (SELECT 1 FROM profile_links l WHERE l.workspace_id = p.workspace_id AND l.profile_id = p.id)
                 ORDER BY p.id LIMIT $2",
                args![after, STEP],
            )
            .await?;
        let Some((last,)) = idle.last().copied() else { return Ok(gone) };
        after = last;
        let ids: Vec<Id<kinds::Profile>> = idle.into_iter().map(|(id,)| id).collect();
        let mut tx = db.write_reread().await?;
        // Locked first: somebody who writes or links at this moment is either seen by the deletion or waits for it. A link must not go with
        // the profile it was just made for. Who is being written about is not idle.
        let idle: Vec<(Id<kinds::Profile>,)> =
            tx.all(sql!("SELECT id FROM profiles WHERE id IN " [ids "$1"] skip_locked), args![ids.as_slice()]).await?;
        let ids: Vec<Id<kinds::Profile>> = idle.into_iter().map(|(id,)| id).collect();
        gone += tx
            .run(
                sql!("DELETE FROM profiles WHERE id IN " [ids "$1"]
                     " AND NOT EXISTS (SELECT 1 FROM posts o WHERE o.workspace_id = profiles.workspace_id AND o.profile_id = profiles.id)
                       AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.workspace_id = profiles.workspace_id AND c.profile_id = profiles.id)
                       AND NOT EXISTS (SELECT 1 FROM profile_links l WHERE l.workspace_id = profiles.workspace_id AND l.profile_id = profiles.id)"),
                args![ids.as_slice()],
            )
            .await?;
        tx.commit().await?;
    }
}
