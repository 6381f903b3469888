//! Customers: master data of the company.

use db::{Tx, args};
use model::{Id, kinds};

use super::trigrams;
use crate::{Result, fold_key};

/// The contact who has this address, made when nobody has it yet. `verified`: an authentication result or a reply proves the address.
pub async fn for_address(tx: &mut Tx, ws: Id<kinds::Workspace>, kind: &str, address: &str, name: &str, verified: bool) -> Result<Id<kinds::Contact>> {
    let (key, now) = (fold_key(address), tx.now());
    let known: Option<(Id<kinds::Address>, Option<Id<kinds::Contact>>)> =
        tx.opt("SELECT id, contact_id FROM addresses WHERE workspace_id = $1 AND kind = $2 AND value_key = $3", args![ws, kind, &key]).await?;
    let address_id = match known {
        Some((id, Some(contact))) => {
            if verified {
                tx.run("UPDATE addresses SET verified_at = COALESCE(verified_at, $3), verified_by = COALESCE(verified_by, 'mail') WHERE workspace_id = $1 AND id = $2", args![ws, id, now]).await?;
            }
            return Ok(contact);
        }
        Some((id, None)) => Some(id),
        None => None,
    };
    let contact = create(tx, ws, name, None).await?;
    match address_id {
        Some(id) => {
            tx.run("UPDATE addresses SET contact_id = $3 WHERE workspace_id = $1 AND id = $2", args![ws, id, contact]).await?;
        }
        None => {
            let id = tx.id::<kinds::Address>();
            let (at, by) = if verified { (Some(now), Some("mail")) } else { (None, None) };
            tx.run(
                "INSERT INTO addresses (id, workspace_id, contact_id, kind, value, value_key, verified_at, verified_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                args![id, ws, contact, kind, address, key, at, by, now],
            )
            .await?;
        }
    }
    Ok(contact)
}

/// A new contact, findable by name.
pub async fn create(tx: &mut Tx, ws: Id<kinds::Workspace>, name: &str, company: Option<&str>) -> Result<Id<kinds::Contact>> {
    let (id, now) = (tx.id::<kinds::Contact>(), tx.now());
    let name = model::text::excerpt(name, 200);
    tx.run(
        "INSERT INTO contacts (id, workspace_id, name, name_key, company, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![id, ws, &name, fold_key(&name), company, now],
    )
    .await?;
    index(tx, ws, id, &name).await?;
    Ok(id)
}

/// Writes the name's trigrams anew.
pub(crate) async fn index(tx: &mut Tx, ws: Id<kinds::Workspace>, id: Id<kinds::Contact>, name: &str) -> Result<()> {
    tx.run("DELETE FROM contact_trigrams WHERE workspace_id = $1 AND contact_id = $2", args![ws, id]).await?;
    let trigrams: Vec<String> = trigrams::of(name).into_iter().collect();
    tx.run(
        db::sql!("INSERT INTO contact_trigrams (workspace_id, trigram, contact_id) SELECT $1, t, $3 FROM (SELECT value AS t FROM " [each_text "$2"] ") AS given WHERE TRUE
                  ON CONFLICT (workspace_id, trigram, contact_id) DO NOTHING"),
        args![ws, trigrams.as_slice(), id],
    )
    .await?;
    Ok(())
}
