use db::args;
use model::{Id, kinds};

use super::Fields;
use crate::accounts::{Permission, Seat};
use crate::{App, Result, audit, events, fold_key};

/// Changes name, company and note.
pub async fn change(app: &App, seat: &Seat, id: Id<kinds::Contact>, fields: Fields) -> Result<()> {
    seat.require(Permission::ContactEdit)?;
    let fields = fields.checked()?;
    let text = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
    let mut tx = app.db.write().await?;
    super::lock(&mut tx, seat, id).await?;
    let now = tx.now();
    tx.run(
        "UPDATE contacts SET name = $3, name_key = $4, company = $5, note = $6, updated_at = $7 WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), id, &fields.name, fold_key(&fields.name), text(&fields.company), text(&fields.note), now],
    )
    .await?;
    super::index(&mut tx, seat.ws(), id, &fields.name).await?;
    events::record(&mut tx, seat.ws(), "contact.changed", Some(id), Some(seat.user()), serde_json::json!({})).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action: "contact.changed",
        subject_kind: Some("contact"),
        subject: Some(id.as_i64()),
        detail: serde_json::json!({}),
    };
    audit::record(&mut tx, entry).await?;
    Ok(tx.commit().await?)
}
