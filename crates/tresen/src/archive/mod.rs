//! One archive for both engines: everything from one snapshot, except the sealing key and what can be made again.
//!
//! A zip file: `tables/NAME.jsonl` (an object a row, columns by name, NULL left out, bytes in base 64, ordered by primary key),
//! `blobs/WORKSPACE/SHA256`, and `manifest.json` with the SHA-256 of every other entry. Not in it: search documents, node numbers, the
//! position of events, which belongs to one database's transactions, and what lets somebody in (sessions, one-time links): one that was ended
//! or used since would open again.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use db::{Kind, Table, TableColumn};
use serde::{Deserialize, Serialize};

pub use read::restore;
pub use write::write;

/// What this release writes and reads.
pub const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The database's schema; an archive is restored by a release with the same one.
    pub schema: i64,
    /// RFC 3339, UTC.
    pub made_at: String,
    /// Where it came from; it can go into either.
    pub engine: String,
    /// The release that wrote it.
    pub program: String,
    /// Which sealing key opens the credentials in it.
    pub sealing_key_id: Option<String>,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    pub entries: BTreeMap<String, Entry>,
    /// Files that were erased while the archive was made, or had been damaged before.
    #[serde(default)]
    pub missing_blobs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Hexadecimal.
    pub sha256: String,
    pub bytes: u64,
}

const LEFT_OUT: [&str; 3] = ["nodes", "sessions", "one_time_links"];

/// The tables an archive holds, references pointing backwards.
fn tables() -> impl Iterator<Item = &'static Table> {
    db::tables().iter().filter(|table| !table.derived && !LEFT_OUT.contains(&table.name.as_str()))
}

/// The columns of a table that an archive holds.
fn columns(table: &Table) -> impl Iterator<Item = &TableColumn> {
    table.columns.iter().filter(|column| !(table.name == "events" && column.name == "position"))
}

fn table_entry(name: &str) -> String {
    format!("tables/{name}.jsonl")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The same object on both engines: JSONB orders keys its own way.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let map: BTreeMap<String, serde_json::Value> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            serde_json::Value::Object(map.into_iter().collect())
        }
        serde_json::Value::Array(list) => serde_json::Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// By primary key, or by everything where there is none; texts by their bytes, whatever the database's collation.
fn order(table: &Table, postgres: bool) -> String {
    let mut keys: Vec<&TableColumn> = columns(table).filter(|c| c.key.is_some()).collect();
    keys.sort_by_key(|c| c.key);
    if keys.is_empty() {
        keys = table.columns.iter().filter(|c| c.name == "id").collect();
    }
    if keys.is_empty() {
        keys = columns(table).collect();
    }
    let of = |column: &&TableColumn| match (column.kind, postgres) {
        (Kind::Text, true) => format!("{} COLLATE \"C\" NULLS LAST", column.name),
        _ => format!("{} NULLS LAST", column.name),
    };
    keys.iter().map(of).collect::<Vec<_>>().join(", ")
}
