//! Node numbers for ids: leased by the database's clock, used again only after their former holder's last millisecond.

use model::Timestamp;

use crate::open::Pools;
use crate::{Db, Durability, Error, Result, Turn, args, sql};

/// How long a number stays with a process that no longer says anything, in microseconds.
const LEASE: i64 = 90_000_000;

pub(crate) async fn take(pools: &Pools, holder: &str, alone: u16) -> Result<(u16, Timestamp)> {
    match pools {
        // Alone under its number by a file lock: 0 for who has the folder, 1 for who works beside. After a crash `expires_at` bounds what was used since `last_used` was written.
        Pools::Sqlite { write, .. } => {
            let (last,): (i64,) = sqlx::query_as(
                "INSERT INTO nodes (number, holder, expires_at, last_used) VALUES ($3, $1, CAST(unixepoch('subsec') * 1000000 AS INTEGER) + $2, 0)
                 ON CONFLICT (number) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at, last_used = MAX(last_used, expires_at)
                 RETURNING last_used",
            )
            .bind(holder)
            .bind(LEASE)
            .bind(i64::from(alone))
            .fetch_one(write)
            .await?;
            Ok((alone, Timestamp(last)))
        }
        Pools::Pg(pool) => {
            for _ in 0..1024 {
                let number: Option<(i64,)> = sqlx::query_as(
                    "SELECT n FROM generate_series(0::bigint, 1023) AS n WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE number = n
                     AND expires_at > CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)) ORDER BY n LIMIT 1",
                )
                .fetch_optional(pool)
                .await?;
                let Some((number,)) = number else { return Err(Error::NoNode) };
                // Two processes may want the same number: the one whose UPDATE finds it expired has it.
                let won: Option<(i64,)> = sqlx::query_as(
                    "INSERT INTO nodes AS mine (number, holder, expires_at, last_used)
                     VALUES ($1, $2, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) + $3, 0)
                     ON CONFLICT (number) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
                       last_used = GREATEST(mine.last_used, mine.expires_at)
                     WHERE mine.expires_at <= CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) RETURNING last_used",
                )
                .bind(number)
                .bind(holder)
                .bind(LEASE)
                .fetch_optional(pool)
                .await?;
                if let Some((last,)) = won {
                    return Ok((u16::try_from(number).map_err(|_| Error::NoNode)?, Timestamp(last)));
                }
            }
            Err(Error::NoNode)
        }
    }
}

pub(crate) async fn keep(db: &Db) -> Result<()> {
    let mut tx = db.write_as(Turn::Background, Durability::Reread).await?;
    let kept = tx
        .run(
            sql!("UPDATE nodes SET expires_at = " db_now " + $3, last_used = $4 WHERE number = $1 AND holder = $2"),
            args![i64::from(db.env.node), &db.env.holder, LEASE, db.env.ids.last_used()],
        )
        .await?;
    tx.commit().await?;
    if kept == 0 {
        return Err(Error::NoNode);
    }
    Ok(())
}

/// Frees the number at once, marked with its last millisecond.
pub(crate) async fn release(db: &Db) -> Result<()> {
    let mut tx = db.write_as(Turn::Background, Durability::Full).await?;
    tx.run(
        "UPDATE nodes SET expires_at = 0, last_used = $3 WHERE number = $1 AND holder = $2",
        args![i64::from(db.env.node), &db.env.holder, db.env.ids.last_used()],
    )
    .await?;
    tx.commit().await
}
