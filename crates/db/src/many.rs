use std::fmt::Write;

use crate::{Conn, Engine, Result, Row, Sql, Tx, Value};

/// A statement that writes many rows in few round trips: `into`, VALUES, `row` as often as there are rows, `end`.
///
/// `row` numbers its values from `$1` and may use fragments: `sql!("($1, " [document "$2"] ")")`.
#[derive(Debug, Clone, Copy)]
pub struct Many {
    pub into: &'static str,
    pub row: Sql,
    /// ON CONFLICT, RETURNING.
    pub end: &'static str,
}

/// Rows a statement holds. Few sizes, so that the prepared statements are found again; 128 rows of 30 values stay far below what SQLite
/// (32,766) and PostgreSQL (65,535) can bind.
const SIZES: [usize; 4] = [128, 32, 8, 1];

impl Many {
    fn text(&self, engine: Engine, rows: usize) -> String {
        let row = match engine {
            Engine::Sqlite => self.row.sqlite,
            Engine::Postgres => self.row.pg,
        };
        let width = self.row.params();
        let mut text = String::with_capacity(self.into.len() + self.end.len() + rows * (row.len() + 2 * width + 2) + 10);
        text.push_str(self.into);
        text.push_str(" VALUES ");
        for n in 0..rows {
            if n > 0 {
                text.push_str(", ");
            }
            renumber(&mut text, row, n * width);
        }
        text.push(' ');
        text.push_str(self.end);
        text
    }
}

/// Appends `row` with every `$n` raised by `offset`.
fn renumber(text: &mut String, row: &str, offset: usize) {
    let mut parts = row.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number: usize = part[..digits].parse().unwrap_or_default();
        let _ = write!(text, "${}{}", number + offset, &part[digits..]);
    }
}

/// Cuts `rows` into statements.
fn cut(rows: Vec<Vec<Value>>) -> impl Iterator<Item = (usize, Vec<Value>)> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let size = *SIZES.iter().find(|size| **size <= rows.len())?;
        Some((size, rows.by_ref().take(size).flatten().collect()))
    })
}

impl Conn {
    fn many(&self, many: &Many, size: usize) -> (String, String) {
        match self.engine() {
            Engine::Sqlite => (many.text(Engine::Sqlite, size), String::new()),
            Engine::Postgres => (String::new(), many.text(Engine::Postgres, size)),
        }
    }
}

impl Tx {
    /// Writes `rows`; how many were touched.
    pub async fn run_many(&mut self, many: &Many, rows: Vec<Vec<Value>>) -> Result<u64> {
        let mut touched = 0;
        for (size, args) in cut(rows) {
            let (sqlite, pg) = self.many(many, size);
            touched += self.run_built(sqlite, pg, args).await?;
        }
        Ok(touched)
    }

    /// Writes `rows`; what `end` returns, in no order.
    pub async fn all_many<T: Row>(&mut self, many: &Many, rows: Vec<Vec<Value>>) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(rows.len());
        for (size, args) in cut(rows) {
            let (sqlite, pg) = self.many(many, size);
            all.extend(self.all_built::<T>(sqlite, pg, args).await?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args, sql};

    #[test]
    fn every_row_has_its_own_numbers() {
        let many = Many { into: "INSERT INTO t (a, b)", row: sql!("($1, " [document "$2"] ")"), end: "ON CONFLICT DO NOTHING" };
        assert_eq!(many.text(Engine::Sqlite, 2), "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert_eq!(
            many.text(Engine::Postgres, 2),
            "INSERT INTO t (a, b) VALUES ($1, to_tsvector('simple', $2)), ($3, to_tsvector('simple', $4)) ON CONFLICT DO NOTHING"
        );
    }

    #[test]
    fn rows_are_cut_into_few_sizes_and_none_is_lost() {
        for total in 0..700 {
            let rows: Vec<Vec<Value>> = (0..total).map(|n| args![n, n]).collect();
            let sizes: Vec<(usize, usize)> = cut(rows).map(|(size, args)| (size, args.len())).collect();
            assert_eq!(sizes.iter().map(|(size, _)| size).sum::<usize>(), usize::try_from(total).unwrap());
            assert!(sizes.iter().all(|(size, values)| SIZES.contains(size) && *values == 2 * size));
        }
    }
}
