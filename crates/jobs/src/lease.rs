use std::time::Duration;

use db::{Result, Tx, args, sql};

/// A named right that one process has at a time ("who polls this source"). Writes on its behalf compare the fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    /// Grows with every change of hands.
    pub fence: i64,
}

/// Takes or prolongs a lease by the database's clock. `None`: another process has it.
pub async fn lease(tx: &mut Tx, name: &str, lasts: Duration) -> Result<Option<Lease>> {
    let holder = tx.env().holder.clone();
    let lasts = i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX);
    let fence: Option<(i64,)> = tx
        .opt(
            sql!("INSERT INTO leases (name, holder, fence, expires_at) VALUES ($1, $2, 1, " db_now " + $3)
                  ON CONFLICT (name) DO UPDATE SET fence = CASE WHEN leases.holder = excluded.holder THEN leases.fence ELSE leases.fence + 1 END,
                  holder = excluded.holder, expires_at = excluded.expires_at
                  WHERE leases.holder = excluded.holder OR leases.expires_at < " db_now " RETURNING fence"),
            args![name, holder, lasts],
        )
        .await?;
    Ok(fence.map(|(fence,)| Lease { name: name.into(), fence }))
}

/// Gives a lease back before its time.
pub async fn release_lease(tx: &mut Tx, lease: &Lease) -> Result<()> {
    let holder = tx.env().holder.clone();
    tx.run("UPDATE leases SET expires_at = 0 WHERE name = $1 AND holder = $2 AND fence = $3", args![&lease.name, holder, lease.fence])
        .await?;
    Ok(())
}
