//! The first import of a mailbox: thousands of old mails come in while twenty people work. What is imported is closed, marked, and starts
//! nothing; nobody's work fails. How long people wait is measured and printed, not judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use domain::desk::list;
use model::{Id, kinds};

use crate::servers;
use crate::support::*;

const AGENTS: usize = 20;

/// Three hundred mails in every run, ten thousand in the long form.
fn mails() -> usize {
    if rounds() >= 50 { 10_000 } else { 300 }
}

/// One person at work until told to stop: looks at the list, opens, takes, answers the conversations that are theirs alone. Times of every
/// request in milliseconds, how many answers were given, and every answer that was none.
struct Worked {
    times: Vec<u64>,
    answers: usize,
    wrong: Vec<String>,
}

fn agent(web: std::net::SocketAddr, cookie: &str, own: &[Id<kinds::Conversation>], stop: &AtomicBool) -> Worked {
    let mut worked = Worked { times: Vec::new(), answers: 0, wrong: Vec::new() };
    let mut ask = |method: &str, path: &str, form: &str| {
        let began = Instant::now();
        match http(web, cookie, method, path, form) {
            Some((status, _)) if status < 400 => worked.times.push(began.elapsed().as_millis() as u64),
            other => worked.wrong.push(format!("{method} {path}: {other:?}")),
        }
        std::thread::park_timeout(Duration::from_millis(150));
    };
    let mut own = own.iter().cycle();
    let mut answers = 0;
    while !stop.load(SeqCst) {
        let Some(id) = own.next() else { break };
        ask("GET", "/firma/inbox", "");
        ask("GET", &format!("/firma/inbox/{id}"), "");
        ask("POST", &format!("/firma/inbox/{id}/claim"), "view=all");
        ask("POST", &format!("/firma/inbox/{id}/reply"), &format!("view=all&text=Danke,+Nummer+{answers}."));
        answers += 1;
    }
    worked.answers = answers;
    worked
}

fn all_at_work(
    web: std::net::SocketAddr,
    cookie: &str,
    ids: &[Id<kinds::Conversation>],
) -> (Arc<AtomicBool>, Vec<std::thread::JoinHandle<Worked>>) {
    let stop: Arc<AtomicBool> = Arc::default();
    let agents = ids
        .chunks(ids.len() / AGENTS)
        .take(AGENTS)
        .map(|own| {
            let (own, stop, cookie) = (own.to_vec(), stop.clone(), cookie.to_string());
            std::thread::spawn(move || agent(web, &cookie, &own, &stop))
        })
        .collect();
    (stop, agents)
}

fn ended(stop: &AtomicBool, agents: Vec<std::thread::JoinHandle<Worked>>) -> (Vec<u64>, usize) {
    stop.store(true, SeqCst);
    let (mut times, mut answers) = (Vec::new(), 0);
    for agent in agents {
        let worked = agent.join().unwrap();
        assert!(worked.wrong.is_empty(), "{:?}", worked.wrong);
        times.extend(worked.times);
        answers += worked.answers;
    }
    times.sort_unstable();
    (times, answers)
}

fn at(times: &[u64], share: f64) -> u64 {
    times.get((times.len() as f64 * share) as usize).or(times.last()).copied().unwrap_or(0)
}

async fn first_import_while_people_work(place: Place) {
    let (smtp, counts) = count_mails();
    let (imap, served) = servers::imap();
    let (smtp, imap) = (smtp.to_string(), imap.to_string());
    served.items.store(mails(), SeqCst);
    let app = place.app().await;
    let seat = seat(&app).await;
    let values = [("from", INBOX), ("user", "hallo"), ("password", "geheim"), ("imap_host", "127.0.0.1"), ("imap_port", &imap)];
    let more = [("imap_security", "none"), ("history", "all"), ("smtp_host", "127.0.0.1"), ("smtp_port", &smtp), ("smtp_security", "none")];
    connect(&app, &seat, "mail", &[values.as_slice(), &more].concat()).await;
    let cookie = cookie(&app.db, &seat).await;
    // Not yet: first the desk is measured without the import.
    change(&app.db, "UPDATE sources SET next_at = 4000000000000000").await;
    close(app).await;
    let lmtp = free_port();
    let mut life = place.start(lmtp);
    let living = AGENTS * 3;
    for n in 0..living as u64 {
        assert!(hand_in(lmtp, n), "mail {n}");
    }
    let db = place.beside().await;
    let app = place.app_on(db.clone()).await;
    let filter = list::Filter { view: domain::desk::View::All, ..Default::default() };
    let rows = list::page(&mut db.read().await.unwrap(), &seat, &filter, 1_000).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), living);

    let (stop, agents) = all_at_work(life.web, &cookie, &ids);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (idle, first) = ended(&stop, agents);

    let (stop, agents) = all_at_work(life.web, &cookie, &ids);
    let began = Instant::now();
    domain::sources::look_now(&app, "mail").await.unwrap();
    let wanted = mails() as i64;
    until_long("the import is complete", || async { count(&db, "SELECT COUNT(*) FROM conversations WHERE imported").await >= wanted })
        .await;
    let took = began.elapsed();
    let (busy, second) = ended(&stop, agents);
    let answers = first + second;

    let figures = |times: &[u64]| format!("p50 {} ms, p99 {} ms of {}", at(times, 0.5), at(times, 0.99), times.len());
    eprintln!(
        "{wanted} mails in {:.1} s ({:.0} a second) while {AGENTS} people worked; without: {}; with: {}",
        took.as_secs_f64(),
        wanted as f64 / took.as_secs_f64(),
        figures(&idle),
        figures(&busy)
    );
    for (what, sql) in [
        ("closed", "SELECT COUNT(*) FROM conversations WHERE imported AND status = 'done' AND waiting_since IS NULL AND messages = 1"),
        ("once", "SELECT COUNT(DISTINCT message_id) FROM messages WHERE message_id >= 'i' AND message_id < 'j' AND direction = 'in'"),
        ("in all", "SELECT COUNT(*) FROM messages WHERE message_id >= 'i' AND message_id < 'j' AND direction = 'in'"),
    ] {
        assert_eq!(count(&db, sql).await, wanted, "{what}");
    }
    assert_eq!(count(&db, "SELECT COUNT(*) FROM conversations WHERE NOT imported").await, living as i64);
    assert_eq!(count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'in'").await, wanted + living as i64);
    assert_eq!(
        count(&db, "SELECT COUNT(*) FROM jobs WHERE kind NOT IN ('deliver', 'wake-snoozed', 'clean-up') AND workspace_id IS NOT NULL")
            .await,
        0,
        "the import starts nothing"
    );
    // Every answer goes out, once.
    change(&db, "UPDATE jobs SET run_at = 0 WHERE kind = 'deliver' AND state = 'ready'").await;
    until("every answer has come to an end", || async {
        count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'out' AND state IN ('queued', 'sending')").await == 0
    })
    .await;
    assert_eq!(count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'out' AND state = 'sent'").await, answers as i64);
    assert_eq!(count(&db, "SELECT COUNT(*) FROM messages WHERE direction = 'out'").await, answers as i64);
    let counts = counts.lock().unwrap().clone();
    assert_eq!(counts.len(), answers);
    assert!(counts.values().all(|count| *count == 1), "an answer went out twice");
    assert!(life.is_alive());
    drop(app);
    db.close().await;
    life.kill();
    place.assert_no_panic();
}

on_both!(first_import_while_people_work);
