//! The installation under test, its lives, and the world around it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use db::{Db, OpenOptions};
use domain::accounts::{self, Person, Seat, sessions, users, workspaces};
use domain::sources::{self, NewAccount};
use domain::{App, Blobs, Parts, Sealer};
use model::{Id, Locale, Random, SystemClock, SystemRandom};

/// The address of the mailbox that all tests use.
pub const INBOX: &str = "hallo@firma.test";

/// Kills in one test: a few in every run, fifty in the long form.
pub fn rounds() -> u64 {
    std::env::var("TRESEN_FAULT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(5)
}

/// One installation: a data folder, and a database of its own on PostgreSQL.
pub struct Place {
    folder: tempfile::TempDir,
    log: tempfile::NamedTempFile,
    pub postgres: Option<String>,
}

impl Place {
    pub async fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), log: tempfile::NamedTempFile::new().unwrap(), postgres: None }
    }
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TRESEN_TEST_PG") else {
            assert!(std::env::var("CI").is_err(), "TRESEN_TEST_PG is not set: in CI no half of a test may be skipped");
            eprintln!("skipped on PostgreSQL: TRESEN_TEST_PG is not set");
            return None;
        };
        let (base, _) = server.rsplit_once('/').unwrap();
        let template = db::migrated_template(&server).await.unwrap();
        let name = format!("fault_{:x}", SystemRandom.u64());
        db::create_database(&server, &name, Some(&template)).await.unwrap();
        let (folder, log) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        Some(Self { folder, log, postgres: Some(format!("{base}/{name}")) })
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The same installation, opened by the test between two lives of the program.
    pub async fn app(&self) -> App {
        let options = || OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 2 };
        let db = match &self.postgres {
            Some(url) => Db::open_postgres(url, options()).await.unwrap(),
            None => loop {
                match Db::open_sqlite(self.data(), options()).await {
                    // A process that another test starts at this moment has a copy of every open file until it is the program.
                    Err(db::Error::Locked(_)) => tokio::task::yield_now().await,
                    opened => break opened.unwrap(),
                }
            },
        };
        self.app_on(db).await
    }

    pub async fn app_on(&self, db: Db) -> App {
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

    /// A connection for the test alone, beside the running program.
    pub async fn beside(&self) -> Db {
        let options = OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 2 };
        match &self.postgres {
            Some(url) => Db::open_postgres(url, options).await.unwrap(),
            None => Db::open_sqlite_beside(self.data(), db::Access::Write, options).await.unwrap(),
        }
    }

    pub fn start(&self, lmtp: u16) -> Life {
        self.start_on(lmtp, self.postgres.as_deref())
    }

    /// As [`start`](Self::start), with another way to the database.
    pub fn start_on(&self, lmtp: u16, database: Option<&str>) -> Life {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresen"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(self.data());
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        command.env("TRESEN_ALLOW_PRIVATE", "127.0.0.0/8").env("TRESEN_LMTP_LISTEN", format!("127.0.0.1:{lmtp}")).env("TRESEN_LOG", "warn");
        let log = std::fs::File::options().create(true).append(true).open(self.log.path()).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("ready http://").map(str::to_string));
        let Some(ready) = ready else { panic!("the program ended before it was ready:\n{}", self.said()) };
        Life { child, web: ready.parse().unwrap() }
    }

    /// What the program wrote to its log, over all lives.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    pub fn assert_no_panic(&self) {
        let said = self.said();
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// One life of the program; it always ends by SIGKILL.
pub struct Life {
    child: Child,
    pub web: SocketAddr,
}

impl Life {
    pub fn kill(mut self) {
        self.end();
    }
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub async fn seat(app: &App) -> Seat {
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

/// Connects an account; `values` as the guided form would hold them.
pub async fn connect(app: &App, seat: &Seat, channel: &str, values: &[(&str, &str)]) {
    let values = values.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    sources::connect(app, seat, NewAccount { channel: channel.into(), values, ..NewAccount::default() }).await.unwrap();
}

pub async fn mailbox(app: &App, seat: &Seat, smtp: u16) {
    let port = smtp.to_string();
    connect(app, seat, "mail", &[("from", INBOX), ("smtp_host", "127.0.0.1"), ("smtp_port", &port), ("smtp_security", "none")]).await;
}

/// A session cookie of the seat's person.
pub async fn cookie(db: &Db, seat: &Seat) -> String {
    let mut tx = db.write().await.unwrap();
    let token = sessions::open(&mut tx, seat.user(), &sessions::Visitor::default()).await.unwrap();
    tx.commit().await.unwrap();
    format!("tresen_session={token}")
}

/// One request as our own page would send it; status and body. `None`: no answer within a minute.
pub fn http(web: SocketAddr, cookie: &str, method: &str, path: &str, form: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&web, Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {web}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    Some((answer.get(9..12)?.parse().ok()?, answer))
}

/// Looks again and again until it is so; panics with `what` after two minutes.
pub async fn until<F: Future<Output = bool>>(what: &str, so: impl FnMut() -> F) {
    until_within(Duration::from_secs(120), what, so).await;
}

/// As [`until`], for an hour.
pub async fn until_long<F: Future<Output = bool>>(what: &str, so: impl FnMut() -> F) {
    until_within(Duration::from_secs(3600), what, so).await;
}

async fn until_within<F: Future<Output = bool>>(time: Duration, what: &str, mut so: impl FnMut() -> F) {
    let end = Instant::now() + time;
    while !so().await {
        assert!(Instant::now() < end, "not within {} s: {what}", time.as_secs());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Gives everything back, the folder's lock too.
pub async fn close(app: App) {
    app.db.clone().close().await;
}

pub async fn count(db: &Db, sql: &'static str) -> i64 {
    db.read().await.unwrap().one::<(i64,)>(sql, vec![]).await.unwrap().0
}

/// Runs one statement between two lives.
pub async fn change(db: &Db, sql: &'static str) {
    let mut tx = db.write().await.unwrap();
    tx.run(sql, vec![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// As on SQLite: nobody else is there, so nobody waits for a dead holder's leases.
pub async fn free_leases(db: &Db) {
    change(db, "UPDATE leases SET expires_at = 0").await;
    change(db, "UPDATE jobs SET lease_until = 0 WHERE state = 'running'").await;
}

/// Hands one mail in by LMTP; whether it was acknowledged.
pub fn hand_in(lmtp: u16, n: u64) -> bool {
    deliver(lmtp, n, "").is_ok_and(|reply| reply.starts_with("250"))
}

/// Hands one mail in by LMTP, with `more` after its text; the reply that ended the talk.
pub fn deliver(lmtp: u16, n: u64, more: &str) -> std::io::Result<String> {
    deliver_raw(
        lmtp,
        &format!(
            "From: Kundin <kundin{n}@example.test>\r\nTo: {INBOX}\r\nSubject: Mail {n}\r\nMessage-ID: <m{n}@example.test>\r\n\r\nBitte prüfen Sie Nummer {n}.\r\n{more}\r\n"
        ),
    )
}

pub fn deliver_raw(lmtp: u16, mail: &str) -> std::io::Result<String> {
    let mut write = TcpStream::connect_timeout(&([127, 0, 0, 1], lmtp).into(), Duration::from_millis(300))?;
    write.set_read_timeout(Some(Duration::from_secs(40)))?;
    let mut read = BufReader::new(write.try_clone()?);
    let mut reply = || -> std::io::Result<String> {
        loop {
            let mut line = String::new();
            if read.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.get(3..4) == Some(" ") {
                return Ok(line);
            }
        }
    };
    reply()?;
    let recipient = format!("RCPT TO:<{INBOX}>\r\n");
    for (say, expect) in
        [("LHLO test\r\n", "250"), ("MAIL FROM:<kundin@example.test>\r\n", "250"), (recipient.as_str(), "250"), ("DATA\r\n", "354")]
    {
        write.write_all(say.as_bytes())?;
        let said = reply()?;
        if !said.starts_with(expect) {
            return Ok(said);
        }
    }
    write.write_all(mail.as_bytes())?;
    write.write_all(b".\r\n")?;
    reply()
}

/// A mail server that takes everything and counts by Message-ID; an answer counts when its final "250" is on the wire.
pub fn count_mails() -> (u16, Arc<Mutex<HashMap<String, usize>>>) {
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
        } else if line.starts_with("EHLO") {
            write.write_all(b"250-test\r\n250 AUTH PLAIN\r\n")?;
        } else if line.starts_with("AUTH") {
            write.write_all(b"235 welcome\r\n")?;
        } else if line.starts_with("QUIT") {
            return write.write_all(b"221 bye\r\n");
        } else {
            write.write_all(b"250 ok\r\n")?;
        }
    }
}
