//! The database goes away and comes back. The program lives on: it says that it is not ready, refuses mails for now, answers with a page and
//! not with a panic, and afterwards everything that was acknowledged is there once.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use db::Db;
use domain::accounts::Seat;
use domain::desk::{MessageState, list};

use crate::support::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Nobody listens, and what was open is closed.
    Refused,
    /// Nothing comes through, nothing is closed.
    Hanging,
    /// Connections are taken and broken at once.
    Reset,
}

/// The line between the program and PostgreSQL.
struct Line {
    port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    fn to(server: String) -> Self {
        let line = Self { port: free_port(), cut: Arc::default(), open: Arc::default() };
        let (port, cut, open) = (line.port, line.cut.clone(), line.open.clone());
        std::thread::spawn(move || {
            let mut listener = None;
            loop {
                let now = *cut.lock().unwrap();
                if now == Some(Cut::Refused) {
                    listener = None;
                } else if listener.is_none() {
                    let bound = TcpListener::bind(("127.0.0.1", port)).unwrap();
                    bound.set_nonblocking(true).unwrap();
                    listener = Some(bound);
                }
                match listener.as_ref().map(TcpListener::accept) {
                    Some(Ok((near, _))) if now == Some(Cut::Reset) => drop(near),
                    Some(Ok((near, _))) => {
                        near.set_nonblocking(false).unwrap();
                        let far = TcpStream::connect(&server).unwrap();
                        open.lock().unwrap().extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                        for (from, to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                            let cut = cut.clone();
                            std::thread::spawn(move || pump(from, to, &cut));
                        }
                    }
                    _ => std::thread::park_timeout(Duration::from_millis(3)),
                }
            }
        });
        line
    }

    fn cut(&self, how: Cut) {
        *self.cut.lock().unwrap() = Some(how);
        if how != Cut::Hanging {
            self.break_all();
        }
    }

    fn break_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// `dropped`: what hung does not go on but is gone, as after a change of machines.
    fn mend(&self, dropped: bool) {
        *self.cut.lock().unwrap() = None;
        if dropped {
            self.break_all();
        }
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, cut: &Mutex<Option<Cut>>) {
    let mut bytes = [0; 16 << 10];
    while let Ok(n) = from.read(&mut bytes) {
        while *cut.lock().unwrap() == Some(Cut::Hanging) {
            std::thread::park_timeout(Duration::from_millis(3));
        }
        if n == 0 || to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn ready(life: &Life) -> bool {
    http(life.web, "", "GET", "/readyz", "").is_some_and(|(status, _)| status == 200)
}

/// What was asked of the world before, while and after the database was away.
struct Course {
    seat: Seat,
    cookie: String,
    life: Life,
    counts: Arc<Mutex<std::collections::HashMap<String, usize>>>,
    over: Arc<AtomicBool>,
    /// Numbers of mails that were taken, and every other reply.
    taken: Arc<Mutex<HashSet<u64>>>,
    refused: Arc<Mutex<Vec<String>>>,
    sender: std::thread::JoinHandle<()>,
    answers: usize,
}

impl Course {
    async fn begin(place: &Place, database: Option<&str>) -> Self {
        let (smtp, counts) = count_mails();
        let app = place.app().await;
        let seat = seat(&app).await;
        mailbox(&app, &seat, smtp).await;
        let cookie = cookie(&app.db, &seat).await;
        close(app).await;
        let lmtp = free_port();
        let life = place.start_on(lmtp, database);
        let (over, taken, refused): (Arc<AtomicBool>, Arc<Mutex<HashSet<u64>>>, Arc<Mutex<Vec<String>>>) = Default::default();
        // A mail server that hands in what it has until it is taken, all the time.
        let sender = std::thread::spawn({
            let (over, taken, refused) = (over.clone(), taken.clone(), refused.clone());
            move || {
                let mut n = 0;
                while !over.load(SeqCst) {
                    match deliver(lmtp, n, "") {
                        Ok(reply) if reply.starts_with("250") => {
                            taken.lock().unwrap().insert(n);
                            n += 1;
                        }
                        Ok(reply) => refused.lock().unwrap().push(reply),
                        Err(error) => refused.lock().unwrap().push(format!("broken off: {error}")),
                    }
                    std::thread::park_timeout(Duration::from_millis(40));
                }
            }
        });
        Self { seat, cookie, life, counts, over, taken, refused, sender, answers: 0 }
    }

    /// Mails come in, and some of them are answered; the answers are due now.
    async fn work(&mut self, db: &Db) {
        let target = self.taken.lock().unwrap().len() + 8;
        until("mails come in", || async { self.taken.lock().unwrap().len() >= target }).await;
        let filter = list::Filter { view: domain::desk::View::All, ..Default::default() };
        let rows = list::page(&mut db.read().await.unwrap(), &self.seat, &filter, 1_000).await.unwrap();
        for row in rows.iter().filter(|row| row.waiting_since.is_some()).take(5) {
            let path = format!("/firma/inbox/{}/reply", row.id);
            let (status, page) = http(self.life.web, &self.cookie, "POST", &path, "text=Danke.").expect("an answer");
            assert!(status < 400, "{page}");
            self.answers += 1;
        }
        change(db, "UPDATE jobs SET run_at = 0 WHERE kind = 'deliver' AND state = 'ready'").await;
    }

    fn refusals(&self) -> usize {
        self.refused.lock().unwrap().len()
    }

    /// Afterwards: what was taken is there once, answers arrived once; `unsure` may be as many as were in hand at a cut.
    async fn end(mut self, place: &Place, unsure_at_most: usize) {
        let db = place.beside().await;
        self.work(&db).await;
        until("answers come to an end", || async {
            count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'out' AND state IN ('queued', 'sending')").await == 0
        })
        .await;
        assert!(self.life.is_alive());
        self.over.store(true, SeqCst);
        self.sender.join().unwrap();
        let refused = self.refused.lock().unwrap().clone();
        assert!(refused.iter().all(|reply| reply.starts_with('4') || reply.starts_with("broken off")), "{refused:?}");
        let sql = "SELECT message_id, COUNT(*) FROM messages WHERE direction = 'in' GROUP BY message_id";
        let stored: Vec<(String, i64)> = db.read().await.unwrap().all(sql, vec![]).await.unwrap();
        assert!(stored.iter().all(|(_, count)| *count == 1), "{stored:?}");
        let stored: HashSet<String> = stored.into_iter().map(|(id, _)| id).collect();
        for n in self.taken.lock().unwrap().iter() {
            assert!(stored.contains(&format!("m{n}@example.test")), "mail {n} was acknowledged and is lost");
        }
        let sql = "SELECT message_id, state FROM messages WHERE direction = 'out'";
        let states: Vec<(String, MessageState)> = db.read().await.unwrap().all(sql, vec![]).await.unwrap();
        assert_eq!(states.len(), self.answers);
        let (counts, mut unsure) = (self.counts.lock().unwrap().clone(), 0);
        for (id, state) in &states {
            let arrived = counts.get(id).copied().unwrap_or(0);
            match state {
                MessageState::Sent => assert_eq!(arrived, 1, "{id}"),
                MessageState::Unsure => unsure += 1,
                other => panic!("{id} is {other}"),
            }
            assert!(arrived <= 1, "{id} was sent {arrived} times");
        }
        assert!(unsure <= unsure_at_most, "{unsure} unsure");
        place.assert_no_panic();
        eprintln!("{} mails taken, {} times not, {} answers, {unsure} unsure", stored.len(), refused.len(), states.len());
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_postgres_goes_away_and_comes_back() {
    let Some(place) = Place::postgres().await else { return };
    let url = place.postgres.clone().unwrap();
    let (user, rest) = url.rsplit_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let line = Line::to(server.to_string());
    let through = format!("{user}@127.0.0.1:{}/{name}", line.port);
    until("the line is there", || async { TcpStream::connect(("127.0.0.1", line.port)).is_ok() }).await;
    let mut course = Course::begin(&place, Some(&through)).await;
    let direct = place.beside().await;
    for how in [Cut::Refused, Cut::Hanging, Cut::Reset] {
        course.work(&direct).await;
        let (refusals, began) = (course.refusals(), Instant::now());
        line.cut(how);
        until("it says that it is not ready", || async { !ready(&course.life) }).await;
        let (status, page) = http(course.life.web, &course.cookie, "GET", "/firma/inbox", "").expect("an answer");
        let answered = began.elapsed();
        assert_eq!(status, 503, "{how:?}: {page}");
        assert!(page.contains("Datenbank"), "{how:?}: {page}");
        // Whether a mail is refused or waits while nothing comes through, is the patience of the mail server.
        if how != Cut::Hanging {
            until("a mail is refused for now", || async { course.refusals() > refusals }).await;
            assert!(course.refused.lock().unwrap()[refusals..].iter().any(|reply| reply.starts_with("451")), "{:?}", course.refused);
        }
        assert!(course.life.is_alive());
        line.mend(how == Cut::Hanging);
        let mended = Instant::now();
        until("it is ready again", || async { ready(&course.life) }).await;
        eprintln!("{how:?}: a page said so after {} ms, ready {} ms after it was back", answered.as_millis(), mended.elapsed().as_millis());
    }
    direct.close().await;
    course.end(&place, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_sqlite_locked_by_another_process() {
    let place = Place::sqlite().await;
    let mut course = Course::begin(&place, None).await;
    let db = place.beside().await;
    course.work(&db).await;
    let refusals = course.refusals();
    // As a copying program or a person with a database tool would hold it.
    let held = db.write().await.unwrap();
    until("it says that it is not ready", || async { !ready(&course.life) }).await;
    let (status, page) = http(course.life.web, &course.cookie, "GET", "/firma/inbox", "").expect("an answer");
    assert_eq!(status, 200, "reading goes on: {page}");
    let (status, page) = http(course.life.web, &course.cookie, "POST", "/me", "name=Miriam&locale=de-DE&theme=system").expect("an answer");
    assert_eq!(status, 503, "{page}");
    assert!(page.contains("Datenbank"), "{page}");
    until("a mail is refused for now", || async { course.refusals() > refusals }).await;
    assert!(course.refused.lock().unwrap()[refusals].starts_with("451"), "{:?}", course.refused);
    drop(held);
    until("it is ready again", || async { ready(&course.life) }).await;
    db.close().await;
    course.end(&place, 4).await;
}
