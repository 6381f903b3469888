//! Claim, assign, status, priority, labels, snooze. Each leaves an event and an undo.

use db::{Tx, args};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde_json::{Value as Json, json};

use super::{Conversation, Priority, Status, store, undo};
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, events, fold_key};

type Done = Result<Id<kinds::Event>>;

/// Longest label in characters.
const LABEL_LENGTH: usize = 40;

/// Makes the person the assignee. `Conflict` when a colleague was quicker.
pub async fn claim(app: &App, seat: &Seat, id: Id<kinds::Conversation>) -> Done {
    change(app, seat, id, "claimed", async |tx, c| {
        if c.assignee_id.is_some_and(|a| a != seat.user()) {
            let name = c.assignee_name.clone().unwrap_or_default();
            return Err(Error::Conflict(Sentence::new("error-claimed-by").with("name", name)));
        }
        set_assignee(tx, seat, c, Some(seat.user())).await?;
        Ok(json!({ "assignee": c.assignee_id.map(Id::as_i64) }))
    })
    .await
}

/// Hands it to a person, a team, both, or nobody.
pub async fn assign(
    app: &App,
    seat: &Seat,
    id: Id<kinds::Conversation>,
    to: Option<Id<kinds::User>>,
    team: Option<Id<kinds::Team>>,
) -> Done {
    change(app, seat, id, "assigned", async |tx, c| {
        if let Some(user) = to {
            let member =
                tx.opt::<(i64,)>("SELECT id FROM memberships WHERE workspace_id = $1 AND user_id = $2", args![seat.ws(), user]).await?;
            member.ok_or(Error::NotFound)?;
        }
        if let Some(team) = team {
            tx.opt::<(i64,)>("SELECT id FROM teams WHERE workspace_id = $1 AND id = $2", args![seat.ws(), team])
                .await?
                .ok_or(Error::NotFound)?;
        }
        set_assignee(tx, seat, c, to).await?;
        tx.run("UPDATE conversations SET team_id = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), c.id, team]).await?;
        Ok(json!({ "assignee": c.assignee_id.map(Id::as_i64), "team": c.team_id.map(Id::as_i64) }))
    })
    .await
}

pub async fn set_status(app: &App, seat: &Seat, id: Id<kinds::Conversation>, status: Status) -> Done {
    let action = if status == Status::Done { "resolved" } else { "reopened" };
    change(app, seat, id, action, async |tx, c| {
        if status == Status::Snoozed {
            return Err(Error::invalid("status", "error-choice"));
        }
        let now = tx.now();
        let resolved = (status == Status::Done).then_some(now);
        tx.run(
            "UPDATE conversations SET status = $3, resolved_at = $4, snoozed_until = NULL WHERE workspace_id = $1 AND id = $2",
            args![seat.ws(), c.id, status, resolved],
        )
        .await?;
        Ok(json!({ "status": c.status.name(), "snoozed_until": c.snoozed_until.map(Timestamp::micros) }))
    })
    .await
}

/// Away until this moment, or until the customer writes.
pub async fn snooze(app: &App, seat: &Seat, id: Id<kinds::Conversation>, until: Timestamp) -> Done {
    change(app, seat, id, "snoozed", async |tx, c| {
        if until <= tx.now() {
            return Err(Error::invalid("until", "error-snooze-past"));
        }
        tx.run(
            "UPDATE conversations SET status = 'snoozed', snoozed_until = $3 WHERE workspace_id = $1 AND id = $2",
            args![seat.ws(), c.id, until],
        )
        .await?;
        Ok(json!({ "status": c.status.name(), "snoozed_until": c.snoozed_until.map(Timestamp::micros) }))
    })
    .await
}

pub async fn set_priority(app: &App, seat: &Seat, id: Id<kinds::Conversation>, priority: Priority) -> Done {
    change(app, seat, id, "priority", async |tx, c| {
        tx.run("UPDATE conversations SET priority = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), c.id, priority as i64])
            .await?;
        Ok(json!({ "priority": c.priority }))
    })
    .await
}

pub async fn add_label(app: &App, seat: &Seat, id: Id<kinds::Conversation>, label: &str) -> Done {
    let label = model::text::clean(label).split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() || label.chars().count() > LABEL_LENGTH {
        return Err(Error::invalid("label", "error-label"));
    }
    change(app, seat, id, "labelled", async |tx, c| {
        let added = tx
            .run(
                "INSERT INTO conversation_labels (workspace_id, conversation_id, label_key, label) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, conversation_id, label_key) DO NOTHING",
                args![seat.ws(), c.id, fold_key(&label), &label],
            )
            .await?;
        Ok(if added == 1 { json!({ "remove_label": fold_key(&label) }) } else { json!({}) })
    })
    .await
}

pub async fn remove_label(app: &App, seat: &Seat, id: Id<kinds::Conversation>, label: &str) -> Done {
    change(app, seat, id, "unlabelled", async |tx, c| {
        let gone: Option<(String,)> = tx
            .opt(
                "DELETE FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2 AND label_key = $3 RETURNING label",
                args![seat.ws(), c.id, fold_key(label)],
            )
            .await?;
        Ok(gone.map_or(json!({}), |(label,)| json!({ "add_label": label })))
    })
    .await
}

async fn set_assignee(tx: &mut Tx, seat: &Seat, c: &Conversation, to: Option<Id<kinds::User>>) -> Result<()> {
    tx.run("UPDATE conversations SET assignee_id = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), c.id, to]).await?;
    Ok(())
}

/// The frame of every verb here: one transaction with the change, its event and its undo.
async fn change(
    app: &App,
    seat: &Seat,
    id: Id<kinds::Conversation>,
    action: &str,
    verb: impl AsyncFnOnce(&mut Tx, &Conversation) -> Result<Json>,
) -> Done {
    let mut tx = app.db.write().await?;
    let conversation = store::lock(&mut tx, seat, Permission::InboxOrganise, id).await?;
    let former = verb(&mut tx, &conversation).await?;
    let undo = undo::remember(&mut tx, seat, id, former).await?;
    events::record(&mut tx, seat.ws(), "conversation.changed", Some(id), Some(seat.user()), json!({ "action": action })).await?;
    tx.commit().await?;
    Ok(undo)
}
