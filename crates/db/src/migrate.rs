use std::path::Path;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{PgPool, SqlSafeStr, SqlitePool};

use crate::{Conn, Error, Result};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

pub(crate) const SQLITE_VERSION: &str =
    "SELECT CAST(MAX(version) AS INTEGER) FROM _sqlx_migrations WHERE TRUE HAVING MAX(version) IS NOT NULL";
pub(crate) const POSTGRES_VERSION: &str = "SELECT MAX(version) FROM _sqlx_migrations HAVING MAX(version) IS NOT NULL";

fn migrator(files: &'static [(i64, &'static str, &'static str)]) -> Migrator {
    Migrator::with_migrations(
        files
            .iter()
            .map(|(number, name, sql)| Migration::new(*number, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false))
            .collect(),
    )
}

fn newest(files: &[(i64, &str, &str)]) -> i64 {
    files.iter().map(|(number, ..)| *number).max().unwrap_or(0)
}

async fn present(rows: Result<Option<(i64,)>, sqlx::Error>, known: i64) -> Result<i64> {
    // No table yet: nothing has ever run here.
    let found = rows.ok().flatten().map_or(0, |(n,)| n);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    Ok(found)
}

/// Refuses what is not exactly this program's schema: for who must not migrate.
pub(crate) async fn fits(rows: Result<Option<(i64,)>, sqlx::Error>) -> Result<()> {
    let known = known_schema();
    let found = present(rows, known).await?;
    if found < known {
        return Err(Error::Older { found, known });
    }
    Ok(())
}

/// The schema this program was built for.
pub fn known_schema() -> i64 {
    newest(embedded::POSTGRES)
}

/// The PostgreSQL migrations in order.
pub(crate) fn postgres_texts() -> impl Iterator<Item = &'static str> {
    embedded::POSTGRES.iter().map(|(_, _, text)| *text)
}

/// Forward only. Before a schema that is already there changes, the file is copied beside itself (`tresen.sqlite.before-N`).
pub(crate) async fn sqlite(pool: &SqlitePool, path: &Path) -> Result<()> {
    let known = newest(embedded::SQLITE);
    let found = present(sqlx::query_as(SQLITE_VERSION).fetch_optional(pool).await, known).await?;
    if found == known {
        return Ok(());
    }
    if found > 0 {
        let copy = path.with_extension(format!("sqlite.before-{known}"));
        // VACUUM INTO refuses an existing file; one from an interrupted attempt at the same step is replaced.
        let _ = std::fs::remove_file(&copy);
        sqlx::query("VACUUM INTO $1").bind(copy.display().to_string()).execute(pool).await?;
        tracing::info!(copy = %copy.display(), "database copied before migration");
    }
    migrator(embedded::SQLITE).run(pool).await?;
    Ok(())
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<()> {
    let known = newest(embedded::POSTGRES);
    let found = present(sqlx::query_as(POSTGRES_VERSION).fetch_optional(pool).await, known).await?;
    if found < known {
        migrator(embedded::POSTGRES).run(pool).await?;
    }
    Ok(())
}

/// Tells PostgreSQL schemas apart: a short hash over all migrations.
pub(crate) fn digest() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    embedded::POSTGRES.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The number of the newest migration that ran on this database.
pub async fn schema_version(conn: &mut Conn) -> Result<i64> {
    let (version,): (i64,) = conn.one("SELECT CAST(MAX(version) AS BIGINT) FROM _sqlx_migrations", vec![]).await?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::embedded;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |files: &[(i64, &'static str, &'static str)]| files.iter().map(|(n, name, _)| (*n, *name)).collect::<Vec<_>>();
        assert_eq!(names(embedded::SQLITE), names(embedded::POSTGRES));
        assert!(!embedded::SQLITE.is_empty());
    }
}
