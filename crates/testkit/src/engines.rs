use std::ops::Deref;
use std::sync::Arc;

use db::{Db, OpenOptions};
use model::{FixedClock, SeededRandom, Timestamp};

/// A database of a test's own. Dropped, it leaves nothing behind.
pub struct TestDb {
    db: Db,
    /// The hand of the clock the database was opened with.
    pub clock: FixedClock,
    _folder: Option<tempfile::TempDir>,
}

impl Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

/// 2026-11-23T10:00:00Z, a Monday: the moment every test begins at.
pub fn fixed_clock() -> FixedClock {
    FixedClock::at(Timestamp::from_secs(1_795_428_000))
}

fn options(clock: &FixedClock) -> OpenOptions {
    OpenOptions { clock: Arc::new(clock.clone()), random: Arc::new(SeededRandom::new(7)), connections: 4 }
}

pub async fn fresh_sqlite() -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = fixed_clock();
    let db = Db::open_sqlite(folder.path(), options(&clock)).await.expect("a fresh SQLite database");
    TestDb { db, clock, _folder: Some(folder) }
}

/// A copy of a database that is migrated once per server. `./test` throws the whole server away.
pub async fn fresh_postgres() -> Option<TestDb> {
    let Ok(server) = std::env::var("TRESEN_TEST_PG") else {
        assert!(std::env::var("CI").is_err(), "TRESEN_TEST_PG is not set: in CI no half of a test may be skipped");
        eprintln!("skipped on PostgreSQL: TRESEN_TEST_PG is not set");
        return None;
    };
    let clock = fixed_clock();
    let (base, _) = server.rsplit_once('/').expect("TRESEN_TEST_PG ends in a database name");
    let template = db::migrated_template(&server).await.expect("TRESEN_TEST_PG answers and may create databases");
    let random = model::Random::u64(&model::SystemRandom);
    let name = format!("t{}_{random:x}", std::process::id());
    db::create_database(&server, &name, Some(&template)).await.expect("a copy of the template");
    let db = Db::open_postgres(&format!("{base}/{name}"), options(&clock)).await.expect("a copy of the template");
    Some(TestDb { db, clock, _folder: None })
}
