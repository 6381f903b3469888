use db::{Many, Tx, args, row, sql};
use model::{Id, kinds};

use crate::Result;

/// Writes the search document of a message, in the transaction of the message itself.
pub async fn index_message(tx: &mut Tx, id: Id<kinds::Message>, parts: &[&str], lang: &str) -> Result<()> {
    let document = matching::search_document(parts, Some(lang));
    index_messages(tx, [(id, document.text.as_str())].into_iter()).await
}

/// Writes the search documents of new messages.
pub async fn index_messages(tx: &mut Tx, messages: impl Iterator<Item = (Id<kinds::Message>, &str)>) -> Result<()> {
    const DOCUMENTS: Many = Many { into: "INSERT INTO messages_fts (rowid, document)", row: sql!("($1, " [document "$2"] ")"), end: "" };
    tx.run_many(&DOCUMENTS, messages.map(|(id, document)| args![id, document]).collect()).await?;
    Ok(())
}

/// Writes the search documents of new posts.
pub async fn index_posts(tx: &mut Tx, posts: impl Iterator<Item = (Id<kinds::Post>, &str)>) -> Result<()> {
    const DOCUMENTS: Many = Many { into: "INSERT INTO posts_fts (rowid, document)", row: sql!("($1, " [document "$2"] ")"), end: "" };
    tx.run_many(&DOCUMENTS, posts.map(|(id, document)| args![id, document]).collect()).await?;
    Ok(())
}

/// Replaces the search document of an edited post.
pub async fn reindex_post(tx: &mut Tx, id: Id<kinds::Post>, document: &str) -> Result<()> {
    tx.run("DELETE FROM posts_fts WHERE rowid = $1", args![id]).await?;
    index_posts(tx, [(id, document)].into_iter()).await
}

/// Rows read and written at a time while the search documents are made again.
const BATCH: i64 = 500;

/// Makes every search document again from posts and messages, in this transaction: after a restore, whose archive holds none.
///
/// A post's document is made with its author's present name; the name at the time of the post is not kept.
pub async fn reindex(tx: &mut Tx) -> Result<u64> {
    tx.run("DELETE FROM posts_fts", args![]).await?;
    tx.run("DELETE FROM messages_fts", args![]).await?;
    let mut written = 0;
    let mut after = i64::MIN;
    loop {
        let posts: Vec<(Id<kinds::Post>, Option<String>, String, String, Option<String>)> = tx
            .all(
                "SELECT p.id, p.title, p.text, p.lang, f.name FROM posts p LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id
                 WHERE p.id > $1 ORDER BY p.id LIMIT $2",
                args![after, BATCH],
            )
            .await?;
        let Some((last, ..)) = posts.last() else { break };
        after = last.as_i64();
        let mut documents = Vec::with_capacity(posts.len());
        for (id, title, text, lang, author) in &posts {
            let parts = [title.as_deref().unwrap_or_default(), text.as_str(), author.as_deref().unwrap_or_default()];
            let document = matching::search_document(&parts, Some(lang));
            documents.push((*id, document.text));
        }
        index_posts(tx, documents.iter().map(|(id, document)| (*id, document.as_str()))).await?;
        written += documents.len() as u64;
    }
    after = i64::MIN;
    loop {
        let messages: Vec<Said> = tx
            .all(
                "SELECT id, direction, subject, text, author_name, author_address, lang FROM messages WHERE id > $1 ORDER BY id LIMIT $2",
                args![after, BATCH],
            )
            .await?;
        let Some(last) = messages.last() else { return Ok(written) };
        after = last.id.as_i64();
        let mut documents = Vec::with_capacity(messages.len());
        for said in &messages {
            let incoming = [
                said.subject.as_deref().unwrap_or_default(),
                said.text.as_str(),
                said.author_name.as_str(),
                said.author_address.as_deref().unwrap_or_default(),
            ];
            let parts: &[&str] = if said.direction == "in" { &incoming } else { &incoming[1..2] };
            documents.push((said.id, matching::search_document(parts, Some(&said.lang)).text));
        }
        index_messages(tx, documents.iter().map(|(id, document)| (*id, document.as_str()))).await?;
        written += documents.len() as u64;
    }
}

row! {
    struct Said {
        id: Id<kinds::Message>,
        direction: String,
        subject: Option<String>,
        text: String,
        author_name: String,
        author_address: Option<String>,
        lang: String,
    }
}
