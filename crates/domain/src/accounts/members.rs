//! The people of a workspace and the roles they hold.

use std::collections::HashMap;

use db::{Conn, Tx, args, row, sql};
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};

use super::{BuiltinRole, Permission, Seat};
use crate::{App, Error, Result, audit, events};

/// One role to hold, perhaps limited to a team or to a channel account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChoice {
    pub role: Id<kinds::Role>,
    #[serde(default)]
    pub team: Option<Id<kinds::Team>>,
    #[serde(default)]
    pub account: Option<Id<kinds::ChannelAccount>>,
}

row! {
    struct MemberRow { id: Id<kinds::Membership>, user_id: Id<kinds::User>, name: String, email: String, created_at: Timestamp, disabled: bool }
    /// A role as somebody holds it, with the names of what it is limited to.
    pub struct HeldRole {
        pub membership_id: Id<kinds::Membership>,
        pub role_id: Id<kinds::Role>,
        pub name: String,
        /// The built-in role's name; its text is `role-<name>`.
        pub builtin: Option<String>,
        pub team_id: Option<Id<kinds::Team>>,
        pub team_name: Option<String>,
        pub account_id: Option<Id<kinds::ChannelAccount>>,
        pub account_name: Option<String>,
    }
}

#[derive(Debug, Clone)]
pub struct Member {
    pub id: Id<kinds::Membership>,
    pub user_id: Id<kinds::User>,
    pub name: String,
    pub email: String,
    pub since: Timestamp,
    pub is_disabled: bool,
    pub roles: Vec<HeldRole>,
}

impl Member {
    pub fn is_owner(&self) -> bool {
        self.roles.iter().any(|role| role.builtin.as_deref() == Some(BuiltinRole::Owner.name()))
    }
}

/// All members by name, with their roles.
pub async fn list(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<Member>> {
    members(conn, workspace, None).await
}

/// One member; `NotFound` for those of other workspaces.
pub async fn one(conn: &mut Conn, workspace: Id<kinds::Workspace>, id: Id<kinds::Membership>) -> Result<Member> {
    members(conn, workspace, Some(id)).await?.pop().ok_or(Error::NotFound)
}

async fn members(conn: &mut Conn, workspace: Id<kinds::Workspace>, only: Option<Id<kinds::Membership>>) -> Result<Vec<Member>> {
    let rows: Vec<MemberRow> = conn
        .all(
            "SELECT m.id, m.user_id, u.name, u.email, m.created_at, u.disabled_at IS NOT NULL AS disabled FROM memberships m JOIN users u ON u.id = m.user_id
             WHERE m.workspace_id = $1 AND ($2 IS NULL OR m.id = $2) ORDER BY u.name, m.id",
            args![workspace, only],
        )
        .await?;
    let roles: Vec<HeldRole> = conn
        .all(
            "SELECT m.membership_id, m.role_id, r.name, r.builtin, m.team_id, t.name AS team_name, m.account_id, a.name AS account_name
             FROM membership_roles m JOIN roles r ON r.workspace_id = m.workspace_id AND r.id = m.role_id
             LEFT JOIN teams t ON t.workspace_id = m.workspace_id AND t.id = m.team_id
             LEFT JOIN channel_accounts a ON a.workspace_id = m.workspace_id AND a.id = m.account_id
             WHERE m.workspace_id = $1 AND ($2 IS NULL OR m.membership_id = $2) ORDER BY r.id, t.name NULLS FIRST, a.name NULLS FIRST",
            args![workspace, only],
        )
        .await?;
    let mut held: HashMap<i64, Vec<HeldRole>> = HashMap::new();
    for role in roles {
        held.entry(role.membership_id.as_i64()).or_default().push(role);
    }
    Ok(rows
        .into_iter()
        .map(|m| Member {
            roles: held.remove(&m.id.as_i64()).unwrap_or_default(),
            id: m.id,
            user_id: m.user_id,
            name: m.name,
            email: m.email,
            since: m.created_at,
            is_disabled: m.disabled,
        })
        .collect())
}

/// People, teams and roles are the whole workspace's business: a right limited to one team is not enough, or its holder could lift the limit.
pub(crate) fn require_everywhere(seat: &Seat, permission: Permission) -> Result<()> {
    if seat.can_everywhere(permission) { Ok(()) } else { Err(Error::Forbidden(permission.name())) }
}

/// Changes of members, roles and teams of one workspace happen one after the other: "the last owner" is only known then.
pub(crate) async fn lock(tx: &mut Tx, workspace: Id<kinds::Workspace>) -> Result<()> {
    tx.one::<(i64,)>(sql!("SELECT id FROM workspaces WHERE id = $1" for_update), args![workspace]).await?;
    Ok(())
}

/// What `check` found in a list of choices.
pub(crate) struct Checked {
    pub choices: Vec<RoleChoice>,
    pub has_owner: bool,
}

/// Every role, team and account must be this workspace's; else `NotFound`. `Invalid` names the field `roles`.
pub(crate) async fn check(conn: &mut Conn, workspace: Id<kinds::Workspace>, choices: &[RoleChoice]) -> Result<Checked> {
    let mut checked = Checked { choices: Vec::new(), has_owner: false };
    for choice in choices {
        if checked.choices.contains(choice) {
            continue;
        }
        let (builtin,): (Option<String>,) = conn
            .opt("SELECT builtin FROM roles WHERE workspace_id = $1 AND id = $2", args![workspace, choice.role])
            .await?
            .ok_or(Error::NotFound)?;
        if !limits_exist(conn, workspace, choice).await? {
            return Err(Error::NotFound);
        }
        if builtin.as_deref() == Some(BuiltinRole::Owner.name()) {
            if choice.team.is_some() || choice.account.is_some() {
                return Err(Error::invalid("roles", "error-owner-limited"));
            }
            checked.has_owner = true;
        }
        checked.choices.push(*choice);
    }
    if checked.choices.is_empty() {
        return Err(Error::invalid("roles", "error-no-role"));
    }
    Ok(checked)
}

async fn limits_exist(conn: &mut Conn, workspace: Id<kinds::Workspace>, choice: &RoleChoice) -> Result<bool> {
    if let Some(team) = choice.team
        && conn.opt::<(i64,)>("SELECT id FROM teams WHERE workspace_id = $1 AND id = $2", args![workspace, team]).await?.is_none()
    {
        return Ok(false);
    }
    if let Some(account) = choice.account
        && conn
            .opt::<(i64,)>(
                "SELECT id FROM channel_accounts WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL",
                args![workspace, account],
            )
            .await?
            .is_none()
    {
        return Ok(false);
    }
    Ok(true)
}

/// Gives roles to a membership. A role, team or account that is gone by now gives nothing: a limit never falls away by itself.
pub(crate) async fn give(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    membership: Id<kinds::Membership>,
    choices: &[RoleChoice],
) -> Result<u64> {
    let mut given = 0;
    for choice in choices {
        if !limits_exist(tx, workspace, choice).await? {
            continue;
        }
        given += tx
            .run(
                "INSERT INTO membership_roles (workspace_id, membership_id, role_id, team_id, account_id)
                 SELECT $1, $2, id, $4, $5 FROM roles WHERE workspace_id = $1 AND id = $3",
                args![workspace, membership, choice.role, choice.team, choice.account],
            )
            .await?;
    }
    Ok(given)
}

/// Channel accounts by name: what roles may be limited to.
pub async fn accounts(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<(Id<kinds::ChannelAccount>, String)>> {
    Ok(conn
        .all("SELECT id, name FROM channel_accounts WHERE workspace_id = $1 AND removed_at IS NULL ORDER BY name, id", args![workspace])
        .await?)
}

/// Conversations of this person that are not done: what becomes nobody's when they go.
pub async fn open_conversations(conn: &mut Conn, workspace: Id<kinds::Workspace>, user: Id<kinds::User>) -> Result<i64> {
    let (n,): (i64,) = conn
        .one(
            "SELECT COUNT(*) FROM conversations WHERE workspace_id = $1 AND assignee_id = $2 AND status IN ('open', 'snoozed')",
            args![workspace, user],
        )
        .await?;
    Ok(n)
}

/// Owners whose account works, without this membership.
async fn other_owners(conn: &mut Conn, workspace: Id<kinds::Workspace>, but: Id<kinds::Membership>) -> Result<i64> {
    let (n,): (i64,) = conn
        .one(
            "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND m.id <> $2 AND u.disabled_at IS NULL
             AND EXISTS (SELECT 1 FROM membership_roles h JOIN roles r ON r.workspace_id = h.workspace_id AND r.id = h.role_id
                         WHERE h.workspace_id = m.workspace_id AND h.membership_id = m.id AND r.builtin = 'owner')",
            args![workspace, but],
        )
        .await?;
    Ok(n)
}

/// Taking the owner's role, or the person who holds it: needs `owner.edit`, and somebody must stay.
async fn take_owner(tx: &mut Tx, seat: &Seat, membership: Id<kinds::Membership>) -> Result<()> {
    require_everywhere(seat, Permission::OwnerEdit)?;
    if other_owners(tx, seat.ws(), membership).await? == 0 {
        return Err(Error::refused("members.last-owner", "error-last-owner"));
    }
    Ok(())
}

/// Gives a member exactly these roles.
///
/// # Errors
/// `NotFound` for ids of other workspaces, `Invalid` without any role, `Forbidden` when the owner's role comes or goes without `owner.edit`,
/// `Refused` (`members.last-owner`).
pub async fn change_roles(app: &App, seat: &Seat, membership: Id<kinds::Membership>, choices: &[RoleChoice]) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    let member = one(&mut tx, seat.ws(), membership).await?;
    let checked = check(&mut tx, seat.ws(), choices).await?;
    match (member.is_owner(), checked.has_owner) {
        (false, true) => require_everywhere(seat, Permission::OwnerEdit)?,
        (true, false) => take_owner(&mut tx, seat, membership).await?,
        _ => {}
    }
    tx.run("DELETE FROM membership_roles WHERE workspace_id = $1 AND membership_id = $2", args![seat.ws(), membership]).await?;
    give(&mut tx, seat.ws(), membership, &checked.choices).await?;
    let detail = serde_json::json!({ "roles": checked.choices });
    record(&mut tx, seat, "member.roles_changed", "user", member.user_id.as_i64(), detail).await?;
    Ok(tx.commit().await?)
}

/// Removes a member: open and snoozed conversations of theirs become nobody's, their drafts go, what they wrote stays. The user remains for
/// other workspaces.
pub async fn remove(app: &App, seat: &Seat, membership: Id<kinds::Membership>) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    let member = one(&mut tx, seat.ws(), membership).await?;
    if member.is_owner() {
        take_owner(&mut tx, seat, membership).await?;
    }
    let (ws, user) = (seat.ws(), member.user_id);
    let freed = let_go(&mut tx, ws, user).await?;
    for conversation in &freed {
        let detail = serde_json::json!({ "assignee": null });
        events::record(&mut tx, ws, "conversation.changed", Some(*conversation), Some(seat.user()), detail).await?;
    }
    record(&mut tx, seat, "member.removed", "user", user.as_i64(), serde_json::json!({ "conversations": freed.len() })).await?;
    Ok(tx.commit().await?)
}

/// Takes somebody out of a workspace, with what was only theirs; the conversations that nobody looks after now.
pub(crate) async fn let_go(tx: &mut Tx, ws: Id<kinds::Workspace>, user: Id<kinds::User>) -> Result<Vec<Id<kinds::Conversation>>> {
    let freed: Vec<(Id<kinds::Conversation>,)> = tx
        .all(
            "UPDATE conversations SET assignee_id = NULL WHERE workspace_id = $1 AND assignee_id = $2 AND status IN ('open', 'snoozed') RETURNING id",
            args![ws, user],
        )
        .await?;
    for statement in [
        "DELETE FROM drafts WHERE workspace_id = $1 AND user_id = $2",
        "DELETE FROM undos WHERE workspace_id = $1 AND user_id = $2",
        "DELETE FROM mentions WHERE workspace_id = $1 AND user_id = $2",
        "DELETE FROM conversation_reads WHERE workspace_id = $1 AND user_id = $2",
        "UPDATE watches SET owner_id = NULL WHERE workspace_id = $1 AND owner_id = $2",
        "DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2",
    ] {
        tx.run(statement, args![ws, user]).await?;
    }
    Ok(freed.into_iter().map(|(id,)| id).collect())
}

/// An audit entry of the seat's person in the seat's workspace.
pub(crate) async fn record(tx: &mut Tx, seat: &Seat, action: &str, kind: &str, subject: i64, detail: serde_json::Value) -> Result<()> {
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action,
        subject_kind: Some(kind),
        subject: Some(subject),
        detail,
    };
    Ok(audit::record(tx, entry).await?)
}
