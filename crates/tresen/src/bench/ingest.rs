//! The whole pipeline (language, search document, watches, authors, threading, one transaction a slice) against plain batched inserts of the
//! very rows it wrote, with as many items a transaction, the same durability and the same full-text index.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use channels::{Author, Inbound, ItemKind, MailFacts, Mailbox};
use db::{Cells, Column, Db, Durability, Json, Kind, Many, Place, Table, Turn, Tx, args, sql};
use domain::App;
use domain::accounts::{users, workspaces};
use domain::intake::{self, Lot};
use model::{Id, Locale, Timestamp, kinds};
use serde_json::json;

use super::words::Words;
use crate::config::Config;
use crate::wiring;

/// Items of one look at a source.
const LOT: usize = 100;
/// Sources that bring items at the same time.
const SOURCES: usize = 2;
const WATCHES: usize = 50;

/// What is measured: which items, and which tables they fill; each with the column that tells in which order its rows came, and how many steps
/// of reference lie between it and the items.
struct Workload {
    name: &'static str,
    channel: &'static str,
    /// The table whose rows are the items, and its full-text index.
    main: &'static str,
    index: &'static str,
    tables: &'static [(&'static str, &'static str, usize)],
}

const POSTS: Workload = Workload {
    name: "posts",
    channel: "feed",
    main: "posts",
    index: "posts_fts",
    tables: &[
        ("profiles", "id", 1),
        ("profile_trigrams", "profile_id", 1),
        ("posts", "id", 0),
        ("post_keys", "post_id", 0),
        ("post_sightings", "post_id", 0),
        ("watch_hits", "id", 0),
        ("events", "id", 0),
    ],
};
const MAILS: Workload = Workload {
    name: "mails",
    channel: "mail",
    main: "messages",
    index: "messages_fts",
    tables: &[
        ("contacts", "id", 2),
        ("addresses", "id", 2),
        ("contact_trigrams", "contact_id", 2),
        ("conversations", "id", 1),
        ("conversation_participants", "conversation_id", 1),
        ("messages", "id", 0),
        ("events", "id", 0),
    ],
};

pub async fn run(config: &Config, posts: usize, mails: usize, rounds: usize, server: Option<&str>) -> Result<()> {
    for (workload, count) in [(POSTS, posts), (MAILS, mails)] {
        let (mut pipeline, mut raw) = (Vec::new(), Vec::new());
        let mut shape = json!({});
        for round in 0..if count == 0 { 0 } else { rounds } {
            let folder = tempfile::tempdir()?;
            let mut one = config.clone();
            one.store.data = folder.path().join("pipeline");
            one.store.database = database(server, &workload, round, "pipeline").await?;
            let measured = pipeline_of(&one, &workload, count).await.context("the pipeline")?;
            let mut other = config.clone();
            other.store.data = folder.path().join("raw");
            other.store.database = database(server, &workload, round, "raw").await?;
            let took = raw_of(&other, &measured).await.context("plain inserts")?;
            pipeline.push(count as f64 / measured.took.as_secs_f64());
            raw.push(count as f64 / took.as_secs_f64());
            shape =
                json!({ "per_transaction": measured.batch, "rows": measured.tables.iter().map(|t| t.rows.len()).sum::<usize>() + count });
        }
        pipeline.sort_by(f64::total_cmp);
        raw.sort_by(f64::total_cmp);
        let (pipeline, raw) = (super::quantile(&pipeline, 0.5), super::quantile(&raw, 0.5));
        println!(
            "{}",
            json!({
                "bench": "ingest", "what": workload.name, "engine": if server.is_some() { "postgres" } else { "sqlite" }, "items": count, "rounds": rounds,
                "pipeline_per_s": pipeline.round(), "raw_per_s": raw.round(), "ratio": (pipeline / raw * 1000.0).round() / 1000.0, "shape": shape,
            })
        );
    }
    Ok(())
}

async fn database(server: Option<&str>, workload: &Workload, round: usize, what: &str) -> Result<Option<String>> {
    let Some(server) = server else { return Ok(None) };
    let name = format!("tresen_bench_{}_{}_{round}_{what}", std::process::id(), workload.name);
    db::create_database(server, &name, None).await?;
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    Ok(Some(format!("{base}/{name}")))
}

struct Measured {
    took: Duration,
    /// Items of one transaction, on average.
    batch: usize,
    /// Everything that stood there before: house, accounts, watches.
    before: Vec<Rows>,
    tables: Vec<Rows>,
    /// Id of the item, its search document.
    documents: Vec<(i64, String)>,
    index: &'static str,
}

struct Rows {
    table: &'static Table,
    /// The rows with what orders them.
    rows: Vec<(i64, Vec<db::Value>)>,
    /// See [`Workload::tables`].
    steps: usize,
}

async fn pipeline_of(config: &Config, workload: &Workload, count: usize) -> Result<Measured> {
    let db = wiring::open_db(config).await?;
    let app = wiring::app_on(db.clone(), config, "http://localhost".into(), false).await?;
    let sources = house(&app, workload.channel).await?;
    let before = everything(&db).await?;
    let words = Words::new(1);
    let items: Vec<Inbound> = (0..count).map(|n| if workload.channel == "feed" { post(&words, n) } else { mail(&words, n) }).collect();
    let lots: Vec<Vec<Inbound>> = items.chunks(LOT).map(<[Inbound]>::to_vec).collect();
    let started = Instant::now();
    // Each source its own items, as in life: one after the other within a source, side by side between them.
    let mut tasks = tokio::task::JoinSet::new();
    for (n, source) in sources.into_iter().enumerate() {
        let (app, lots): (App, Vec<Vec<Inbound>>) = (app.clone(), lots.iter().skip(n).step_by(SOURCES).cloned().collect());
        tasks.spawn(async move {
            let mut transactions = 0;
            for items in lots {
                let lot = Lot {
                    source,
                    fence: Some(0),
                    items,
                    cursor: Some(json!({})),
                    imported: false,
                    more: false,
                    next_at: None,
                    turn: Turn::Background,
                    durability: Durability::Reread,
                };
                transactions += intake::ingest(&app, lot).await?.slices;
            }
            anyhow::Ok(transactions)
        });
    }
    let mut transactions = 0;
    while let Some(done) = tasks.join_next().await {
        transactions += done??;
    }
    let took = started.elapsed();
    let mut conn = db.read().await?;
    let count_all = if workload.main == "posts" { "SELECT COUNT(*) FROM posts" } else { "SELECT COUNT(*) FROM messages" };
    let (stored,): (i64,) = conn.one(count_all, args![]).await?;
    ensure!(stored == i64::try_from(count)?, "{stored} of {count} items were stored");
    let documents = documents(&mut conn, workload).await?;
    drop(conn);
    let mut tables = Vec::new();
    for (name, key, steps) in workload.tables {
        tables.push(Rows { steps: *steps, ..rows(&db, name, key).await? });
    }
    let batch = count / usize::try_from(transactions)?.max(1);
    Ok(Measured { took, batch: batch.max(1), before, tables, documents, index: workload.index })
}

/// Made again from what is stored, as after a restore: PostgreSQL does not give its documents back.
async fn documents(conn: &mut db::Conn, workload: &Workload) -> Result<Vec<(i64, String)>> {
    let stored: Vec<(i64, Option<String>, String, Option<String>, Option<String>, String)> = conn
        .all(
            if workload.main == "posts" {
                "SELECT p.id, p.title, p.text, f.name, NULL, p.lang FROM posts p LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id ORDER BY p.id"
            } else {
                "SELECT id, subject, text, author_name, author_address, lang FROM messages ORDER BY id"
            },
            args![],
        )
        .await?;
    Ok(stored
        .into_iter()
        .map(|(id, title, text, name, address, lang)| {
            let parts = [title, Some(text), name, address].map(Option::unwrap_or_default);
            (id, matching::search_document(&parts.each_ref().map(String::as_str), Some(&lang)).text)
        })
        .collect())
}

async fn raw_of(config: &Config, measured: &Measured) -> Result<Duration> {
    let db = wiring::open_db(config).await?;
    let mut tx = db.write().await?;
    for rows in &measured.before {
        let rows_only = rows.rows.iter().map(|(_, row)| row.clone()).collect();
        tx.run_many(&statement(rows.table), rows_only).await.with_context(|| rows.table.name.clone())?;
    }
    tx.commit().await?;
    // What belongs to the same batch: everything with an id up to that of the batch's last item; what came after it goes with the next one.
    // What the items refer to was numbered after them, within the same look at a source: it goes so many batches ahead.
    let mut batches: BTreeMap<i64, Vec<(Many, Vec<Vec<db::Value>>)>> =
        measured.documents.chunks(measured.batch).filter_map(|chunk| Some((chunk.last()?.0, Vec::new()))).collect();
    let ends: Vec<i64> = batches.keys().copied().collect();
    let look = (SOURCES * LOT).div_ceil(measured.batch);
    for table in &measured.tables {
        let (statement, ahead) = (statement(table.table), table.steps * look);
        let mut parts: BTreeMap<i64, Vec<Vec<db::Value>>> = BTreeMap::new();
        for (key, row) in &table.rows {
            let batch = ends.partition_point(|end| end < key).min(ends.len() - 1);
            parts.entry(ends[batch.saturating_sub(ahead)]).or_default().push(row.clone());
        }
        for (batch, rows) in parts {
            batches.entry(batch).or_default().push((statement, rows));
        }
    }
    let posts = Many { into: "INSERT INTO posts_fts (rowid, document)", row: sql!("($1, " [document "$2"] ")"), end: "" };
    let messages = Many { into: "INSERT INTO messages_fts (rowid, document)", ..posts };
    let index = if measured.index == "posts_fts" { posts } else { messages };
    for (chunk, batch) in measured.documents.chunks(measured.batch).zip(batches.values_mut()) {
        batch.push((index, chunk.iter().map(|(id, document)| args![*id, document]).collect()));
    }
    let started = Instant::now();
    for statements in batches.into_values() {
        let mut tx: Tx = db.write_as(Turn::Background, Durability::Reread).await?;
        for (statement, rows) in statements {
            tx.run_many(&statement, rows).await?;
        }
        tx.commit().await?;
    }
    Ok(started.elapsed())
}

/// The insert into a table. The text lives as long as the process: a few of them are made.
fn statement(table: &Table) -> Many {
    let columns: Vec<&str> = columns(table).map(|c| c.name.as_str()).collect();
    let into: &'static str = format!("INSERT INTO {} ({})", table.name, columns.join(", ")).leak();
    let row: &'static str = format!("({})", (1..=columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")).leak();
    Many { into, row: row.into(), end: "" }
}

/// All but the event's position, which the store gives.
fn columns(table: &Table) -> impl Iterator<Item = &db::TableColumn> {
    table.columns.iter().filter(|c| !(table.name == "events" && c.name == "position"))
}

/// The tables that a fresh store does not fill by itself.
async fn everything(db: &Db) -> Result<Vec<Rows>> {
    let mut all = Vec::new();
    for table in
        db::tables().iter().filter(|t| !t.derived && !matches!(t.name.as_str(), "settings" | "nodes" | "leases" | "schedules" | "jobs"))
    {
        let key = if table.columns.iter().any(|c| c.name == "id") { "id" } else { "workspace_id" };
        if table.columns.iter().any(|c| c.name == key) {
            all.push(rows(db, &table.name, key).await?);
        }
    }
    Ok(all)
}

async fn rows(db: &Db, name: &str, key: &str) -> Result<Rows> {
    let table = db::tables().iter().find(|t| t.name == name).with_context(|| format!("no table {name}"))?;
    let names: Vec<&str> = columns(table).map(|c| c.name.as_str()).collect();
    let text = format!("SELECT {key} AS ordered_by, {} FROM {name} ORDER BY {key}", names.join(", "));
    let mut rows = Vec::new();
    db.read()
        .await?
        .each_built::<anyhow::Error>(text.clone(), text, &mut |cells| {
            let row = columns(table).enumerate().map(|(at, c)| value(cells, Place::Index(at + 1), c.kind)).collect::<Result<Vec<_>>>()?;
            rows.push((i64::read(cells, Place::Index(0))?, row));
            Ok(())
        })
        .await?;
    Ok(Rows { table, rows, steps: 0 })
}

fn value(cells: &Cells<'_>, at: Place, kind: Kind) -> Result<db::Value> {
    Ok(match kind {
        Kind::Integer => db::Value::I64(Option::read(cells, at)?),
        Kind::Float => db::Value::F64(Option::read(cells, at)?),
        Kind::Text => db::Value::Text(Option::read(cells, at)?),
        Kind::Boolean => db::Value::Bool(Option::read(cells, at)?),
        Kind::Json => db::Value::Json(Option::<Json<serde_json::Value>>::read(cells, at)?),
        Kind::Bytes => db::Value::Bytes(Option::read(cells, at)?),
    })
}

/// One workspace with an owner, an account for each source, and watches of which some hit.
async fn house(app: &App, channel: &str) -> Result<Vec<Id<kinds::Source>>> {
    let mut tx = app.db.write().await?;
    let new = users::NewUser {
        email: "bench@example.test",
        name: "Bench",
        password_hash: None,
        locale: Locale::DeDe,
        is_installation_admin: false,
    };
    let owner = users::create(&mut tx, new).await?;
    let new = workspaces::NewWorkspace { name: "Bench", slug: "bench", locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
    let ws = workspaces::create(&mut tx, new, owner).await?;
    let now = tx.now();
    let mut sources = Vec::new();
    for n in 0..SOURCES {
        let (source, account): (Id<kinds::Source>, Id<kinds::ChannelAccount>) = (tx.id(), tx.id());
        let key = format!("bench-{n}");
        tx.run(
            "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, $2, $3, $4, 'active', $5, $5)",
            args![source, channel, &key, json!({}), now],
        )
        .await?;
        tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8)",
            args![account, ws, source, channel, &key, format!("{key}@example.test"), json!({}), now],
        )
        .await?;
        sources.push(source);
    }
    let words = Words::new(2);
    for n in 0..WATCHES {
        let query = format!("{} AND ({} OR {})", words.word(true), words.word(false), words.word(true));
        let id: Id<kinds::Watch> = tx.id();
        tx.run(
            "INSERT INTO watches (id, workspace_id, name, query, kind, created_at, updated_at) VALUES ($1, $2, $3, $4, 'topic', $5, $5)",
            args![id, ws, format!("Watch {n}"), query, now],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(sources)
}

fn post(words: &Words, n: usize) -> Inbound {
    let text = words.text(50, 300);
    // Forty blogs and forums, twenty-five people write in each.
    let person = n % 40 * 25 + words.below(25);
    Inbound {
        external_id: format!("tag:example.test,{n}"),
        canonical_url: Some(format!("https://blog-{}.example/{n}", n % 40)),
        kind: ItemKind::Post,
        author: Author { name: words.name(person), handle: Some(format!("person-{person}")), url: None, address: None },
        title: Some(words.text(20, 60)),
        html: Some(format!("<p>{text}</p>")),
        text,
        published_at: Some(Timestamp::from_micros(1_700_000_000_000_000 + n as i64 * 1_000_000)),
        language_hint: None,
        in_reply_to: None,
        attachments: Vec::new(),
        mail: None,
        media: Vec::new(),
    }
}

/// Two of three mails begin a conversation, the third answers an earlier one.
fn mail(words: &Words, n: usize) -> Inbound {
    let text = words.text(100, 600);
    let person = words.below(2_000);
    let address = format!("person-{person}@example.test");
    // Of the same lot's source, so that it is there already.
    let parent = (n % 3 == 2 && n > 400).then(|| n - 2 * LOT * (1 + words.below(2)));
    let parent = parent.map(|parent| format!("{parent}@example.test"));
    Inbound {
        external_id: format!("{n}@example.test"),
        canonical_url: None,
        kind: ItemKind::Mail,
        author: Author { name: words.name(person), handle: None, url: None, address: Some(address.clone()) },
        title: Some(words.text(20, 60)),
        html: None,
        published_at: None,
        language_hint: None,
        in_reply_to: parent.clone(),
        attachments: Vec::new(),
        mail: Some(MailFacts {
            message_id: format!("{n}@example.test"),
            in_reply_to: parent.clone(),
            references: parent.into_iter().collect(),
            from: vec![Mailbox { name: None, address }],
            to: vec![Mailbox { name: None, address: "bench@example.test".into() }],
            new_text: text.clone(),
            ..MailFacts::default()
        }),
        text,
        media: Vec::new(),
    }
}
