//! The store's promises, each on both engines.

use db::{Conn, Durability, Engine, Json, Turn, Value, args, sql};
use model::{Id, Timestamp, kinds};
use testkit::db_test;

async fn columns(conn: &mut Conn) -> Vec<(String, String)> {
    let sql = match conn.engine() {
        Engine::Sqlite => {
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'
             AND m.name NOT LIKE '%\\_fts%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, 2"
        }
        Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) COLLATE \"C\", CAST(column_name AS TEXT) COLLATE \"C\" FROM information_schema.columns WHERE table_schema = 'public'
             AND table_name NOT LIKE '%\\_fts%' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1, 2"
        }
    };
    conn.all(sql, vec![]).await.unwrap()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let sqlite = testkit::fresh_sqlite().await;
    let Some(postgres) = testkit::fresh_postgres().await else { return };
    let (a, b) = (columns(&mut sqlite.read().await.unwrap()).await, columns(&mut postgres.read().await.unwrap()).await);
    assert!(a.len() > 200, "{}", a.len());
    assert_eq!(a, b);
}

async fn workspace(db: &db::Db, slug: &str) -> Id<kinds::Workspace> {
    let mut tx = db.write().await.unwrap();
    let id = tx.id();
    tx.run(
        "INSERT INTO workspaces (id, slug, name, locale, time_zone, created_at) VALUES ($1, $2, $2, 'de-DE', 'Europe/Berlin', $3)",
        args![id, slug, tx.now()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

db_test! {
    async fn tables_are_what_the_migrations_spell(db: Db) {
        let mut spelt: Vec<(String, String)> =
            db::tables().iter().filter(|t| !t.derived).flat_map(|t| t.columns.iter().map(|c| (t.name.clone(), c.name.clone()))).collect();
        spelt.sort();
        assert_eq!(columns(&mut db.read().await.unwrap()).await, spelt);
    }

    async fn what_is_not_committed_is_gone(db: Db) {
        let mut tx = db.write().await.unwrap();
        tx.run("INSERT INTO settings (key, value) VALUES ('a', $1)", args![serde_json::json!({"n": 1})]).await.unwrap();
        drop(tx);
        assert_eq!(db.read().await.unwrap().opt::<(String,)>("SELECT key FROM settings WHERE key = 'a'", vec![]).await.unwrap(), None);
    }

    async fn values_of_every_kind_come_back_as_they_went_in(db: Db) {
        let mut tx = db.write_as(Turn::Background, Durability::Reread).await.unwrap();
        let id: Id<kinds::User> = tx.id();
        tx.run(
            "INSERT INTO users (id, email, email_key, name, locale, shortcuts, created_at) VALUES ($1, $2, $2, $3, 'de-DE', $4, $5)",
            args![id, "änne@firma.example", "Änne 👍🏽", false, Timestamp(5)],
        ).await.unwrap();
        tx.run("INSERT INTO settings (key, value) VALUES ('x', $1)", args![serde_json::json!({"ü": [1, null, "a"]})]).await.unwrap();
        tx.commit().await.unwrap();
        let mut conn = db.read().await.unwrap();
        let (read, name, shortcuts, at, zone): (Id<kinds::User>, String, bool, Timestamp, Option<String>) =
            conn.one("SELECT id, name, shortcuts, created_at, time_zone FROM users WHERE id = $1", args![id]).await.unwrap();
        assert_eq!((read, name.as_str(), shortcuts, at, zone), (id, "Änne 👍🏽", false, Timestamp(5), None));
        let (Json(value),): (Json<serde_json::Value>,) = conn.one("SELECT value FROM settings WHERE key = 'x'", vec![]).await.unwrap();
        assert_eq!(value, serde_json::json!({"ü": [1, null, "a"]}));
        let found: Vec<(String,)> = conn.all(sql!("SELECT name FROM users WHERE id IN " [ids "$1"]), args![&[id, Id::from_i64(1)][..]]).await.unwrap();
        assert_eq!(found.len(), 1);
    }

    async fn a_reader_cannot_write(db: Db) {
        if db.engine() == Engine::Sqlite {
            let smuggled = db.read().await.unwrap().opt::<(String,)>("INSERT INTO settings (key, value) VALUES ('s', '1') RETURNING key", vec![]).await;
            assert!(smuggled.is_err());
        }
    }

    async fn a_row_of_one_workspace_cannot_point_into_another(db: Db) {
        let (a, b) = (workspace(&db, "a").await, workspace(&db, "b").await);
        let mut tx = db.write().await.unwrap();
        let team: Id<kinds::Team> = tx.id();
        tx.run("INSERT INTO teams (id, workspace_id, name, created_at) VALUES ($1, $2, 'T', 0)", args![team, a]).await.unwrap();
        let wrong = tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, team_id, created_at) VALUES ($1, $2, 'feed', 'x', $3, 'active', $4, 0)",
            args![tx.id::<()>(), b, serde_json::json!({}), team],
        ).await;
        assert!(wrong.unwrap_err().is_foreign_key_violation());
    }

    async fn uniqueness_is_told_apart_from_other_errors(db: Db) {
        workspace(&db, "same").await;
        let mut tx = db.write().await.unwrap();
        let again = tx.run("INSERT INTO workspaces (id, slug, name, locale, time_zone, created_at) VALUES ($1, 'same', 'x', 'de-DE', 'UTC', 0)", args![tx.id::<()>()]).await;
        assert!(again.unwrap_err().is_unique_violation());
    }

    async fn late_commits_are_never_skipped_by_a_reader_of_events(db: Db) {
        let ws = workspace(&db, "w").await;
        let insert = "INSERT INTO events (id, workspace_id, at, kind, detail) VALUES ($1, $2, 0, 'k', $3)";
        let read = sql!("SELECT id FROM events WHERE workspace_id = $1 AND (position, id) > ($2, $3) AND " settled " ORDER BY position, id");
        if db.engine() == Engine::Postgres {
            // Opened first, committed last: its id is smaller than what the reader has seen by then.
            let mut early = db.write().await.unwrap();
            let early_id = early.id::<()>();
            early.run(insert, args![early_id, ws, serde_json::json!({})]).await.unwrap();
            let mut late = db.write().await.unwrap();
            let late_id = late.id::<()>();
            late.run(insert, args![late_id, ws, serde_json::json!({})]).await.unwrap();
            late.commit().await.unwrap();
            let seen: Vec<(Id<()>,)> = db.read().await.unwrap().all(read, args![ws, 0i64, 0i64]).await.unwrap();
            assert!(seen.is_empty(), "an event above a running transaction must wait");
            early.commit().await.unwrap();
            // xmin is the whole server's: other tests' transactions hold it back for a moment.
            let mut conn = db.read().await.unwrap();
            for _ in 0..20_000 {
                let seen: Vec<(Id<()>,)> = conn.all(read, args![ws, 0i64, 0i64]).await.unwrap();
                if !seen.is_empty() {
                    return assert_eq!(seen, [(early_id,), (late_id,)]);
                }
            }
            panic!("the events were never shown");
        } else {
            for _ in 0..3 {
                let mut tx = db.write().await.unwrap();
                tx.run(insert, args![tx.id::<()>(), ws, serde_json::json!({})]).await.unwrap();
                tx.commit().await.unwrap();
            }
            let seen: Vec<(i64,)> = db.read().await.unwrap().all("SELECT position FROM events ORDER BY id", vec![]).await.unwrap();
            assert_eq!(seen, [(1,), (2,), (3,)]);
        }
    }

    async fn search_documents_are_found_by_whole_tokens_only(db: Db) {
        let mut tx = db.write().await.unwrap();
        tx.run(sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![7i64, "kaffee nordwind xqtagbahn"]).await.unwrap();
        tx.commit().await.unwrap();
        let find = |sqlite: &str, postgres: &str| Value::Search { sqlite: sqlite.into(), postgres: postgres.into() };
        let mut conn = db.read().await.unwrap();
        let sql = sql!("SELECT rowid FROM posts_fts WHERE " [found "posts_fts" "$1"]);
        assert_eq!(conn.all::<(i64,)>(sql, vec![find("\"kaffee\" AND \"nord\"*", "'kaffee' & 'nord':*")]).await.unwrap(), [(7,)]);
        assert_eq!(conn.all::<(i64,)>(sql, vec![find("\"kaff\"", "'kaff'")]).await.unwrap(), []);
        drop(conn);
        let mut tx = db.write().await.unwrap();
        assert_eq!(tx.run("DELETE FROM posts_fts WHERE rowid = $1", args![7i64]).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn the_node_number_is_kept_and_given_back(db: Db) {
        db.keep_node().await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.run("UPDATE nodes SET holder = 'somebody else'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(db.keep_node().await.is_err(), "a lost number must be noticed");
    }
}

#[tokio::test]
async fn a_folder_belongs_to_one_process_and_ids_go_on_after_a_crash() {
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let clock = testkit::fixed_clock();
    let options = || db::OpenOptions { clock: Arc::new(clock.clone()), random: Arc::new(model::SystemRandom), connections: 2 };
    let first = db::Db::open_sqlite(folder.path(), options()).await.unwrap();
    assert!(matches!(db::Db::open_sqlite(folder.path(), options()).await, Err(db::Error::Locked(_))));
    let last: Id<()> = first.id();
    drop(first); // no close: as after a crash
    clock.set(Timestamp(0));
    let second = db::Db::open_sqlite(folder.path(), options()).await.unwrap();
    assert!(second.id::<()>() > last);
    second.close().await;
}

#[tokio::test]
async fn after_the_disk_was_full_the_next_transaction_works() {
    let db = testkit::fresh_sqlite().await;
    let mut tx = db.write().await.unwrap();
    // SQLite then says SQLITE_FULL, as on a full disk, and ends the transaction by itself.
    let (pages,): (i64,) = tx.one("SELECT page_count FROM pragma_page_count", vec![]).await.unwrap();
    tx.run_built(format!("PRAGMA max_page_count = {pages}"), String::new(), vec![]).await.unwrap();
    let long = "kaffee ".repeat(200_000);
    let insert = || sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")");
    let full = tx.run(insert(), args![1i64, &long]).await.unwrap_err();
    assert!(full.is_full() && full.is_temporary(), "{full}");
    drop(tx);
    let mut tx = db.write().await.unwrap();
    tx.run(insert(), args![2i64, &long]).await.unwrap();
    tx.commit().await.unwrap();
    let kept: Vec<(i64,)> = db.read().await.unwrap().all("SELECT rowid FROM posts_fts", vec![]).await.unwrap();
    assert_eq!(kept, [(2,)]);
}
