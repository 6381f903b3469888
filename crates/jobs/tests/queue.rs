//! The queue's promises, each on both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jobs::*;
use testkit::db_test;

const LEASE: Duration = Duration::from_secs(60);
fn kinds() -> Vec<String> {
    vec!["a".into()]
}

async fn put(db: &db::Db, order_key: Option<&str>) -> model::Id<model::kinds::Job> {
    let mut tx = db.write().await.unwrap();
    let mut job = NewJob::new("a", serde_json::json!({"n": 1}));
    job.order_key = order_key.map(Into::into);
    job.max_attempts = 2;
    let id = enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn take(db: &db::Db) -> Option<Claimed> {
    let mut tx = db.write().await.unwrap();
    let job = claim(&mut tx, &kinds(), LEASE).await.unwrap();
    tx.commit().await.unwrap();
    job
}

async fn end(db: &db::Db, job: &Claimed, outcome: Outcome) -> Result<(), LostLease> {
    let mut tx = db.write().await.unwrap();
    settle(&mut tx, job, &outcome, &model::SeededRandom::new(1)).await?;
    tx.commit().await.unwrap();
    Ok(())
}

fn why() -> Failure {
    Failure::new("job-failure-internal")
}

db_test! {
    async fn a_job_enqueued_in_a_transaction_that_rolls_back_never_was(db: Db) {
        let mut tx = db.write().await.unwrap();
        enqueue(&mut tx, NewJob::new("a", serde_json::json!({}))).await.unwrap();
        drop(tx);
        assert!(take(&db).await.is_none());
    }

    async fn jobs_with_the_same_order_key_run_one_after_the_other(db: Db) {
        let (first, second) = (put(&db, Some("c1")).await, put(&db, Some("c1")).await);
        let other = put(&db, Some("c2")).await;
        let job = take(&db).await.unwrap();
        assert_eq!(job.id, first);
        assert_eq!(take(&db).await.unwrap().id, other);
        assert!(take(&db).await.is_none(), "the second waits for the first");
        end(&db, &job, Outcome::Retry { at: None, why: why() }).await.unwrap();
        assert!(take(&db).await.is_none(), "also while the first waits for its retry");
        db.clock.advance(Duration::from_secs(3600));
        let again = take(&db).await.unwrap();
        assert_eq!((again.id, again.attempts), (first, 2));
        end(&db, &again, Outcome::Done).await.unwrap();
        assert_eq!(take(&db).await.unwrap().id, second);
    }

    async fn a_job_fails_for_good_after_its_last_attempt_and_an_administrator_can_revive_or_discard_it(db: Db) {
        let id = put(&db, None).await;
        for _ in 0..2 {
            let job = take(&db).await.unwrap();
            end(&db, &job, Outcome::Retry { at: None, why: why() }).await.unwrap();
            db.clock.advance(Duration::from_secs(7200));
        }
        assert!(take(&db).await.is_none());
        let shown = list(&mut db.read().await.unwrap(), None, Some(JobState::Failed), 10).await.unwrap();
        assert_eq!(shown[0].failure.as_ref().unwrap().0, why());
        let mut tx = db.write().await.unwrap();
        assert!(retry(&mut tx, id).await.unwrap());
        assert!(!discard(&mut tx, id).await.unwrap(), "what waits is not discarded");
        tx.commit().await.unwrap();
        assert_eq!(take(&db).await.unwrap().attempts, 1);
    }

    async fn a_silent_holder_loses_the_job_and_cannot_end_it_any_more(db: Db) {
        put(&db, None).await;
        let lost = take(&db).await.unwrap();
        let mut tx = db.write().await.unwrap();
        tx.run("UPDATE jobs SET lease_until = 1", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let heir = take(&db).await.unwrap();
        assert!(heir.fence > lost.fence);
        assert!(matches!(end(&db, &lost, Outcome::Done).await, Err(LostLease::Lost)));
        let mut tx = db.write().await.unwrap();
        assert!(!renew(&mut tx, &lost, LEASE).await.unwrap());
        assert!(renew(&mut tx, &heir, LEASE).await.unwrap());
        drop(tx);
        end(&db, &heir, Outcome::Done).await.unwrap();
    }

    async fn a_lease_has_one_holder_and_its_fence_grows_with_each_change(db: Db) {
        let mut tx = db.write().await.unwrap();
        let mine = lease(&mut tx, "source:1", LEASE).await.unwrap().unwrap();
        assert_eq!(lease(&mut tx, "source:1", LEASE).await.unwrap().unwrap(), mine, "prolonged, not changed");
        tx.run("UPDATE leases SET holder = 'another'", vec![]).await.unwrap();
        assert!(lease(&mut tx, "source:1", LEASE).await.unwrap().is_none());
        tx.run("UPDATE leases SET expires_at = 1", vec![]).await.unwrap();
        let again = lease(&mut tx, "source:1", LEASE).await.unwrap().unwrap();
        assert_eq!(again.fence, mine.fence + 1);
        release_lease(&mut tx, &again).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn a_schedule_fires_once_per_interval_even_after_a_long_sleep_or_a_clock_set_back(db: Db) {
        let schedule = Schedule { name: "s", kind: "a", every: Duration::from_secs(60) };
        let fire = async || { let mut tx = db.write().await.unwrap(); let fired = due(&mut tx, &schedule).await.unwrap(); tx.commit().await.unwrap(); fired };
        assert!(fire().await);
        assert!(!fire().await);
        db.clock.advance(Duration::from_secs(86_400));
        assert!(fire().await);
        assert!(!fire().await, "once, not once per missed minute");
        db.clock.set(model::Timestamp::from_secs(1_700_000_000));
        assert!(fire().await, "a clock set back must not silence it for years");
    }

    async fn two_workers_never_get_the_same_job(db: Db) {
        for _ in 0..40 { put(&db, None).await; }
        let worker = || { let db = (*db).clone(); tokio::spawn(async move { let mut got = vec![]; while let Some(job) = take(&db).await { got.push(job.id); } got }) };
        let (a, b) = (worker(), worker());
        let mut all = a.await.unwrap();
        all.extend(b.await.unwrap());
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!((count, all.len()), (40, 40));
    }

    async fn the_runner_does_what_is_due_and_a_panic_is_a_retry(db: Db) {
        put(&db, None).await;
        put(&db, None).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let counter = runs.clone();
        let registry = Registry::default().on("a", 1, move |_| { let n = counter.fetch_add(1, Ordering::SeqCst); async move { if n == 0 { panic!("on purpose") } Outcome::Done } });
        let stop = tokio_util::sync::CancellationToken::new();
        let running = tokio::spawn(Runner::new((*db).clone(), registry).run(stop.clone()));
        loop {
            let states = waiting(&mut db.read().await.unwrap()).await.unwrap();
            if states.contains(&("done".into(), 1)) && states.contains(&("ready".into(), 1)) { break; }
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}
