use db::{Tx, args, sql};
use model::{Id, kinds};

use crate::Result;

/// Writes the search document of a message, in the transaction of the message itself.
pub async fn index_message(tx: &mut Tx, id: Id<kinds::Message>, parts: &[&str], lang: &str) -> Result<()> {
    let document = matching::search_document(parts, Some(lang));
    tx.run(sql!("INSERT INTO messages_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![id, document.text]).await?;
    Ok(())
}

/// Writes the search document of a post; `replace` after an edit.
pub async fn index_post(tx: &mut Tx, id: Id<kinds::Post>, document: &str, replace: bool) -> Result<()> {
    if replace {
        tx.run("DELETE FROM posts_fts WHERE rowid = $1", args![id]).await?;
    }
    tx.run(sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![id, document]).await?;
    Ok(())
}
