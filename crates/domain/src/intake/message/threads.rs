//! Which conversation a message continues: by its signed reply address, else by In-Reply-To and References (RFC 5322, 3.6.4). Never across
//! accounts.

use std::collections::{HashMap, HashSet};

use channels::{Auto, Inbound};
use db::{Many, Tx, args, sql};
use model::{Id, Timestamp, kinds};

use super::{Placed, Prepared};
use crate::desk::{Priority, Status};
use crate::intake::ingest::Subscriber;
use crate::{Result, fold_key};

/// The conversations that the messages of a slice continue or open, as they stand after those placed so far.
pub(super) struct Threads {
    now: Timestamp,
    /// The account's own address.
    own: String,
    talks: Vec<Talk>,
    by_id: HashMap<Id<kinds::Conversation>, usize>,
    /// The newest message of each Message-ID.
    by_message: HashMap<String, (Id<kinds::Message>, usize)>,
    taking_part: HashSet<(usize, String)>,
    joined: Vec<Participant>,
}

/// What the slice makes of one conversation.
struct Talk {
    id: Id<kinds::Conversation>,
    status: Status,
    /// It begins in this slice.
    opening: Option<Opening>,
    contact: Option<Id<kinds::Contact>>,
    from_name: String,
    messages: i64,
    /// The newest of the slice's messages: when, and how it begins.
    newest: Option<(Timestamp, String)>,
    /// Somebody waits for an answer now.
    starts: bool,
}

struct Opening {
    subject: String,
    lang: &'static str,
    priority: Priority,
    /// History arrives closed, at the time of its first message.
    resolved_at: Option<Timestamp>,
}

struct Participant {
    talk: usize,
    key: String,
    address: String,
    name: String,
    role: &'static str,
}

/// The earlier of what the source claims and what we saw.
pub(super) fn sort_at(item: &Inbound, now: Timestamp) -> Timestamp {
    item.published_at.map_or(now, |p| p.min(now))
}

impl Threads {
    /// Reads whatever these messages might continue; the conversations stay locked until the transaction ends.
    pub async fn around(tx: &mut Tx, subscriber: &Subscriber, messages: &[&Prepared<'_>]) -> Result<Self> {
        let (ws, account) = (subscriber.workspace_id, subscriber.id);
        let mut threads = Threads {
            now: tx.now(),
            own: subscriber.address.as_deref().map(fold_key).unwrap_or_default(),
            talks: Vec::new(),
            by_id: HashMap::new(),
            by_message: HashMap::new(),
            taking_part: HashSet::new(),
            joined: Vec::new(),
        };
        let parents: Vec<String> =
            messages.iter().flat_map(|m| m.parents()).map(str::to_string).collect::<HashSet<_>>().into_iter().collect();
        let named = if parents.is_empty() { Vec::new() } else { named(tx, subscriber, &parents).await? };
        let tokens: Vec<_> = messages.iter().filter_map(|m| m.token).collect();
        let mut wanted: Vec<Id<kinds::Conversation>> = named.iter().map(|(_, _, conversation)| *conversation).collect();
        if !tokens.is_empty() {
            let ours: Vec<(Id<kinds::Conversation>,)> = tx
                .all(
                    sql!("SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND c.id IN " [ids "$2"] " AND (c.account_id = $3 OR $3 IN
                            (SELECT m.account_id FROM messages m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id))"),
                    args![ws, tokens.as_slice(), account],
                )
                .await?;
            wanted.extend(ours.into_iter().map(|(id,)| id));
        }
        if wanted.is_empty() {
            return Ok(threads);
        }
        let found: Vec<(Id<kinds::Conversation>, Status)> = tx
            .all(
                sql!("SELECT id, status FROM conversations WHERE (workspace_id, id) IN (SELECT $1, value FROM " [each_id "$2"] ") ORDER BY id" for_update),
                args![ws, wanted.as_slice()],
            )
            .await?;
        for (id, status) in found {
            threads.add(Talk::new(id, status, None));
        }
        for (message_id, message, conversation) in named {
            if let Some(talk) = threads.by_id.get(&conversation) {
                threads.by_message.insert(message_id, (message, *talk));
            }
        }
        let senders: Vec<String> = messages.iter().filter_map(|m| m.sender()).map(fold_key).collect();
        let taking_part: Vec<(Id<kinds::Conversation>, String)> = tx
            .all(
                sql!("SELECT conversation_id, address_key FROM conversation_participants WHERE workspace_id = $1 AND conversation_id IN " [ids "$2"] " AND address_key IN " [texts "$3"]),
                args![ws, wanted.as_slice(), senders.as_slice()],
            )
            .await?;
        for (conversation, key) in taking_part {
            if let Some(talk) = threads.by_id.get(&conversation) {
                threads.taking_part.insert((*talk, key));
            }
        }
        Ok(threads)
    }

    fn add(&mut self, talk: Talk) -> usize {
        let at = self.talks.len();
        self.by_id.insert(talk.id, at);
        self.talks.push(talk);
        at
    }

    /// Gives a message its place, opening a conversation when it continues none.
    pub fn place<'p, 'a>(&mut self, tx: &mut Tx, message: &'p Prepared<'a>, imported: bool) -> Placed<'p, 'a> {
        let id = tx.id::<kinds::Message>();
        let (continued, sort_at) = (self.continued(message), sort_at(message.item, self.now));
        let talk = continued.unwrap_or_else(|| {
            let opening = Opening {
                subject: subject(message),
                lang: message.lang,
                priority: if message.auto.is_some() { Priority::Low } else { Priority::Normal },
                resolved_at: imported.then_some(sort_at),
            };
            let status = if imported { Status::Done } else { Status::Open };
            self.add(Talk::new(tx.id(), status, Some(opening)))
        });
        let opens = continued.is_none();
        let is_new_participant = self.take_part(talk, message, opens);
        let starts = message.starts(imported);
        let state = &mut self.talks[talk];
        let reopens = starts && state.status != Status::Open;
        state.messages += 1;
        if state.newest.as_ref().is_none_or(|(newest, _)| *newest <= sort_at) {
            state.newest = Some((sort_at, model::text::excerpt(&message.text, 180)));
        }
        if state.from_name.is_empty() {
            state.from_name = message.name().to_string();
        }
        if starts {
            state.starts = true;
            state.status = Status::Open;
        }
        if let Some(message_id) = message.message_id() {
            self.by_message.insert(message_id.to_string(), (id, talk));
        }
        Placed { message, id, talk, opens, reopens, is_new_participant }
    }

    fn continued(&self, message: &Prepared<'_>) -> Option<usize> {
        let by_token = message.token.and_then(|token| self.by_id.get(&token).copied());
        by_token
            .or_else(|| message.parents().filter_map(|parent| self.by_message.get(parent)).max_by_key(|(id, _)| *id).map(|(_, talk)| *talk))
    }

    /// Notes who takes part. The first sender is the customer; whoever writes later is shown as new and never added to an answer silently. A
    /// mail server that returns something is nobody.
    fn take_part(&mut self, talk: usize, message: &Prepared<'_>, opens: bool) -> bool {
        let mut is_new_participant = false;
        if let Some(address) = message.sender().filter(|_| opens || message.auto != Some(Auto::Bounce)) {
            let role = if opens { "customer" } else { "other" };
            is_new_participant = self.join(talk, address, &message.item.author.name, role) && !opens;
        }
        if let Some(facts) = message.facts() {
            for mailbox in facts.to.iter().chain(&facts.cc).take(50) {
                let key = fold_key(&mailbox.address);
                if key != self.own && strip_tag(&key) != self.own {
                    self.join(talk, &mailbox.address, mailbox.name.as_deref().unwrap_or_default(), "copy");
                }
            }
        }
        is_new_participant
    }

    /// Whether they were not there before.
    fn join(&mut self, talk: usize, address: &str, name: &str, role: &'static str) -> bool {
        let key = fold_key(address);
        let is_new = self.taking_part.insert((talk, key.clone()));
        if is_new {
            self.joined.push(Participant { talk, key, address: address.to_string(), name: model::text::excerpt(name, 200), role });
        }
        is_new
    }

    pub fn belongs_to(&mut self, talk: usize, contact: Option<Id<kinds::Contact>>) {
        self.talks[talk].contact = contact;
    }

    pub fn conversation(&self, talk: usize) -> Id<kinds::Conversation> {
        self.talks[talk].id
    }

    /// Writes the conversations and who takes part in them.
    pub async fn write(&self, tx: &mut Tx, subscriber: &Subscriber, imported: bool) -> Result<()> {
        const OPENED: Many = Many {
            into: "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, team_id, contact_id, waiting_since,
                     last_message_at, messages, imported, created_at, resolved_at)",
            row: sql!("($1, $2, $3, $4, FALSE, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"),
            end: "",
        };
        const JOINED: Many = Many {
            into: "INSERT INTO conversation_participants (workspace_id, conversation_id, address_key, address, name, role, added_at)",
            row: sql!("($1, $2, $3, $4, $5, $6, $7)"),
            end: "ON CONFLICT (workspace_id, conversation_id, address_key) DO NOTHING",
        };
        let ws = subscriber.workspace_id;
        let mut opened = Vec::new();
        for talk in &self.talks {
            let Some((newest, excerpt)) = &talk.newest else { continue };
            match &talk.opening {
                Some(opening) => opened.push(args![
                    talk.id,
                    ws,
                    subscriber.id,
                    &subscriber.channel,
                    &opening.subject,
                    &talk.from_name,
                    excerpt,
                    opening.lang,
                    talk.status,
                    opening.priority as i64,
                    subscriber.team_id,
                    talk.contact,
                    talk.starts.then_some(self.now),
                    *newest,
                    talk.messages,
                    imported,
                    self.now,
                    opening.resolved_at
                ]),
                None => self.go_on(tx, ws, talk, *newest, excerpt).await?,
            }
        }
        tx.run_many(&OPENED, opened).await?;
        let joined =
            self.joined.iter().map(|p| args![ws, self.conversation(p.talk), &p.key, &p.address, &p.name, p.role, self.now]).collect();
        tx.run_many(&JOINED, joined).await?;
        Ok(())
    }

    async fn go_on(&self, tx: &mut Tx, ws: Id<kinds::Workspace>, talk: &Talk, newest: Timestamp, excerpt: &str) -> Result<()> {
        tx.run(
            "UPDATE conversations SET messages = messages + $3, last_message_at = CASE WHEN last_message_at > $4 THEN last_message_at ELSE $4 END,
               excerpt = CASE WHEN last_message_at > $4 THEN excerpt ELSE $5 END, from_name = CASE WHEN from_name = '' THEN $6 ELSE from_name END,
               waiting_since = CASE WHEN $7 THEN COALESCE(waiting_since, $8) ELSE waiting_since END,
               status = CASE WHEN $7 THEN 'open' ELSE status END, resolved_at = CASE WHEN $7 THEN NULL ELSE resolved_at END,
               snoozed_until = CASE WHEN $7 THEN NULL ELSE snoozed_until END
             WHERE workspace_id = $1 AND id = $2",
            args![ws, talk.id, talk.messages, newest, excerpt, &talk.from_name, talk.starts, self.now],
        )
        .await?;
        Ok(())
    }
}

impl Talk {
    fn new(id: Id<kinds::Conversation>, status: Status, opening: Option<Opening>) -> Self {
        Talk { id, status, opening, contact: None, from_name: String::new(), messages: 0, newest: None, starts: false }
    }
}

/// For each of these Message-IDs its newest message in this account, and where that is.
async fn named(
    tx: &mut Tx,
    subscriber: &Subscriber,
    message_ids: &[String],
) -> Result<Vec<(String, Id<kinds::Message>, Id<kinds::Conversation>)>> {
    Ok(tx
        .all(
            sql!("SELECT k.value, k.id, (SELECT m.conversation_id FROM messages m WHERE m.id = k.id) AS conversation
                  FROM (SELECT value, (SELECT MAX(id) FROM messages WHERE workspace_id = $1 AND account_id = $2 AND message_id = value) AS id FROM " [each_text "$3"] ") AS k
                  WHERE k.id IS NOT NULL"),
            args![subscriber.workspace_id, subscriber.id, message_ids],
        )
        .await?)
}

fn subject(message: &Prepared<'_>) -> String {
    let title = message.item.title.as_deref().map(str::trim).filter(|s| !s.is_empty());
    title.map_or_else(|| model::text::excerpt(&message.text, 80), |s| model::text::excerpt(s, 250))
}

/// `support+t…@firma.test` → `support@firma.test`.
fn strip_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}@{host}", local.split('+').next().unwrap_or_default()),
        None => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_addresses_do_not_make_strangers_of_us() {
        assert_eq!(strip_tag("support+tabc@firma.test"), "support@firma.test");
    }
}
