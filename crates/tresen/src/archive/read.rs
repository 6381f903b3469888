use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use db::{Db, Json, Kind, Table, Tx, Value};
use domain::Blobs;
use domain::privacy::tombstones;
use model::{Id, Timestamp, kinds};
use serde_json::{Map, Value as Plain};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{Entry, FORMAT, MANIFEST, Manifest, columns, hex, table_entry, tables};

/// A manifest lists every file; this many bytes are millions of them.
const MANIFEST_MOST: u64 = 1 << 30;
/// Bound values of one INSERT; SQLite takes 32,766, PostgreSQL 65,535.
const VALUES: usize = 8_000;
/// What `serve` has written into a database before anybody has set it up. It gives way to the archive's.
const FIRST_START: [&str; 6] = ["settings", "leases", "schedules", "one_time_links", "rate_limits", "jobs"];

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub rows: u64,
    pub blobs: usize,
    /// Search documents made again.
    pub documents: u64,
    /// What was taken away since the archive was made, and is now again.
    pub endings: u64,
}

/// Reads an archive into an empty database and its folder of files. Everything is checked first; the rows come in one transaction, so that a
/// failure leaves the database empty (files already written stay, harmlessly: the same names, the same bytes).
///
/// `given_key` is the id of the sealing key that lies ready, if one does. `endings` is what was taken away from the installation since, as
/// [`tombstones`] keeps it; it does not come back.
///
/// # Errors
/// For a damaged archive, another format or schema, a database that is not empty, another sealing key, a clock that is behind the archive.
pub async fn restore(db: &Db, blobs: &Blobs, given_key: Option<&str>, file: &Path, endings: &[tombstones::Ending]) -> Result<Restored> {
    let mut zip = ZipArchive::new(BufReader::new(File::open(file).with_context(|| file.display().to_string())?))
        .context("this is no archive of Tresen's")?;
    let manifest = read_manifest(&mut zip)?;
    fits(db, &manifest, given_key).await?;
    empty(db).await?;
    verify(&mut zip, &manifest)?;

    let files: Vec<String> = manifest.entries.keys().filter(|name| name.starts_with("blobs/")).cloned().collect();
    for name in &files {
        let (workspace, sha256) = blob_name(name)?;
        let mut bytes = Vec::new();
        zip.by_name(name)?.take(manifest.entries[name].bytes).read_to_end(&mut bytes)?;
        ensure!(blobs.keep(workspace, &bytes)? == sha256, "{name} is damaged");
    }
    let mut tx = db.write().await?;
    for table in FIRST_START {
        let delete = format!("DELETE FROM {table}");
        tx.run_built(delete.clone(), delete, vec![]).await?;
    }
    let mut rows = 0;
    for table in tables() {
        if let Some(expected) = manifest.tables.get(&table.name) {
            let entry = zip.by_name(&table_entry(&table.name))?;
            let found = insert(&mut tx, table, BufReader::new(entry)).await.with_context(|| table.name.clone())?;
            ensure!(found == *expected, "{} has {found} rows, the manifest says {expected}", table.name);
            rows += found;
        }
    }
    let endings = tombstones::replay(&mut tx, endings).await?;
    let documents = domain::intake::reindex(&mut tx).await?;
    tx.commit().await?;
    Ok(Restored { manifest, rows, blobs: files.len(), documents, endings })
}

fn read_manifest<R: Read + std::io::Seek>(zip: &mut ZipArchive<R>) -> Result<Manifest> {
    let mut text = String::new();
    zip.by_name(MANIFEST)
        .context("it has no manifest.json: this is no archive of Tresen's")?
        .take(MANIFEST_MOST)
        .read_to_string(&mut text)?;
    let format = serde_json::from_str::<Plain>(&text).context(MANIFEST)?.get("format").and_then(Plain::as_u64);
    ensure!(format == Some(u64::from(FORMAT)), "the archive has format {format:?}, this release reads {FORMAT}");
    serde_json::from_str(&text).context(MANIFEST)
}

async fn fits(db: &Db, manifest: &Manifest, given_key: Option<&str>) -> Result<()> {
    let known = db::known_schema();
    ensure!(
        manifest.schema == known,
        "the archive has schema {}, this release {known}: restore with release {} and upgrade afterwards",
        manifest.schema,
        manifest.program
    );
    let made_at = Timestamp::parse_rfc3339(&manifest.made_at).context("made_at")?;
    // Ids hold the time: with a clock behind the archive's, new ones could be old ones.
    ensure!(db.now() >= made_at, "this machine's clock is behind the archive, which was made at {made_at}");
    if let (Some(archived), Some(given)) = (manifest.sealing_key_id.as_deref(), given_key) {
        ensure!(
            archived == given,
            "the archive belongs to sealing key {archived}, but {given} lies here: put the right key file in place first"
        );
    }
    Ok(())
}

async fn empty(db: &Db) -> Result<()> {
    let mut conn = db.read().await?;
    for table in tables().filter(|table| !FIRST_START.contains(&table.name.as_str())) {
        let select = format!("SELECT COUNT(*) FROM {}", table.name);
        let counted: Vec<(i64,)> = conn.all_built(select.clone(), select, vec![]).await?;
        ensure!(counted.iter().all(|(count,)| *count == 0), "the database is not empty ({} has rows): restore into a new one", table.name);
    }
    Ok(())
}

/// Every entry is in the manifest and is what it says; every table is there.
fn verify<R: Read + std::io::Seek>(zip: &mut ZipArchive<R>, manifest: &Manifest) -> Result<()> {
    let found: BTreeSet<String> = zip.file_names().filter(|name| *name != MANIFEST).map(str::to_string).collect();
    for name in &found {
        ensure!(manifest.entries.contains_key(name), "{name} is not in the manifest");
    }
    for table in tables() {
        ensure!(
            manifest.entries.contains_key(&table_entry(&table.name)) && manifest.tables.contains_key(&table.name),
            "table {} is missing",
            table.name
        );
    }
    for name in manifest.tables.keys() {
        ensure!(tables().any(|table| table.name == *name), "this release knows no table {name}");
    }
    for (name, entry) in &manifest.entries {
        if name.starts_with("blobs/") {
            let (_, sha256) = blob_name(name)?;
            ensure!(sha256 == entry.sha256, "{name} is not named after its content");
        }
        ensure!(digest(zip.by_name(name).with_context(|| format!("{name} is missing"))?, entry.bytes)? == *entry, "{name} is damaged");
    }
    Ok(())
}

/// Reads one byte more than expected at most.
fn digest(reader: impl Read, expected: u64) -> Result<Entry> {
    let (mut hash, mut bytes, mut reader, mut buffer) = (Sha256::new(), 0, reader.take(expected.saturating_add(1)), vec![0; 64 << 10]);
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(Entry { sha256: hex(&hash.finalize()), bytes });
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

fn blob_name(name: &str) -> Result<(Id<kinds::Workspace>, &str)> {
    let parts = name.strip_prefix("blobs/").and_then(|rest| rest.split_once('/'));
    let (workspace, sha256) = parts.with_context(|| format!("{name} is no file's name"))?;
    Ok((workspace.parse().ok().with_context(|| format!("{name} is no file's name"))?, sha256))
}

async fn insert(tx: &mut Tx, table: &Table, lines: impl BufRead) -> Result<u64> {
    let width = columns(table).count().max(1);
    let most = (VALUES / width).clamp(1, 200);
    let (mut rows, mut values, mut waiting) = (0, Vec::new(), 0);
    for line in lines.lines() {
        let mut object: Map<String, Plain> = serde_json::from_str(&line?).with_context(|| format!("row {}", rows + 1))?;
        for column in columns(table) {
            values.push(value(column.kind, object.remove(&column.name)).with_context(|| format!("row {}, {}", rows + 1, column.name))?);
        }
        if let Some(unknown) = object.keys().next() {
            bail!("row {}: this release knows no column {unknown}", rows + 1);
        }
        rows += 1;
        waiting += 1;
        if waiting == most {
            run(tx, table, waiting, std::mem::take(&mut values)).await?;
            waiting = 0;
        }
    }
    if waiting > 0 {
        run(tx, table, waiting, values).await?;
    }
    Ok(rows)
}

async fn run(tx: &mut Tx, table: &Table, rows: usize, values: Vec<Value>) -> Result<()> {
    let names: Vec<&str> = columns(table).map(|c| c.name.as_str()).collect();
    let places = |position: &str| {
        let row = |at: usize| {
            let numbers: Vec<String> = (1..=names.len()).map(|n| format!("${}", at * names.len() + n)).collect();
            format!("({position}{})", numbers.join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    };
    let statement =
        |before: &str, position: &str| format!("INSERT INTO {} ({before}{}) VALUES {}", table.name, names.join(", "), places(position));
    // Position 0 stands before every transaction of a PostgreSQL database; SQLite counts by itself.
    let pg = if table.name == "events" { statement("position, ", "0, ") } else { statement("", "") };
    tx.run_built(statement("", ""), pg, values).await?;
    Ok(())
}

fn value(kind: Kind, plain: Option<Plain>) -> Result<Value> {
    // JSON's own null is a value of a JSON column; SQL's NULL is a column left out.
    if let Kind::Json = kind {
        return Ok(Value::Json(plain.map(Json)));
    }
    Ok(match (kind, plain) {
        (Kind::Integer, None) => Value::I64(None),
        (Kind::Integer, Some(Plain::Number(n))) => Value::I64(Some(n.as_i64().context("no whole number")?)),
        (Kind::Float, None) => Value::F64(None),
        (Kind::Float, Some(Plain::Number(n))) => Value::F64(Some(n.as_f64().context("no number")?)),
        (Kind::Text, None) => Value::Text(None),
        (Kind::Text, Some(Plain::String(text))) => Value::Text(Some(text)),
        (Kind::Boolean, None) => Value::Bool(None),
        (Kind::Boolean, Some(Plain::Bool(b))) => Value::Bool(Some(b)),
        (Kind::Bytes, None) => Value::Bytes(None),
        (Kind::Bytes, Some(Plain::String(text))) => Value::Bytes(Some(STANDARD.decode(text).context("no base 64")?)),
        (kind, Some(other)) => bail!("{other} is no {kind:?}"),
        (Kind::Json, None) => Value::Json(None),
    })
}
