//! Listens to mailboxes over IMAP (RFC 9051, 3501; IDLE: RFC 2177; NOTIFY: RFC 5465). Folders are opened read-only and mails are peeked at: other programs
//! looking at the same mailbox see no difference, unless the account asks to mark mails as read.
//!
//! Where we are is a UID for each folder. A cursor moves only past mails whose fetch the server ended with OK: an answer that breaks off
//! is a failure, never "no more mails".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, RequestId, Response, ResponseCode, Status};
use async_imap::{Authenticator, Client, Session};
use futures::future::BoxFuture;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::map::{self, Origin};
use super::settings::{self, Account, History, Security, Server};
use super::wire::{self, Stream, within};
use crate::{Batch, Connection, Context, Failure, Inbound, Listener, SourceNote};

/// How often to look where the server cannot call us (no IDLE).
const POLL: Duration = Duration::from_secs(60);
/// IDLE wakes us for the first folder only; without NOTIFY the others are looked at this often. (A connection for each folder would wake us
/// at once, but servers allow an account only a few, and people's own programs need them.)
const POLL_OTHERS: Duration = Duration::from_secs(60);
/// Even with IDLE: a connection may be dead without anyone noticing.
const POLL_IDLE: Duration = Duration::from_secs(15 * 60);
/// IDLE is renewed well before the 29 minutes of RFC 2177, since home routers forget a silent connection sooner.
const RENEW: Duration = Duration::from_secs(9 * 60);
/// Bytes a command's answer may have beyond the mails it carries.
const OVERHEAD: u64 = 4 << 20;
/// Bytes of mails handed over in one batch; memory, not the network, is what this spares.
const BATCH_BYTES: u64 = 48 << 20;
/// UIDs asked about in one command, so that lines stay short.
const CHUNK: usize = 200;

/// Where we are in an account. Opaque to everyone else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    folders: BTreeMap<String, Place>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Place {
    uidvalidity: u32,
    /// The first UID not seen yet.
    next: u32,
    /// When the newest mail seen here arrived (INTERNALDATE), at first the time of connecting.
    seen: Timestamp,
    /// Older mails still to be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
}

/// A stretch of older mails: history asked for, or what is looked through again after the server renumbered its mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    at: u32,
    /// First UID that is no longer part of it.
    until: u32,
    /// Only mails that arrived then or later.
    since: Option<Timestamp>,
    imported: bool,
}

/// An open ear on one account.
pub(super) struct Ear {
    ctx: Context,
    account: Result<Account, Failure>,
    open: Option<Imap>,
    /// The next UID in the first folder, as of the last look.
    expected: u32,
    /// Mails that turned out larger than announced: only their headers are fetched from then on, or they would block the mailbox for ever.
    oversized: BTreeSet<(String, u32)>,
}

impl Ear {
    pub(super) fn new(ctx: Context, connection: &Connection) -> Self {
        Self { ctx, account: Account::read(connection).map_err(settings::first), open: None, expected: 0, oversized: BTreeSet::new() }
    }

    /// The connection, in a state in which commands can be given.
    async fn ready(&mut self) -> Result<(&Account, &mut Imap), Failure> {
        let account = self.account.as_ref().map_err(Clone::clone)?;
        let server = server(account)?;
        if let Some(open) = &mut self.open
            && (open.busy || open.stop_idling().await.is_err())
        {
            // A command that was dropped half-way: what comes next on this line is anyone's guess.
            self.open = None;
        }
        if self.open.is_none() {
            let mut open = Imap::sign_in(&self.ctx, server).await?;
            open.oversized = self.oversized.clone();
            if let [_, others @ ..] = account.folders.as_slice()
                && !others.is_empty()
                && open.can_idle
            {
                open.ask_to_be_told(others).await?;
            }
            self.open = Some(open);
        }
        match &mut self.open {
            Some(open) => Ok((account, open)),
            None => Err(Failure::Unreachable { detail: "no connection".into() }),
        }
    }

    async fn look(&mut self, cursor: Option<&Json>) -> Result<Batch, Failure> {
        let mut cursor: Cursor = match cursor {
            Some(json) if !json.is_null() => {
                serde_json::from_value(json.clone()).map_err(|error| Failure::Garbage { detail: format!("cursor: {error}") })?
            }
            _ => Cursor::default(),
        };
        let (limits, now) = (self.ctx.limits, self.ctx.clock.now());
        let (account, open) = self.ready().await?;
        let account = account.clone();
        open.told = false;
        cursor.folders.retain(|name, _| account.folders.contains(name));
        let mut batch = Collected { limits_batch: limits.batch, limits_mail: limits.mail as u64, ..Collected::default() };

        // New mail in every folder first, so that importing ten years keeps nobody waiting.
        for folder in &account.folders {
            let state = open.open_folder(folder, account.mark_seen).await?;
            let known = cursor.folders.remove(folder);
            let mut place = open.find_place(known, &state, account.history, now).await?;
            let fresh = state.next.is_none_or(|next| next > place.next) && state.exists > 0;
            if fresh && !batch.is_full() {
                let first = place.next;
                let uids = open.search(&format!("UID {first}:*")).await?;
                // `n:*` names the last mail even when it is older than n (RFC 9051 §9, seq-range).
                let uids: Vec<u32> = uids.into_iter().filter(|uid| *uid >= first).collect();
                let taken = open.collect(&account, folder, &uids, &mut batch, None).await?;
                place.seen = place.seen.max(taken.newest.min(now));
                place.next = taken.after.unwrap_or(place.next);
                if account.mark_seen {
                    open.mark_seen(&taken.uids).await;
                }
            } else if fresh {
                batch.more = true;
            }
            cursor.folders.insert(folder.clone(), place);
        }
        let imported = batch.items.is_empty() && self.older(&account, &mut cursor, &mut batch).await?;
        batch.more |= cursor.folders.values().any(|place| place.span.is_some());

        let first = account.folders.first().and_then(|name| cursor.folders.get(name));
        self.expected = first.map_or(0, |place| place.next);
        let (can_idle, notifies) = self.open.as_ref().map_or((false, false), |open| (open.can_idle, open.notifies));
        let next = match (can_idle, account.folders.len()) {
            (false, _) => POLL,
            (true, 1) => POLL_IDLE,
            (true, _) if notifies => POLL_IDLE,
            (true, _) => POLL_OTHERS,
        };
        let cursor = serde_json::to_value(&cursor).map_err(|error| Failure::Garbage { detail: error.to_string() })?;
        Ok(Batch { items: batch.items, cursor, more: batch.more, next, imported, note: SourceNote::default() })
    }

    /// Fetches from the first unfinished stretch of older mails. Says whether it was history.
    async fn older(&mut self, account: &Account, cursor: &mut Cursor, batch: &mut Collected) -> Result<bool, Failure> {
        let Some(open) = &mut self.open else { return Ok(false) };
        for folder in &account.folders {
            let Some(place) = cursor.folders.get_mut(folder) else { continue };
            let Some(span) = &mut place.span else { continue };
            open.open_folder(folder, false).await?;
            let last = span.until.saturating_sub(1);
            let mut uids = Vec::new();
            if span.at <= last {
                // SINCE knows days only, in the server's own zone: one day more, the rest is sorted out by the exact date.
                let since = span.since.map(|at| format!(" SINCE {}", day(Timestamp(at.micros() - 86_400_000_000)))).unwrap_or_default();
                uids = open.search(&format!("UID {}:{last}{since}", span.at)).await?;
                uids.retain(|uid| (span.at..=last).contains(uid));
            }
            let taken = open.collect(account, folder, &uids, batch, span.since).await?;
            let imported = span.imported;
            place.seen = place.seen.max(if imported { place.seen } else { taken.newest });
            match taken.after {
                Some(after) if taken.unfinished => span.at = after,
                _ => place.span = None,
            }
            if !batch.items.is_empty() || taken.unfinished {
                return Ok(imported);
            }
        }
        Ok(false)
    }

    async fn listen(&mut self, at_most: Duration) -> Result<(), Failure> {
        let until = tokio::time::Instant::now() + at_most;
        let expected = self.expected;
        let (account, open) = self.ready().await?;
        if !open.can_idle {
            tokio::time::sleep(at_most.min(POLL)).await;
            return Ok(());
        }
        let Some(folder) = account.folders.first().cloned() else { return Ok(()) };
        let state = open.open_folder(&folder, false).await?;
        // Something came between the last look and now: nobody will call us for it.
        if open.told || expected > 0 && state.next.is_some_and(|next| next > expected) {
            return Ok(());
        }
        open.exists = state.exists;
        while !open.told && tokio::time::Instant::now() < until {
            open.start_idling().await?;
            let renew = until.min(tokio::time::Instant::now() + RENEW);
            // Dropped when its time is over; what it heard is noted.
            let ended = tokio::time::timeout_at(renew, open.idle()).await;
            open.stop_idling().await?;
            if let Ok(ended) = ended {
                return ended;
            }
        }
        Ok(())
    }
}

impl Ear {
    /// After a failure the connection is not used again; what it taught is kept.
    fn settle<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        if result.is_err()
            && let Some(open) = self.open.take()
        {
            self.oversized.extend(open.oversized);
        }
        result.map_err(refused_for_now)
    }
}

/// A NO to looking or fetching is the server's trouble of the moment, not the end of the account.
fn refused_for_now(failure: Failure) -> Failure {
    match failure {
        Failure::Rejected { detail } => Failure::Unreachable { detail },
        other => other,
    }
}

/// Refusals that pass (response codes of RFC 5530).
fn is_passing(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    ["UNAVAILABLE", "INUSE", "IN USE", "LIMIT", "SERVERBUG", "TRY AGAIN"].iter().any(|word| text.contains(word))
}

impl Listener for Ear {
    fn poll<'a>(&'a mut self, cursor: Option<&'a Json>) -> BoxFuture<'a, Result<Batch, Failure>> {
        Box::pin(async move {
            let result = self.look(cursor).await;
            self.settle(result)
        })
    }

    fn wait<'a>(&'a mut self, at_most: Duration) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let result = self.listen(at_most).await;
            self.settle(result)
        })
    }
}

/// What one look gathers.
#[derive(Default)]
struct Collected {
    items: Vec<Inbound>,
    bytes: u64,
    more: bool,
    limits_batch: usize,
    limits_mail: u64,
}

impl Collected {
    fn is_full(&self) -> bool {
        self.items.len() >= self.limits_batch.max(1) || self.bytes >= BATCH_BYTES
    }
}

/// What was taken of a list of UIDs.
#[derive(Default)]
struct Taken {
    uids: Vec<u32>,
    /// The UID after the last one dealt with.
    after: Option<u32>,
    newest: Timestamp,
    unfinished: bool,
}

/// What opening a folder tells.
#[derive(Debug, Default)]
struct FolderState {
    uidvalidity: u32,
    next: Option<u32>,
    exists: u32,
}

/// What is known of a mail before it is fetched.
#[derive(Debug, Clone, Copy, Default)]
struct Facts {
    size: Option<u64>,
    arrived: Option<Timestamp>,
}

/// A signed-in connection.
struct Imap {
    session: Session<Stream>,
    timeout: Duration,
    can_idle: bool,
    /// Tells of new mail in every folder (RFC 5465): offered, and after [`Imap::ask_to_be_told`] agreed to.
    notifies: bool,
    /// It has told of new mail since the last look: while idling here, with NOTIFY in another folder at any time.
    told: bool,
    /// Mails in the open folder, as far as it has told while idling.
    exists: u32,
    idling: Option<RequestId>,
    /// Mails to be taken for too large, whatever the server says.
    oversized: BTreeSet<(String, u32)>,
    /// A command is under way. Still set at the start of the next one, it was dropped in the middle.
    busy: bool,
}

impl Imap {
    async fn sign_in(ctx: &Context, server: &Server) -> Result<Self, Failure> {
        let timeout = ctx.limits.timeout;
        let mut stream = wire::connect(ctx, server).await?;
        stream.budget = OVERHEAD;
        let mut client = Client::new(stream);
        let greeting = within(timeout, client.read_response()).await?.map_err(|error| wire::explain(&error))?;
        match greeting.as_ref().map(|data| data.parsed()) {
            Some(Response::Data { status: Status::Ok, .. }) => {}
            Some(Response::Data { status: Status::Bye, outcome }) => {
                return Err(Failure::Unreachable {
                    detail: wire::clip(outcome.information.as_deref().unwrap_or("the server said goodbye")),
                });
            }
            Some(_) => return Err(Failure::Garbage { detail: "no IMAP greeting".into() }),
            None => return Err(Failure::Unreachable { detail: "connection closed".into() }),
        }
        if server.security == Security::StartTls {
            within(timeout, client.run_command_and_check_ok("STARTTLS", None)).await?.map_err(|error| match explain(error) {
                // A refusal must not lead to going on in plain text.
                Failure::Garbage { detail } | Failure::Rejected { detail } => Failure::Tls { detail },
                other => other,
            })?;
            let mut encrypted = wire::encrypt(ctx, server, client.into_inner()).await?;
            encrypted.budget = OVERHEAD;
            client = Client::new(encrypted);
        }
        // LOGIN takes quoted strings, which are ASCII (RFC 3501 §9); everything else goes by PLAIN.
        let is_ascii = server.user.is_ascii() && server.password.is_ascii();
        let signed_in = within(timeout * wire::SIGN_IN_PATIENCE, async {
            if is_ascii {
                client.login(&server.user, &server.password).await.map_err(|(error, _)| error)
            } else {
                client.authenticate("PLAIN", Plain(format!("\0{}\0{}", server.user, server.password))).await.map_err(|(error, _)| error)
            }
        });
        let session = signed_in.await?.map_err(|error| match error {
            async_imap::error::Error::No(text) if is_passing(&text) => Failure::Unreachable { detail: wire::clip(&text) },
            async_imap::error::Error::No(text) | async_imap::error::Error::Bad(text) => Failure::SignIn { detail: wire::clip(&text) },
            other => explain(other),
        })?;
        let mut imap = Self {
            session,
            timeout,
            can_idle: false,
            notifies: false,
            told: false,
            exists: 0,
            idling: None,
            oversized: BTreeSet::new(),
            busy: false,
        };
        let (mut can_idle, mut notifies) = (false, false);
        imap.command("CAPABILITY", OVERHEAD, |response| {
            if let Response::Capabilities(list) = response {
                let offers = |word: &str| {
                    list.iter().any(
                        |capability| matches!(capability, async_imap::imap_proto::Capability::Atom(name) if name.eq_ignore_ascii_case(word)),
                    )
                };
                can_idle |= offers("IDLE");
                notifies |= offers("NOTIFY");
            }
        })
        .await?;
        (imap.can_idle, imap.notifies) = (can_idle, notifies);
        Ok(imap)
    }

    /// Where the server offers it, has it tell of new mail in folders that are not open. A refusal means looking there now and then.
    async fn ask_to_be_told(&mut self, others: &[String]) -> Result<(), Failure> {
        if !self.notifies {
            return Ok(());
        }
        let names: Vec<String> = others.iter().map(|name| quoted(name)).collect();
        // RFC 5465 §5: MessageNew and MessageExpunge come only together.
        let events = "(MessageNew MessageExpunge)";
        let asked =
            self.command(&format!("NOTIFY SET (selected {events}) (mailboxes ({}) {events})", names.join(" ")), OVERHEAD, |_| {}).await;
        match asked {
            Ok(()) => Ok(()),
            Err(Failure::Rejected { .. } | Failure::Garbage { .. }) if !self.busy => {
                self.notifies = false;
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Gives a command and looks at every answer up to the one that ends it. `allowance`: bytes the answers may have.
    async fn command(&mut self, command: &str, allowance: u64, mut each: impl FnMut(&Response<'_>) + Send) -> Result<(), Failure> {
        self.busy = true;
        self.session.get_mut().budget = allowance;
        let timeout = self.timeout;
        let id = within(timeout, self.session.run_command(command)).await?.map_err(explain)?;
        loop {
            // The limit is for each answer: a long list may take long, a silent server may not.
            let answer = within(timeout, self.session.read_response()).await?.map_err(|error| wire::explain(&error))?;
            let Some(answer) = answer else { return Err(Failure::Unreachable { detail: "connection closed".into() }) };
            match answer.parsed() {
                Response::Done { tag, status, outcome } if *tag == id => {
                    self.busy = false;
                    let text = wire::clip(outcome.information.as_deref().unwrap_or_default());
                    return match status {
                        Status::Ok => Ok(()),
                        // NO: cannot be done now (RFC 9051 §7.1.2). BAD: the two of us do not understand each other.
                        Status::No => Err(Failure::Rejected { detail: text }),
                        _ => Err(Failure::Garbage { detail: text }),
                    };
                }
                Response::Data { status: Status::Bye, outcome } => {
                    return Err(Failure::Unreachable {
                        detail: wire::clip(outcome.information.as_deref().unwrap_or("the server said goodbye")),
                    });
                }
                response => {
                    self.told |= self.notifies && matches!(response, Response::MailboxData(MailboxDatum::Status { .. }));
                    each(response);
                }
            }
        }
    }

    /// Opens a folder, read-only unless `write`.
    async fn open_folder(&mut self, folder: &str, write: bool) -> Result<FolderState, Failure> {
        let mut state = FolderState::default();
        let verb = if write { "SELECT" } else { "EXAMINE" };
        let command = format!("{verb} {}", quoted(folder));
        let result = self.command(&command, OVERHEAD, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => state.exists = *count,
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidNext(next)) => state.next = Some(next),
                Some(ResponseCode::UidValidity(validity)) => state.uidvalidity = validity,
                _ => {}
            },
            _ => {}
        });
        match result.await {
            Ok(()) => Ok(state),
            Err(Failure::Rejected { detail }) if is_passing(&detail) => Err(Failure::Unreachable { detail }),
            Err(Failure::Rejected { detail }) => Err(Failure::Setting { field: "folders".into(), detail: format!("{folder}: {detail}") }),
            Err(other) => Err(other),
        }
    }

    /// Where to go on in a folder: where we were, or at its end when it is new to us, or looking again when its UIDs have changed meaning.
    async fn find_place(&mut self, known: Option<Place>, state: &FolderState, history: History, now: Timestamp) -> Result<Place, Failure> {
        if let Some(place) = known.clone().filter(|place| place.uidvalidity == state.uidvalidity && place.next > 0) {
            return Ok(place);
        }
        let end = match state.next {
            Some(next) => next,
            None => self.search("UID *").await?.into_iter().max().unwrap_or(0).saturating_add(1),
        };
        let older = |since, imported| (end > 1).then_some(Span { at: 1, until: end, since, imported });
        let (seen, span) = match known {
            // RFC 9051 §2.3.1.1: all UIDs are void. What arrived after the newest mail we know may be new; mails met twice have the same
            // external id, so looking once too often does no harm.
            Some(place) => (place.seen, older(Some(place.seen), false)),
            None => (
                now,
                match history {
                    History::None => None,
                    History::Days(days) => older(Some(now - Duration::from_secs(days * 86_400)), true),
                    History::All => older(None, true),
                },
            ),
        };
        Ok(Place { uidvalidity: state.uidvalidity, next: end.max(1), seen, span })
    }

    /// UIDs that match, ascending.
    async fn search(&mut self, query: &str) -> Result<Vec<u32>, Failure> {
        let mut found = Vec::new();
        self.command(&format!("UID SEARCH {query}"), OVERHEAD * 4, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids.iter().copied().filter(|uid| *uid > 0));
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Fetches mails in order until the batch is full. `since`: leaves out what arrived before.
    async fn collect(
        &mut self,
        account: &Account,
        folder: &str,
        uids: &[u32],
        batch: &mut Collected,
        since: Option<Timestamp>,
    ) -> Result<Taken, Failure> {
        let mut taken = Taken::default();
        for chunk in uids.chunks(CHUNK) {
            if batch.is_full() {
                break;
            }
            let facts = self.facts(chunk).await?;
            for uid in chunk {
                if batch.is_full() {
                    break;
                }
                taken.after = Some(uid.saturating_add(1));
                // Not in the answer: deleted since the search.
                let Some(known) = facts.get(uid) else { continue };
                if since.zip(known.arrived).is_some_and(|(since, arrived)| arrived < since) {
                    continue;
                }
                if let Some(inbound) = self.fetch(account, folder, *uid, *known, batch).await? {
                    batch.items.push(inbound);
                    taken.uids.push(*uid);
                    taken.newest = taken.newest.max(known.arrived.unwrap_or_default());
                }
            }
        }
        taken.unfinished = match (taken.after, uids.last()) {
            (Some(after), Some(last)) => after <= *last,
            (None, Some(_)) => true,
            _ => false,
        };
        batch.more |= taken.unfinished;
        Ok(taken)
    }

    async fn facts(&mut self, uids: &[u32]) -> Result<BTreeMap<u32, Facts>, Failure> {
        let mut facts: BTreeMap<u32, Facts> = BTreeMap::new();
        let list = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        self.command(&format!("UID FETCH {list} (UID RFC822.SIZE INTERNALDATE)"), OVERHEAD, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let (mut uid, mut size, mut arrived) = (None, None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(value) => uid = Some(*value),
                    AttributeValue::Rfc822Size(value) => size = Some(u64::from(*value)),
                    AttributeValue::InternalDate(value) => arrived = internal_date(value),
                    _ => {}
                }
            }
            if let Some(uid) = uid.filter(|uid| uids.contains(uid)) {
                let known = facts.entry(uid).or_default();
                known.size = size.or(known.size);
                known.arrived = arrived.or(known.arrived);
            }
        })
        .await?;
        Ok(facts)
    }

    /// One mail; `None` when it is gone. One that is too large comes as its headers and a note.
    async fn fetch(
        &mut self,
        account: &Account,
        folder: &str,
        uid: u32,
        facts: Facts,
        batch: &mut Collected,
    ) -> Result<Option<Inbound>, Failure> {
        let origin = Origin { folder, authserv_id: &account.authserv_id, recipients: &[], mail_from: None };
        let (limit, size) = (batch.limits_mail, facts.size.unwrap_or(0));
        if size <= limit && !self.oversized.contains(&(folder.to_owned(), uid)) {
            match self.section(uid, "BODY.PEEK[]", limit).await {
                Ok(bytes) => {
                    let Some(bytes) = bytes else { return Ok(None) };
                    batch.bytes += bytes.len() as u64;
                    return Ok(Some(map::parse(&bytes, &origin)));
                }
                // The connection is used up in the middle of the mail; the next look knows better.
                Err(Failure::TooLarge) => {
                    self.oversized.insert((folder.to_owned(), uid));
                    return Err(Failure::Garbage { detail: format!("mail {uid} in {folder} is larger than announced") });
                }
                Err(other) => return Err(other),
            }
        }
        let Some(headers) = self.section(uid, "BODY.PEEK[HEADER]", OVERHEAD).await? else { return Ok(None) };
        batch.bytes += headers.len() as u64;
        let (size, limit) = (size.div_ceil(1 << 20), limit >> 20);
        let note = format!(
            "Diese Nachricht ist mit {size} MB größer als erlaubt ({limit} MB) und liegt nur im Postfach.\nThis message ({size} MB) is larger than allowed ({limit} MB) and is only in the mailbox."
        );
        Ok(Some(map::parse_headers_only(&headers, &note, &origin)))
    }

    async fn section(&mut self, uid: u32, section: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
        let mut found = None;
        self.command(&format!("UID FETCH {uid} (UID {section})"), limit.saturating_add(OVERHEAD), |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let is_it = attributes.iter().any(|attribute| matches!(attribute, AttributeValue::Uid(value) if *value == uid));
            let bytes = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection { data: Some(data), .. }
                | AttributeValue::Rfc822(Some(data))
                | AttributeValue::Rfc822Header(Some(data)) => Some(data.to_vec()),
                _ => None,
            });
            if let (true, Some(bytes)) = (is_it, bytes) {
                found = Some(bytes);
            }
        })
        .await?;
        Ok(found)
    }

    /// Best effort: a mail that stays unread does no harm.
    async fn mark_seen(&mut self, uids: &[u32]) {
        for chunk in uids.chunks(CHUNK) {
            let list = chunk.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
            if let Err(error) = self.command(&format!("UID STORE {list} +FLAGS.SILENT (\\Seen)"), OVERHEAD, |_| {}).await {
                tracing::debug!(%error, "mails could not be marked as read");
                return;
            }
        }
    }

    async fn start_idling(&mut self) -> Result<(), Failure> {
        self.busy = true;
        self.session.get_mut().budget = OVERHEAD;
        let id = within(self.timeout, self.session.run_command("IDLE")).await?.map_err(explain)?;
        loop {
            let answer = within(self.timeout, self.session.read_response()).await?.map_err(|error| wire::explain(&error))?;
            match answer.as_ref().map(|data| data.parsed()) {
                Some(Response::Continue(_)) => break,
                Some(Response::Done { tag, .. }) if *tag == id => {
                    // Announced and not kept: polling it is.
                    self.busy = false;
                    self.can_idle = false;
                    return Err(Failure::Garbage { detail: "IDLE refused".into() });
                }
                Some(response) => self.hear(response),
                None => return Err(Failure::Unreachable { detail: "connection closed".into() }),
            }
        }
        self.idling = Some(id);
        self.busy = false;
        Ok(())
    }

    /// Notes what a server says of its own accord while idling begins, lasts or ends: it does not say it twice.
    fn hear(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.told |= *count > self.exists;
                self.exists = self.exists.max(*count);
            }
            Response::MailboxData(MailboxDatum::Status { .. }) => self.told |= self.notifies,
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }

    /// Returns when the server tells of new mail. Can be dropped at any time.
    async fn idle(&mut self) -> Result<(), Failure> {
        while !self.told {
            let answer = self.session.read_response().await.map_err(|error| wire::explain(&error))?;
            match answer.as_ref().map(|data| data.parsed()) {
                Some(Response::Data { status: Status::Bye, outcome }) => {
                    return Err(Failure::Unreachable {
                        detail: wire::clip(outcome.information.as_deref().unwrap_or("the server said goodbye")),
                    });
                }
                // The server ended IDLE by itself; the next look tells why.
                Some(Response::Done { .. }) => {
                    self.idling = None;
                    return Ok(());
                }
                Some(response) => self.hear(response),
                None => return Err(Failure::Unreachable { detail: "connection closed".into() }),
            }
        }
        Ok(())
    }

    async fn stop_idling(&mut self) -> Result<(), Failure> {
        let Some(id) = self.idling.take() else { return Ok(()) };
        self.busy = true;
        self.session.get_mut().budget = OVERHEAD;
        within(self.timeout, self.session.run_command_untagged("DONE")).await?.map_err(explain)?;
        loop {
            let answer = within(self.timeout, self.session.read_response()).await?.map_err(|error| wire::explain(&error))?;
            match answer.as_ref().map(|data| data.parsed()) {
                Some(Response::Done { tag, .. }) if *tag == id => break,
                Some(response) => self.hear(response),
                None => return Err(Failure::Unreachable { detail: "connection closed".into() }),
            }
        }
        self.busy = false;
        Ok(())
    }
}

fn server(account: &Account) -> Result<&Server, Failure> {
    account.imap.as_ref().ok_or_else(|| Failure::Setting { field: "imap_host".into(), detail: "missing".into() })
}

/// AUTHENTICATE PLAIN (RFC 4616).
struct Plain(String);

impl Authenticator for Plain {
    type Response = String;
    fn process(&mut self, _challenge: &[u8]) -> String {
        std::mem::take(&mut self.0)
    }
}

/// The names of all folders that can hold mails.
pub(super) async fn folders(ctx: &Context, account: &Account) -> Result<Vec<String>, Failure> {
    let mut imap = Imap::sign_in(ctx, server(account)?).await?;
    let mut names = Vec::new();
    imap.command("LIST \"\" \"*\"", OVERHEAD, |response| {
        if let Response::MailboxData(MailboxDatum::List(list)) = response
            && names.len() < 200
            && !list.name_attributes.contains(&async_imap::imap_proto::NameAttribute::NoSelect)
        {
            names.push(model::text::clean(&utf7_decode(&list.name)));
        }
    })
    .await?;
    names.sort();
    Ok(names)
}

/// Puts a copy of what was sent into the folder of sent mails, if the account names one. The mail is out; a missing copy is only logged.
pub(super) async fn keep_copy(ctx: &Context, connection: &Connection, source: &[u8]) {
    let Ok(account) = Account::read(connection) else { return };
    let Some(folder) = &account.sent_folder else { return };
    let copy = async {
        let mut imap = Imap::sign_in(ctx, server(&account)?).await?;
        imap.session.append(utf7_encode(folder), Some("(\\Seen)"), None, source).await.map_err(explain)
    };
    // Whoever waits for the message to be sent has waited enough.
    let copy = within(ctx.limits.timeout * 2, copy).await.and_then(|result| result);
    if let Err(error) = copy {
        tracing::warn!(%error, "no copy in the folder of sent mails");
    }
}

/// Whether the folder of sent mails holds this Message-ID.
pub(super) async fn is_in_sent(ctx: &Context, connection: &Connection, message_id: &str) -> Result<bool, Failure> {
    let account = Account::read(connection).map_err(settings::first)?;
    let Some(folder) = &account.sent_folder else { return Ok(false) };
    let id: String = message_id.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
    let mut imap = Imap::sign_in(ctx, server(&account)?).await?;
    imap.open_folder(folder, false).await?;
    Ok(!imap.search(&format!("HEADER Message-ID \"{id}\"")).await?.is_empty())
}

fn explain(error: async_imap::error::Error) -> Failure {
    use async_imap::error::Error;
    match error {
        Error::Io(error) => wire::explain(&error),
        Error::ConnectionLost => Failure::Unreachable { detail: "connection closed".into() },
        Error::No(text) => Failure::Rejected { detail: wire::clip(&text) },
        other => Failure::Garbage { detail: wire::clip(&other.to_string()) },
    }
}

/// `17-Jul-1996 02:44:25 -0700` (RFC 9051 §9, date-time).
fn internal_date(text: &str) -> Option<Timestamp> {
    let at = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()?;
    Some(Timestamp::from_secs(at.as_second())).filter(|at| at.secs() > 0)
}

/// `4-Nov-2026` in UTC.
fn day(at: Timestamp) -> String {
    at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d-%b-%Y").to_string()
}

/// A folder name as it goes into a command: quoted, in modified UTF-7.
fn quoted(name: &str) -> String {
    format!("\"{}\"", utf7_encode(name).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Modified UTF-7 (RFC 3501 §5.1.3): `Entwürfe` is `Entw&APw-rfe`.
fn utf7_encode(name: &str) -> String {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut out = String::new();
    let mut wide: Vec<u8> = Vec::new();
    let flush = |wide: &mut Vec<u8>, out: &mut String| {
        if !wide.is_empty() {
            out.push('&');
            out.push_str(&engine.encode(&*wide).replace('/', ","));
            out.push('-');
            wide.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut wide, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            wide.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut wide, &mut out);
    out
}

fn utf7_decode(name: &str) -> String {
    use base64::Engine;
    let mut out = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((coded, after)) = after.split_once('-') else {
            out.push('&');
            rest = after;
            continue;
        };
        if coded.is_empty() {
            out.push('&');
        } else if let Ok(bytes) = base64::engine::general_purpose::STANDARD_NO_PAD.decode(coded.replace(',', "/")) {
            let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            out.push_str(&String::from_utf16_lossy(&units));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_beyond_ascii_survive_the_way() {
        assert_eq!(utf7_encode("Entwürfe & mehr"), "Entw&APw-rfe &- mehr");
        for name in ["INBOX", "Entwürfe", "A&B", "日本語", "😀/x", ""] {
            assert_eq!(utf7_decode(&utf7_encode(name)), name);
        }
        assert_eq!(utf7_decode("a&b"), "a&b");
        assert_eq!(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
    }

    #[test]
    fn dates_are_read_and_written_as_imap_does() {
        let at = internal_date("17-Jul-1996 02:44:25 -0700").unwrap_or_default();
        assert_eq!(at.to_string(), "1996-07-17T09:44:25Z");
        assert_eq!(day(at), "17-Jul-1996");
        assert_eq!(internal_date(" 4-Nov-2026 11:00:00 +0100").map(|at| at.to_string()).as_deref(), Some("2026-11-04T10:00:00Z"));
        assert_eq!(internal_date("yesterday"), None);
    }
}
