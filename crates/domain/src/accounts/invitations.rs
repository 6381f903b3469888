//! Inviting by mail. The link carries the roles; whoever follows it sets a name and a password, or joins with the user they have.

use db::{Conn, Json, Tx, args, row};
use i18n::Texts;
use model::{Id, Locale, Timestamp, kinds};
use serde::{Deserialize, Serialize};

use super::links::{self, LinkKind, NewLink};
use super::members::{self, RoleChoice, record, require_everywhere};
use super::sessions::{self, Visitor};
use super::{Permission, Person, Seat, passwords, users};
use crate::{App, Error, Result, audit, fold_key, system_mail};

/// Invitations of one workspace within a quarter of an hour: an account taken over must not become a mail cannon.
const MOST: i64 = 50;

/// What a link of kind invitation holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Detail {
    email: String,
    email_key: String,
    roles: Vec<RoleChoice>,
    invited_by: Id<kinds::User>,
}

/// What became of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invited {
    /// A mail is on its way.
    Mailed,
    /// This installation sends no mail: the link, to be passed on by hand. It is nowhere else.
    Link(String),
}

/// Invites an address with these roles. An older invitation of the same address stops working.
///
/// # Errors
/// `Invalid` names `email` or `roles`; `NotFound` for roles, teams and accounts of other workspaces; `Forbidden` for the owner's role without
/// `owner.edit`.
pub async fn invite(app: &App, seat: &Seat, email: &str, choices: &[RoleChoice]) -> Result<Invited> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let email = users::check_email(email)?;
    sessions::count_attempt(&app.db, &format!("invite:{}", seat.ws()), MOST).await?;
    let mut tx = app.db.write().await?;
    let checked = members::check(&mut tx, seat.ws(), choices).await?;
    if checked.has_owner {
        require_everywhere(seat, Permission::OwnerEdit)?;
    }
    let email_key = fold_key(&email);
    let known: Option<(String, Option<i64>)> = tx
        .opt(
            "SELECT u.locale, m.id FROM users u LEFT JOIN memberships m ON m.user_id = u.id AND m.workspace_id = $2 WHERE u.email_key = $1",
            args![&email_key, seat.ws()],
        )
        .await?;
    if known.as_ref().is_some_and(|(_, membership)| membership.is_some()) {
        return Err(Error::invalid("email", "error-already-member"));
    }
    for older in pending(&mut tx, seat.ws()).await? {
        if older.detail.0.email_key == email_key {
            tx.run("DELETE FROM one_time_links WHERE id = $1", args![older.id]).await?;
        }
    }
    let detail = Detail { email: email.clone(), email_key, roles: checked.choices, invited_by: seat.user() };
    let new = NewLink { kind: LinkKind::Invitation, user: None, workspace: Some(seat.ws()), detail: serde_json::to_value(&detail)? };
    let url = format!("{}/invitation/{}", app.config.public_url, links::make(&mut tx, new).await?);
    let locale = known.and_then(|(tag, _)| tag.parse::<Locale>().ok()).unwrap_or_else(|| seat.workspace.locale());
    let t = Texts::new(locale);
    let mail = system_mail::Mail {
        to: email,
        subject: t.mail_invitation_subject(&seat.workspace.name),
        text: t.mail_invitation_text(7, &seat.person.name, &url, &seat.workspace.name),
    };
    let mailed = system_mail::enqueue(app, &mut tx, &mail).await?;
    record(
        &mut tx,
        seat,
        "member.invited",
        "workspace",
        seat.ws().as_i64(),
        serde_json::json!({ "roles": detail.roles, "mailed": mailed }),
    )
    .await?;
    tx.commit().await?;
    Ok(if mailed { Invited::Mailed } else { Invited::Link(url) })
}

row! {
    struct Pending { id: Id<()>, created_at: Timestamp, expires_at: Timestamp, detail: Json<Detail> }
}

/// An invitation nobody has followed yet.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub id: Id<()>,
    pub email: String,
    pub roles: Vec<RoleChoice>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

async fn pending(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<Pending>> {
    let now = conn.now();
    Ok(conn
        .all(
            "SELECT id, created_at, expires_at, detail FROM one_time_links WHERE kind = $1 AND workspace_id = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY id DESC",
            args![LinkKind::Invitation.name(), workspace, now],
        )
        .await?)
}

/// Open invitations, the newest first.
pub async fn list(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<Invitation>> {
    let rows = pending(conn, workspace).await?;
    let open = |row: Pending| Invitation {
        id: row.id,
        email: row.detail.0.email,
        roles: row.detail.0.roles,
        created_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(open).collect())
}

/// Takes an invitation back; its link stops working. `NotFound` for those of other workspaces.
pub async fn revoke(app: &App, seat: &Seat, id: Id<()>) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    let gone = tx
        .run(
            "DELETE FROM one_time_links WHERE id = $1 AND kind = $2 AND workspace_id = $3 AND used_at IS NULL",
            args![id, LinkKind::Invitation.name(), seat.ws()],
        )
        .await?;
    if gone == 0 {
        return Err(Error::NotFound);
    }
    record(&mut tx, seat, "member.invitation_revoked", "workspace", seat.ws().as_i64(), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}

/// What the holder of a link is offered.
#[derive(Debug, Clone)]
pub struct Offer {
    pub workspace: String,
    pub email: String,
    /// Somebody of this address signs in already: no new password.
    pub has_user: bool,
}

/// Looks at a link without using it; `NotFound` when it is used, expired or none.
pub async fn look(app: &App, token: &str) -> Result<Offer> {
    let mut conn = app.db.read().await?;
    let link = links::look(&mut conn, LinkKind::Invitation, token).await?;
    let detail: Detail = serde_json::from_value(link.detail.0)?;
    let (workspace,): (String,) =
        conn.opt("SELECT name FROM workspaces WHERE id = $1", args![link.workspace_id]).await?.ok_or(Error::NotFound)?;
    let has_user = users::by_email(&mut conn, &detail.email).await?.is_some();
    Ok(Offer { workspace, email: detail.email, has_user })
}

/// What a new person enters.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub name: String,
    pub password: String,
    pub locale: Locale,
}

/// Accepts as somebody new: session token, the workspace's slug. `Conflict` when the address has a user: they sign in instead.
pub async fn accept_new(app: &App, token: &str, person: NewPerson, visitor: &Visitor) -> Result<(String, String)> {
    users::check_name(&person.name)?;
    // An expired link must not cost the work of a password hash.
    look(app, token).await?;
    let hash = passwords::hash_in_background(app, &person.password).await?;
    let mut tx = app.db.write().await?;
    let (workspace, detail) = use_up(&mut tx, token).await?;
    let new = users::NewUser {
        email: &detail.email,
        name: &person.name,
        password_hash: Some(hash),
        locale: person.locale,
        is_installation_admin: false,
    };
    let user = users::create(&mut tx, new).await?;
    let slug = join(&mut tx, workspace, &detail, user).await?;
    let session = sessions::open(&mut tx, user, visitor).await?;
    tx.commit().await?;
    Ok((session, slug))
}

/// Accepts as the person who is signed in: the workspace's slug. The link is for one address: anybody else's user is `Refused`.
pub async fn accept(app: &App, token: &str, person: &Person) -> Result<String> {
    let mut tx = app.db.write().await?;
    let (workspace, detail) = use_up(&mut tx, token).await?;
    if fold_key(&person.email) != detail.email_key {
        return Err(Error::refused("invitation.other-person", "error-invitation-other"));
    }
    let slug = join(&mut tx, workspace, &detail, person.id).await?;
    tx.commit().await?;
    Ok(slug)
}

async fn use_up(tx: &mut Tx, token: &str) -> Result<(Id<kinds::Workspace>, Detail)> {
    let link = links::consume(tx, LinkKind::Invitation, token).await?;
    Ok((link.workspace_id.ok_or(Error::NotFound)?, serde_json::from_value(link.detail.0)?))
}

async fn join(tx: &mut Tx, workspace: Id<kinds::Workspace>, detail: &Detail, user: Id<kinds::User>) -> Result<String> {
    let (slug,): (String,) = tx.opt("SELECT slug FROM workspaces WHERE id = $1", args![workspace]).await?.ok_or(Error::NotFound)?;
    let membership = super::workspaces::join(tx, workspace, user, &[]).await?;
    if members::give(tx, workspace, membership, &detail.roles).await? == 0 {
        return Err(Error::refused("invitation.roles-gone", "error-invitation-roles-gone"));
    }
    let detail = serde_json::json!({ "invited_by": detail.invited_by, "roles": detail.roles });
    let entry = audit::Entry {
        workspace: Some(workspace),
        actor: Some(user),
        action: "member.joined",
        subject_kind: Some("user"),
        subject: Some(user.as_i64()),
        detail,
    };
    audit::record(tx, entry).await?;
    Ok(slug)
}
