//! A workspace with many conversations and agents who are logged in, written straight into an empty store: for measuring pages.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use db::{Durability, Many, Turn, Tx, Value, args, sql};
use domain::accounts::{BuiltinRole, sessions, users, workspaces};
use model::{Id, Locale, Timestamp, kinds};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::words::Words;
use crate::config::Config;
use crate::wiring;

const TEAMS: usize = 10;
const ACCOUNTS: usize = 3;
const LABELS: [&str; 12] =
    ["Lieferung", "Rechnung", "Retoure", "Lob", "Filiale", "Abo", "Großkunde", "Presse", "Bewerbung", "Technik", "Gutschein", "Rückruf"];
/// Conversations of one transaction.
const BATCH: usize = 500;
/// Of all conversations these many are kept for the load to open, open ones and closed ones alike.
const SAMPLE: usize = 4_000;

/// What `bench load` needs to know.
#[derive(Serialize, Deserialize)]
pub struct Plan {
    pub workspace: String,
    /// Session tokens, one an agent.
    pub agents: Vec<String>,
    pub open: Vec<String>,
    pub done: Vec<String>,
}

struct Town {
    ws: Id<kinds::Workspace>,
    agents: Vec<Id<kinds::User>>,
    teams: Vec<Id<kinds::Team>>,
    accounts: Vec<Id<kinds::ChannelAccount>>,
    contacts: Vec<Id<kinds::Contact>>,
}

pub async fn run(config: &Config, conversations: usize, agents: usize, plan_file: &Path) -> Result<()> {
    let db = wiring::open_db(config).await?;
    ensure!(workspaces::count(&mut db.read().await?).await? == (0, 0), "this store is not empty");
    let started = Instant::now();
    let words = Words::new(4);
    let mut plan = Plan { workspace: "bench".into(), agents: Vec::new(), open: Vec::new(), done: Vec::new() };
    let mut tx = db.write().await?;
    let town = people(&mut tx, agents, conversations / 5, &words, &mut plan).await?;
    tx.commit().await?;
    let mut made = 0;
    while made < conversations {
        let mut tx = db.write_as(Turn::Background, Durability::Reread).await?;
        let n = BATCH.min(conversations - made);
        batch(&mut tx, &town, &words, made..made + n, conversations, &mut plan).await?;
        tx.commit().await?;
        made += n;
        if made.is_multiple_of(50_000) {
            eprintln!("{made} of {conversations} conversations, {} s", started.elapsed().as_secs());
        }
    }
    // What autovacuum does by itself after a while.
    if db.engine() == db::Engine::Postgres {
        let mut tx = db.write().await?;
        tx.run_built(String::new(), "ANALYZE".into(), args![]).await?;
        tx.commit().await?;
    }
    std::fs::write(plan_file, serde_json::to_vec(&plan)?)?;
    println!("{}", json!({ "bench": "fill", "conversations": conversations, "seconds": started.elapsed().as_secs() }));
    Ok(())
}

async fn people(tx: &mut Tx, agents: usize, contacts: usize, words: &Words, plan: &mut Plan) -> Result<Town> {
    let user = |n: usize| format!("agent-{n}@example.test");
    let mut ids = Vec::new();
    for n in 0..agents {
        let (email, name) = (user(n), words.name(n * 31));
        let new = users::NewUser { email: &email, name: &name, password_hash: None, locale: Locale::DeDe, is_installation_admin: n == 0 };
        ids.push(users::create(tx, new).await?);
    }
    let owner = *ids.first().ok_or_else(|| anyhow::anyhow!("at least one agent"))?;
    let new =
        workspaces::NewWorkspace { name: "Bench", slug: &plan.workspace, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
    let ws = workspaces::create(tx, new, owner).await?;
    let now = tx.now();
    let mut teams = Vec::new();
    for n in 0..TEAMS {
        let id: Id<kinds::Team> = tx.id();
        tx.run("INSERT INTO teams (id, workspace_id, name, created_at) VALUES ($1, $2, $3, $4)", args![id, ws, format!("Team {n}"), now])
            .await?;
        teams.push(id);
    }
    for (n, agent) in ids.iter().enumerate() {
        if n > 0 {
            let member = workspaces::join(tx, ws, *agent, &[(BuiltinRole::Agent, None)]).await?;
            tx.run(
                "INSERT INTO team_members (workspace_id, team_id, membership_id) VALUES ($1, $2, $3)",
                args![ws, teams[n % TEAMS], member],
            )
            .await?;
        }
        plan.agents.push(sessions::open(tx, *agent, &sessions::Visitor::default()).await?);
    }
    let mut accounts = Vec::new();
    for n in 0..ACCOUNTS {
        let id: Id<kinds::ChannelAccount> = tx.id();
        tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, 'mail', $3, $4, $5, 'active', $6)",
            args![id, ws, format!("Postfach {n}"), format!("post-{n}@example.test"), json!({}), now],
        )
        .await?;
        accounts.push(id);
    }
    const CONTACTS: Many = Many {
        into: "INSERT INTO contacts (id, workspace_id, name, name_key, created_at, updated_at)",
        row: sql!("($1, $2, $3, $4, $5, $6)"),
        end: "",
    };
    let contacts: Vec<Id<kinds::Contact>> = (0..contacts).map(|_| tx.id()).collect();
    let rows = contacts.iter().enumerate().map(|(n, id)| {
        let name = words.name(n);
        args![*id, ws, &name, domain::fold_key(&name), now, now]
    });
    tx.run_many(&CONTACTS, rows.collect()).await?;
    Ok(Town { ws, agents: ids, teams, accounts, contacts })
}

#[derive(Default)]
struct Tables {
    conversations: Vec<Vec<Value>>,
    participants: Vec<Vec<Value>>,
    labels: Vec<Vec<Value>>,
    messages: Vec<Vec<Value>>,
    documents: Vec<Vec<Value>>,
    reads: Vec<Vec<Value>>,
}

async fn batch(tx: &mut Tx, town: &Town, words: &Words, range: std::ops::Range<usize>, all: usize, plan: &mut Plan) -> Result<()> {
    let mut tables = Tables::default();
    let now = tx.now();
    for n in range {
        conversation(tx, town, words, n, all, now, &mut tables, plan);
    }
    const CONVERSATIONS: Many = Many {
        into: "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, assignee_id, team_id, contact_id,
                 snoozed_until, waiting_since, last_message_at, messages, created_at, resolved_at)",
        row: sql!("($1, $2, $3, 'mail', $4, $5, $6, $7, 'de', $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, $17)"),
        end: "",
    };
    const PARTICIPANTS: Many = Many {
        into: "INSERT INTO conversation_participants (workspace_id, conversation_id, address_key, address, name, role, added_at)",
        row: sql!("($1, $2, $3, $3, $4, 'customer', $5)"),
        end: "",
    };
    const LABELS: Many = Many {
        into: "INSERT INTO conversation_labels (workspace_id, conversation_id, label_key, label)",
        row: sql!("($1, $2, $3, $4)"),
        end: "",
    };
    const MESSAGES: Many = Many {
        into: "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_id, author_name, author_address, subject, text, external_id, message_id,
                 lang, received_at, sort_at, state)",
        row: sql!("($1, $2, $3, $4, $5, 'mail', $6, $7, $8, $9, $10, $11, $11, 'de', $12, $12, $13)"),
        end: "",
    };
    const DOCUMENTS: Many = Many { into: "INSERT INTO messages_fts (rowid, document)", row: sql!("($1, " [document "$2"] ")"), end: "" };
    const READS: Many = Many {
        into: "INSERT INTO conversation_reads (workspace_id, conversation_id, user_id, read_at)",
        row: sql!("($1, $2, $3, $4)"),
        end: "",
    };
    tx.run_many(&CONVERSATIONS, tables.conversations).await?;
    tx.run_many(&PARTICIPANTS, tables.participants).await?;
    tx.run_many(&LABELS, tables.labels).await?;
    tx.run_many(&MESSAGES, tables.messages).await?;
    tx.run_many(&DOCUMENTS, tables.documents).await?;
    tx.run_many(&READS, tables.reads).await?;
    Ok(())
}

/// The older, the lower its number: over three years, the last 2.5 % still open or put off.
#[expect(clippy::too_many_arguments, reason = "all of it is one row's surroundings")]
fn conversation(tx: &Tx, town: &Town, words: &Words, n: usize, all: usize, now: Timestamp, tables: &mut Tables, plan: &mut Plan) {
    let id: Id<kinds::Conversation> = tx.id();
    let age = (all - n) as i64 * (3 * 365 * 86_400_000_000 / all as i64);
    let at = Timestamp::from_micros(now.micros() - age);
    let kind = match words.below(1000) {
        _ if n < all / 10 * 9 => "done",
        0..200 => "open",
        200..250 => "snoozed",
        _ => "done",
    };
    let account = town.accounts[n % ACCOUNTS];
    let contact = town.contacts.get(n % town.contacts.len().max(1)).copied();
    let name = words.name(n % town.contacts.len().max(1));
    let address = format!("person-{}@example.test", n % town.contacts.len().max(1));
    let agent = town.agents[words.below(town.agents.len())];
    let assignee = (kind == "done" || words.below(10) < 7).then_some(agent);
    let subject = words.text(20, 70);
    let count = if n.is_multiple_of(100) { 20 } else { 1 + words.below(3) };
    let mut excerpt = String::new();
    for m in 0..count {
        let message: Id<kinds::Message> = tx.id();
        let text = words.text(100, 500);
        let outgoing = m % 2 == 1;
        excerpt = model::text::excerpt(&text, 180);
        let sent = Timestamp::from_micros(at.micros() - (count - 1 - m) as i64 * 3_600_000_000);
        let (direction, author, by, state) =
            if outgoing { ("out", Some(agent), "Bench", "sent") } else { ("in", None, name.as_str(), "received") };
        let from = (!outgoing).then_some(address.as_str());
        let parts = [subject.as_str(), text.as_str(), by];
        let document = matching::search_document(if outgoing { &parts[1..2] } else { &parts }, Some("de")).text;
        tables.documents.push(args![message, document]);
        tables.messages.push(args![
            message,
            town.ws,
            id,
            account,
            direction,
            author,
            by,
            from,
            &subject,
            text,
            format!("{n}-{m}@example.test"),
            sent,
            state
        ]);
    }
    let (open, snoozed) = (kind == "open", kind == "snoozed");
    tables.conversations.push(args![
        id,
        town.ws,
        account,
        false,
        subject,
        &name,
        excerpt,
        kind,
        assignee,
        town.teams[n % TEAMS],
        contact,
        snoozed.then_some(now + std::time::Duration::from_secs(864_000)),
        open.then_some(at),
        at,
        count,
        at,
        (kind == "done").then_some(at)
    ]);
    tables.participants.push(args![town.ws, id, address, &name, at]);
    let labels: HashSet<&str> = (0..words.below(3)).map(|_| LABELS[words.below(LABELS.len())]).collect();
    tables.labels.extend(labels.into_iter().map(|label| args![town.ws, id, domain::fold_key(label), label]));
    if open && words.below(2) == 0 {
        tables.reads.push(args![town.ws, id, agent, now]);
    }
    let sample = if open { &mut plan.open } else { &mut plan.done };
    if sample.len() < SAMPLE && (open || n.is_multiple_of((all / SAMPLE).max(1))) {
        sample.push(id.to_string());
    }
}
