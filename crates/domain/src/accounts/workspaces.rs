//! Workspaces: a brand or a client each, strictly apart.

use db::{Conn, Tx, args, row};
use i18n::TimeZone;
use model::{Id, Locale, kinds};

use super::members::{record, require_everywhere};
use super::{BuiltinRole, Permission, Person, Seat, users};
use crate::{App, Error, Result, audit};

pub struct NewWorkspace<'a> {
    pub name: &'a str,
    pub slug: &'a str,
    pub locale: Locale,
    pub time_zone: &'a str,
    pub is_demo: bool,
}

/// First path segments that are no workspaces.
const RESERVED: &[&str] = &[
    "login",
    "logout",
    "setup",
    "invitation",
    "reset",
    "assets",
    "me",
    "healthz",
    "readyz",
    "metrics",
    "form",
    "api",
    "admin",
    "demo",
    "hooks",
    "workspaces",
    "static",
    "help",
];

/// A name for addresses made of a workspace's name: `Kaffee Nordwind` → `kaffee-nordwind`.
pub fn slug_of(name: &str) -> String {
    let folded = crate::fold_key(name).replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let mut slug = String::new();
    for c in folded.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_matches('-').chars().take(40).collect();
    if slug.is_empty() || RESERVED.contains(&slug.as_str()) { format!("{slug}-1").trim_start_matches('-').to_string() } else { slug }
}

pub fn check_slug(slug: &str) -> Result<()> {
    let good = !slug.is_empty()
        && slug.len() <= 40
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !RESERVED.contains(&slug);
    if good { Ok(()) } else { Err(Error::invalid("slug", "error-slug")) }
}

/// Makes a workspace with the built-in roles and the owner's membership.
pub async fn create(tx: &mut Tx, new: NewWorkspace<'_>, owner: Id<kinds::User>) -> Result<Id<kinds::Workspace>> {
    let name = users::check_name(new.name)?;
    check_slug(new.slug)?;
    if TimeZone::get(new.time_zone).is_err() {
        return Err(Error::invalid("time_zone", "error-time-zone"));
    }
    let (id, now) = (tx.id::<kinds::Workspace>(), tx.now());
    let made: Option<(i64,)> = tx
        .opt(
            "INSERT INTO workspaces (id, slug, name, locale, time_zone, is_demo, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (slug) DO NOTHING RETURNING id",
            args![id, new.slug, name, new.locale.tag(), new.time_zone, new.is_demo, now],
        )
        .await?;
    if made.is_none() {
        return Err(Error::invalid("slug", "error-slug-taken"));
    }
    for role in BuiltinRole::ALL {
        let role_id = tx.id::<kinds::Role>();
        tx.run(
            "INSERT INTO roles (id, workspace_id, name, builtin, permissions) VALUES ($1, $2, $3, $3, $4)",
            args![role_id, id, role.name(), serde_json::json!(role.permissions().names())],
        )
        .await?;
    }
    join(tx, id, owner, &[(BuiltinRole::Owner, None)]).await?;
    Ok(id)
}

/// Adds a person with built-in roles, each perhaps limited to a team. `Conflict` if they are a member already.
pub async fn join(
    tx: &mut Tx,
    workspace: Id<kinds::Workspace>,
    user: Id<kinds::User>,
    roles: &[(BuiltinRole, Option<Id<kinds::Team>>)],
) -> Result<Id<kinds::Membership>> {
    let (membership, now) = (tx.id::<kinds::Membership>(), tx.now());
    let made: Option<(i64,)> = tx
        .opt(
            "INSERT INTO memberships (id, workspace_id, user_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, user_id) DO NOTHING RETURNING id",
            args![membership, workspace, user, now],
        )
        .await?;
    if made.is_none() {
        return Err(Error::Conflict(i18n::Sentence::new("error-already-member")));
    }
    for (role, team) in roles {
        let n = tx
            .run(
                "INSERT INTO membership_roles (workspace_id, membership_id, role_id, team_id)
                 SELECT $1, $2, id, $4 FROM roles WHERE workspace_id = $1 AND builtin = $3",
                args![workspace, membership, role.name(), *team],
            )
            .await?;
        if n == 0 {
            return Err(Error::NotFound);
        }
    }
    Ok(membership)
}

row! {
    pub struct MyWorkspace { pub id: Id<kinds::Workspace>, pub slug: String, pub name: String, pub time_zone: String }
}

/// The workspaces a person is a member of, by name: the switcher.
pub async fn of_user(conn: &mut Conn, user: Id<kinds::User>) -> Result<Vec<MyWorkspace>> {
    Ok(conn
        .all("SELECT w.id, w.slug, w.name, w.time_zone FROM workspaces w JOIN memberships m ON m.workspace_id = w.id WHERE m.user_id = $1 ORDER BY w.name, w.id", args![user])
        .await?)
}

/// What may be changed of a workspace. Its slug stays: links that people sent each other must go on working.
#[derive(Debug, Clone)]
pub struct Changes {
    pub name: String,
    pub locale: Locale,
    /// IANA name.
    pub time_zone: String,
}

/// Changes name, language and time zone. `Invalid` names `name` or `time_zone`.
pub async fn save(app: &App, seat: &Seat, changes: Changes) -> Result<()> {
    require_everywhere(seat, Permission::WorkspaceEdit)?;
    let name = users::check_name(&changes.name)?;
    if TimeZone::get(&changes.time_zone).is_err() {
        return Err(Error::invalid("time_zone", "error-time-zone"));
    }
    let mut tx = app.db.write().await?;
    tx.run(
        "UPDATE workspaces SET name = $2, locale = $3, time_zone = $4 WHERE id = $1",
        args![seat.ws(), name, changes.locale.tag(), &changes.time_zone],
    )
    .await?;
    let detail = serde_json::json!({ "locale": changes.locale.tag(), "time_zone": changes.time_zone });
    record(&mut tx, seat, "workspace.changed", "workspace", seat.ws().as_i64(), detail).await?;
    Ok(tx.commit().await?)
}

/// Another workspace, owned by the installation's administrator who makes it: its slug. `NotFound` for everybody else.
pub async fn create_another(app: &App, person: &Person, changes: Changes) -> Result<String> {
    if !person.is_installation_admin {
        return Err(Error::NotFound);
    }
    let slug = slug_of(&changes.name);
    let mut tx = app.db.write().await?;
    let new =
        NewWorkspace { name: &changes.name, slug: &slug, locale: changes.locale, time_zone: &changes.time_zone, is_demo: app.config.demo };
    let workspace = create(&mut tx, new, person.id).await?;
    let entry = audit::Entry {
        workspace: Some(workspace),
        actor: Some(person.id),
        action: "workspace.created",
        subject_kind: Some("workspace"),
        subject: Some(workspace.as_i64()),
        detail: serde_json::json!({}),
    };
    audit::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(slug)
}

/// How many workspaces are real and how many belong to the demo: the two never share an installation.
pub async fn count(conn: &mut Conn) -> Result<(i64, i64)> {
    Ok(conn.one("SELECT COUNT(*) FILTER (WHERE NOT is_demo), COUNT(*) FILTER (WHERE is_demo) FROM workspaces", vec![]).await?)
}
