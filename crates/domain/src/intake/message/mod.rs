//! Private items: which conversation they belong to, who takes part, what they start.

mod threads;

use std::collections::HashMap;

use channels::{Auto, Inbound, MailFacts};
use db::{Many, Tx, args, sql};
use i18n::Sentence;
use model::{Id, kinds};
use serde_json::json;

use self::threads::Threads;
use super::index::index_messages;
use super::ingest::{Stored, Subscriber};
use crate::crm::contacts::{self, Correspondent};
use crate::{App, Blobs, Error, Result, events};

/// Bytes of a message's text kept.
const TEXT_MAX: usize = 400_000;
/// Ids of earlier mails that a mail may name.
const PARENTS_MAX: usize = 50;

/// An item with what the pure steps found.
pub(super) struct Prepared<'a> {
    item: &'a Inbound,
    auto: Option<Auto>,
    lang: &'static str,
    document: String,
    text: String,
    quoted: Option<String>,
    files: Vec<File>,
    /// The conversation a signed reply address names.
    token: Option<Id<kinds::Conversation>>,
}

/// An attachment that is on disk already.
struct File {
    name: String,
    mime: String,
    content_id: Option<String>,
    size: usize,
    sha256: String,
}

pub(super) async fn prepare<'a>(app: &App, item: &'a Inbound, subscriber: &Subscriber) -> Result<Prepared<'a>> {
    let facts = item.mail.as_ref();
    let new_text =
        facts.map_or(item.text.as_str(), |f| if f.new_text.trim().is_empty() { item.text.as_str() } else { f.new_text.as_str() });
    let (text, _) = model::text::truncate(new_text.trim_end(), TEXT_MAX);
    let title = item.title.as_deref().unwrap_or_default();
    let lang = understanding::language(&format!("{title} {text}")).code;
    let parts = [title, text, &item.author.name, item.author.address.as_deref().unwrap_or_default()];
    let document = matching::search_document(&parts, Some(lang)).text;
    // What is beyond the new part: quotes and signature, folded on screen.
    let quoted = facts.filter(|f| !f.new_text.trim().is_empty()).and_then(|f| rest_of(&item.text, &f.new_text));
    let key = app.sealer.derive("reply-token");
    let token = facts.and_then(|f| {
        let addresses = f.delivered_to.iter().map(String::as_str).chain(f.to.iter().chain(&f.cc).map(|m| m.address.as_str()));
        addresses.filter_map(|a| a.rsplit_once('@')).find_map(|(local, _)| channels::mail::token::read(&key, local))
    });
    // Our own marker came back: two machines are talking to each other.
    let is_loop = facts.and_then(|f| f.loop_marker.as_deref()).is_some_and(|marker| marker == crate::desk::deliver::loop_marker(app));
    Ok(Prepared {
        item,
        auto: facts.and_then(|f| f.auto).or(is_loop.then_some(Auto::AutoReply)),
        lang,
        document,
        text: text.to_string(),
        quoted,
        files: keep(app, item, subscriber).await?,
        token: token.map(Id::from_i64),
    })
}

/// Puts the attachments on disk, before any row names them.
async fn keep(app: &App, item: &Inbound, subscriber: &Subscriber) -> Result<Vec<File>> {
    if item.attachments.is_empty() {
        return Ok(Vec::new());
    }
    let (blobs, ws, attachments) = (app.blobs.clone(), subscriber.workspace_id, item.attachments.clone());
    tokio::task::spawn_blocking(move || {
        attachments
            .into_iter()
            .map(|a| {
                Ok(File { size: a.bytes.len(), sha256: blobs.keep(ws, &a.bytes)?, name: a.name, mime: a.mime, content_id: a.content_id })
            })
            .collect()
    })
    .await
    .map_err(|e| Error::Internal(e.to_string()))?
}

/// The lines of `all` that `new` does not hold, in order.
fn rest_of(all: &str, new: &str) -> Option<String> {
    let mut fresh = new.lines().map(str::trim_end).filter(|l| !l.is_empty()).peekable();
    let rest: Vec<&str> = all
        .lines()
        .map(str::trim_end)
        .filter(|line| {
            if fresh.peek().is_some_and(|next| next == line) {
                fresh.next();
                return false;
            }
            true
        })
        .collect();
    let rest = rest.join("\n").trim().to_string();
    (!rest.is_empty()).then_some(rest)
}

impl Prepared<'_> {
    fn facts(&self) -> Option<&MailFacts> {
        self.item.mail.as_ref()
    }

    fn message_id(&self) -> Option<&str> {
        self.facts().map(|f| f.message_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The mails this one answers or reports on, the nearest first.
    fn parents(&self) -> impl Iterator<Item = &str> {
        let named = |f| {
            let MailFacts { in_reply_to, references, bounced_message_id, .. }: &MailFacts = f;
            in_reply_to.iter().chain(references.iter().rev()).chain(bounced_message_id).map(String::as_str)
        };
        self.facts().into_iter().flat_map(named).filter(|id| !id.is_empty()).take(PARENTS_MAX)
    }

    /// Where the author can be answered.
    fn sender(&self) -> Option<&str> {
        let reply_to = self.facts().and_then(|f| f.reply_to.first()).map(|m| m.address.as_str());
        reply_to.or(self.item.author.address.as_deref()).filter(|a| !a.is_empty())
    }

    /// The author's name, else their address.
    fn name(&self) -> &str {
        if self.item.author.name.is_empty() { self.sender().unwrap_or_default() } else { &self.item.author.name }
    }

    /// Whether somebody waits for an answer now: not to history, and not to machines.
    fn starts(&self, imported: bool) -> bool {
        !imported && self.auto.is_none()
    }
}

/// A message that was given its place.
struct Placed<'p, 'a> {
    message: &'p Prepared<'a>,
    id: Id<kinds::Message>,
    /// Which of the slice's conversations it belongs to.
    talk: usize,
    opens: bool,
    reopens: bool,
    /// Someone who did not take part so far.
    is_new_participant: bool,
}

/// Stores the messages of one account, in their order: what a later one answers may be an earlier one of the same slice. All is read first,
/// decided in memory, and written with few statements.
pub(super) async fn store(
    tx: &mut Tx,
    blobs: &Blobs,
    subscriber: &Subscriber,
    messages: &[Prepared<'_>],
    imported: bool,
) -> Result<Vec<Stored>> {
    let ws = subscriber.workspace_id;
    let known = known(tx, subscriber, messages).await?;
    let new: Vec<&Prepared> = messages.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(message, _)| message).collect();
    for bounce in new.iter().filter(|m| m.auto == Some(Auto::Bounce)) {
        mark_bounced(tx, subscriber, bounce).await?;
    }
    let mut threads = Threads::around(tx, subscriber, &new).await?;
    let placed: Vec<Placed> = new.iter().map(|message| threads.place(tx, message, imported)).collect();
    let customers = customers(tx, ws, &placed).await?;
    for (message, customer) in placed.iter().zip(&customers).filter(|(message, _)| message.opens) {
        threads.belongs_to(message.talk, *customer);
    }
    threads.write(tx, subscriber, imported).await?;
    insert(tx, subscriber, &placed, &threads).await?;
    attach(tx, blobs, ws, &placed).await?;
    if !imported {
        tell(tx, ws, &placed, &threads).await?;
    }
    Ok(known.iter().map(|known| if known.is_some() { Stored::Known } else { Stored::New }).collect())
}

/// The conversation that holds each message already. Our own answer may come back (a copy to ourselves, a server that keeps sent mails in the
/// inbox): it is stored too.
pub(super) async fn known(tx: &mut Tx, subscriber: &Subscriber, messages: &[Prepared<'_>]) -> Result<Vec<Option<Id<kinds::Conversation>>>> {
    type Found = Vec<(String, Id<kinds::Conversation>)>;
    let (ws, account) = (subscriber.workspace_id, subscriber.id);
    let external: Vec<String> = messages.iter().map(|m| m.item.external_id.clone()).collect();
    // Subqueries, so that each id is looked up by its index whatever the planner knows of a table that just begins to fill.
    let met: Found = tx
        .all(
            sql!("SELECT k.value, k.conversation FROM (SELECT value, (SELECT conversation_id FROM messages WHERE workspace_id = $1 AND account_id = $2 AND external_id = value) AS conversation
                    FROM " [each_text "$3"] ") AS k WHERE k.conversation IS NOT NULL"),
            args![ws, account, external.as_slice()],
        )
        .await?;
    let own: Vec<String> = messages.iter().filter_map(|m| m.message_id().map(str::to_string)).collect();
    let sent: Found = tx
        .all(
            sql!("SELECT k.value, k.conversation FROM (SELECT value, (SELECT conversation_id FROM messages WHERE workspace_id = $1 AND account_id = $2 AND message_id = value AND direction = 'out' LIMIT 1)
                    AS conversation FROM " [each_text "$3"] ") AS k WHERE k.conversation IS NOT NULL"),
            args![ws, account, own.as_slice()],
        )
        .await?;
    let (met, sent): (HashMap<_, _>, HashMap<_, _>) = (met.into_iter().collect(), sent.into_iter().collect());
    Ok(messages.iter().map(|m| met.get(&m.item.external_id).or_else(|| sent.get(m.message_id()?)).copied()).collect())
}

/// The contact of each message. Bulk and automatic mail makes no customers.
async fn customers(tx: &mut Tx, ws: Id<kinds::Workspace>, placed: &[Placed<'_, '_>]) -> Result<Vec<Option<Id<kinds::Contact>>>> {
    let correspondent = |p: &Placed| -> Option<Correspondent> {
        let address = p.message.sender().filter(|_| p.message.auto.is_none())?.to_string();
        Some(Correspondent {
            kind: if address.contains('@') { "mail" } else { "phone" },
            name: p.message.name().to_string(),
            // An authentication result or an answer to what we sent there proves the address.
            verified: p.message.facts().is_some_and(|f| f.authenticated) || p.message.token.is_some() && !p.opens,
            address,
        })
    };
    let asked: Vec<Option<Correspondent>> = placed.iter().map(correspondent).collect();
    let mut contacts = contacts::for_addresses(tx, ws, asked.iter().flatten()).await?.into_iter();
    Ok(asked.iter().map(|asked| asked.as_ref().and_then(|_| contacts.next())).collect())
}

async fn insert(tx: &mut Tx, subscriber: &Subscriber, placed: &[Placed<'_, '_>], threads: &Threads) -> Result<()> {
    const MESSAGES: Many = Many {
        into: "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_name, author_address, is_new_participant, subject, text, quoted, html,
                 recipients, external_id, message_id, in_reply_to, thread_refs, auto, lang, sent_at, received_at, sort_at, state)",
        row: sql!("($1, $2, $3, $4, 'in', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 'received')"),
        end: "",
    };
    let now = tx.now();
    let mut rows = Vec::with_capacity(placed.len());
    for p in placed {
        let (item, facts) = (p.message.item, p.message.facts());
        rows.push(args![
            p.id,
            subscriber.workspace_id,
            threads.conversation(p.talk),
            subscriber.id,
            item.kind.name(),
            model::text::excerpt(&item.author.name, 200),
            item.author.address.as_deref(),
            p.is_new_participant,
            item.title.as_deref().map(|s| model::text::excerpt(s, 500)),
            &p.message.text,
            p.message.quoted.as_deref(),
            facts.and_then(|f| f.new_html.as_deref()).or(item.html.as_deref()),
            facts.map(|f| json!({ "to": f.to, "cc": f.cc })),
            item.external_id.as_str(),
            p.message.message_id(),
            facts.and_then(|f| f.in_reply_to.as_deref()),
            facts.map(|f| json!(f.references)),
            p.message.auto.map(|auto| match auto {
                Auto::AutoReply => "auto-reply",
                Auto::Bounce => "bounce",
                Auto::List => "list",
            }),
            p.message.lang,
            item.published_at,
            now,
            threads::sort_at(item, now)
        ]);
    }
    tx.run_many(&MESSAGES, rows).await?;
    index_messages(tx, placed.iter().map(|p| (p.id, p.message.document.as_str()))).await
}

async fn attach(tx: &mut Tx, blobs: &Blobs, ws: Id<kinds::Workspace>, placed: &[Placed<'_, '_>]) -> Result<()> {
    const ATTACHMENTS: Many = Many {
        into: "INSERT INTO attachments (id, workspace_id, message_id, name, mime, content_id, size, sha256)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7, $8)"),
        end: "",
    };
    let files = || placed.iter().flat_map(|p| p.message.files.iter().map(|file| (p.id, file)));
    // Sorted, so that two processes that keep the same files lock their rows in the same order.
    blobs.record(tx, ws, &files().map(|(_, file)| (file.sha256.as_str(), file.size)).collect()).await?;
    let rows = files()
        .map(|(message, f)| args![tx.id::<kinds::Attachment>(), ws, message, &f.name, &f.mime, f.content_id.as_deref(), f.size, &f.sha256])
        .collect();
    tx.run_many(&ATTACHMENTS, rows).await?;
    Ok(())
}

/// Tells open screens.
async fn tell(tx: &mut Tx, ws: Id<kinds::Workspace>, placed: &[Placed<'_, '_>], threads: &Threads) -> Result<()> {
    for (kind, opens) in [("conversation.new", true), ("conversation.message", false)] {
        let events = placed.iter().filter(|p| p.opens == opens).map(|p| {
            let detail = json!({ "direction": "in", "message": p.id, "reopened": p.reopens });
            (Some(threads.conversation(p.talk)), detail)
        });
        events::record_all(tx, ws, kind, None, events.collect()).await?;
    }
    Ok(())
}

/// A delivery report turns the answer it names into a failed one.
async fn mark_bounced(tx: &mut Tx, subscriber: &Subscriber, bounce: &Prepared<'_>) -> Result<()> {
    let ws = subscriber.workspace_id;
    let Some(facts) = bounce.facts() else { return Ok(()) };
    let Some(message_id) = facts.bounced_message_id.as_deref().filter(|m| !m.is_empty()) else { return Ok(()) };
    let who = facts.bounced_recipients.first().cloned().unwrap_or_default();
    let failure = serde_json::to_value(Sentence::new("failure-bounced").with("address", who))?;
    let hit: Option<(Id<kinds::Conversation>,)> = tx
        .opt(
            "UPDATE messages SET state = 'failed', failure = $4 WHERE workspace_id = $1 AND account_id = $2 AND message_id = $3 AND direction = 'out' AND state IN ('sent', 'unsure')
             RETURNING conversation_id",
            args![ws, subscriber.id, message_id, failure],
        )
        .await?;
    if let Some((conversation,)) = hit {
        tx.run("UPDATE conversations SET status = 'open', resolved_at = NULL WHERE workspace_id = $1 AND id = $2", args![ws, conversation])
            .await?;
        events::record(tx, ws, "message.state", Some(conversation), None, json!({ "state": "failed" })).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_what_the_new_part_does_not_hold() {
        assert_eq!(rest_of("Hallo\n\nDanke\n> alt\n-- \nA", "Hallo\n\nDanke"), Some("> alt\n--\nA".into()));
        assert_eq!(rest_of("nur neu", "nur neu"), None);
    }
}
