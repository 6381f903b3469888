//! Breaking things on purpose: the program is killed (SIGKILL) while mails come in and while answers go out. Nothing acknowledged may be lost,
//! nothing stored twice, no answer sent twice; at worst one is marked "unsure".
//!
//! Five kills each on both engines in every run; `TRESEN_FAULT_ROUNDS=50` for the long one.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use db::{Db, OpenOptions, args};
use domain::accounts::{self, Person, Seat, users, workspaces};
use domain::desk::{MessageState, list, reply};
use domain::sources::{self, NewAccount};
use domain::{App, Blobs, Parts, Sealer};
use model::{Id, Locale, Random, SeededRandom, SystemClock, SystemRandom};

fn rounds() -> u64 {
    std::env::var("TRESEN_FAULT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

struct Place {
    folder: tempfile::TempDir,
    postgres: Option<String>,
}

impl Place {
    async fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: None }
    }
    async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TRESEN_TEST_PG") else {
            assert!(std::env::var("CI").is_err(), "TRESEN_TEST_PG is not set: in CI no half of a test may be skipped");
            eprintln!("skipped on PostgreSQL: TRESEN_TEST_PG is not set");
            return None;
        };
        let (base, _) = server.rsplit_once('/').unwrap();
        let template = db::migrated_template(&server).await.unwrap();
        let name = format!("fault_{:x}", SystemRandom.u64());
        db::create_database(&server, &name, Some(&template)).await.unwrap();
        Some(Self { folder: tempfile::tempdir().unwrap(), postgres: Some(format!("{base}/{name}")) })
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The same installation, opened by the test between two lives of the program.
    async fn app(&self) -> App {
        let options = OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 2 };
        let db = match &self.postgres {
            Some(url) => Db::open_postgres(url, options).await.unwrap(),
            None => Db::open_sqlite(self.data(), options).await.unwrap(),
        };
        let key = self.data().join("sealing.key");
        if !key.exists() {
            std::fs::write(&key, Sealer::new_key(&SystemRandom)).unwrap();
        }
        let sealer = Sealer::from_text(&std::fs::read_to_string(key).unwrap()).unwrap();
        sealer.check(&db).await.unwrap().unwrap();
        let policy = channels::net::NetPolicy { allow_private: vec!["127.0.0.1".parse().unwrap()], extra_ca: None };
        let context = channels::Context {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            net: channels::net::Net::new(policy),
            limits: channels::Limits::default(),
        };
        App::new(Parts {
            blobs: Blobs::in_folder(self.data().join("blobs")),
            db,
            sealer,
            channels: context,
            feed: Default::default(),
            presence: Default::default(),
            config: Default::default(),
        })
    }

    fn start(&self, lmtp: u16) -> Life {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresen"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.data());
        if let Some(url) = &self.postgres {
            command.args(["--database", url]);
        }
        command.env("TRESEN_ALLOW_PRIVATE", "127.0.0.0/8").env("TRESEN_LMTP_LISTEN", format!("127.0.0.1:{lmtp}")).env("TRESEN_LOG", "warn");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| line.starts_with("ready "));
        assert!(ready, "the program ended before it was ready");
        Life(child)
    }
}

/// One life of the program; it always ends by SIGKILL.
struct Life(Child);

impl Life {
    fn kill(mut self) {
        self.end();
    }
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn seat(app: &App) -> Seat {
    let email = "miriam@firma.test".to_string();
    let user = match users::by_email(&mut app.db.read().await.unwrap(), &email).await.unwrap() {
        Some(user) => user,
        None => {
            let mut tx = app.db.write().await.unwrap();
            let new = users::NewUser {
                email: &email,
                name: "Miriam Koch",
                password_hash: None,
                locale: Locale::DeDe,
                is_installation_admin: true,
            };
            let user = users::create(&mut tx, new).await.unwrap();
            let new =
                workspaces::NewWorkspace { name: "Firma", slug: "firma", locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
            workspaces::create(&mut tx, new, user).await.unwrap();
            tx.commit().await.unwrap();
            user
        }
    };
    let person = Person {
        id: user,
        session: Id::from_i64(0),
        name: "Miriam Koch".into(),
        email,
        locale: Locale::DeDe,
        time_zone: None,
        theme: "system".into(),
        shortcuts: true,
        next_after_answer: true,
        is_installation_admin: true,
    };
    accounts::seat(&mut app.db.read().await.unwrap(), person, "firma").await.unwrap()
}

async fn mailbox(app: &App, seat: &Seat, smtp: u16) {
    let values = [
        ("from", "hallo@firma.test".to_string()),
        ("smtp_host", "127.0.0.1".into()),
        ("smtp_port", smtp.to_string()),
        ("smtp_security", "none".into()),
    ];
    let new = NewAccount {
        channel: "mail".into(),
        values: values.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        ..NewAccount::default()
    };
    sources::connect(app, seat, new).await.unwrap();
}

/// Hands one mail in by LMTP; whether it was acknowledged.
fn hand_in(lmtp: u16, n: u64) -> bool {
    let talk = || -> std::io::Result<bool> {
        let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], lmtp).into(), Duration::from_millis(300))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut write = stream.try_clone()?;
        let mut read = BufReader::new(stream);
        let mut reply = |until: &str| -> std::io::Result<bool> {
            loop {
                let mut line = String::new();
                if read.read_line(&mut line)? == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                if line.get(3..4) == Some(" ") {
                    return Ok(line.starts_with(until));
                }
            }
        };
        reply("220")?;
        for (say, expect) in [
            ("LHLO test\r\n", "250"),
            ("MAIL FROM:<kundin@example.test>\r\n", "250"),
            ("RCPT TO:<hallo@firma.test>\r\n", "250"),
            ("DATA\r\n", "354"),
        ] {
            write.write_all(say.as_bytes())?;
            if !reply(expect)? {
                return Ok(false);
            }
        }
        write!(
            write,
            "From: Kundin <kundin{n}@example.test>\r\nTo: hallo@firma.test\r\nSubject: Mail {n}\r\nMessage-ID: <m{n}@example.test>\r\n\r\nBitte prüfen Sie Nummer {n}.\r\n.\r\n"
        )?;
        reply("250")
    };
    talk().unwrap_or(false)
}

/// A mail server that takes everything and counts by Message-ID; an answer counts when its final "250" is on the wire.
fn count_mails() -> (u16, Arc<Mutex<HashMap<String, usize>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let shared = counts.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counts = shared.clone();
            std::thread::spawn(move || {
                let _ = take(stream, &counts);
            });
        }
    });
    (port, counts)
}

fn take(stream: TcpStream, counts: &Mutex<HashMap<String, usize>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut write = stream.try_clone()?;
    let mut read = BufReader::new(stream);
    write.write_all(b"220 test\r\n")?;
    let mut line = String::new();
    loop {
        line.clear();
        if read.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.starts_with("DATA") {
            write.write_all(b"354 go\r\n")?;
            let mut id = String::new();
            loop {
                line.clear();
                if read.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if line == ".\r\n" {
                    break;
                }
                if line.to_ascii_lowercase().starts_with("message-id:") {
                    id = line[11..].trim().trim_matches(['<', '>']).to_string();
                }
            }
            *counts.lock().unwrap().entry(id).or_default() += 1;
            write.write_all(b"250 taken\r\n")?;
        } else if line.starts_with("QUIT") {
            return write.write_all(b"221 bye\r\n");
        } else {
            write.write_all(b"250 ok\r\n")?;
        }
    }
}

async fn killed_while_mails_come_in(place: Place) {
    let app = place.app().await;
    let seat = seat(&app).await;
    mailbox(&app, &seat, free_port()).await;
    app.db.clone().close().await;
    drop(app);
    let random = SeededRandom::new(11);
    let (mut next, mut acknowledged) = (0_u64, HashSet::new());
    for _ in 0..rounds() {
        let lmtp = free_port();
        let life = place.start(lmtp);
        let until = Instant::now() + Duration::from_millis(150 + u64::from(random.below(350)));
        let over = Arc::new(AtomicBool::new(false));
        let killer = {
            let over = over.clone();
            std::thread::spawn(move || {
                std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
                while Instant::now() < until {}
                life.kill();
                over.store(true, Ordering::SeqCst);
            })
        };
        while !over.load(Ordering::SeqCst) {
            // A mail that was not acknowledged is handed in again, as a mail server does.
            if hand_in(lmtp, next) {
                acknowledged.insert(next);
                next += 1;
            }
        }
        killer.join().unwrap();
    }
    let app = place.app().await;
    let stored: Vec<(String, i64)> = app
        .db
        .read()
        .await
        .unwrap()
        .all("SELECT message_id, COUNT(*) FROM messages GROUP BY message_id ORDER BY message_id", vec![])
        .await
        .unwrap();
    assert!(acknowledged.len() as u64 >= rounds(), "only {} mails in {} lives", acknowledged.len(), rounds());
    for n in &acknowledged {
        assert!(stored.contains(&(format!("m{n}@example.test"), 1)), "mail {n} was acknowledged and is lost or doubled");
    }
    assert!(stored.iter().all(|(_, count)| *count == 1), "{stored:?}");
    let (messages, documents): (i64, i64) = app
        .db
        .read()
        .await
        .unwrap()
        .one("SELECT (SELECT COUNT(*) FROM messages), (SELECT COUNT(*) FROM messages_fts)", vec![])
        .await
        .unwrap();
    assert_eq!(messages, documents, "every message has its search document");
    eprintln!("{} mails acknowledged over {} kills", acknowledged.len(), rounds());
}

async fn killed_while_answers_go_out(place: Place) {
    let (smtp, counts) = count_mails();
    let app = place.app().await;
    let seat = seat(&app).await;
    mailbox(&app, &seat, smtp).await;
    app.db.clone().close().await;
    drop(app);
    let random = SeededRandom::new(12);
    // One life to take mails in.
    let lmtp = free_port();
    let life = place.start(lmtp);
    let wanted = rounds() * 8;
    for n in 0..wanted {
        assert!(hand_in(lmtp, n), "mail {n}");
    }
    life.kill();
    let app = place.app().await;
    let rows =
        list::page(&mut app.db.read().await.unwrap(), &seat, &list::Filter { view: domain::desk::View::All, ..Default::default() }, 1_000)
            .await
            .unwrap();
    for row in &rows {
        reply::send(&app, &seat, row.id, reply::Reply { text: "Danke, das prüfe ich.".into(), ..Default::default() }).await.unwrap();
    }
    // The time to take an answer back has its own test; here it is over.
    let mut tx = app.db.write().await.unwrap();
    tx.run("UPDATE jobs SET run_at = 0 WHERE kind = 'deliver'", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    app.db.clone().close().await;
    drop(app);
    let mut left = i64::MAX;
    for round in 0..rounds() * 4 {
        let life = place.start(free_port());
        if round < rounds() {
            let until = Instant::now() + Duration::from_millis(15 + u64::from(random.below(90)));
            while Instant::now() < until {}
        } else {
            // After the kills, a life long enough to finish.
            std::thread::park_timeout(Duration::from_secs(3));
        }
        life.kill();
        let app = place.app().await;
        let mut tx = app.db.write().await.unwrap();
        // As on SQLite: nobody else is there, so nobody waits for a dead holder's minute.
        tx.run("UPDATE jobs SET lease_until = 0 WHERE state = 'running'", vec![]).await.unwrap();
        (left,) = tx.one("SELECT COUNT(*) FROM messages WHERE direction = 'out' AND state IN ('queued', 'sending')", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        app.db.clone().close().await;
        if left == 0 && round + 1 >= rounds() {
            break;
        }
    }
    assert_eq!(left, 0, "some answers never came to an end");
    let app = place.app().await;
    let states: Vec<(String, MessageState)> = app
        .db
        .read()
        .await
        .unwrap()
        .all("SELECT message_id, state FROM messages WHERE direction = 'out' AND workspace_id = $1", args![seat.ws()])
        .await
        .unwrap();
    assert_eq!(states.len() as u64, wanted);
    let counts = counts.lock().unwrap();
    let mut unsure = 0;
    for (id, state) in &states {
        let arrived = counts.get(id).copied().unwrap_or(0);
        assert!(arrived <= 1, "{id} was sent {arrived} times");
        match state {
            MessageState::Sent => assert_eq!(arrived, 1, "{id} is called sent and never arrived"),
            MessageState::Unsure => unsure += 1,
            other => panic!("{id} is {other}"),
        }
    }
    // What was in hand at a kill: at most as many as are sent at once.
    assert!(unsure <= rounds() * 4, "{unsure} unsure");
    eprintln!("{} answers over {} kills, {unsure} unsure", states.len(), rounds());
}

macro_rules! on_both { ($($name:ident),*) => { $( mod $name {
    use super::*;
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fault_sqlite() { super::$name(Place::sqlite().await).await }
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fault_postgres() { if let Some(place) = Place::postgres().await { super::$name(place).await } }
} )* } }
on_both!(killed_while_mails_come_in, killed_while_answers_go_out);
