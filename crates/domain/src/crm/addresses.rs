//! Mail addresses and telephone numbers: how a contact is reached and recognised. *Unverified* until an authentication result or a reply
//! proves that the address is theirs.

use db::{Tx, args, row};
use model::{Id, Timestamp, kinds};

use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, audit, events, fold_key};

row! {
    pub struct Address {
        pub id: Id<kinds::Address>,
        /// `mail` or `phone`.
        pub kind: String,
        pub value: String,
        pub verified_at: Option<Timestamp>,
        pub verified_by: Option<String>,
    }
}

pub const KINDS: [&str; 2] = ["mail", "phone"];

/// Notes an address that belongs to nobody: newsletters and machines have addresses, but are no customers.
pub async fn seen(tx: &mut Tx, ws: Id<kinds::Workspace>, kind: &str, address: &str) -> Result<()> {
    let (id, now) = (tx.id::<kinds::Address>(), tx.now());
    tx.run(
        "INSERT INTO addresses (id, workspace_id, contact_id, kind, value, value_key, created_at) VALUES ($1, $2, NULL, $3, $4, $5, $6)
         ON CONFLICT (workspace_id, kind, value_key) DO NOTHING",
        args![id, ws, kind, address, fold_key(address), now],
    )
    .await?;
    Ok(())
}

/// Adds an address a person typed in. `Invalid` when it is none, or belongs to another contact already.
pub async fn add(app: &App, seat: &Seat, contact: Id<kinds::Contact>, kind: &str, value: &str) -> Result<()> {
    seat.require(Permission::ContactEdit)?;
    let mut tx = app.db.write().await?;
    super::contacts::lock(&mut tx, seat, contact).await?;
    attach(&mut tx, seat, contact, kind, value).await?;
    events::record(&mut tx, seat.ws(), "contact.changed", Some(contact), Some(seat.user()), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn attach(tx: &mut Tx, seat: &Seat, contact: Id<kinds::Contact>, kind: &str, value: &str) -> Result<()> {
    let value = checked(kind, value)?;
    let (id, now) = (tx.id::<kinds::Address>(), tx.now());
    let key = fold_key(&value);
    // One that was known without an owner gets one; one of somebody else stays where it is.
    let owner: Option<(Option<Id<kinds::Contact>>,)> = tx
        .opt(
            "INSERT INTO addresses (id, workspace_id, contact_id, kind, value, value_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (workspace_id, kind, value_key) DO UPDATE SET contact_id = COALESCE(addresses.contact_id, excluded.contact_id) RETURNING contact_id",
            args![id, seat.ws(), contact, kind, &value, key, now],
        )
        .await?;
    match owner {
        Some((Some(owner),)) if owner == contact => Ok(()),
        _ => Err(Error::invalid("address", "error-contact-address-taken")),
    }
}

/// Takes an address off a contact.
pub async fn remove(app: &App, seat: &Seat, contact: Id<kinds::Contact>, address: Id<kinds::Address>) -> Result<()> {
    seat.require(Permission::ContactEdit)?;
    let mut tx = app.db.write().await?;
    super::contacts::lock(&mut tx, seat, contact).await?;
    if take_off(&mut tx, seat.ws(), contact, address).await? == 0 {
        return Err(Error::NotFound);
    }
    events::record(&mut tx, seat.ws(), "contact.changed", Some(contact), Some(seat.user()), serde_json::json!({})).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action: "contact.address-removed",
        subject_kind: Some("contact"),
        subject: Some(contact.as_i64()),
        detail: serde_json::json!({ "address": address }),
    };
    audit::record(&mut tx, entry).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn take_off(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    contact: Id<kinds::Contact>,
    address: Id<kinds::Address>,
) -> Result<u64> {
    Ok(tx.run("DELETE FROM addresses WHERE workspace_id = $1 AND contact_id = $2 AND id = $3", args![ws, contact, address]).await?)
}

fn checked(kind: &str, value: &str) -> Result<String> {
    let value = model::text::clean(value.trim());
    if value.chars().count() > 254 {
        return Err(Error::invalid("address", "error-contact-address-form"));
    }
    let fits = match kind {
        "mail" => value
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)),
        "phone" => {
            value.chars().filter(char::is_ascii_digit).count() >= 4 && value.chars().all(|c| c.is_ascii_digit() || " +-/().".contains(c))
        }
        _ => false,
    };
    if fits { Ok(value) } else { Err(Error::invalid("address", "error-contact-address-form")) }
}
