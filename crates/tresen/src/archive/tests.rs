use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use db::{Access, Engine, Json, Kind, OpenOptions, Value, args};
use domain::Blobs;
use model::Id;
use serde_json::json;
use testkit::{TestDb, fresh_postgres, fresh_sqlite};
use zip::write::SimpleFileOptions;

use super::{restore, tables, write};

/// Columns that are NULL in the second row.
const NULL: [(&str, &str); 6] = [
    ("users", "password_hash"),
    ("users", "disabled_at"),
    ("posts", "media"),
    ("sources", "secret"),
    ("messages", "quoted"),
    ("membership_roles", "team_id"),
];

struct Place {
    folder: tempfile::TempDir,
    blobs: Blobs,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::in_folder(folder.path().join("blobs"));
        Self { folder, blobs }
    }
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Three rows in every table. Every number in row n is n, so that every reference finds its row.
async fn fill(db: &TestDb, blobs: &Blobs) {
    let mut tx = db.write().await.expect("a transaction");
    for table in tables() {
        for n in 1..=3_i64 {
            let sha256 = blobs.keep(Id::from_i64(n), format!("file {n}").as_bytes()).expect("kept");
            let columns: Vec<_> = table
                .columns
                .iter()
                .filter(|c| !(table.name == "events" && c.name == "position" && db.engine() == Engine::Sqlite))
                .collect();
            let values = columns.iter().map(|column| {
                let null = n == 2 && NULL.contains(&(table.name.as_str(), column.name.as_str()));
                match column.kind {
                    Kind::Integer => Value::I64((!null).then_some(n)),
                    Kind::Float => Value::F64(Some(0.5)),
                    Kind::Text if column.name == "sha256" => Value::from(sha256.as_str()),
                    Kind::Text => Value::Text((!null).then(|| format!("Grüße {n} 'zitiert' \u{1F4A1}"))),
                    Kind::Boolean => Value::Bool(Some(n == 1)),
                    Kind::Json => Value::Json((!null).then(|| {
                        Json(match n {
                            1 => json!({ "zuletzt": 1, "b": [null, true, 1.5], "aa": { "y": "ü", "x": {} } }),
                            2 => json!("nur Text"),
                            _ => json!(null),
                        })
                    })),
                    Kind::Bytes => Value::Bytes((!null).then(|| vec![u8::try_from(n).unwrap_or(0), 0, 255])),
                }
            });
            let values: Vec<Value> = values.collect();
            let names = columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
            let places = (1..=columns.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
            let text = format!("INSERT INTO {} ({names}) VALUES ({places})", table.name);
            tx.run_built(text.clone(), text, values).await.unwrap_or_else(|error| panic!("{}: {error}", table.name));
        }
    }
    tx.commit().await.expect("committed");
}

fn entries(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(File::open(file).expect("the archive")).expect("a zip");
    let mut all = BTreeMap::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        all.insert(entry.name().to_string(), bytes);
    }
    all
}

/// Tables and files, without the manifest, which tells when and where.
fn content(file: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = entries(file);
    all.remove("manifest.json");
    all
}

async fn there_and_back(first: TestDb, second: TestDb, third: TestDb) {
    let (a, b, c) = (Place::new(), Place::new(), Place::new());
    fill(&first, &a.blobs).await;
    let written = write(&first, &a.blobs, &a.file("a.zip")).await.expect("written");
    assert_eq!((written.rows, written.blobs, written.missing.len()), (3 * tables().count() as u64, 3, 0));
    for (db, place, from, to) in [(&second, &b, a.file("a.zip"), b.file("b.zip")), (&third, &c, b.file("b.zip"), c.file("c.zip"))] {
        let restored = restore(db, &place.blobs, None, &from, &[]).await.expect("restored");
        assert_eq!((restored.rows, restored.blobs, restored.documents), (written.rows, 3, 6));
        write(db, &place.blobs, &to).await.expect("written");
        for (name, bytes) in content(&a.file("a.zip")) {
            let again = content(&to).remove(&name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(bytes == again, "{name}:\n{}\n{}", String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&again));
        }
    }
    // What happens after a restore comes behind what was restored.
    let mut tx = third.write().await.expect("a transaction");
    domain::events::record::<()>(&mut tx, Id::from_i64(1), "test", None, None, json!({})).await.expect("recorded");
    tx.commit().await.expect("committed");
    let mut conn = third.read().await.expect("a connection");
    let order: Vec<(String,)> = conn.all("SELECT kind FROM events ORDER BY position DESC, id DESC LIMIT 1", args![]).await.expect("events");
    assert_eq!(order[0].0, "test");
}

#[tokio::test]
async fn an_archive_goes_from_sqlite_to_postgres_and_back_without_a_change() {
    match fresh_postgres().await {
        Some(pg) => there_and_back(fresh_sqlite().await, pg, fresh_sqlite().await).await,
        None => there_and_back(fresh_sqlite().await, fresh_sqlite().await, fresh_sqlite().await).await,
    }
}

#[tokio::test]
async fn an_archive_goes_from_postgres_to_sqlite_and_back_without_a_change() {
    if let (Some(first), Some(third)) = (fresh_postgres().await, fresh_postgres().await) {
        there_and_back(first, fresh_sqlite().await, third).await;
    }
}

#[tokio::test]
async fn a_damaged_archive_is_refused_before_anything_is_written() {
    let (from, to, place) = (fresh_sqlite().await, fresh_sqlite().await, Place::new());
    fill(&from, &place.blobs).await;
    write(&from, &place.blobs, &place.file("a.zip")).await.expect("written");
    let whole = entries(&place.file("a.zip"));
    let spoil = |name: &str, change: &dyn Fn(&mut BTreeMap<String, Vec<u8>>)| {
        let mut entries = whole.clone();
        change(&mut entries);
        let file = place.file(name);
        let mut zip = zip::ZipWriter::new(File::create(&file).expect("a file"));
        for (name, bytes) in entries {
            zip.start_file(name, SimpleFileOptions::default()).expect("an entry");
            zip.write_all(&bytes).expect("its bytes");
        }
        zip.finish().expect("a zip");
        file
    };
    let blob = whole.keys().find(|name| name.starts_with("blobs/")).cloned().expect("a file");
    let cases: [(&str, PathBuf, &str); 5] = [
        (
            "a row was changed",
            spoil("1.zip", &|e| {
                e.get_mut("tables/users.jsonl").expect("users")[20] ^= 1;
            }),
            "damaged",
        ),
        (
            "a file was changed",
            spoil("2.zip", &|e| {
                e.get_mut(&blob).expect("a file").push(b'!');
            }),
            "damaged",
        ),
        (
            "a table is missing",
            spoil("3.zip", &|e| {
                e.remove("tables/posts.jsonl");
            }),
            "missing",
        ),
        (
            "something was added",
            spoil("4.zip", &|e| {
                e.insert("blobs/../../x".into(), vec![]);
            }),
            "not in the manifest",
        ),
        (
            "no archive",
            spoil("5.zip", &|e| {
                e.remove("manifest.json");
            }),
            "no archive",
        ),
    ];
    let target = Place::new();
    for (what, file, expected) in cases {
        let error = restore(&to, &target.blobs, None, &file, &[]).await.expect_err(what);
        assert!(format!("{error:#}").contains(expected), "{what}: {error:#}");
        assert!(!target.blobs.root().exists(), "{what}: files were written");
    }
    restore(&to, &target.blobs, None, &place.file("a.zip"), &[]).await.expect("the whole one still goes in: nothing was left behind");
    let error = restore(&to, &target.blobs, None, &place.file("a.zip"), &[]).await.expect_err("a database with rows");
    assert!(error.to_string().contains("not empty"), "{error}");
}

#[tokio::test]
async fn another_key_and_a_clock_behind_the_archive_are_refused() {
    let (from, to, place) = (fresh_sqlite().await, fresh_sqlite().await, Place::new());
    let sealer = domain::Sealer::new([1; 32]);
    sealer.check(&from).await.expect("a database").expect("the first key");
    from.clock.advance(std::time::Duration::from_secs(60));
    write(&from, &place.blobs, &place.file("a.zip")).await.expect("written");
    let error = restore(&to, &place.blobs, Some(sealer.key_id()), &place.file("a.zip"), &[]).await.expect_err("a clock behind");
    assert!(error.to_string().contains("clock"), "{error}");
    to.clock.advance(std::time::Duration::from_secs(60));
    let error = restore(&to, &place.blobs, Some("00000000"), &place.file("a.zip"), &[]).await.expect_err("another key");
    assert!(error.to_string().contains("sealing key"), "{error}");
    let restored = restore(&to, &place.blobs, Some(sealer.key_id()), &place.file("a.zip"), &[]).await.expect("restored");
    assert_eq!(restored.manifest.sealing_key_id.as_deref(), Some(sealer.key_id()));
}

#[tokio::test]
async fn a_backup_works_beside_who_has_the_folder_and_never_writes_over_a_file() {
    let (running, place) = (fresh_sqlite().await, Place::new());
    fill(&running, &place.blobs).await;
    let folder = running.sqlite_path().and_then(Path::parent).expect("a folder").to_path_buf();
    let options = || OpenOptions {
        clock: std::sync::Arc::new(running.clock.clone()),
        random: std::sync::Arc::new(model::SeededRandom::new(2)),
        connections: 2,
    };
    let beside = db::Db::open_sqlite_beside(&folder, Access::Read, options()).await.expect("opened");
    let mut writing = running.write().await.expect("a transaction");
    writing.run("DELETE FROM drafts", args![]).await.expect("deleted");
    let written = write(&beside, &place.blobs, &place.file("a.zip")).await.expect("written while somebody writes");
    assert_eq!(written.rows, 3 * tables().count() as u64);
    writing.commit().await.expect("committed");
    assert!(write(&beside, &place.blobs, &place.file("a.zip")).await.is_err());
    assert!(beside.write().await.is_err(), "reading only");
    beside.close().await;

    let beside = db::Db::open_sqlite_beside(&folder, Access::Write, options()).await.expect("opened");
    assert!(matches!(db::Db::open_sqlite_beside(&folder, Access::Write, options()).await, Err(db::Error::Locked(_))));
    assert_ne!(beside.id::<()>(), running.id::<()>(), "two processes, two node numbers");
    beside.close().await;
}
