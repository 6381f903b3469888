use db::{Tx, args, sql};
use i18n::Sentence;
use model::{Id, kinds};

use crate::accounts::{Permission, Seat};
use crate::crm::addresses;
use crate::{App, Error, Result, audit, events, fold_key};

/// What a person enters of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub name: String,
    pub company: String,
    pub note: String,
}

impl Fields {
    pub(super) fn checked(self) -> Result<Self> {
        let one_line = |text: &str| model::text::clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = Fields { name: one_line(&self.name), company: one_line(&self.company), note: model::text::clean(self.note.trim()) };
        let mut wrong = Vec::new();
        if fields.name.is_empty() {
            wrong.push(("name".to_string(), Sentence::new("error-contact-name")));
        }
        for (field, text, most) in [("name", &fields.name, 200), ("company", &fields.company, 200), ("note", &fields.note, 10_000)] {
            if text.chars().count() > most {
                wrong.push((field.to_string(), Sentence::new("error-contact-long").with("most", most)));
            }
        }
        if wrong.is_empty() { Ok(fields) } else { Err(Error::InvalidFields(wrong)) }
    }
}

/// A contact a person enters, perhaps with a first mail address.
pub async fn add(app: &App, seat: &Seat, fields: Fields, mail: &str) -> Result<Id<kinds::Contact>> {
    seat.require(Permission::ContactEdit)?;
    let fields = fields.checked()?;
    let mut tx = app.db.write().await?;
    let id = create(&mut tx, seat.ws(), &fields.name, Some(fields.company.as_str()).filter(|c| !c.is_empty())).await?;
    if !fields.note.is_empty() {
        tx.run("UPDATE contacts SET note = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id, &fields.note]).await?;
    }
    if !mail.trim().is_empty() {
        addresses::attach(&mut tx, seat, id, "mail", mail).await?;
    }
    events::record(&mut tx, seat.ws(), "contact.new", Some(id), Some(seat.user()), serde_json::json!({})).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action: "contact.created",
        subject_kind: Some("contact"),
        subject: Some(id.as_i64()),
        detail: serde_json::json!({}),
    };
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(id)
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
    super::index(tx, ws, id, &name).await?;
    Ok(id)
}

/// The contact who has this address, made when nobody has it yet. `verified`: an authentication result or a reply proves the address.
pub async fn for_address(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    kind: &str,
    address: &str,
    name: &str,
    verified: bool,
) -> Result<Id<kinds::Contact>> {
    let (key, now) = (fold_key(address), tx.now());
    let (id, contact) = match address_of(tx, ws, kind, &key).await? {
        Some(known) => known,
        None => {
            let id = tx.id::<kinds::Address>();
            tx.run(
                "INSERT INTO addresses (id, workspace_id, kind, value, value_key, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, kind, value_key) DO NOTHING",
                args![id, ws, kind, address, &key, now],
            )
            .await?;
            // Perhaps another process met the same person at the same time: then it is that one's row, and we waited for it.
            address_of(tx, ws, kind, &key).await?.ok_or(Error::NotFound)?
        }
    };
    if verified {
        tx.run(
            "UPDATE addresses SET verified_at = COALESCE(verified_at, $3), verified_by = COALESCE(verified_by, 'mail') WHERE workspace_id = $1 AND id = $2",
            args![ws, id, now],
        )
        .await?;
    }
    if let Some(contact) = contact {
        return Ok(contact);
    }
    let contact = create(tx, ws, name, None).await?;
    tx.run("UPDATE addresses SET contact_id = $3 WHERE workspace_id = $1 AND id = $2", args![ws, id, contact]).await?;
    Ok(contact)
}

/// The address and whose it is, held until the transaction ends.
async fn address_of(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    kind: &str,
    key: &str,
) -> Result<Option<(Id<kinds::Address>, Option<Id<kinds::Contact>>)>> {
    let sql = sql!("SELECT id, contact_id FROM addresses WHERE workspace_id = $1 AND kind = $2 AND value_key = $3" for_update);
    Ok(tx.opt(sql, args![ws, kind, key]).await?)
}
