//! The built program, run as a person or a service manager runs it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Access, Db, OpenOptions};
use domain::accounts::{self, Person, Seat, users, workspaces};
use domain::{App, Blobs, Parts, Sealer};
use model::{Id, Locale, Random, SystemClock, SystemRandom};

pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// An installation: a folder, and perhaps a database of its own.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub postgres: Option<String>,
}

impl Place {
    pub fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: None }
    }

    /// An empty database with the newest schema, or with none at all.
    pub async fn postgres(migrated: bool) -> Option<Self> {
        let Ok(server) = std::env::var("TRESEN_TEST_PG") else {
            assert!(std::env::var("CI").is_err(), "TRESEN_TEST_PG is not set: in CI no half of a test may be skipped");
            eprintln!("skipped on PostgreSQL: TRESEN_TEST_PG is not set");
            return None;
        };
        let (base, _) = server.rsplit_once('/').unwrap();
        let template = if migrated { Some(db::migrated_template(&server).await.unwrap()) } else { None };
        let name = format!("operating_{:x}", SystemRandom.u64());
        db::create_database(&server, &name, template.as_deref()).await.unwrap();
        Some(Self { folder: tempfile::tempdir().unwrap(), postgres: Some(format!("{base}/{name}")) })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, words: &[&str], stored: bool) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tresen"));
        command.env_clear().env("COLUMNS", "80").env("TRESEN_ALLOW_PRIVATE", "127.0.0.0/8").current_dir(self.folder.path()).args(words);
        if stored {
            command.arg("--data").arg(self.data());
            if let Some(url) = &self.postgres {
                command.args(["--database", url]);
            }
        }
        command
    }

    /// Runs a command that ends, on this installation.
    pub fn run(&self, words: &[&str]) -> Ran {
        ended(self.command(words, true), b"")
    }

    /// Runs a command that needs no installation.
    pub fn plain(&self, words: &[&str], input: &[u8]) -> Ran {
        ended(self.command(words, false), input)
    }

    /// As [`Self::plain`], without a single variable.
    pub fn bare(&self, words: &[&str]) -> Ran {
        let mut command = self.command(words, false);
        command.env_remove("TRESEN_ALLOW_PRIVATE");
        ended(command, b"")
    }

    /// Starts `serve` or `demo` and waits for its `ready` line.
    pub fn start(&self, words: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(words, true);
        command.args(["--listen", "127.0.0.1:0"]).envs(variables.iter().copied()).env("TRESEN_LOG", "warn");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut before = Vec::new();
        let address = loop {
            let line = lines.next().expect("the program ended before it was ready").unwrap();
            if let Some(url) = line.strip_prefix("ready http://") {
                break url.parse().unwrap();
            }
            before.push(line);
        };
        Running { child, _lines: lines, before, address }
    }

    pub fn serve(&self) -> Running {
        self.start(&["serve"], &[])
    }

    /// The same installation, opened by the test while nobody serves.
    pub async fn app(&self) -> App {
        let options = OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 2 };
        let db = match &self.postgres {
            Some(url) => Db::open_postgres(url, options).await.unwrap(),
            None => Db::open_sqlite(&self.data(), options).await.unwrap(),
        };
        std::fs::create_dir_all(self.data()).unwrap();
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

    /// What the database holds, read beside whoever serves.
    pub async fn beside(&self) -> Db {
        let options = OpenOptions { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), connections: 1 };
        match &self.postgres {
            Some(url) => Db::open_postgres_beside(url, Access::Read, options).await.unwrap(),
            None => Db::open_sqlite_beside(&self.data(), Access::Read, options).await.unwrap(),
        }
    }
}

fn ended(mut command: Command, input: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever does not read has an error to tell.
    let _ = child.stdin.take().unwrap().write_all(input);
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
}

pub struct Running {
    child: Child,
    /// Kept open: what the program says later must have somewhere to go.
    _lines: Lines<BufReader<ChildStdout>>,
    /// What it said before it was ready.
    pub before: Vec<String>,
    pub address: SocketAddr,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, as a service manager stops; exit code and how long it took.
    pub fn stop(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(ended.success());
        let status = self.child.wait().unwrap();
        (status.code(), begun.elapsed())
    }

    pub fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask("GET", path, cookie, None)
    }

    pub fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        self.ask("POST", path, cookie, Some(form))
    }

    /// HTTP/1.0, so that nothing comes in chunks.
    fn ask(&self, method: &str, path: &str, cookie: &str, form: Option<&str>) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (host, body) = (self.address, form.unwrap_or_default());
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n");
        if form.is_some() {
            head.push_str(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()));
        Answer { status, headers: headers.collect(), body: body.to_string() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// Asks again until there is something, for what another process does in its own time.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The folder's lock goes with the last handle.
pub async fn close(app: App) {
    let db = app.db.clone();
    drop(app);
    db.close().await;
}

/// Miriam, who owns the workspace `firma`; made if she is not there yet.
pub async fn owner(app: &App) -> Seat {
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

pub fn words(path: &Path) -> &str {
    path.to_str().unwrap()
}
