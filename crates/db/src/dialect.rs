//! What the engines say differently, and nothing else. Both texts of a query are made by the compiler.

/// One query in both engines' words. `&'static str` converts into it.
#[derive(Debug, Clone, Copy)]
pub struct Sql {
    pub sqlite: &'static str,
    pub pg: &'static str,
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Sql { sqlite: text, pg: text }
    }
}

impl Sql {
    /// The highest `$n` of both texts.
    pub(crate) fn params(&self) -> usize {
        fn highest(text: &str) -> usize {
            text.split('$')
                .skip(1)
                .filter_map(|rest| rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok())
                .max()
                .unwrap_or(0)
        }
        highest(self.sqlite).max(highest(self.pg))
    }
}

/// `sql!("SELECT … WHERE id IN " [ids "$1"] for_update)`.
#[macro_export]
macro_rules! sql { ($($part:tt)*) => { $crate::Sql { sqlite: concat!($($crate::fragment!(sqlite $part)),*), pg: concat!($($crate::fragment!(pg $part)),*) } } }

#[macro_export]
macro_rules! fragment {
    ($engine:ident $text:literal) => {
        $text
    };
    (sqlite for_update) => {
        ""
    };
    (pg for_update) => {
        " FOR UPDATE"
    };
    (sqlite skip_locked) => {
        ""
    };
    (pg skip_locked) => {
        " FOR UPDATE SKIP LOCKED"
    };
    // The database's clock in microseconds: leases never trust a node's own.
    (sqlite db_now) => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
    (pg db_now) => {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
    (sqlite [ids $p:literal]) => {
        concat!("(SELECT value FROM json_each(", $p, "))")
    };
    (pg [ids $p:literal]) => {
        concat!("(SELECT value::bigint FROM jsonb_array_elements_text(", $p, "))")
    };
    (sqlite [texts $p:literal]) => {
        concat!("(SELECT value FROM json_each(", $p, "))")
    };
    (pg [texts $p:literal]) => {
        concat!("(SELECT value FROM jsonb_array_elements_text(", $p, "))")
    };
    // A list of ids, or of texts, as rows with the column `value`.
    (sqlite [each_id $p:literal]) => {
        concat!("json_each(", $p, ")")
    };
    (pg [each_id $p:literal]) => {
        concat!("(SELECT item::bigint AS value FROM jsonb_array_elements_text(", $p, ") AS listed(item)) AS listed")
    };
    (sqlite [each_text $p:literal]) => {
        concat!("json_each(", $p, ")")
    };
    (pg [each_text $p:literal]) => {
        concat!("jsonb_array_elements_text(", $p, ") AS listed(value)")
    };
    // A search document going in, and a search over a table of them.
    (sqlite [document $p:literal]) => {
        $p
    };
    (pg [document $p:literal]) => {
        concat!("to_tsvector('simple', ", $p, ")")
    };
    (sqlite [found $table:literal $p:literal]) => {
        concat!($table, " MATCH ", $p)
    };
    (pg [found $table:literal $p:literal]) => {
        concat!($table, ".document @@ to_tsquery('simple', ", $p, ")")
    };
    // What a search finds before an id, as the first table of a join that is read from the greatest `rowid` down. SQLite reads its text index in
    // that order and stops after a page. PostgreSQL's gives all hits or none, which is dear for what occurs often; left to itself the planner
    // guesses how often that is, and reads the whole table for what does not occur at all. So it is asked twice: among the newest rows, one by
    // one, and where those do not fill a page, by the index.
    (sqlite [hits $table:literal $p:literal $before:literal]) => {
        concat!("(SELECT rowid FROM ", $table, " WHERE ", $table, " MATCH ", $p, " AND rowid < ", $before, ")")
    };
    (pg [hits $table:literal $p:literal $before:literal]) => {
        concat!("(SELECT rowid FROM ", $table, " WHERE document @@ to_tsquery('simple', ", $p, ") AND rowid < ", $before, " OFFSET 0)")
    };
    (sqlite [newest_hits $table:literal $p:literal $before:literal $among:literal]) => {
        $crate::fragment!(sqlite [hits $table $p $before])
    };
    (pg [newest_hits $table:literal $p:literal $before:literal $among:literal]) => {
        concat!(
            "(SELECT rowid FROM (SELECT rowid, document FROM ", $table, " WHERE rowid < ", $before, " ORDER BY rowid DESC LIMIT ", $among,
            ") AS newest WHERE document @@ to_tsquery('simple', ", $p, "))"
        )
    };
    // Events whose transactions have all ended: on PostgreSQL below the snapshot's xmin, on SQLite the writer is alone.
    (sqlite settled) => {
        "TRUE"
    };
    (pg settled) => {
        "position < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)"
    };
    // Two values, the smaller or larger one; NULL is not handled.
    (sqlite [greatest $a:literal $b:literal]) => {
        concat!("MAX(", $a, ", ", $b, ")")
    };
    (pg [greatest $a:literal $b:literal]) => {
        concat!("GREATEST(", $a, ", ", $b, ")")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_over_both_texts() {
        assert_eq!(Sql::from("SELECT $1, $12 WHERE x = $3").params(), 12);
        assert_eq!(Sql { sqlite: "$1", pg: "$2" }.params(), 2);
        assert_eq!(Sql::from("SELECT '$'").params(), 0);
        let q = sql!("SELECT 1 WHERE id IN " [ids "$1"] for_update);
        assert_eq!(q.pg, "SELECT 1 WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1)) FOR UPDATE");
        assert_eq!(q.sqlite, "SELECT 1 WHERE id IN (SELECT value FROM json_each($1))");
    }
}
