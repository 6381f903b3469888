//! The program is killed (SIGKILL) while mails come in and while answers go out. Nothing acknowledged may be lost, nothing stored twice, no
//! answer sent twice; at worst one is marked "unsure".

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use db::args;
use domain::desk::{MessageState, list, reply};
use model::{Random, SeededRandom};

use crate::support::*;

async fn killed_while_mails_come_in(place: Place) {
    let app = place.app().await;
    let seat = seat(&app).await;
    mailbox(&app, &seat, free_port()).await;
    close(app).await;
    let random = SeededRandom::new(11);
    let (mut next, mut acknowledged) = (0_u64, HashSet::new());
    for _ in 0..rounds() {
        let lmtp = free_port();
        let life = place.start(lmtp);
        // Once it works, however busy the machine is; then at some moment.
        while !hand_in(lmtp, next) {}
        acknowledged.insert(next);
        next += 1;
        let until = Instant::now() + Duration::from_millis(20 + u64::from(random.below(350)));
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
    close(app).await;
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
    close(app).await;
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
        close(app).await;
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
        .all("SELECT message_id, state FROM messages WHERE direction = 'out' AND workspace_id = $1 AND id > 0", args![seat.ws()])
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

on_both!(killed_while_mails_come_in, killed_while_answers_go_out);
