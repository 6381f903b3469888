//! Breaking things on purpose. The program is the real one, in a process of its own; the world around it (mail servers, feeds, the way to
//! the database, the disk) belongs to the test.
//!
//! A few kills and small numbers in every run; `./test faults` (`TRESEN_FAULT_ROUNDS=50`) for the long form.

/// The test on both engines; without `TRESEN_TEST_PG` PostgreSQL is left out.
macro_rules! on_both { ($($name:ident),*) => { $( mod $name {
    use crate::support::Place;
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fault_sqlite() { super::$name(Place::sqlite().await).await }
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fault_postgres() { if let Some(place) = Place::postgres().await { super::$name(place).await } }
} )* } }

mod database;
mod disk;
mod import;
mod kills;
mod polls;
mod servers;
mod support;
