use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use model::{Id, Timestamp};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Postgres, Sqlite, Transaction};

use crate::gate::Pass;
use crate::value::bind;
use crate::{Cells, Engine, Env, Result, Row, Sql, Value};

/// How long PostgreSQL may take for one statement. A machine that vanished closes nothing: without a bound its connections would wait for
/// ever, and with them whoever asked.
const PATIENCE: Duration = Duration::from_secs(60);

async fn patiently<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T> {
    Ok(tokio::time::timeout(PATIENCE, answer).await.map_err(|_| crate::Error::Silent)??)
}

pub(crate) enum Inner {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Pg(PoolConnection<Postgres>),
    PgTx(Transaction<'static, Postgres>),
}

enum Raw<'c> {
    Sqlite(&'c mut SqliteConnection),
    Pg(&'c mut PgConnection),
}

enum Rows {
    Sqlite(Vec<SqliteRow>),
    Pg(Vec<PgRow>),
}

/// What every store function runs on: it may read. See [`Tx`] for what may write.
pub struct Conn {
    inner: Inner,
    env: Arc<Env>,
    // After `inner`: the transaction must have ended before the next writer gets its turn.
    _pass: Option<Pass>,
}

impl Conn {
    pub(crate) fn new(inner: Inner, env: Arc<Env>, pass: Option<Pass>) -> Self {
        Self { inner, env, _pass: pass }
    }
    pub fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite(_) | Inner::SqliteTx(_) => Engine::Sqlite,
            Inner::Pg(_) | Inner::PgTx(_) => Engine::Postgres,
        }
    }
    pub fn now(&self) -> Timestamp {
        self.env.now()
    }
    pub fn id<T>(&self) -> Id<T> {
        self.env.id()
    }
    pub fn env(&self) -> &Arc<Env> {
        &self.env
    }

    fn raw(&mut self) -> Raw<'_> {
        match &mut self.inner {
            Inner::Sqlite(c) => Raw::Sqlite(c),
            Inner::SqliteTx(c) => Raw::Sqlite(c),
            Inner::Pg(c) => Raw::Pg(c),
            Inner::PgTx(c) => Raw::Pg(c),
        }
    }

    /// All rows.
    pub async fn all<T: Row>(&mut self, sql: impl Into<Sql>, args: Vec<Value>) -> Result<Vec<T>> {
        match self.rows(sql.into(), args).await? {
            Rows::Sqlite(rows) => rows.iter().map(|row| T::read(&Cells::Sqlite(row))).collect(),
            Rows::Pg(rows) => rows.iter().map(|row| T::read(&Cells::Pg(row))).collect(),
        }
    }

    /// The first row, if there is one.
    pub async fn opt<T: Row>(&mut self, sql: impl Into<Sql>, args: Vec<Value>) -> Result<Option<T>> {
        match self.rows(sql.into(), args).await? {
            Rows::Sqlite(rows) => rows.first().map(|row| T::read(&Cells::Sqlite(row))).transpose(),
            Rows::Pg(rows) => rows.first().map(|row| T::read(&Cells::Pg(row))).transpose(),
        }
    }

    /// The one row a statement always has (aggregates, RETURNING of a sure write).
    pub async fn one<T: Row>(&mut self, sql: impl Into<Sql>, args: Vec<Value>) -> Result<T> {
        self.opt(sql, args).await?.ok_or(crate::Error::Engine(sqlx::Error::RowNotFound))
    }

    /// A text put together at run time: list filters and the archive's table names. Values still go through `args`.
    pub async fn all_built<T: Row>(&mut self, sqlite: String, pg: String, args: Vec<Value>) -> Result<Vec<T>> {
        match self.built(sqlite, pg, args).await? {
            Rows::Sqlite(rows) => rows.iter().map(|row| T::read(&Cells::Sqlite(row))).collect(),
            Rows::Pg(rows) => rows.iter().map(|row| T::read(&Cells::Pg(row))).collect(),
        }
    }

    /// As [`all_built`](Self::all_built) without values, one row after the other: for tables larger than memory.
    #[expect(clippy::disallowed_methods, reason = "the one builder of run-time SQL; names come from code")]
    pub async fn each_built<E: From<crate::Error>>(
        &mut self,
        sqlite: String,
        pg: String,
        each: &mut (dyn FnMut(&Cells<'_>) -> std::result::Result<(), E> + Send),
    ) -> std::result::Result<(), E> {
        use futures::TryStreamExt;
        match self.raw() {
            Raw::Sqlite(c) => {
                let mut rows = sqlx::query(sqlx::AssertSqlSafe(sqlite)).fetch(c);
                while let Some(row) = rows.try_next().await.map_err(crate::Error::from)? {
                    each(&Cells::Sqlite(&row))?;
                }
            }
            Raw::Pg(c) => {
                let mut rows = sqlx::query(sqlx::AssertSqlSafe(pg)).fetch(c);
                while let Some(row) = rows.try_next().await.map_err(crate::Error::from)? {
                    each(&Cells::Pg(&row))?;
                }
            }
        }
        Ok(())
    }

    // Not generic: sqlx's futures are compiled once here and not once per query.
    async fn rows(&mut self, sql: Sql, args: Vec<Value>) -> Result<Rows> {
        // SQLite takes a missing value as NULL and one too many in silence.
        debug_assert_eq!(sql.params(), args.len(), "{}", sql.pg);
        // How often the words occur decides how a search is best made: PostgreSQL plans each anew, and no plan made for others is kept.
        let is_search = args.iter().any(|value| matches!(value, Value::Search { .. }));
        Ok(match self.raw() {
            Raw::Sqlite(c) => {
                #[cfg(debug_assertions)]
                crate::plans::check(&mut *c, sql.sqlite).await?;
                Rows::Sqlite(sqlx::query_with(sql.sqlite, bind!(SqliteArguments, args, sqlite)).fetch_all(c).await?)
            }
            Raw::Pg(c) => {
                let query = sqlx::query_with(sql.pg, bind!(PgArguments, args, postgres)).persistent(!is_search);
                Rows::Pg(patiently(query.fetch_all(c)).await?)
            }
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the one builder of run-time SQL; values are bound, names come from code")]
    async fn built(&mut self, sqlite: String, pg: String, args: Vec<Value>) -> Result<Rows> {
        Ok(match self.raw() {
            Raw::Sqlite(c) => {
                Rows::Sqlite(sqlx::query_with(sqlx::AssertSqlSafe(sqlite), bind!(SqliteArguments, args, sqlite)).fetch_all(c).await?)
            }
            Raw::Pg(c) => {
                Rows::Pg(patiently(sqlx::query_with(sqlx::AssertSqlSafe(pg), bind!(PgArguments, args, postgres)).fetch_all(c)).await?)
            }
        })
    }
}

/// A write transaction. Reads like a [`Conn`]; dropped without [`commit`](Tx::commit) it rolls back.
pub struct Tx {
    conn: Conn,
    notify: Arc<tokio::sync::Notify>,
}

impl Tx {
    pub(crate) fn new(inner: Inner, env: Arc<Env>, pass: Option<Pass>, notify: Arc<tokio::sync::Notify>) -> Self {
        Self { conn: Conn::new(inner, env, pass), notify }
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn run(&mut self, sql: impl Into<Sql>, args: Vec<Value>) -> Result<u64> {
        let sql = sql.into();
        debug_assert_eq!(sql.params(), args.len(), "{}", sql.pg);
        Ok(match self.conn.raw() {
            Raw::Sqlite(c) => {
                #[cfg(debug_assertions)]
                crate::plans::check(&mut *c, sql.sqlite).await?;
                sqlx::query_with(sql.sqlite, bind!(SqliteArguments, args, sqlite)).execute(c).await?.rows_affected()
            }
            Raw::Pg(c) => patiently(sqlx::query_with(sql.pg, bind!(PgArguments, args, postgres)).execute(c)).await?.rows_affected(),
        })
    }

    /// As [`Conn::all_built`], for writes.
    #[expect(clippy::disallowed_methods, reason = "the one builder of run-time SQL; values are bound, names come from code")]
    pub async fn run_built(&mut self, sqlite: String, pg: String, args: Vec<Value>) -> Result<u64> {
        Ok(match self.conn.raw() {
            Raw::Sqlite(c) => {
                sqlx::query_with(sqlx::AssertSqlSafe(sqlite), bind!(SqliteArguments, args, sqlite)).execute(c).await?.rows_affected()
            }
            Raw::Pg(c) => {
                patiently(sqlx::query_with(sqlx::AssertSqlSafe(pg), bind!(PgArguments, args, postgres)).execute(c)).await?.rows_affected()
            }
        })
    }

    pub async fn commit(self) -> Result<()> {
        let notify = self.notify.clone();
        self.commit_quietly().await?;
        notify.notify_waiters();
        Ok(())
    }

    /// As [`commit`](Self::commit) for what is no event and begins no job: nobody is woken to look for one.
    pub async fn commit_quietly(self) -> Result<()> {
        let Tx { conn: Conn { inner, env, _pass }, .. } = self;
        match inner {
            Inner::SqliteTx(tx) => tx.commit().await?,
            Inner::PgTx(tx) => patiently(tx.commit()).await?,
            Inner::Sqlite(_) | Inner::Pg(_) => unreachable!("a Tx is made from a transaction only"),
        }
        drop(_pass);
        env.bump();
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
