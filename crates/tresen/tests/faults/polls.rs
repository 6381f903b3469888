//! The program is killed (SIGKILL) while it reads a feed and while it reads a mailbox. The cursor moves with what it covers: nothing is lost,
//! nothing stored twice, and the source is not read again once everything is there.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use db::Db;
use model::{Random, SeededRandom};

use crate::servers::{self, Served};
use crate::support::*;

/// What the two networks have in common.
struct Source {
    served: Arc<Served>,
    /// What came since the last kill.
    grows: usize,
    /// Milliseconds within which it is stored, about.
    takes: u32,
    stored: &'static str,
    /// What must have the same number.
    also: &'static [&'static str],
}

async fn poll_now(db: &Db) {
    free_leases(db).await;
    change(db, "UPDATE sources SET next_at = 0").await;
}

/// A life in which nothing happens to the program, until all is stored and the source has been found unchanged.
async fn calm(place: &Place, source: &Source) {
    let app = place.app().await;
    poll_now(&app.db).await;
    close(app).await;
    let looked = source.served.looked.load(SeqCst);
    let life = place.start(free_port());
    until("somebody looks", || async { source.served.looked.load(SeqCst) > looked }).await;
    let db = place.beside().await;
    let items = source.served.items.load(SeqCst) as i64;
    until("everything is stored", || async { count(&db, source.stored).await >= items }).await;
    until("the cursor is stored", || async {
        count(&db, "SELECT COUNT(*) FROM sources WHERE cursor IS NOT NULL AND next_at > 0").await == 1
    })
    .await;
    db.close().await;
    life.kill();
}

async fn killed_while_polling(place: Place, source: Source, random: SeededRandom) {
    calm(&place, &source).await;
    let mut cut_off = 0;
    for _ in 0..rounds() {
        let app = place.app().await;
        poll_now(&app.db).await;
        close(app).await;
        let before = source.served.items.fetch_add(source.grows, SeqCst);
        let served = source.served.whole.load(SeqCst);
        let life = place.start(free_port());
        until("the source is asked", || async { source.served.whole.load(SeqCst) > served }).await;
        tokio::time::sleep(Duration::from_millis(u64::from(random.below(source.takes)))).await;
        life.kill();
        let app = place.app().await;
        let stored = count(&app.db, source.stored).await;
        cut_off += u64::from(stored < (before + source.grows) as i64);
        close(app).await;
    }
    calm(&place, &source).await;
    // Once more: all of it is known, so nothing comes.
    let (whole, items) = (source.served.whole.load(SeqCst), source.served.items.load(SeqCst) as i64);
    calm(&place, &source).await;
    assert_eq!(source.served.whole.load(SeqCst), whole, "known content was fetched again");
    let app = place.app().await;
    assert_eq!(count(&app.db, source.stored).await, items, "everything is there");
    for also in source.also {
        assert_eq!(count(&app.db, also).await, items, "{also}");
    }
    place.assert_no_panic();
    eprintln!("{items} items over {} kills, {cut_off} of them before all was stored", rounds());
}

async fn killed_while_a_feed_is_read(place: Place) {
    let (port, served) = servers::blog();
    served.items.store(3, SeqCst);
    let app = place.app().await;
    let seat = seat(&app).await;
    connect(&app, &seat, "feed", &[("url", &format!("http://127.0.0.1:{port}/feed"))]).await;
    close(app).await;
    let source = Source {
        served,
        // The long form stays below what a feed may hold.
        grows: (4_000 / rounds() as usize).min(100),
        takes: 200,
        stored: "SELECT COUNT(*) FROM posts",
        also: &[
            "SELECT COUNT(DISTINCT title) FROM posts",
            "SELECT COUNT(DISTINCT post_id) FROM post_keys",
            "SELECT COUNT(*) FROM posts_fts",
            "SELECT items FROM channel_accounts",
        ],
    };
    killed_while_polling(place, source, SeededRandom::new(21)).await;
}

async fn killed_while_a_mailbox_is_read(place: Place) {
    let (port, served) = servers::imap();
    let app = place.app().await;
    let seat = seat(&app).await;
    let port = port.to_string();
    let values = [("from", INBOX), ("user", "hallo"), ("password", "geheim"), ("imap_host", "127.0.0.1"), ("imap_port", &port)];
    let smtp = [("imap_security", "none"), ("smtp_host", "127.0.0.1"), ("smtp_port", "9"), ("smtp_security", "none")];
    connect(&app, &seat, "mail", &[values.as_slice(), &smtp].concat()).await;
    close(app).await;
    let source = Source {
        served,
        grows: 60,
        takes: 200,
        stored: "SELECT COUNT(*) FROM messages",
        also: &[
            "SELECT COUNT(DISTINCT message_id) FROM messages",
            "SELECT COUNT(*) FROM conversations WHERE messages = 1 AND status = 'open'",
            "SELECT COUNT(*) FROM messages_fts",
            "SELECT items FROM channel_accounts",
        ],
    };
    killed_while_polling(place, source, SeededRandom::new(22)).await;
}

on_both!(killed_while_a_feed_is_read, killed_while_a_mailbox_is_read);
