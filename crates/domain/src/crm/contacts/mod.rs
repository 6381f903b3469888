//! Customers: master data of the company. Nothing here knows of public profiles.

mod change;
mod create;
mod list;
mod open;

use db::{Conn, Many, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};

pub use change::change;
pub use create::{Correspondent, Fields, add, create, for_addresses};
pub use list::{Row, find, list, with_address};
pub use open::{Contact, Talk, open};

use super::trigrams;
use crate::accounts::Seat;
use crate::{Error, Result};

row! {
    struct Known { name: String, company: Option<String>, note: Option<String>, created_at: Timestamp, updated_at: Timestamp }
}

async fn load(conn: &mut Conn, seat: &Seat, id: Id<kinds::Contact>) -> Result<Known> {
    conn.opt("SELECT name, company, note, created_at, updated_at FROM contacts WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id])
        .await?
        .ok_or(Error::NotFound)
}

pub(super) async fn lock(tx: &mut Tx, seat: &Seat, id: Id<kinds::Contact>) -> Result<()> {
    tx.opt::<(i64,)>(sql!("SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2" for_update), args![seat.ws(), id])
        .await?
        .ok_or(Error::NotFound)?;
    Ok(())
}

/// Writes the name's trigrams anew.
pub(crate) async fn index(tx: &mut Tx, ws: Id<kinds::Workspace>, id: Id<kinds::Contact>, name: &str) -> Result<()> {
    tx.run("DELETE FROM contact_trigrams WHERE workspace_id = $1 AND contact_id = $2", args![ws, id]).await?;
    index_new(tx, ws, &[(id, name.to_string())]).await
}

/// Writes the trigrams of contacts that have none yet.
async fn index_new(tx: &mut Tx, ws: Id<kinds::Workspace>, named: &[(Id<kinds::Contact>, String)]) -> Result<()> {
    const TRIGRAMS: Many = Many {
        into: "INSERT INTO contact_trigrams (workspace_id, trigram, contact_id)",
        row: sql!("($1, $2, $3)"),
        end: "ON CONFLICT (workspace_id, trigram, contact_id) DO NOTHING",
    };
    let rows = named.iter().flat_map(|(id, name)| trigrams::of(name).into_iter().map(|trigram| args![ws, trigram, *id])).collect();
    tx.run_many(&TRIGRAMS, rows).await?;
    Ok(())
}
