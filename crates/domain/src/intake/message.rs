//! Private items: which conversation they belong to, who takes part, what they start. Threading looks only within one channel account.

use channels::{Auto, Inbound, MailFacts};
use db::{Tx, args};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde_json::json;

use super::index_message;
use super::ingest::{Stored, Subscriber};
use crate::desk::{Priority, Status};
use crate::{App, Blobs, Error, Result, crm, events, fold_key};

/// Bytes of a message's text kept.
const TEXT_MAX: usize = 400_000;

/// What the pure steps found; attachments are on disk already.
pub(super) struct Routed {
    lang: &'static str,
    text: String,
    quoted: Option<String>,
    files: Vec<(String, String, Option<String>, usize, String)>,
    /// The conversation a signed reply address names.
    token: Option<i64>,
    /// Our own marker came back: two machines are talking to each other.
    is_loop: bool,
}

pub(super) async fn prepare(app: &App, item: &Inbound, subscriber: &Subscriber) -> Result<Routed> {
    let facts = item.mail.as_ref();
    let new_text =
        facts.map_or(item.text.as_str(), |f| if f.new_text.trim().is_empty() { item.text.as_str() } else { f.new_text.as_str() });
    let (text, _) = model::text::truncate(new_text.trim_end(), TEXT_MAX);
    let lang = understanding::language(&format!("{} {text}", item.title.as_deref().unwrap_or_default())).code;
    // What is beyond the new part: quotes and signature, folded on screen.
    let quoted = facts.filter(|f| !f.new_text.trim().is_empty()).and_then(|f| rest_of(&item.text, &f.new_text));
    let (blobs, ws) = (app.blobs.clone(), subscriber.workspace_id);
    let files: Vec<(String, String, Option<String>, Vec<u8>)> =
        item.attachments.iter().map(|a| (a.name.clone(), a.mime.clone(), a.content_id.clone(), a.bytes.clone())).collect();
    let files = if files.is_empty() {
        Vec::new()
    } else {
        tokio::task::spawn_blocking(move || {
            files
                .into_iter()
                .map(|(name, mime, cid, bytes)| Ok((name, mime, cid, bytes.len(), blobs.keep(ws, &bytes)?)))
                .collect::<Result<Vec<_>>>()
        })
        .await
        .map_err(|e| Error::Internal(e.to_string()))??
    };
    let key = app.sealer.derive("reply-token");
    let token = facts.and_then(|f| {
        let addresses = f.delivered_to.iter().map(String::as_str).chain(f.to.iter().chain(&f.cc).map(|m| m.address.as_str()));
        addresses.filter_map(|a| a.rsplit_once('@')).find_map(|(local, _)| channels::mail::token::read(&key, local))
    });
    let is_loop = facts.and_then(|f| f.loop_marker.as_deref()).is_some_and(|marker| marker == crate::desk::deliver::loop_marker(app));
    Ok(Routed { lang, text: text.to_string(), quoted, files, token, is_loop })
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

struct Place {
    conversation: Id<kinds::Conversation>,
    is_new: bool,
    status: Status,
}

pub(super) async fn store(tx: &mut Tx, item: &Inbound, subscriber: &Subscriber, routed: &Routed, imported: bool) -> Result<Stored> {
    let ws = subscriber.workspace_id;
    if known(tx, subscriber, item).await?.is_some() {
        return Ok(Stored::Known);
    }
    let facts = item.mail.as_ref();
    let auto = facts.and_then(|f| f.auto).or(routed.is_loop.then_some(Auto::AutoReply));
    let now = tx.now();
    let sort_at = item.published_at.map_or(now, |p| p.min(now));
    if let Some(facts) = facts.filter(|_| auto == Some(Auto::Bounce)) {
        mark_bounced(tx, ws, subscriber, facts).await?;
    }
    let place = match find(tx, subscriber, facts, routed.token).await? {
        Some(place) => place,
        None => open(tx, item, subscriber, routed, auto, imported, sort_at).await?,
    };
    let from = sender(item);
    let is_new_participant = take_part(tx, subscriber, item, &place, now).await?;
    let contact = match (&from, auto) {
        (Some(address), None) => {
            let verified = facts.is_some_and(|f| f.authenticated) || routed.token.is_some() && !place.is_new;
            let kind = if address.contains('@') { "mail" } else { "phone" };
            let name = if item.author.name.is_empty() { address.as_str() } else { item.author.name.as_str() };
            Some(crm::contacts::for_address(tx, ws, kind, address, name, verified).await?)
        }
        // Bulk and automatic mail makes no customers.
        _ => None,
    };
    let id = insert(tx, item, subscriber, routed, &place, is_new_participant, sort_at).await?;
    let starts = !imported && auto.is_none();
    let contact = contact.filter(|_| place.is_new);
    let name = if item.author.name.is_empty() { from.clone().unwrap_or_default() } else { item.author.name.clone() };
    tx.run(
        "UPDATE conversations SET messages = messages + 1, last_message_at = CASE WHEN last_message_at > $3 THEN last_message_at ELSE $3 END,
           excerpt = CASE WHEN last_message_at > $3 THEN excerpt ELSE $4 END, from_name = CASE WHEN from_name = '' THEN $5 ELSE from_name END,
           contact_id = COALESCE(contact_id, $6), waiting_since = CASE WHEN $7 THEN COALESCE(waiting_since, $8) ELSE waiting_since END,
           status = CASE WHEN $7 THEN 'open' ELSE status END, resolved_at = CASE WHEN $7 THEN NULL ELSE resolved_at END,
           snoozed_until = CASE WHEN $7 THEN NULL ELSE snoozed_until END
         WHERE workspace_id = $1 AND id = $2",
        args![ws, place.conversation, sort_at, model::text::excerpt(&routed.text, 180), name, contact, starts, now],
    )
    .await?;
    if !imported {
        let kind = if place.is_new { "conversation.new" } else { "conversation.message" };
        let detail = json!({ "direction": "in", "message": id, "reopened": starts && place.status != Status::Open });
        events::record(tx, ws, kind, Some(place.conversation), None, detail).await?;
    }
    Ok(Stored::New)
}

/// The conversation that holds this item already. Our own answer may come back (a copy to ourselves, a server that keeps sent mails in the
/// inbox): it is stored too.
pub(super) async fn known(tx: &mut Tx, subscriber: &Subscriber, item: &Inbound) -> Result<Option<Id<kinds::Conversation>>> {
    let (ws, account) = (subscriber.workspace_id, subscriber.id);
    let message_id = item.mail.as_ref().map(|f| f.message_id.as_str()).filter(|id| !id.is_empty());
    let by_id: Option<(Id<kinds::Conversation>,)> = tx
        .opt(
            "SELECT conversation_id FROM messages WHERE workspace_id = $1 AND account_id = $2 AND external_id = $3",
            args![ws, account, item.external_id.as_str()],
        )
        .await?;
    let found = match (by_id, message_id) {
        (Some(found), _) => Some(found),
        (None, Some(message_id)) => {
            tx.opt(
                "SELECT conversation_id FROM messages WHERE workspace_id = $1 AND account_id = $2 AND message_id = $3 AND direction = 'out'",
                args![ws, account, message_id],
            )
            .await?
        }
        (None, None) => None,
    };
    Ok(found.map(|(conversation,)| conversation))
}

/// Where the item's author can be answered.
fn sender(item: &Inbound) -> Option<String> {
    let reply_to = item.mail.as_ref().and_then(|f| f.reply_to.first()).map(|m| m.address.clone());
    reply_to.or_else(|| item.author.address.clone()).filter(|a| !a.is_empty())
}

/// The conversation a message continues: by its signed reply address, else by In-Reply-To and References. Never across accounts.
async fn find(tx: &mut Tx, subscriber: &Subscriber, facts: Option<&MailFacts>, token: Option<i64>) -> Result<Option<Place>> {
    let ws = subscriber.workspace_id;
    let place = |(conversation, status)| Place { conversation, is_new: false, status };
    if let Some(token) = token {
        let found: Option<(Id<kinds::Conversation>, Status)> = tx
            .opt(
                "SELECT c.id, c.status FROM conversations c WHERE c.workspace_id = $1 AND c.id = $2 AND (c.account_id = $3 OR EXISTS
                   (SELECT 1 FROM messages m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND m.account_id = $3))",
                args![ws, token, subscriber.id],
            )
            .await?;
        if found.is_some() {
            return Ok(found.map(place));
        }
    }
    let Some(facts) = facts else { return Ok(None) };
    let mut parents: Vec<String> = facts.in_reply_to.iter().cloned().chain(facts.references.iter().rev().cloned()).collect();
    parents.extend(facts.bounced_message_id.clone());
    parents.retain(|p| !p.is_empty());
    parents.truncate(50);
    if parents.is_empty() {
        return Ok(None);
    }
    let found: Option<(Id<kinds::Conversation>, Status)> = tx
        .opt(
            db::sql!("SELECT c.id, c.status FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
                      WHERE m.workspace_id = $1 AND m.account_id = $2 AND m.message_id IN " [texts "$3"] " ORDER BY m.id DESC LIMIT 1"),
            args![ws, subscriber.id, parents.as_slice()],
        )
        .await?;
    Ok(found.map(place))
}

/// A new conversation. History arrives closed; automatic mail waits for nobody.
async fn open(
    tx: &mut Tx,
    item: &Inbound,
    subscriber: &Subscriber,
    routed: &Routed,
    auto: Option<Auto>,
    imported: bool,
    sort_at: Timestamp,
) -> Result<Place> {
    let ws = subscriber.workspace_id;
    let (id, now) = (tx.id::<kinds::Conversation>(), tx.now());
    let (status, resolved) = if imported { (Status::Done, Some(sort_at)) } else { (Status::Open, None) };
    let priority = if auto.is_some() { Priority::Low } else { Priority::Normal };
    let subject = item
        .title
        .as_deref()
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map_or_else(|| model::text::excerpt(&routed.text, 80), |s| model::text::excerpt(s, 250));
    let name = if item.author.name.is_empty() { sender(item).unwrap_or_default() } else { item.author.name.clone() };
    tx.run(
        "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, team_id, last_message_at, imported,
           created_at, resolved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        args![
            id, ws, subscriber.id, &subscriber.channel, false, subject, name, model::text::excerpt(&routed.text, 180), routed.lang, status, priority as i64, subscriber.team_id,
            sort_at, imported, now, resolved
        ],
    )
    .await?;
    Ok(Place { conversation: id, is_new: true, status })
}

/// Notes who takes part. The first sender is the customer; whoever writes later is shown as new and never added to an answer silently.
async fn take_part(tx: &mut Tx, subscriber: &Subscriber, item: &Inbound, place: &Place, now: Timestamp) -> Result<bool> {
    let ws = subscriber.workspace_id;
    let own = subscriber.address.as_deref().map(fold_key).unwrap_or_default();
    let mut is_new_participant = false;
    if let Some(address) = sender(item) {
        let known: Option<(String,)> = tx
            .opt(
                "SELECT role FROM conversation_participants WHERE workspace_id = $1 AND conversation_id = $2 AND address_key = $3",
                args![ws, place.conversation, fold_key(&address)],
            )
            .await?;
        let role = if place.is_new { "customer" } else { "other" };
        is_new_participant = known.is_none() && !place.is_new;
        join(tx, ws, place.conversation, &address, &item.author.name, role, now).await?;
    }
    if let Some(facts) = &item.mail {
        for mailbox in facts.to.iter().chain(&facts.cc).take(50) {
            let key = fold_key(&mailbox.address);
            let is_own = key == own || strip_tag(&key) == own;
            if !is_own {
                join(tx, ws, place.conversation, &mailbox.address, mailbox.name.as_deref().unwrap_or_default(), "copy", now).await?;
            }
        }
    }
    Ok(is_new_participant)
}

/// `support+t…@firma.test` → `support@firma.test`.
fn strip_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}@{host}", local.split('+').next().unwrap_or_default()),
        None => address.into(),
    }
}

async fn join(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    conversation: Id<kinds::Conversation>,
    address: &str,
    name: &str,
    role: &str,
    now: Timestamp,
) -> Result<()> {
    tx.run(
        "INSERT INTO conversation_participants (workspace_id, conversation_id, address_key, address, name, role, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (workspace_id, conversation_id, address_key) DO NOTHING",
        args![ws, conversation, fold_key(address), address, model::text::excerpt(name, 200), role, now],
    )
    .await?;
    Ok(())
}

async fn insert(
    tx: &mut Tx,
    item: &Inbound,
    subscriber: &Subscriber,
    routed: &Routed,
    place: &Place,
    is_new_participant: bool,
    sort_at: Timestamp,
) -> Result<Id<kinds::Message>> {
    let ws = subscriber.workspace_id;
    let (id, now) = (tx.id::<kinds::Message>(), tx.now());
    let facts = item.mail.as_ref();
    let recipients = facts.map(|f| json!({ "to": f.to, "cc": f.cc }));
    let html = facts.map_or(item.html.as_deref(), |f| f.new_html.as_deref().or(item.html.as_deref()));
    let auto = facts.and_then(|f| f.auto).or(routed.is_loop.then_some(Auto::AutoReply)).map(|a| match a {
        Auto::AutoReply => "auto-reply",
        Auto::Bounce => "bounce",
        Auto::List => "list",
    });
    let message_id = facts.map(|f| f.message_id.as_str()).filter(|m| !m.is_empty());
    tx.run(
        "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_name, author_address, is_new_participant, subject, text, quoted, html, recipients,
           external_id, message_id, in_reply_to, thread_refs, auto, lang, sent_at, received_at, sort_at, state)
         VALUES ($1, $2, $3, $4, 'in', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 'received')",
        args![
            id, ws, place.conversation, subscriber.id, item.kind.name(), model::text::excerpt(&item.author.name, 200), item.author.address.as_deref(), is_new_participant,
            item.title.as_deref().map(|s| model::text::excerpt(s, 500)), &routed.text, routed.quoted.as_deref(), html, recipients, item.external_id.as_str(), message_id,
            facts.and_then(|f| f.in_reply_to.as_deref()), facts.map(|f| serde_json::json!(f.references)), auto, routed.lang, item.published_at, now, sort_at
        ],
    )
    .await?;
    index_message(
        tx,
        id,
        &[item.title.as_deref().unwrap_or_default(), &routed.text, &item.author.name, item.author.address.as_deref().unwrap_or_default()],
        routed.lang,
    )
    .await?;
    for (name, mime, content_id, size, sha256) in &routed.files {
        Blobs::record(tx, ws, sha256, *size).await?;
        let attachment = tx.id::<kinds::Attachment>();
        tx.run(
            "INSERT INTO attachments (id, workspace_id, message_id, name, mime, content_id, size, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            args![attachment, ws, id, name, mime, content_id.as_deref(), *size, sha256],
        )
        .await?;
    }
    Ok(id)
}

/// A delivery report turns the answer it names into a failed one.
async fn mark_bounced(tx: &mut Tx, ws: Id<kinds::Workspace>, subscriber: &Subscriber, facts: &MailFacts) -> Result<()> {
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

    #[test]
    fn tags_in_addresses_do_not_make_strangers_of_us() {
        assert_eq!(strip_tag("support+tabc@firma.test"), "support@firma.test");
    }
}
