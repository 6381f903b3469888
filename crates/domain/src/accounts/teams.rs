//! Teams: who does which kind of work. Conversations and channel accounts belong to one, roles may be limited to one.

use db::{Conn, args, row};
use model::{Id, kinds};

use super::members::{lock, record, require_everywhere};
use super::{Permission, Seat, users};
use crate::{App, Error, Result};

row! {
    pub struct Team {
        pub id: Id<kinds::Team>,
        pub name: String,
        /// Conversations that are not done.
        pub open: i64,
        /// Everything that would be left behind: conversations, channel accounts, roles limited to it.
        pub uses: i64,
    }
    struct MemberOf { team_id: Id<kinds::Team>, membership_id: Id<kinds::Membership> }
}

/// All teams by name.
pub async fn list(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<Team>> {
    Ok(conn
        .all(
            "SELECT t.id, t.name,
             (SELECT COUNT(*) FROM conversations c WHERE c.workspace_id = t.workspace_id AND c.team_id = t.id AND c.status = 'open') AS open,
             (SELECT COUNT(*) FROM conversations c WHERE c.workspace_id = t.workspace_id AND c.team_id = t.id)
             + (SELECT COUNT(*) FROM channel_accounts a WHERE a.workspace_id = t.workspace_id AND a.team_id = t.id)
             + (SELECT COUNT(*) FROM membership_roles m WHERE m.workspace_id = t.workspace_id AND m.team_id = t.id) AS uses
             FROM teams t WHERE t.workspace_id = $1 ORDER BY t.name, t.id",
            args![workspace],
        )
        .await?)
}

/// One team; `NotFound` for those of other workspaces.
pub async fn one(conn: &mut Conn, workspace: Id<kinds::Workspace>, id: Id<kinds::Team>) -> Result<Team> {
    list(conn, workspace).await?.into_iter().find(|team| team.id == id).ok_or(Error::NotFound)
}

/// Who is in which team.
pub async fn memberships(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<(Id<kinds::Team>, Id<kinds::Membership>)>> {
    let rows: Vec<MemberOf> = conn.all("SELECT team_id, membership_id FROM team_members WHERE workspace_id = $1", args![workspace]).await?;
    Ok(rows.into_iter().map(|row| (row.team_id, row.membership_id)).collect())
}

/// Adds a team. `Invalid` names the field `name`.
pub async fn create(app: &App, seat: &Seat, name: &str) -> Result<Id<kinds::Team>> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let name = users::check_name(name)?;
    let mut tx = app.db.write().await?;
    let (id, now) = (tx.id(), tx.now());
    let made: Option<(i64,)> = tx
        .opt(
            "INSERT INTO teams (id, workspace_id, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
            args![id, seat.ws(), name, now],
        )
        .await?;
    if made.is_none() {
        return Err(Error::invalid("name", "error-team-name-taken"));
    }
    record(&mut tx, seat, "team.created", "team", id.as_i64(), serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(id)
}

/// Gives a team its name and exactly these members. Memberships of other workspaces are `NotFound`.
pub async fn save(app: &App, seat: &Seat, id: Id<kinds::Team>, name: &str, members: &[Id<kinds::Membership>]) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    one(&mut tx, seat.ws(), id).await?;
    let name = users::check_name(name)?;
    let taken: Option<(i64,)> =
        tx.opt("SELECT id FROM teams WHERE workspace_id = $1 AND name = $2 AND id <> $3", args![seat.ws(), &name, id]).await?;
    if taken.is_some() {
        return Err(Error::invalid("name", "error-team-name-taken"));
    }
    tx.run("UPDATE teams SET name = $3 WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id, name]).await?;
    tx.run("DELETE FROM team_members WHERE workspace_id = $1 AND team_id = $2", args![seat.ws(), id]).await?;
    let mut members = members.to_vec();
    members.sort_unstable();
    members.dedup();
    for membership in &members {
        let n = tx
            .run(
                "INSERT INTO team_members (workspace_id, team_id, membership_id) SELECT $1, $2, id FROM memberships WHERE workspace_id = $1 AND id = $3",
                args![seat.ws(), id, *membership],
            )
            .await?;
        if n == 0 {
            return Err(Error::NotFound);
        }
    }
    record(&mut tx, seat, "team.changed", "team", id.as_i64(), serde_json::json!({ "members": members })).await?;
    Ok(tx.commit().await?)
}

/// Deletes a team nothing refers to; `Conflict` otherwise.
pub async fn delete(app: &App, seat: &Seat, id: Id<kinds::Team>) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    if one(&mut tx, seat.ws(), id).await?.uses > 0 {
        return Err(Error::Conflict(i18n::Sentence::new("error-team-in-use")));
    }
    tx.run("DELETE FROM teams WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id]).await?;
    record(&mut tx, seat, "team.deleted", "team", id.as_i64(), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}
