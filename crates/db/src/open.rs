use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use model::{Clock, Id, IdGenerator, Random, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlSafeStr, Transaction};

use crate::conn::{Inner, Tx};
use crate::gate::Gate;
use crate::{Conn, Error, Result, migrate, node};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// How safe a write must be before COMMIT returns (ARCHITECTURE.md, "Durability").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// On disk: whatever was acknowledged outward, done by a person, or written before sending.
    Full,
    /// May be lost with the machine's power, because our own cursor, in the same transaction, reads the source again.
    Reread,
}

/// Whose turn it is before SQLite's one writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Person,
    Background,
}

/// What every store function needs besides the connection: time, ids, randomness; handed in on opening.
pub struct Env {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub ids: IdGenerator,
    /// This process in leases: node number and a random part.
    pub holder: String,
    pub(crate) node: u16,
    last_event_hint: AtomicI64,
}

impl Env {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
    pub fn id<T>(&self) -> Id<T> {
        self.ids.next()
    }
    /// Tells readers in this process that something was committed; a hint only, polling is the truth.
    pub fn hint(&self) -> i64 {
        self.last_event_hint.load(Ordering::Acquire)
    }
    pub(crate) fn bump(&self) {
        self.last_event_hint.fetch_add(1, Ordering::AcqRel);
    }
}

/// What somebody beside the running program may do (see [`Db::open_sqlite_beside`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

pub struct OpenOptions {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Connections at most: SQLite readers or PostgreSQL connections.
    pub connections: u32,
}

#[derive(Clone)]
pub struct Db {
    pub(crate) pools: Pools,
    pub(crate) env: Arc<Env>,
    pub(crate) gate: Gate,
    synchronous: Arc<AtomicU8>,
    has_node: bool,
    _lock: Option<Arc<File>>,
    notify: Arc<tokio::sync::Notify>,
}

#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool, path: PathBuf },
    Pg(PgPool),
}

impl Db {
    /// Opens (and makes) `folder/tresen.sqlite`, takes the folder's lock, brings the schema up to date. A copy of the file is kept before a
    /// migration changes a schema that is already there.
    pub async fn open_sqlite(folder: &Path, options: OpenOptions) -> Result<Db> {
        std::fs::create_dir_all(folder)?;
        let lock_path = folder.join("tresen.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path)?;
        lock.try_lock().map_err(|_| Error::Locked(folder.to_path_buf()))?;
        let path = folder.join("tresen.sqlite");
        let connect = sqlite_options(&path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect.clone())
            .await?;
        migrate::sqlite(&write, &path).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(options.connections.max(1))
            .test_before_acquire(false)
            .idle_timeout(Duration::from_secs(60))
            .max_lifetime(None)
            .connect_lazy_with(connect.pragma("query_only", "ON"));
        Self::ready(Pools::Sqlite { read, write, path }, options, Some(Arc::new(lock)), 0).await
    }

    /// Opens the database of a folder that another process may be working on (`tresen backup`, `tresen user reset-link`): nothing is made or
    /// migrated, and the folder's lock is not taken. Writers take turns by SQLite's own lock, and only one at a time works beside.
    ///
    /// # Errors
    /// `Older` and `Newer` for another schema, `Locked` when somebody else writes beside already.
    pub async fn open_sqlite_beside(folder: &Path, access: Access, options: OpenOptions) -> Result<Db> {
        let path = folder.join("tresen.sqlite");
        let connect = sqlite_options(&path).create_if_missing(false);
        let lock = match access {
            Access::Read => None,
            Access::Write => {
                let lock = File::options().create(true).truncate(false).write(true).open(folder.join("tresen.beside.lock"))?;
                lock.try_lock().map_err(|_| Error::Locked(folder.to_path_buf()))?;
                Some(Arc::new(lock))
            }
        };
        let read_only = connect.clone().pragma("query_only", "ON");
        let writing = if access == Access::Write { connect } else { read_only.clone() };
        let pool = |connect| SqlitePoolOptions::new().max_connections(1).test_before_acquire(false).connect_lazy_with(connect);
        let (read, write) = (pool(read_only), pool(writing));
        // A file that is not there must not look like a schema that is not there.
        drop(read.acquire().await?);
        migrate::fits(sqlx::query_as(migrate::SQLITE_VERSION).fetch_optional(&read).await).await?;
        let pools = Pools::Sqlite { read, write, path };
        match access {
            Access::Read => Self::without_node(pools, options),
            Access::Write => Self::ready(pools, options, lock, 1).await,
        }
    }

    /// Connects to PostgreSQL beside the processes that serve: nothing is migrated, and who only reads takes no node number.
    ///
    /// # Errors
    /// `Older` and `Newer` for another schema.
    pub async fn open_postgres_beside(url: &str, access: Access, options: OpenOptions) -> Result<Db> {
        let read_only = if access == Access::Read { "on" } else { "off" };
        let connect = PgConnectOptions::from_str(url)?.application_name("tresen").options([("default_transaction_read_only", read_only)]);
        // At once, and with its reason, where a pool would go on trying.
        sqlx::PgConnection::connect_with(&connect).await?.close().await?;
        let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(10)).connect_with(connect).await?;
        migrate::fits(sqlx::query_as(migrate::POSTGRES_VERSION).fetch_optional(&pool).await).await?;
        match access {
            Access::Read => Self::without_node(Pools::Pg(pool), options),
            Access::Write => Self::ready(Pools::Pg(pool), options, None, 0).await,
        }
    }

    fn without_node(pools: Pools, options: OpenOptions) -> Result<Db> {
        let OpenOptions { clock, random, .. } = options;
        let holder = random.token();
        let ids = IdGenerator::new(clock.clone(), 0).map_err(|_| Error::NoNode)?;
        let env = Arc::new(Env { clock, random, ids, holder, node: 0, last_event_hint: AtomicI64::new(0) });
        Ok(Db {
            pools,
            env,
            gate: Gate::default(),
            synchronous: Arc::new(AtomicU8::new(0)),
            has_node: false,
            _lock: None,
            notify: Arc::default(),
        })
    }

    /// Connects to PostgreSQL 15 or later and brings the schema up to date.
    pub async fn open_postgres(url: &str, options: OpenOptions) -> Result<Db> {
        let connect = PgConnectOptions::from_str(url)?.statement_cache_capacity(500).application_name("tresen");
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(2))
            .test_before_acquire(false)
            .before_acquire(|c, meta| Box::pin(async move { Ok(meta.idle_for < Duration::from_secs(30) || c.ping().await.is_ok()) }))
            // The pool itself waits without end for a silent server before it counts the connection as given back.
            .after_release(|c, _| {
                Box::pin(async move {
                    match tokio::time::timeout(Duration::from_secs(5), c.ping()).await {
                        Ok(answer) => answer.map(|()| true),
                        Err(_) => Err(sqlx::Error::PoolTimedOut),
                    }
                })
            })
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(connect.clone())
            .await;
        let pool = match pool {
            // The pool tries for a while and forgets why it failed.
            Err(sqlx::Error::PoolTimedOut) => {
                return Err(sqlx::PgConnection::connect_with(&connect).await.err().unwrap_or(sqlx::Error::PoolTimedOut).into());
            }
            other => other?,
        };
        migrate::postgres(&pool).await?;
        Self::ready(Pools::Pg(pool), options, None, 0).await
    }

    async fn ready(pools: Pools, options: OpenOptions, lock: Option<Arc<File>>, alone: u16) -> Result<Db> {
        let OpenOptions { clock, random, .. } = options;
        let holder = random.token();
        let gate = Gate::default();
        let (number, after) = node::take(&pools, &holder, alone).await?;
        let ids = IdGenerator::new(clock.clone(), number).map_err(|_| Error::NoNode)?.starting_after(after);
        let env = Arc::new(Env { clock, random, ids, holder, node: number, last_event_hint: AtomicI64::new(0) });
        Ok(Db { pools, env, gate, synchronous: Arc::new(AtomicU8::new(0)), has_node: true, _lock: lock, notify: Arc::default() })
    }

    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Pg(_) => Engine::Postgres,
        }
    }
    pub fn env(&self) -> &Arc<Env> {
        &self.env
    }
    pub fn now(&self) -> Timestamp {
        self.env.now()
    }
    pub fn id<T>(&self) -> Id<T> {
        self.env.id()
    }
    /// The SQLite file, for copies and sizes.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.pools {
            Pools::Sqlite { path, .. } => Some(path),
            Pools::Pg(_) => None,
        }
    }

    /// A connection that reads. Take one per request; give it back before calling another server.
    pub async fn read(&self) -> Result<Conn> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => Inner::Sqlite(read.acquire().await?),
            Pools::Pg(pool) => Inner::Pg(pool.acquire().await?),
        };
        Ok(Conn::new(inner, self.env.clone(), None))
    }

    /// A reading transaction: everything in it sees the same moment (backup, export).
    pub async fn snapshot(&self) -> Result<Conn> {
        let inner = match &self.pools {
            Pools::Sqlite { read, .. } => Inner::SqliteTx(Transaction::begin(read.acquire().await?, Some("BEGIN".into_sql_str())).await?),
            Pools::Pg(pool) => Inner::PgTx(
                Transaction::begin(pool.acquire().await?, Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".into_sql_str())).await?,
            ),
        };
        Ok(Conn::new(inner, self.env.clone(), None))
    }

    /// A transaction for what a person does: first in the queue, on disk when it returns.
    pub async fn write(&self) -> Result<Tx> {
        self.write_as(Turn::Person, Durability::Full).await
    }

    /// A transaction for background work that only our cursor acknowledges.
    pub async fn write_reread(&self) -> Result<Tx> {
        self.write_as(Turn::Background, Durability::Reread).await
    }

    pub async fn write_as(&self, turn: Turn, durability: Durability) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => {
                let pass = self.gate.pass(turn).await;
                let mut conn = write.acquire().await?;
                // On a full disk SQLite ends a transaction by itself (sqlite.org/lang_transaction.html §3), and sqlx goes on counting it:
                // without a new connection nothing could be written until the next start.
                if conn.is_in_transaction() {
                    tracing::warn!("the database ended a transaction by itself; its connection is opened anew");
                    let _ = conn.close().await;
                    conn = write.acquire().await?;
                    self.synchronous.store(0, Ordering::Relaxed);
                }
                let (level, text) = match durability {
                    Durability::Full => (1, "PRAGMA synchronous = FULL"),
                    Durability::Reread => (2, "PRAGMA synchronous = NORMAL"),
                };
                // Inside a transaction SQLite ignores the pragma, so it stands before BEGIN.
                if self.synchronous.swap(level, Ordering::Relaxed) != level {
                    sqlx::query(text).execute(&mut *conn).await?;
                }
                let tx = Transaction::begin(conn, Some("BEGIN IMMEDIATE".into_sql_str())).await?;
                Tx::new(Inner::SqliteTx(tx), self.env.clone(), Some(pass), self.notify.clone())
            }
            Pools::Pg(pool) => {
                let begin = match durability {
                    Durability::Full => "BEGIN",
                    Durability::Reread => "BEGIN; SET LOCAL synchronous_commit = off",
                };
                let tx = tokio::time::timeout(Duration::from_secs(15), pool.begin_with(begin)).await.map_err(|_| Error::Silent)??;
                Tx::new(Inner::PgTx(tx), self.env.clone(), None, self.notify.clone())
            }
        })
    }

    /// Wakes when a transaction of this process has committed. Other processes' work is seen by polling.
    pub async fn committed(&self) {
        self.notify.notified().await;
    }

    /// Prolongs this process's node number; call every 20 s while running.
    pub async fn keep_node(&self) -> Result<()> {
        node::keep(self).await
    }

    /// Gives the node number back and closes the pools, so that everything is on disk.
    pub async fn close(self) {
        if self.has_node
            && let Err(error) = node::release(&self).await
        {
            tracing::warn!(%error, "node number not given back; it is free again after its lease");
        }
        match self.pools {
            Pools::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Pg(pool) => pool.close().await,
        }
    }
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(400)
        // The rows of a page come in one go: each pause in between is two changes of thread.
        .row_buffer_size(1024)
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-16000")
        .pragma("mmap_size", "0")
        .pragma("temp_store", "MEMORY")
}

/// Makes an empty database, or a copy of `template` (nobody may be connected to it), on the server of `url`. For tests and for restoring.
pub async fn create_database(url: &str, name: &str, template: Option<&str>) -> Result<()> {
    let mut conn = sqlx::PgConnection::connect(url).await?;
    let statement = format!("CREATE DATABASE \"{}\" TEMPLATE ", name.replace('"', ""));
    sqlx::query(quoted(&statement, template.unwrap_or("template0"))).execute(&mut conn).await?;
    Ok(())
}

/// A database with the newest schema and nothing in it, made once per server and schema, to copy from. The name tells the schema.
pub async fn migrated_template(url: &str) -> Result<String> {
    let name = format!("tresen_template_{}", migrate::digest());
    let mut conn = sqlx::PgConnection::connect(url).await?;
    sqlx::query("SELECT pg_advisory_lock(7301)").execute(&mut conn).await?;
    let there: Option<(i32,)> =
        sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name).fetch_optional(&mut conn).await?;
    if there.is_none() {
        let making = format!("{name}_making");
        sqlx::raw_sql(quoted("DROP DATABASE IF EXISTS ", &making)).execute(&mut conn).await?;
        create_database(url, &making, None).await?;
        let base = url.rsplit_once('/').map_or(url, |(base, _)| base);
        let pool = PgPoolOptions::new().max_connections(1).connect(&format!("{base}/{making}")).await?;
        migrate::postgres(&pool).await?;
        pool.close().await;
        sqlx::raw_sql(quoted(&format!("ALTER DATABASE {making} RENAME TO "), &name)).execute(&mut conn).await?;
    }
    // Ending the session gives the lock back.
    conn.close().await?;
    Ok(name)
}

#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "names of databases cannot be bound; they are made here")]
fn quoted(statement: &str, name: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!("{statement}\"{}\"", name.replace('"', "")))
}
