//! Starting, migrating, letting somebody back in, stopping.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use channels::mail::map;
use db::{Access, Db, OpenOptions, args};
use domain::desk::reply;
use domain::intake;
use domain::sources::{self, NewAccount};

use crate::support::{Place, close, owner};

#[test]
fn a_first_start_says_how_to_begin_and_then_that_it_is_ready() {
    let place = Place::sqlite();
    let running = place.serve();
    let link = running.before.iter().find(|line| line.starts_with("http://")).expect("a link");
    let path = link.strip_prefix(&format!("http://{}", running.address)).expect("a link to where it listens");
    assert!(path.starts_with("/setup/"), "{path}");
    assert_eq!((running.get("/healthz", "").status, running.get("/readyz", "").status, running.get(path, "").status), (200, 200, 200));
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(second.code == Some(1) && second.err.contains("data"), "the folder is taken: {}", second.err);
    let other = Place::sqlite().run(&["serve", "--listen", &running.address.to_string()]);
    assert!(other.code == Some(1) && other.err.contains(&format!("cannot listen on {}", running.address)), "{}", other.err);
    let (code, took) = running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "with nothing to do it ends at once, not after {took:?}");
}

async fn a_link_lets_somebody_back_in(place: Place) {
    let app = place.app().await;
    owner(&app).await;
    close(app).await;
    let path = |out: &str| out.trim().strip_prefix("http://127.0.0.1:8420").expect("a link").to_string();
    let first = place.run(&["user", "reset-link", "miriam@firma.test"]);
    assert_eq!((first.code, first.err.as_str()), (Some(0), ""));
    let running = place.serve();
    assert!(running.get(&path(&first.out), "").body.contains("type=\"password\""), "made while nobody served");
    let second = place.run(&["user", "reset-link", "MIRIAM@firma.test"]);
    assert_eq!((second.code, second.err.as_str()), (Some(0), ""));
    assert!(running.get(&path(&second.out), "").body.contains("type=\"password\""), "made beside the running program");
    assert!(!running.get(&path(&first.out), "").body.contains("type=\"password\""), "one link at a time");
    let unknown = place.run(&["user", "reset-link", "niemand@firma.test"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(1), ""));
    assert!(unknown.err.contains("nobody signs in with the address niemand@firma.test"), "{}", unknown.err);
    assert_eq!(running.stop().0, Some(0));
}

#[tokio::test]
async fn a_reset_link_works_beside_the_running_program_and_without_it() {
    a_link_lets_somebody_back_in(Place::sqlite()).await;
    if let Some(place) = Place::postgres(true).await {
        a_link_lets_somebody_back_in(place).await;
    }
}

#[tokio::test]
async fn a_reset_link_never_migrates() {
    let place = Place::sqlite();
    let ran = place.run(&["user", "reset-link", "miriam@firma.test"]);
    assert!(ran.code == Some(1) && ran.err.contains("no database") && !place.data().exists(), "{}", ran.err);
    if let Some(place) = Place::postgres(false).await {
        let ran = place.run(&["user", "reset-link", "miriam@firma.test"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.err.contains("tresen migrate"), "{}", ran.err);
        let options = OpenOptions {
            clock: std::sync::Arc::new(model::SystemClock),
            random: std::sync::Arc::new(model::SystemRandom),
            connections: 1,
        };
        let opened = Db::open_postgres_beside(place.postgres.as_deref().unwrap(), Access::Read, options).await;
        assert!(matches!(opened, Err(db::Error::Older { found: 0, .. })), "the database is as empty as before");
    }
}

/// Takes the newest migration back, as far as the ones there are need it: tables and columns it made.
async fn an_older_schema(place: &Place) -> i64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db/migrations/sqlite");
    let newest = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let number: i64 = newest.file_name().unwrap().to_str().unwrap()[..4].parse().unwrap();
    let app = place.app().await;
    owner(&app).await;
    let mut tx = app.db.write().await.unwrap();
    for line in std::fs::read_to_string(newest).unwrap().lines().rev() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let undo = match words[..] {
            ["CREATE", "TABLE", name, ..] => format!("DROP TABLE {name}"),
            ["CREATE", "INDEX", name, ..] => format!("DROP INDEX {name}"),
            ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] => format!("ALTER TABLE {table} DROP COLUMN {column}"),
            _ => continue,
        };
        tx.run_built(undo.clone(), undo, args![]).await.unwrap();
    }
    let forget = format!("DELETE FROM _sqlx_migrations WHERE version = {number}");
    assert_eq!(tx.run_built(forget.clone(), forget, args![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    close(app).await;
    number
}

#[tokio::test]
async fn migrating_takes_a_copy_first_and_keeps_what_is_there() {
    let mut places = vec![Place::sqlite()];
    places.extend(Place::postgres(true).await);
    for place in places {
        let number = an_older_schema(&place).await;
        if number == 1 {
            return eprintln!("skipped: there is one migration so far");
        }
        let doctor = place.run(&["doctor"]);
        assert!(doctor.code == Some(1) && doctor.out.contains("tresen migrate"), "{}", doctor.out);
        let link = place.run(&["user", "reset-link", "miriam@firma.test"]);
        assert!(link.code == Some(1) && link.err.contains("tresen migrate"), "{}", link.err);
        let ran = place.run(&["migrate"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(ran.out, format!("the database has schema {number}, as this release needs it\n"));
        assert_eq!(place.run(&["user", "reset-link", "miriam@firma.test"]).code, Some(0), "who was there still is");
        let copy = place.data().join(format!("tresen.sqlite.before-{number}"));
        assert_eq!(copy.exists(), place.postgres.is_none());
        assert_eq!(place.run(&["migrate"]).code, Some(0), "once more changes nothing");
        if place.postgres.is_none() {
            // The copy is the former database, whole.
            let former = Place::sqlite();
            std::fs::create_dir_all(former.data()).unwrap();
            std::fs::copy(copy, former.data().join("tresen.sqlite")).unwrap();
            std::fs::copy(place.data().join("sealing.key"), former.data().join("sealing.key")).unwrap();
            let link = former.run(&["user", "reset-link", "miriam@firma.test"]);
            assert!(link.code == Some(1) && link.err.contains("tresen migrate"), "{}", link.err);
            assert_eq!(former.run(&["migrate"]).code, Some(0));
            assert_eq!(former.run(&["user", "reset-link", "miriam@firma.test"]).code, Some(0));
        }
    }
}

#[tokio::test]
async fn stopping_gives_back_what_does_not_end_in_time() {
    let place = Place::sqlite();
    // A mail server that takes the connection and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let app = place.app().await;
    let seat = owner(&app).await;
    let port = silent.local_addr().unwrap().port().to_string();
    let values = [("from", "hallo@firma.test"), ("smtp_host", "127.0.0.1"), ("smtp_port", &port), ("smtp_security", "none")];
    let values = values.into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let account = sources::connect(&app, &seat, NewAccount { channel: "mail".into(), values, ..NewAccount::default() }).await.unwrap();
    let mail = "From: Anna <anna@berger.example>\r\nTo: hallo@firma.test\r\nMessage-ID: <1@berger.example>\r\nSubject: Paket\r\n\r\nWo ist es?\r\n";
    let item = map::parse(mail.as_bytes(), &map::Origin { folder: "lmtp", ..Default::default() });
    let conversation = intake::deliver(&app, seat.ws(), account, item).await.unwrap().unwrap();
    let answer = reply::Reply { text: "Unterwegs.".into(), anyway: true, ..Default::default() };
    reply::send(&app, &seat, conversation, answer).await.unwrap();
    close(app).await;

    let running = place.serve();
    let connection = tokio::task::spawn_blocking(move || silent.accept().unwrap()).await.unwrap();
    let (code, took) = running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(15), "it took {took:?}");
    drop(connection);
    let db = place.beside().await;
    let (state, attempts): (String, i64) =
        db.read().await.unwrap().one("SELECT state, attempts FROM jobs WHERE kind = 'deliver'", args![]).await.unwrap();
    assert_eq!((state.as_str(), attempts), ("ready", 0), "the next start goes on with it at once");
    db.close().await;
}
