use std::time::Duration;

use db::{Result, Tx, args};
use model::Timestamp;

use crate::{NewJob, enqueue};

/// Work at a fixed interval. A clock that jumps or a long sleep makes it run once, not once per missed interval.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub name: &'static str,
    pub kind: &'static str,
    pub every: Duration,
}

/// Enqueues a schedule's job when its time has come; one process wins.
pub async fn due(tx: &mut Tx, schedule: &Schedule) -> Result<bool> {
    let now = tx.now();
    let next = now + schedule.every;
    // The second arm mends a clock that was set back: nothing waits longer than its own interval.
    let won = tx
        .opt::<(Timestamp,)>(
            "INSERT INTO schedules (name, next_at, last_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at, last_at = excluded.last_at
             WHERE schedules.next_at <= $3 OR schedules.next_at > $2 RETURNING next_at",
            args![schedule.name, next, now],
        )
        .await?;
    if won.is_some() {
        let mut job = NewJob::new(schedule.kind, serde_json::json!({}));
        job.order_key = Some(format!("schedule:{}", schedule.name));
        enqueue(tx, job).await?;
    }
    Ok(won.is_some())
}
