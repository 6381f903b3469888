use thiserror::Error;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] sqlx::Error),
    #[error(transparent)]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A column held what its type does not know.
    #[error("column {column}: {why}")]
    Column { column: String, why: String },
    /// Another process works on this data folder.
    #[error("another process is using {0}")]
    Locked(std::path::PathBuf),
    /// No answer within the time one statement may take.
    #[error("the database does not answer in time")]
    Silent,
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// All 1,024 node numbers are taken.
    #[error("no node number is free")]
    NoNode,
    /// The database was written by a newer release.
    #[error("the database has schema {found}, this program knows up to {known}")]
    Newer { found: i64, known: i64 },
    /// Opened beside the running program, which alone may migrate.
    #[error("the database has schema {found}, this program needs {known}: start `tresen serve` or run `tresen migrate` first")]
    Older { found: i64, known: i64 },
}

impl Error {
    /// A UNIQUE or PRIMARY KEY rule said no. Which one is known from the statement: SQLite does not name it.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Error::Engine(sqlx::Error::Database(e)) if e.is_unique_violation())
    }
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Error::Engine(sqlx::Error::Database(e)) if e.is_foreign_key_violation())
    }
    /// There is no room left where the database lies (SQLITE_FULL 13, disk_full 53100).
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Engine(sqlx::Error::Database(e)) if e.code().is_some_and(|code| {
            code == "53100" || code.len() < 5 && code.parse::<i32>().is_ok_and(|n| n & 0xff == 13)
        }))
    }
    /// Two transactions met and the database ended this one (PostgreSQL 40001, 40P01), or the other one was first (a UNIQUE rule): trying
    /// again at once meets what the other one wrote.
    pub fn is_race(&self) -> bool {
        let ended =
            |e: &sqlx::Error| matches!(e, sqlx::Error::Database(e) if e.code().is_some_and(|code| code == "40001" || code == "40P01"));
        self.is_unique_violation() || matches!(self, Error::Engine(e) if ended(e))
    }
    /// The database is away, full or busy: trying the same again later can help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Error::Engine(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed)
            | Error::Silent => true,
            // PostgreSQL: 57P0x shutting down, 53xxx no resources (disk full), 40xxx serialization, 08xxx connection. SQLite: 5 busy, 13 full, 10 I/O.
            Error::Engine(sqlx::Error::Database(e)) => e.code().is_some_and(|code| {
                ["57P", "53", "40", "08"].iter().any(|class| code.starts_with(class)) && code.len() == 5
                    || code.parse::<i32>().is_ok_and(|n| matches!(n & 0xff, 5 | 10 | 13))
            }),
            _ => false,
        }
    }
}
