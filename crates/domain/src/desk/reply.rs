//! Answering: gates, then message and job in one transaction. What leaves is on disk before a network sees it (invariant 1).

use std::time::Duration;

use channels::Mailbox;
use db::{Json, Tx, args};
use i18n::Sentence;
use jobs::NewJob;
use model::{Id, kinds};

use super::thread::Recipients;
use super::{Conversation, MessageState, Status, drafts, store};
use crate::accounts::{Permission, Seat, users};
use crate::{App, Error, Result, events, intake, privacy, sources};

/// Between "send" and the network: the time to take it back.
pub const UNDO_TIME: Duration = Duration::from_secs(5);
/// Bytes of all files of one answer.
const FILES_MAX: usize = 20 << 20;

#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub text: String,
    /// Further people who get a copy: always named by the writer, never added silently.
    pub cc: Vec<String>,
    pub files: Vec<Upload>,
    /// The newest message of the customer that the writer had on screen.
    pub seen: Option<Id<kinds::Message>>,
    /// Send although the customer wrote again meanwhile.
    pub anyway: bool,
    /// Resolve the conversation with this answer.
    pub resolve: bool,
}

#[derive(Debug, Clone)]
pub struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Queues an answer. `Conflict` when the customer wrote again (and `anyway` is not set), `Refused` when a rule forbids it; the draft stays in both cases.
pub async fn send(app: &App, seat: &Seat, id: Id<kinds::Conversation>, reply: Reply) -> Result<Id<kinds::Message>> {
    let text = model::text::clean(&reply.text).trim_end().to_string();
    if text.trim().is_empty() {
        return Err(Error::invalid("text", "error-text-empty"));
    }
    if text.len() > drafts::MAX_BYTES {
        return Err(Error::invalid("text", "error-text-too-long"));
    }
    if reply.files.iter().map(|f| f.bytes.len()).sum::<usize>() > FILES_MAX {
        return Err(Error::invalid("files", "error-files-too-large"));
    }
    let cc = reply
        .cc
        .iter()
        .filter(|a| !a.trim().is_empty())
        .map(|a| {
            users::check_email(a)
                .map_err(|_| Error::Invalid { field: "cc", why: Sentence::new("error-copy-address").with("address", a.clone()) })
        })
        .collect::<Result<Vec<_>>>()?;
    let files = keep_files(app, seat.ws(), reply.files).await?;

    let mut tx = app.db.write().await?;
    let conversation = store::lock(&mut tx, seat, Permission::InboxAnswer, id).await?;
    if !reply.anyway {
        nothing_new(&mut tx, seat, &conversation, reply.seen).await?;
    }
    let to = recipients(&mut tx, seat, &conversation).await?;
    let cc: Vec<Mailbox> = cc.into_iter().map(|address| Mailbox { name: None, address }).collect();
    // Where answers leave is where the customer's next mail arrives: threading looks at that account.
    let via = sources::through(&mut tx, seat.ws(), conversation.account_id)
        .await?
        .ok_or_else(|| Error::refused("channel.cannot-send", "refused-cannot-send"))?;
    privacy::outreach::answer(&mut tx, seat.ws(), &conversation, &to).await?;

    let (message, now) = (tx.id::<kinds::Message>(), tx.now());
    let (in_reply_to, references, subject) = threading(&mut tx, seat, &conversation).await?;
    let host = conversation.account_address.as_deref().and_then(|a| a.rsplit_once('@')).map_or("tresen.invalid", |(_, host)| host);
    // Unique without telling anything: the id is random enough together with the token.
    let message_id = format!("{message}.{}@{host}", &app.random().token()[..12]);
    let lang = understanding::language(&text).code;
    let recipients = serde_json::to_value(Recipients { to, cc })?;
    tx.run(
        "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_id, author_name, subject, text, recipients, message_id, in_reply_to, thread_refs,
           lang, received_at, sort_at, state, deliver_after)
         VALUES ($1, $2, $3, $4, 'out', 'mail', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, 'queued', $15)",
        args![message, seat.ws(), id, via, seat.user(), &seat.person.name, &subject, &text, recipients, message_id, in_reply_to,
              serde_json::to_value(references)?, lang, now, now + UNDO_TIME],
    )
    .await?;
    intake::index_message(&mut tx, message, &[&text], lang).await?;
    app.blobs.record(&mut tx, seat.ws(), &files.iter().map(|(_, _, size, sha256)| (sha256.as_str(), *size)).collect()).await?;
    for (name, mime, size, sha256) in files {
        let attachment = tx.id::<kinds::Attachment>();
        tx.run(
            "INSERT INTO attachments (id, workspace_id, message_id, name, mime, size, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![attachment, seat.ws(), message, name, mime, size, sha256],
        )
        .await?;
    }
    let status = if reply.resolve { Status::Done } else { Status::Open };
    tx.run(
        "UPDATE conversations SET waiting_since = NULL, last_message_at = $3, messages = messages + 1, status = $4, snoozed_until = NULL,
           resolved_at = CASE WHEN $4 = 'done' THEN $3 ELSE NULL END, assignee_id = COALESCE(assignee_id, $5) WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, now, status, seat.user()],
    )
    .await?;
    drafts::drop_draft(&mut tx, seat.ws(), id, seat.user(), "answer").await?;
    enqueue_delivery(&mut tx, seat.ws(), id, message, Some(now + UNDO_TIME)).await?;
    events::record(&mut tx, seat.ws(), "conversation.message", Some(id), Some(seat.user()), serde_json::json!({ "direction": "out" }))
        .await?;
    tx.commit().await?;
    Ok(message)
}

/// The Message-ID of an own answer, without brackets.
pub async fn message_id(conn: &mut db::Conn, seat: &Seat, message: Id<kinds::Message>) -> Result<Option<String>> {
    let found: Option<(Option<String>,)> =
        conn.opt("SELECT message_id FROM messages WHERE workspace_id = $1 AND id = $2", args![seat.ws(), message]).await?;
    Ok(found.and_then(|(id,)| id))
}

/// Takes an answer back while it still waits: its text is the draft again.
pub async fn take_back(app: &App, seat: &Seat, message: Id<kinds::Message>) -> Result<Id<kinds::Conversation>> {
    let mut tx = app.db.write().await?;
    let row: (Id<kinds::Conversation>, String, Option<Json<Recipients>>) = tx
        .opt(
            "UPDATE messages SET state = 'undone' WHERE workspace_id = $1 AND id = $2 AND author_id = $3 AND state = 'queued' RETURNING conversation_id, text, recipients",
            args![seat.ws(), message, seat.user()],
        )
        .await?
        .ok_or_else(|| Error::Conflict(Sentence::new("error-already-sent")))?;
    let (conversation, text, recipients) = row;
    store::lock(&mut tx, seat, Permission::InboxAnswer, conversation).await?;
    let cc = recipients.map(|r| r.0.cc).unwrap_or_default().iter().map(|m| m.address.clone()).collect::<Vec<_>>().join(", ");
    drafts::keep(&mut tx, seat.ws(), conversation, seat.user(), "answer", &text, &cc, None).await?;
    tx.run("DELETE FROM messages_fts WHERE rowid = $1", args![message]).await?;
    tx.run(
        "UPDATE conversations SET messages = messages - 1, status = 'open', resolved_at = NULL, waiting_since = (SELECT MAX(sort_at) FROM messages
           WHERE workspace_id = $1 AND conversation_id = $2 AND direction = 'in') WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), conversation],
    )
    .await?;
    events::record(&mut tx, seat.ws(), "message.state", Some(conversation), Some(seat.user()), serde_json::json!({ "state": "undone" }))
        .await?;
    tx.commit().await?;
    Ok(conversation)
}

/// Sends a failed answer, or one of which nobody knows, again.
pub async fn resend(app: &App, seat: &Seat, message: Id<kinds::Message>) -> Result<Id<kinds::Conversation>> {
    settle_by_hand(app, seat, message, MessageState::Queued).await
}

/// A person has looked: the answer did arrive.
pub async fn confirm_sent(app: &App, seat: &Seat, message: Id<kinds::Message>) -> Result<Id<kinds::Conversation>> {
    settle_by_hand(app, seat, message, MessageState::Sent).await
}

async fn settle_by_hand(app: &App, seat: &Seat, message: Id<kinds::Message>, state: MessageState) -> Result<Id<kinds::Conversation>> {
    let mut tx = app.db.write().await?;
    let (conversation,): (Id<kinds::Conversation>,) = tx
        .opt(
            "UPDATE messages SET state = $3, failure = NULL, attempt_id = NULL WHERE workspace_id = $1 AND id = $2 AND direction = 'out' AND state IN ('failed', 'unsure') RETURNING conversation_id",
            args![seat.ws(), message, state],
        )
        .await?
        .ok_or(Error::NotFound)?;
    store::lock(&mut tx, seat, Permission::InboxAnswer, conversation).await?;
    if state == MessageState::Queued {
        enqueue_delivery(&mut tx, seat.ws(), conversation, message, None).await?;
    }
    events::record(
        &mut tx,
        seat.ws(),
        "message.state",
        Some(conversation),
        Some(seat.user()),
        serde_json::json!({ "state": state.name() }),
    )
    .await?;
    tx.commit().await?;
    Ok(conversation)
}

async fn enqueue_delivery(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    conversation: Id<kinds::Conversation>,
    message: Id<kinds::Message>,
    at: Option<model::Timestamp>,
) -> Result<()> {
    let mut job = NewJob::new(super::deliver::KIND, serde_json::json!({ "message": message }));
    job.workspace = Some(ws);
    job.run_at = at;
    // One conversation's answers go out in order (invariant 3).
    job.order_key = Some(format!("conversation:{conversation}"));
    jobs::enqueue(tx, job).await?;
    Ok(())
}

/// `Conflict` when the newest message of the customer is not the one the writer saw.
async fn nothing_new(tx: &mut Tx, seat: &Seat, conversation: &Conversation, seen: Option<Id<kinds::Message>>) -> Result<()> {
    let newest: Option<(Id<kinds::Message>,)> = tx
        .opt(
            "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND direction = 'in' ORDER BY sort_at DESC, id DESC LIMIT 1",
            args![seat.ws(), conversation.id],
        )
        .await?;
    match newest {
        Some((newest,)) if seen.is_some_and(|seen| seen != newest) => Err(Error::Conflict(Sentence::new("error-customer-wrote-again"))),
        _ => Ok(()),
    }
}

/// Whom an answer goes to: who wrote last, at the address they asked answers to. People who came later are in the copy only when named.
async fn recipients(tx: &mut Tx, seat: &Seat, conversation: &Conversation) -> Result<Vec<Mailbox>> {
    let found: Vec<(String, String)> = tx
        .all(
            "SELECT address, name FROM conversation_participants WHERE workspace_id = $1 AND conversation_id = $2 AND role = 'customer' ORDER BY added_at, address_key",
            args![seat.ws(), conversation.id],
        )
        .await?;
    Ok(found
        .into_iter()
        .filter(|(address, _)| address.contains('@'))
        .map(|(address, name)| Mailbox { name: Some(name).filter(|n| !n.is_empty()), address })
        .collect())
}

/// In-Reply-To, References and subject after the newest message with a Message-ID (RFC 5322 §3.6.4).
async fn threading(tx: &mut Tx, seat: &Seat, conversation: &Conversation) -> Result<(Option<String>, Vec<String>, String)> {
    let newest: Option<(Option<String>, Option<Json<Vec<String>>>)> = tx
        .opt(
            "SELECT message_id, thread_refs FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND message_id IS NOT NULL AND message_id <> ''
               AND (direction = 'in' OR state IN ('sent', 'unsure', 'queued', 'sending')) ORDER BY (CASE WHEN direction = 'in' THEN 1 ELSE 0 END) DESC, sort_at DESC, id DESC LIMIT 1",
            args![seat.ws(), conversation.id],
        )
        .await?;
    let (parent, mut references) = newest.map_or((None, Vec::new()), |(id, refs)| (id, refs.map(|r| r.0).unwrap_or_default()));
    if let Some(parent) = &parent {
        references.retain(|r| r != parent);
        references.push(parent.clone());
        // A header of thousands of ids helps nobody: the first one and the last twenty.
        if references.len() > 21 {
            references.drain(1..references.len() - 20);
        }
    }
    let bare = conversation.subject.trim();
    let answers_already = ["re:", "aw:"].iter().any(|p| bare.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(p)));
    let subject = if answers_already { bare.to_string() } else { format!("Re: {bare}") };
    Ok((parent, references, subject))
}

/// Puts files on disk before any row names them.
async fn keep_files(app: &App, ws: Id<kinds::Workspace>, files: Vec<Upload>) -> Result<Vec<(String, String, usize, String)>> {
    let blobs = app.blobs.clone();
    let kept = tokio::task::spawn_blocking(move || {
        files
            .into_iter()
            .filter(|f| !f.bytes.is_empty())
            .map(|f| {
                let (name, mime) = channels::mail::file_name_and_type(&f.name, &f.bytes);
                Ok((name, mime, f.bytes.len(), blobs.keep(ws, &f.bytes)?))
            })
            .collect::<Result<Vec<_>>>()
    });
    kept.await.map_err(|e| Error::Internal(e.to_string()))?
}
