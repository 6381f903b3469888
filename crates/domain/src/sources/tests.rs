//! Accounts and sources against real tables, a real server on this machine, and both engines.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use channels::net::{Net, NetPolicy};
use db::args;
use model::{Id, Locale, Random, SeededRandom, kinds};
use testkit::db_test;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::forms::{self, FormSettings, Submission};
use super::runner::{Ear, Next};
use super::*;
use crate::accounts::{self, Person, Seat, users, workspaces};
use crate::listening::watches::{self, Draft};
use crate::{App, Error, Sealer};

fn app(db: &testkit::TestDb) -> App {
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(3));
    let net = Net::new(NetPolicy { allow_private: vec!["127.0.0.1".parse().unwrap()], extra_ca: None });
    let channels = channels::Context { clock: Arc::new(db.clock.clone()), random, net, limits: channels::Limits::default() };
    crate::App::new(crate::Parts {
        db: (**db).clone(),
        sealer: Sealer::new([7; 32]),
        // Nothing here has files.
        blobs: crate::Blobs::in_folder(std::env::temp_dir().join("tresen-no-blobs")),
        channels,
        feed: crate::events::Feed::default(),
        presence: crate::desk::presence::Presence::default(),
        config: crate::Config::default(),
    })
}

/// A person who owns a fresh workspace.
async fn owner(app: &App, slug: &str) -> Seat {
    let mut tx = app.db.write().await.unwrap();
    let email = format!("{slug}@firma.example");
    let user = users::create(
        &mut tx,
        users::NewUser { email: &email, name: "Miriam Koch", password_hash: None, locale: Locale::DeDe, is_installation_admin: false },
    )
    .await
    .unwrap();
    let new = workspaces::NewWorkspace { name: slug, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
    workspaces::create(&mut tx, new, user).await.unwrap();
    tx.commit().await.unwrap();
    let person = Person {
        id: user,
        session: Id::from_i64(1),
        name: "Miriam Koch".into(),
        email,
        locale: Locale::DeDe,
        time_zone: None,
        theme: "system".into(),
        shortcuts: true,
        next_after_answer: true,
        is_installation_admin: false,
    };
    accounts::seat(&mut app.db.read().await.unwrap(), person, slug).await.unwrap()
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn feed(url: &str) -> NewAccount {
    NewAccount { channel: "feed".into(), values: values(&[("url", url)]), ..NewAccount::default() }
}

fn mailbox(address: &str) -> NewAccount {
    let values = values(&[("from", address), ("user", "hallo"), ("password", "streng geheim"), ("imap_host", "imap.firma.example")]);
    NewAccount { channel: "mail".into(), values, ..NewAccount::default() }
}

fn door(address: &str) -> NewAccount {
    NewAccount { channel: "mail".into(), values: values(&[("from", address)]), ..NewAccount::default() }
}

async fn source_of(app: &App, account: Id<kinds::ChannelAccount>) -> Id<kinds::Source> {
    let (id,): (Option<Id<kinds::Source>>,) =
        app.db.read().await.unwrap().one("SELECT source_id FROM channel_accounts WHERE id = $1", args![account]).await.unwrap();
    id.unwrap()
}

async fn ear(app: &App, account: Id<kinds::ChannelAccount>) -> Ear {
    let source = source_of(app, account).await;
    let (revision,): (i64,) = app.db.read().await.unwrap().one("SELECT revision FROM sources WHERE id = $1", args![source]).await.unwrap();
    Ear::new(source, revision)
}

async fn count(app: &App, sql: &'static str) -> i64 {
    app.db.read().await.unwrap().one::<(i64,)>(sql, vec![]).await.unwrap().0
}

const FEED: &str = "<rss version=\"2.0\"><channel><title>Kaffeeblog</title>\
    <item><guid>https://blog.example/1</guid><link>https://blog.example/1</link><title>Eins</title><description>Der Kaffee war kalt.</description></item>\
    <item><guid>https://blog.example/2</guid><link>https://blog.example/2</link><title>Zwei</title><description>Der Kaffee war gut.</description></item></channel></rss>";

const LATER: &str = "<rss version=\"2.0\"><channel><title>Kaffeeblog</title>\
    <item><guid>https://blog.example/3</guid><link>https://blog.example/3</link><title>Drei</title><description>Kaffee ohne Milch.</description></item>\
    <item><guid>https://blog.example/2</guid><link>https://blog.example/2</link><title>Zwei</title><description>Der Kaffee war gut.</description></item>\
    <item><guid>https://blog.example/1</guid><link>https://blog.example/1</link><title>Eins</title><description>Der Kaffee war kalt.</description></item></channel></rss>";
const LATEST: &str = "<rss version=\"2.0\"><channel><title>Kaffeeblog</title>\
    <item><guid>https://blog.example/4</guid><link>https://blog.example/4</link><title>Vier</title><description>Kaffee mit Milch.</description></item></channel></rss>";
const FIFTH: &str = "<rss version=\"2.0\"><channel><title>Kaffeeblog</title>\
    <item><guid>https://blog.example/5</guid><link>https://blog.example/5</link><title>Fünf</title><description>Kaffee mit Zucker.</description></item></channel></rss>";

/// A server that answers every path with what was put there; `gate` lets a test come between question and answer.
struct Server {
    base: String,
    asked: Arc<AtomicUsize>,
    questions: mpsc::UnboundedReceiver<String>,
    gate: Arc<Semaphore>,
    answers: Arc<Mutex<Answers>>,
}

/// Path, first line and head, body.
type Answers = &'static [(&'static str, &'static str, &'static str)];

impl Server {
    async fn start(answers: Answers) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(1_000)));
        let (tell, questions) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers));
        let (counter, door, own, says) = (asked.clone(), gate.clone(), base.clone(), answers.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).await.is_ok() {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_string();
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = tell.send(path.clone());
                door.acquire().await.unwrap().forget();
                let answers = *says.lock().unwrap();
                let found = answers.iter().find(|(at, ..)| path.split('?').next() == Some(at));
                let (_, first, body) = found.copied().unwrap_or(("", "404 Not Found", ""));
                let first = first.replace("BASE", &own);
                let answer = format!(
                    "HTTP/1.1 {first}\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Server { base, asked, questions, gate, answers }
    }
    fn say(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

db_test! {
    async fn a_feed_two_workspaces_listen_to_is_asked_once_and_stored_for_both(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        let first = connect(&app, &a, feed(&server.url("/feed.xml"))).await.unwrap();
        let second = connect(&app, &b, feed(&server.url("/feed.xml?utm_source=mail"))).await.unwrap();
        assert_eq!(source_of(&app, first).await, source_of(&app, second).await);
        assert!(matches!(ear(&app, first).await.look(&app).await.unwrap(), Next::At(at) if at > app.now()));
        assert_eq!(server.asked(), 1);
        assert_eq!(count(&app, "SELECT COUNT(DISTINCT workspace_id) FROM posts").await, 2);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 4);
        let twice = connect(&app, &a, feed(&server.url("/feed.xml"))).await;
        assert!(matches!(twice, Err(Error::Invalid { why, .. }) if why.key == "error-already-connected"));
    }

    async fn who_joins_a_feed_later_gets_what_stands_in_it_and_nobody_gets_anything_twice(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        let first = connect(&app, &a, feed(&server.url("/feed.xml"))).await.unwrap();
        ear(&app, first).await.look(&app).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 2);
        connect(&app, &b, feed(&server.url("/feed.xml"))).await.unwrap();
        ear(&app, first).await.look(&app).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 4);
        ear(&app, first).await.look(&app).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 4);
    }

    async fn what_is_read_again_for_a_newcomer_is_history_for_the_newcomer_alone(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        for seat in [&a, &b] {
            let draft = Draft { name: "Kaffee".into(), query: "Kaffee".into(), kind: "topic".into() };
            watches::create(&app, seat, draft).await.unwrap().unwrap();
        }
        let told = || count(&app, "SELECT COUNT(*) FROM events WHERE kind = 'hit.new'");
        let first = connect(&app, &a, feed(&server.url("/feed.xml"))).await.unwrap();
        ear(&app, first).await.look(&app).await.unwrap();
        assert_eq!((count(&app, "SELECT COUNT(*) FROM watch_hits").await, told().await), (2, 0), "what stood there on connecting");
        server.say(&[("/feed.xml", "200 OK", LATER)]);
        let second = connect(&app, &b, feed(&server.url("/feed.xml"))).await.unwrap();
        ear(&app, first).await.look(&app).await.unwrap();
        assert_eq!((count(&app, "SELECT COUNT(*) FROM watch_hits").await, told().await), (6, 1), "the third is news to the first");
        // Who was paused has missed something, and is told of it as quietly.
        pause(&app, &a, first).await.unwrap();
        server.say(&[("/feed.xml", "200 OK", LATEST)]);
        resume(&app, &a, first).await.unwrap();
        ear(&app, second).await.look(&app).await.unwrap();
        assert_eq!((count(&app, "SELECT COUNT(*) FROM watch_hits").await, told().await), (8, 2), "the fourth is news to the second");
        server.say(&[("/feed.xml", "200 OK", FIFTH)]);
        ear(&app, second).await.look(&app).await.unwrap();
        assert_eq!((count(&app, "SELECT COUNT(*) FROM watch_hits").await, told().await), (10, 4), "from then on everything is news to both");
    }

    async fn an_inbound_address_belongs_to_one_workspace_until_its_account_is_removed(db: Db) {
        let app = app(&db);
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        let first = connect(&app, &a, mailbox("hallo@firma.example")).await.unwrap();
        let taken = connect(&app, &b, door("Hallo@FIRMA.example")).await;
        assert!(matches!(taken, Err(Error::Invalid { field: "from", why }) if why.key == "error-address-taken"));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM channel_accounts").await, 1, "nothing is left of the attempt");
        remove(&app, &a, first).await.unwrap();
        connect(&app, &b, door("Hallo@FIRMA.example")).await.unwrap();
    }

    async fn a_secret_is_never_stored_in_clear_and_a_blank_one_stays(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, mailbox("hallo@firma.example")).await.unwrap();
        let source = source_of(&app, id).await;
        let read = async || {
            let (settings, secret): (db::Json<serde_json::Value>, Option<Vec<u8>>) =
                app.db.read().await.unwrap().one("SELECT settings, secret FROM sources WHERE id = $1", args![source]).await.unwrap();
            (settings.0.to_string(), secret.unwrap())
        };
        let (settings, secret) = read().await;
        assert!(!settings.contains("geheim") && settings.contains("imap.firma.example"));
        assert!(!secret.windows(6).any(|part| part == b"geheim"));
        if let Some(path) = db.sqlite_path() {
            for file in [path.to_path_buf(), path.with_extension("sqlite-wal")] {
                let bytes = std::fs::read(file).unwrap_or_default();
                assert!(!bytes.windows(13).any(|part| part == b"streng geheim"));
            }
        }
        let change = Change { values: Some(values(&[("from", "hallo@firma.example"), ("user", "neu"), ("password", ""), ("imap_host", "imap.firma.example")])), ..Change::default() };
        super::change(&app, &seat, id, change).await.unwrap();
        let (_, connection) = connection(&app, &mut app.db.read().await.unwrap(), seat.ws(), id).await.unwrap();
        assert_eq!(connection.secret["password"], "streng geheim");
        assert_eq!(connection.settings["user"], "neu");
        remove(&app, &seat, id).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM sources").await, 0, "the secret goes with the account");
    }

    async fn a_kept_secret_is_worth_nothing_to_anybody_else(db: Db) {
        let app = app(&db);
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        let kept = keep_secret(&app, &a, "mail", &mailbox("x@firma.example").values, "").unwrap();
        assert!(!kept.is_empty() && !kept.contains("geheim"));
        let blank = values(&[("from", "x@firma.example"), ("user", "u"), ("password", ""), ("imap_host", "imap.firma.example")]);
        let (_, filled) = test_new(&app, &a, "mail", &blank, &kept, false).await.unwrap();
        assert!(filled.contains(&("password".into(), "streng geheim".into())));
        assert!(matches!(test_new(&app, &b, "mail", &blank, &kept, false).await, Err(Error::InvalidFields(wrong)) if wrong[0].0 == "password"));
    }

    async fn every_wrong_field_is_named(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let wrong = NewAccount { channel: "mail".into(), values: values(&[("from", "niemand"), ("imap_host", "imap host"), ("imap_port", "99999")]), ..NewAccount::default() };
        let Err(Error::InvalidFields(fields)) = connect(&app, &seat, wrong).await else { panic!("taken") };
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["from", "imap_host", "imap_port"]);
        let blank = NewAccount { channel: "mail".into(), values: values(&[("from", "a@firma.example"), ("imap_host", "imap.firma.example")]), ..NewAccount::default() };
        let Err(Error::InvalidFields(fields)) = connect(&app, &seat, blank).await else { panic!("taken") };
        assert!(fields.iter().map(|(name, why)| (name.as_str(), why.key.as_str())).eq([("user", "error-setting-required"), ("password", "error-setting-required")]));
        assert!(matches!(connect(&app, &seat, feed("")).await, Err(Error::InvalidFields(_))));
        assert!(matches!(connect(&app, &seat, feed("kein url")).await, Err(Error::InvalidFields(_))));
    }

    async fn a_broken_account_backs_off_alone_and_honours_retry_after(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/ok", "200 OK", FEED), ("/broken", "500 Oops", ""), ("/busy", "503 Busy\r\nRetry-After: 1200", "")]).await;
        let seat = owner(&app, "a").await;
        let ok = connect(&app, &seat, feed(&server.url("/ok"))).await.unwrap();
        let broken = connect(&app, &seat, feed(&server.url("/broken"))).await.unwrap();
        let busy = connect(&app, &seat, feed(&server.url("/busy"))).await.unwrap();
        let mut pauses = Vec::new();
        let mut listening = ear(&app, broken).await;
        for _ in 0..6 {
            let Next::At(at) = listening.look(&app).await.unwrap() else { panic!("stopped") };
            pauses.push(at.since(app.now()));
            db.clock.set(at);
        }
        assert!(pauses[5] > pauses[1] * 4, "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(3_600)));
        let Next::At(at) = ear(&app, busy).await.look(&app).await.unwrap() else { panic!("stopped") };
        assert_eq!(at, app.now() + Duration::from_secs(1_200));
        ear(&app, ok).await.look(&app).await.unwrap();
        let mut conn = app.db.read().await.unwrap();
        let condition = async |conn: &mut db::Conn, id| one(conn, &seat, id).await.unwrap().condition();
        assert_eq!(condition(&mut conn, ok).await.0, Level::Ok);
        let (level, why) = condition(&mut conn, broken).await;
        assert_eq!((level, why.key.as_str()), (Level::Bad, "health-status"), "six failures in a row need a person");
        let (level, why) = condition(&mut conn, busy).await;
        assert_eq!((level, why.key.as_str()), (Level::Slow, "health-too-many"));
        drop(conn);
        let told = count(&app, "SELECT COUNT(*) FROM events WHERE kind = 'account.health'").await;
        assert_eq!(told, 4, "well, slow, bad, slow: only what changes is told");
    }

    async fn a_source_that_is_gone_is_not_asked_again(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/gone", "410 Gone", "")]).await;
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, feed(&server.url("/gone"))).await.unwrap();
        let mut listening = ear(&app, id).await;
        assert_eq!(listening.look(&app).await.unwrap(), Next::Stop);
        let asked = server.asked();
        assert_eq!(listening.look(&app).await.unwrap(), Next::Stop);
        assert_eq!(server.asked(), asked);
        assert_eq!(one(&mut app.db.read().await.unwrap(), &seat, id).await.unwrap().condition().1.key, "health-gone");
    }

    async fn a_source_that_moved_is_asked_at_its_new_address(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/old", "301 Moved\r\nLocation: BASE/new", ""), ("/new", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, feed(&server.url("/old"))).await.unwrap();
        assert_eq!(ear(&app, id).await.look(&app).await.unwrap(), Next::Stop, "its settings changed: it begins anew");
        let asked = server.asked();
        ear(&app, id).await.look(&app).await.unwrap();
        assert_eq!(server.asked(), asked + 1, "without the detour");
        assert_eq!(one(&mut app.db.read().await.unwrap(), &seat, id).await.unwrap().address, Some(server.url("/new")));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 2);
    }

    async fn who_lost_the_source_while_asking_stores_nothing(db: Db) {
        let app = app(&db);
        let mut server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, feed(&server.url("/feed.xml"))).await.unwrap();
        let source = source_of(&app, id).await;
        server.gate.forget_permits(1_000);
        let mut listening = ear(&app, id).await;
        let looking = { let app = app.clone(); tokio::spawn(async move { listening.look(&app).await }) };
        server.questions.recv().await.unwrap();
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE sources SET fence = fence + 1 WHERE id = $1", args![source]).await.unwrap();
        tx.commit().await.unwrap();
        server.gate.add_permits(10);
        assert_eq!(looking.await.unwrap().unwrap(), Next::At(app.now()));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM sources WHERE cursor IS NULL").await, 1);
    }

    async fn a_paused_or_changed_account_is_not_read_and_a_resumed_one_misses_nothing(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, feed(&server.url("/feed.xml"))).await.unwrap();
        let mut before = ear(&app, id).await;
        pause(&app, &seat, id).await.unwrap();
        assert_eq!(before.look(&app).await.unwrap(), Next::Stop);
        assert_eq!(server.asked(), 0);
        resume(&app, &seat, id).await.unwrap();
        assert_eq!(before.look(&app).await.unwrap(), Next::Stop, "an older listener does not go on");
        ear(&app, id).await.look(&app).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 2);
    }

    async fn another_process_that_has_the_source_is_left_alone(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        let id = connect(&app, &seat, feed(&server.url("/feed.xml"))).await.unwrap();
        let name = super::store::place(source_of(&app, id).await);
        let mut tx = app.db.write().await.unwrap();
        tx.run("INSERT INTO leases (name, holder, fence, expires_at) VALUES ($1, 'somebody else', 1, $2)", args![name, i64::MAX]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ear(&app, id).await.look(&app).await.unwrap(), Next::Elsewhere);
        assert_eq!(server.asked(), 0);
    }

    async fn the_runner_reads_what_is_due_and_hands_its_sources_back(db: Db) {
        let app = app(&db);
        let mut server = Server::start(&[("/one", "200 OK", FEED), ("/two", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        connect(&app, &seat, feed(&server.url("/one"))).await.unwrap();
        connect(&app, &seat, feed(&server.url("/two"))).await.unwrap();
        connect(&app, &seat, door("hallo@firma.example")).await.unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(runner::run(app.clone(), stop.clone()));
        let mut paths = vec![server.questions.recv().await.unwrap(), server.questions.recv().await.unwrap()];
        paths.sort();
        assert_eq!(paths, ["/one", "/two"]);
        stop.cancel();
        running.await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM leases WHERE expires_at > 0").await, 0);
    }

    async fn a_removed_account_keeps_what_came_and_frees_its_source(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let (a, b) = (owner(&app, "a").await, owner(&app, "b").await);
        let first = connect(&app, &a, feed(&server.url("/feed.xml"))).await.unwrap();
        let second = connect(&app, &b, feed(&server.url("/feed.xml"))).await.unwrap();
        ear(&app, first).await.look(&app).await.unwrap();
        remove(&app, &a, first).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM sources").await, 1, "the other workspace still listens");
        assert!(matches!(one(&mut app.db.read().await.unwrap(), &a, first).await, Err(Error::NotFound)));
        assert!(matches!(remove(&app, &a, second).await, Err(Error::NotFound)), "another workspace's account does not exist");
        remove(&app, &b, second).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM sources").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM leases").await, 0);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM posts").await, 4);
    }

    async fn the_delivery_door_refuses_strangers_and_stores_before_it_answers(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        connect(&app, &seat, door("hallo@firma.example")).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(lmtp::serve(app.clone(), listener, stop.clone()));
        let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut say = async |line: &str| {
            if !line.is_empty() {
                stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            }
            let mut answer = String::new();
            loop {
                answer.clear();
                stream.read_line(&mut answer).await.unwrap();
                if answer.as_bytes().get(3) != Some(&b'-') {
                    return answer;
                }
            }
        };
        assert!(say("").await.starts_with("220"));
        assert!(say("LHLO localhost").await.starts_with("250"));
        assert!(say("MAIL FROM:<anna@kundin.example>").await.starts_with("250"));
        assert!(say("RCPT TO:<niemand@firma.example>").await.starts_with("550 5.1.1"));
        assert!(say("RCPT TO:<Hallo+tabc@firma.example>").await.starts_with("250"));
        assert!(say("DATA").await.starts_with("354"));
        let mail = "From: Anna Berger <anna@kundin.example>\r\nTo: hallo@firma.example\r\nSubject: Wo ist mein Paket?\r\nMessage-ID: <1@kundin.example>\r\n\r\nSeit Montag nichts.\r\n.";
        assert!(say(mail).await.starts_with("250"));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM messages WHERE direction = 'in'").await, 1);
        assert!(say("QUIT").await.starts_with("221"));
        stop.cancel();
        serving.await.unwrap();
    }

    async fn a_form_takes_a_message_once_and_says_why_it_takes_no_other(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let form = contact_form(&app, &seat, None).await;
        let token = forms::token(&app, form);
        let fast = forms::submit(&app, form, Locale::DeDe, question(&token)).await;
        assert!(matches!(fast, Err(Error::Refused(refused)) if refused.rule == "form.fast"));
        db.clock.advance(Duration::from_secs(20));
        let machine = Submission { honeypot: "https://spam.example".into(), ..question(&token) };
        assert!(matches!(forms::submit(&app, form, Locale::DeDe, machine).await, Err(Error::Refused(refused)) if refused.rule == "form.spam"));
        let spam = Submission { message: "https://a.example https://b.example https://c.example [url=x]buy[/url]".into(), ..question(&token) };
        assert!(matches!(forms::submit(&app, form, Locale::DeDe, spam).await, Err(Error::Refused(refused)) if refused.rule == "form.spam"));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM form_suspects").await, 0, "what is refused is not kept");
        let empty = Submission { message: " ".into(), email: "anna".into(), ..question(&token) };
        assert!(matches!(forms::submit(&app, form, Locale::DeDe, empty).await, Err(Error::InvalidFields(wrong)) if wrong.len() == 2));
        let forged = Submission { token: forms::token(&app, Id::from_i64(1)), ..question(&token) };
        assert!(matches!(forms::submit(&app, form, Locale::DeDe, forged).await, Err(Error::Refused(refused)) if refused.rule == "form.expired"));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM messages").await, 0);
        forms::submit(&app, form, Locale::DeDe, question(&token)).await.unwrap();
        forms::submit(&app, form, Locale::DeDe, question(&token)).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM messages").await, 1, "a double click is one message");
        let other = Submission { message: "Und noch etwas: liefern Sie auch samstags?".into(), ..question(&token) };
        forms::submit(&app, form, Locale::DeDe, other).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM messages").await, 2);
        db.clock.advance(Duration::from_secs(90_000));
        let late = forms::submit(&app, form, Locale::DeDe, question(&token)).await;
        assert!(matches!(late, Err(Error::Refused(refused)) if refused.rule == "form.expired"));
    }

    async fn a_suspicious_form_waits_for_a_person_and_goes_by_itself(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let form = contact_form(&app, &seat, None).await;
        let token = forms::token(&app, form);
        db.clock.advance(Duration::from_secs(20));
        for text in ["Mehr dazu: [url=https://a.example]hier[/url]", "Mehr dazu: [url=https://a.example]hier[/url]", "Auch hier: [url=https://b.example]hier[/url]", "Und hier: [url=https://c.example]hier[/url]"] {
            forms::submit(&app, form, Locale::DeDe, Submission { message: text.into(), ..question(&token) }).await.unwrap();
        }
        assert_eq!(count(&app, "SELECT COUNT(*) FROM messages").await, 0, "nothing reaches the inbox");
        let list = async || suspects::list(&mut app.db.read().await.unwrap(), &seat, Some(form)).await.unwrap();
        let waiting = list().await;
        assert_eq!(waiting.len(), 3, "a double click is one");
        assert_eq!(waiting[0].why()[0].key, "form-reason-link-markup");
        let stranger = owner(&app, "b").await;
        assert!(suspects::list(&mut app.db.read().await.unwrap(), &stranger, None).await.unwrap().is_empty());
        assert!(matches!(suspects::release(&app, &stranger, waiting[0].id).await, Err(Error::NotFound)));
        let conversation = suspects::release(&app, &seat, waiting[0].id).await.unwrap();
        assert!(conversation.is_some());
        assert!(matches!(suspects::release(&app, &seat, waiting[0].id).await, Err(Error::NotFound)));
        suspects::delete(&app, &seat, waiting[1].id).await.unwrap();
        assert_eq!((list().await.len(), count(&app, "SELECT COUNT(*) FROM messages").await), (1, 1));
        db.clock.advance(suspects::KEPT);
        assert!(list().await.is_empty(), "not shown beyond its time");
        crate::housekeeping::clean_up(&app).await.unwrap();
        assert_eq!(count(&app, "SELECT COUNT(*) FROM form_suspects").await, 0);
    }

    async fn one_connection_cannot_flood_a_form(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let form = contact_form(&app, &seat, None).await;
        let token = forms::token(&app, form);
        db.clock.advance(Duration::from_secs(20));
        for n in 0..10 {
            let sent = Submission { message: format!("Frage Nummer {n}"), ..question(&token) };
            forms::submit(&app, form, Locale::DeDe, sent).await.unwrap();
        }
        assert!(matches!(forms::submit(&app, form, Locale::DeDe, question(&token)).await, Err(Error::TooMany { .. })));
        let elsewhere = Submission { visitor: "203.0.113.9".into(), ..question(&token) };
        forms::submit(&app, form, Locale::DeDe, elsewhere).await.unwrap();
        let keys: Vec<(String,)> = app.db.read().await.unwrap().all("SELECT key FROM rate_limits", vec![]).await.unwrap();
        assert!(keys.iter().all(|(key,)| !key.contains("203.0.113")), "addresses are kept as keyed hashes only");
    }

    async fn a_visitor_gets_one_confirmation_a_day_and_its_job_holds_no_address(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "a").await;
        let mail = connect(&app, &seat, door("hallo@firma.example")).await.unwrap();
        let form = contact_form(&app, &seat, Some(mail)).await;
        let send = async |text: &str, email: &str| {
            let token = forms::token(&app, form);
            db.clock.advance(Duration::from_secs(20));
            let sent = Submission { message: text.into(), email: email.into(), ..question(&token) };
            forms::submit(&app, form, Locale::DeDe, sent).await.unwrap();
        };
        let queued = async || count(&app, "SELECT COUNT(*) FROM jobs WHERE kind = 'form-confirmation'").await;
        send("Erste Frage zum Kaffee", "anna@kundin.example").await;
        send("Zweite Frage zum Kaffee", "Anna@Kundin.example").await;
        assert_eq!(queued().await, 1);
        send("Frage von jemand anderem", "bert@kunde.example").await;
        assert_eq!(queued().await, 2);
        send("Wir schreiben uns selbst", "hallo@firma.example").await;
        assert_eq!(queued().await, 2, "no conversation of two machines");
        db.clock.advance(Duration::from_secs(86_400));
        send("Dritte Frage zum Kaffee", "anna@kundin.example").await;
        assert_eq!(queued().await, 3);
        let payloads: Vec<(db::Json<serde_json::Value>,)> = app.db.read().await.unwrap().all("SELECT payload FROM jobs", vec![]).await.unwrap();
        assert!(payloads.iter().all(|(payload,)| !payload.0.to_string().contains('@')));
        let (channel, _, from) = sender(&app, seat.ws(), form).await.unwrap();
        assert_eq!((channel.capabilities().name, from.address.as_str()), ("mail", "hallo@firma.example"));
        remove(&app, &seat, mail).await.unwrap();
        assert!(matches!(sender(&app, seat.ws(), form).await, Err(Error::Upstream(failure)) if !failure.is_temporary()));
    }

    async fn the_confirmation_repeats_nothing_and_says_that_a_machine_wrote_it(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let taken = tokio::spawn(take_one_mail(listener));
        let settings = [("from", "hallo@firma.example"), ("smtp_host", "127.0.0.1"), ("smtp_port", &port), ("smtp_security", "none")];
        let mail = connect(&app, &seat, NewAccount { channel: "mail".into(), values: values(&settings), ..NewAccount::default() }).await.unwrap();
        let form = contact_form(&app, &seat, Some(mail)).await;
        let token = forms::token(&app, form);
        db.clock.advance(Duration::from_secs(20));
        forms::submit(&app, form, Locale::DeDe, question(&token)).await.unwrap();
        let runner = ::jobs::Runner::new(app.db.clone(), super::jobs(::jobs::Registry::default(), &app));
        assert_eq!(runner.run_due().await.unwrap(), 1);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM jobs WHERE state = 'done'").await, 1);
        let sent = taken.await.unwrap();
        assert!(sent.contains("RCPT TO:<anna@kundin.example>") && sent.contains("Auto-Submitted: auto-replied"), "{sent}");
        for theirs in ["Berger", "Paket", "Montag"] {
            assert!(!sent.contains(theirs), "{theirs}");
        }
    }

    async fn trying_connections_is_limited(db: Db) {
        let app = app(&db);
        let server = Server::start(&[("/feed.xml", "200 OK", FEED)]).await;
        let seat = owner(&app, "a").await;
        let url = values(&[("url", &server.url("/feed.xml"))]);
        let (found, _) = test_new(&app, &seat, "feed", &url, "", true).await.unwrap();
        assert_eq!(found, "Kaffeeblog");
        for _ in 0..29 {
            test_new(&app, &seat, "feed", &url, "", true).await.unwrap();
        }
        assert!(matches!(test_new(&app, &seat, "feed", &url, "", true).await, Err(Error::TooMany { .. })));
        let inside = test_new(&app, &owner(&app, "b").await, "feed", &values(&[("url", "http://10.0.0.1/")]), "", true).await;
        assert!(matches!(inside, Err(Error::Upstream(channels::Failure::Refused { .. }))), "{inside:?}");
    }
}

/// A mail server that takes one mail and hands back everything it was told.
async fn take_one_mail(listener: TcpListener) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 test\r\n").await.unwrap();
    let (mut all, mut in_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return all;
        }
        all.push_str(&line);
        let answer: &[u8] = match line.trim_end() {
            "." => b"250 2.0.0 taken\r\n",
            _ if in_data => continue,
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        in_data = line.starts_with("DATA");
        stream.get_mut().write_all(answer).await.unwrap();
        if line.starts_with("QUIT") {
            return all;
        }
    }
}

async fn contact_form(app: &App, seat: &Seat, mail_account: Option<Id<kinds::ChannelAccount>>) -> Id<kinds::ChannelAccount> {
    let settings = FormSettings {
        title: "Schreiben Sie uns".into(),
        privacy_text: "Wir löschen nach einem Jahr.".into(),
        confirmation: true,
        mail_account,
        ask_subject: true,
        ..FormSettings::default()
    };
    let own = serde_json::to_value(settings.checked().unwrap()).unwrap();
    connect(app, seat, NewAccount { channel: forms::CHANNEL.into(), name: "Kontakt".into(), own, ..NewAccount::default() }).await.unwrap()
}

fn question(token: &str) -> Submission {
    Submission {
        name: "Anna Berger".into(),
        email: "anna@kundin.example".into(),
        subject: "Mein Paket".into(),
        phone: String::new(),
        message: "Guten Tag, mein Paket ist seit Montag nicht da.".into(),
        honeypot: String::new(),
        token: token.into(),
        visitor: "203.0.113.7".into(),
    }
}

#[test]
fn a_form_may_stand_only_on_the_sites_that_were_named() {
    let with = |sites: &[&str]| FormSettings {
        title: "Kontakt".into(),
        privacy_url: "firma.example/datenschutz".into(),
        sites: sites.iter().map(ToString::to_string).collect(),
        ..FormSettings::default()
    };
    let checked = with(&["https://www.firma.example/kontakt?x=1", " shop.firma.example:8443 ", ""]).checked().unwrap();
    assert_eq!(checked.ancestors(), "https://www.firma.example https://shop.firma.example:8443");
    assert_eq!(checked.privacy_url, "https://firma.example/datenschutz");
    assert_eq!(with(&[]).checked().unwrap().ancestors(), "'none'");
    for bad in ["*", "https://*.firma.example", "javascript:alert(1)", "https://a.example; script-src *", "ftp://firma.example"] {
        assert!(matches!(with(&[bad]).checked(), Err(Error::InvalidFields(wrong)) if wrong[0].0 == "sites"), "{bad}");
    }
    assert!(matches!(FormSettings::default().checked(), Err(Error::InvalidFields(wrong)) if wrong.len() == 2));
}

#[test]
fn a_failure_is_told_in_words_that_exist_in_both_languages() {
    use channels::Failure::*;
    let detail = || "x".to_string();
    let all = [
        Unreachable { detail: detail() },
        Tls { detail: detail() },
        SignIn { detail: detail() },
        Status { status: 404 },
        Status { status: 403 },
        Status { status: 500 },
        Garbage { detail: detail() },
        Gone,
        TooMany { seconds: 61 },
        Refused { detail: detail() },
        Setting { field: detail(), detail: detail() },
        TooLarge,
        Rejected { detail: detail() },
        Unsure { detail: detail() },
    ];
    for failure in all {
        for locale in [Locale::DeDe, Locale::En] {
            let said = health::sentence(&failure).render(i18n::Texts::new(locale));
            assert!(said.contains(' ') && !said.contains('{'), "{failure:?}: {said}");
        }
    }
}

#[test]
fn every_field_of_every_channel_has_a_name_in_words() {
    let t = i18n::Texts::new(Locale::DeDe);
    for capabilities in channels::registry().iter().map(|channel| channel.capabilities()) {
        let name = capabilities.name;
        assert!(t.by_key(&format!("channel-{name}"), &[]).is_some(), "{name}");
        for setting in capabilities.settings {
            let key = format!("channel-{name}-{}", setting.name.replace('_', "-"));
            assert!(t.by_key(&key, &[]).is_some(), "{key}");
            if let channels::SettingKind::Choice(values) = setting.kind {
                for value in values {
                    assert!(t.by_key(&format!("{key}-{value}"), &[]).is_some(), "{key}-{value}");
                }
            }
        }
    }
}
