//! The tables as the PostgreSQL migrations spell them: there a column tells what it holds (BOOLEAN, JSONB, BYTEA) where SQLite's does not.
//! What is written for both engines (the archive) goes by this. A test compares it with what both engines have.

use std::sync::LazyLock;

use crate::migrate;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Float,
    Text,
    Boolean,
    Json,
    Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    pub name: String,
    pub kind: Kind,
    /// Place in the primary key, from 0.
    pub key: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<TableColumn>,
    /// It holds a search document made from other tables.
    pub derived: bool,
}

/// Every table, in an order in which references point backwards.
pub fn tables() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| read(migrate::postgres_texts()));
    &TABLES
}

fn read(texts: impl Iterator<Item = &'static str>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for text in texts {
        let plain: String = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        for statement in plain.split(';').map(str::trim) {
            if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
                let Some((name, body)) = rest.split_once('(') else { continue };
                let mut table = Table { name: name.trim().into(), columns: Vec::new(), derived: false };
                for part in top_level(body.trim_end().strip_suffix(')').unwrap_or(body)) {
                    take(&mut table, part);
                }
                tables.push(table);
            } else if let Some(rest) = statement.strip_prefix("ALTER TABLE ") {
                let Some((name, change)) = rest.split_once(' ') else { continue };
                if let (Some(table), Some(column)) = (tables.iter_mut().find(|t| t.name == name), change.trim().strip_prefix("ADD COLUMN "))
                {
                    take(table, column);
                }
            } else if let Some(name) = statement.strip_prefix("DROP TABLE ") {
                tables.retain(|t| t.name != name.trim());
            }
        }
    }
    tables
}

fn take(table: &mut Table, part: &str) {
    let mut words = part.split_whitespace();
    let (Some(first), rest) = (words.next(), part) else { return };
    if matches!(first, "UNIQUE" | "FOREIGN" | "CHECK" | "CONSTRAINT") {
        return;
    }
    if first == "PRIMARY" {
        let listed = rest.split_once('(').map_or("", |(_, names)| names.trim_end_matches(')'));
        for (place, name) in listed.split(',').map(str::trim).enumerate() {
            if let Some(column) = table.columns.iter_mut().find(|c| c.name == name) {
                column.key = Some(place);
            }
        }
        return;
    }
    let kind = match words.next() {
        Some("BIGINT" | "INTEGER") => Kind::Integer,
        Some("BOOLEAN") => Kind::Boolean,
        Some("JSONB") => Kind::Json,
        Some("BYTEA") => Kind::Bytes,
        Some("DOUBLE") => Kind::Float,
        Some("TSVECTOR") => {
            table.derived = true;
            return;
        }
        _ => Kind::Text,
    };
    let key = rest.contains("PRIMARY KEY").then_some(0);
    table.columns.push(TableColumn { name: first.into(), kind, key });
}

/// Splits at commas that stand in no brackets.
fn top_level(body: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(body[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(body[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_keys_are_read_from_the_migrations() {
        let table = |name: &str| tables().iter().find(|t| t.name == name).unwrap_or_else(|| panic!("{name}"));
        let column =
            |t: &str, c: &str| table(t).columns.iter().find(|column| column.name == c).cloned().unwrap_or_else(|| panic!("{t}.{c}"));
        assert_eq!(column("users", "shortcuts").kind, Kind::Boolean);
        assert_eq!(column("sources", "secret").kind, Kind::Bytes);
        assert_eq!(column("settings", "value").kind, Kind::Json);
        assert_eq!(column("events", "position").kind, Kind::Integer);
        assert_eq!(column("drafts", "kind").key, Some(3));
        assert!(table("posts_fts").derived && !table("posts").derived);
        let place = |name: &str| tables().iter().position(|t| t.name == name);
        assert!(place("conversations") < place("messages") && place("messages") < place("attachments"));
    }
}
