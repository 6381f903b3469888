//! The first person of an installation: through a one-time link printed on the console.

use db::args;
use model::{Id, Locale, kinds};

use super::links::{self, LinkKind, NewLink};
use super::sessions::{self, Visitor};
use super::{passwords, users, workspaces};
use crate::{App, Error, Result, audit};

/// The token of a fresh set-up link, or `None` when there is a user already. Older set-up links stop working.
pub async fn setup_token(app: &App) -> Result<Option<String>> {
    let mut tx = app.db.write().await?;
    if users::any(&mut tx).await? {
        return Ok(None);
    }
    tx.run("DELETE FROM one_time_links WHERE kind = $1", args![LinkKind::Setup.name()]).await?;
    let token = links::make(&mut tx, NewLink { kind: LinkKind::Setup, user: None, workspace: None, detail: serde_json::json!({}) }).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Whether the link still works: shown before anybody fills in the form.
pub async fn check(app: &App, token: &str) -> Result<()> {
    links::look(&mut app.db.read().await?, LinkKind::Setup, token).await.map(|_| ())
}

#[derive(Debug, Clone)]
pub struct FirstRun {
    pub name: String,
    pub email: String,
    pub password: String,
    pub workspace: String,
    pub locale: Locale,
    pub time_zone: String,
}

/// Makes the owner and the first workspace and signs in: session token, the workspace's slug.
pub async fn set_up(app: &App, token: &str, form: FirstRun, visitor: &Visitor) -> Result<(String, String)> {
    passwords::check(&form.password)?;
    let (password, random) = (form.password.clone(), app.db.env().random.clone());
    let hash =
        tokio::task::spawn_blocking(move || passwords::hash(&password, &*random)).await.map_err(|e| Error::Internal(e.to_string()))??;
    let mut tx = app.db.write().await?;
    links::consume(&mut tx, LinkKind::Setup, token).await?;
    if users::any(&mut tx).await? {
        return Err(Error::NotFound);
    }
    let user: Id<kinds::User> = users::create(
        &mut tx,
        users::NewUser {
            email: &form.email,
            name: &form.name,
            password_hash: Some(hash),
            locale: form.locale,
            is_installation_admin: true,
        },
    )
    .await?;
    let slug = workspaces::slug_of(&form.workspace);
    let new =
        workspaces::NewWorkspace { name: &form.workspace, slug: &slug, locale: form.locale, time_zone: &form.time_zone, is_demo: false };
    let workspace = workspaces::create(&mut tx, new, user).await?;
    audit::record(
        &mut tx,
        audit::Entry {
            workspace: Some(workspace),
            actor: Some(user),
            action: "workspace.created",
            subject_kind: Some("workspace"),
            subject: Some(workspace.as_i64()),
            detail: serde_json::json!({}),
        },
    )
    .await?;
    let token = sessions::open(&mut tx, user, visitor).await?;
    tx.commit().await?;
    Ok((token, slug))
}
