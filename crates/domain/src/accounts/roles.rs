//! Roles: named sets of permissions. The built-in ones are fixed; a workspace may add its own.

use db::{Conn, Json, args, row};
use model::{Id, kinds};

use super::members::{lock, record, require_everywhere};
use super::{BuiltinRole, Permission, PermissionSet, Seat, users};
use crate::{App, Error, Result};

row! {
    pub struct Role {
        pub id: Id<kinds::Role>,
        pub name: String,
        /// The built-in role's name; its text is `role-<name>`.
        pub builtin: Option<String>,
        pub permissions: Json<Vec<String>>,
        /// Memberships that hold it.
        pub holders: i64,
    }
}

impl Role {
    pub fn set(&self) -> PermissionSet {
        PermissionSet::from_names(&self.permissions.0)
    }
    pub fn has(&self, permission: &Permission) -> bool {
        self.set().contains(*permission)
    }
    pub fn is_owner(&self) -> bool {
        self.builtin.as_deref() == Some(BuiltinRole::Owner.name())
    }
}

/// The built-in roles in their order, then the workspace's own by name.
pub async fn list(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<Role>> {
    let mut roles: Vec<Role> = conn
        .all(
            "SELECT r.id, r.name, r.builtin, r.permissions,
             (SELECT COUNT(DISTINCT m.membership_id) FROM membership_roles m WHERE m.workspace_id = r.workspace_id AND m.role_id = r.id) AS holders
             FROM roles r WHERE r.workspace_id = $1 ORDER BY r.name, r.id",
            args![workspace],
        )
        .await?;
    roles.sort_by_key(|role| {
        role.builtin.as_deref().and_then(|name| BuiltinRole::ALL.iter().position(|b| b.name() == name)).unwrap_or(usize::MAX)
    });
    Ok(roles)
}

/// One of the workspace's own roles. Built-in ones are `Refused` (`roles.builtin`), those of others `NotFound`.
pub async fn own(conn: &mut Conn, workspace: Id<kinds::Workspace>, id: Id<kinds::Role>) -> Result<Role> {
    let role = list(conn, workspace).await?.into_iter().find(|role| role.id == id).ok_or(Error::NotFound)?;
    if role.builtin.is_some() { Err(Error::refused("roles.builtin", "error-role-builtin")) } else { Ok(role) }
}

/// The names this release knows. The owner's right stays with the owner's role: it could otherwise be given away by whoever edits roles.
fn permissions(names: &[String]) -> Result<PermissionSet> {
    let set = PermissionSet::from_names(names);
    if set.contains(Permission::OwnerEdit) {
        return Err(Error::invalid("permissions", "error-role-owner-right"));
    }
    if set == PermissionSet::default() {
        return Err(Error::invalid("permissions", "error-role-empty"));
    }
    Ok(set)
}

async fn name_is_free(conn: &mut Conn, workspace: Id<kinds::Workspace>, name: &str, but: Option<Id<kinds::Role>>) -> Result<()> {
    let taken: Option<(i64,)> = conn
        .opt("SELECT id FROM roles WHERE workspace_id = $1 AND name = $2 AND ($3 IS NULL OR id <> $3)", args![workspace, name, but])
        .await?;
    if taken.is_some() { Err(Error::invalid("name", "error-role-name-taken")) } else { Ok(()) }
}

/// Adds a role. `Invalid` names `name` or `permissions`.
pub async fn create(app: &App, seat: &Seat, name: &str, names: &[String]) -> Result<Id<kinds::Role>> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let (name, set) = (users::check_name(name)?, permissions(names)?);
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    name_is_free(&mut tx, seat.ws(), &name, None).await?;
    let id = tx.id();
    tx.run(
        "INSERT INTO roles (id, workspace_id, name, permissions) VALUES ($1, $2, $3, $4)",
        args![id, seat.ws(), name, serde_json::json!(set.names())],
    )
    .await?;
    record(&mut tx, seat, "role.created", "role", id.as_i64(), serde_json::json!({ "permissions": set.names() })).await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes one of the workspace's own roles; who holds it has the new rights with the next click.
pub async fn save(app: &App, seat: &Seat, id: Id<kinds::Role>, name: &str, names: &[String]) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    own(&mut tx, seat.ws(), id).await?;
    let (name, set) = (users::check_name(name)?, permissions(names)?);
    name_is_free(&mut tx, seat.ws(), &name, Some(id)).await?;
    tx.run(
        "UPDATE roles SET name = $3, permissions = $4 WHERE workspace_id = $1 AND id = $2 AND builtin IS NULL",
        args![seat.ws(), id, name, serde_json::json!(set.names())],
    )
    .await?;
    record(&mut tx, seat, "role.changed", "role", id.as_i64(), serde_json::json!({ "permissions": set.names() })).await?;
    Ok(tx.commit().await?)
}

/// Deletes a role nobody holds; `Conflict` otherwise.
pub async fn delete(app: &App, seat: &Seat, id: Id<kinds::Role>) -> Result<()> {
    require_everywhere(seat, Permission::MemberEdit)?;
    let mut tx = app.db.write().await?;
    lock(&mut tx, seat.ws()).await?;
    let role = own(&mut tx, seat.ws(), id).await?;
    if role.holders > 0 {
        return Err(Error::Conflict(i18n::Sentence::new("error-role-in-use").with("members", role.holders)));
    }
    tx.run("DELETE FROM roles WHERE workspace_id = $1 AND id = $2 AND builtin IS NULL", args![seat.ws(), id]).await?;
    record(&mut tx, seat, "role.deleted", "role", id.as_i64(), serde_json::json!({})).await?;
    Ok(tx.commit().await?)
}
