//! New passwords: through a link for who forgot theirs, by the old one for who is signed in.

use db::{Tx, args};
use i18n::Texts;
use model::{Id, Locale, kinds};

use super::links::{self, LinkKind, NewLink};
use super::sessions::{self, Visitor};
use super::{Person, passwords};
use crate::{App, Error, Result, audit, fold_key, system_mail};

/// Requests for one address within a quarter of an hour …
const PER_ADDRESS: i64 = 3;
/// … and from one place.
const PER_VISITOR: i64 = 10;
/// Wrong old passwords within a quarter of an hour.
const WRONG: i64 = 10;

/// Asks for a link. Known and unknown addresses take the same way: both only leave a job, and the job looks for the user; so neither the
/// answer nor the time it takes tells whether there is one.
///
/// # Errors
/// `Invalid` for what is no address, `TooMany`.
pub async fn request(app: &App, email: &str, visitor: &Visitor) -> Result<()> {
    let email = super::users::check_email(email)?;
    sessions::count_attempt(&app.db, &format!("reset:{}", fold_key(&email)), PER_ADDRESS).await?;
    sessions::count_attempt(&app.db, &format!("reset-from:{}", visitor.address), PER_VISITOR).await?;
    let mut tx = app.db.write().await?;
    system_mail::enqueue_reset(app, &mut tx, &email).await?;
    Ok(tx.commit().await?)
}

/// The mail for a request, if there is such a user: called by the job.
pub(crate) async fn mail_for(app: &App, email: &str) -> Result<Option<system_mail::Mail>> {
    let mut tx = app.db.write().await?;
    let Some(user) = find(&mut tx, email).await? else { return Ok(None) };
    let url = link(app, &mut tx, user.id).await?;
    let t = Texts::new(user.locale);
    let mail =
        system_mail::Mail { to: user.email, subject: t.mail_reset_subject().to_string(), text: t.mail_reset_text(2, &user.name, &url) };
    tx.commit().await?;
    Ok(Some(mail))
}

/// A fresh link for this address, for `tresen user reset-link`. `NotFound` when nobody has it.
pub async fn link_for(app: &App, email: &str) -> Result<String> {
    let mut tx = app.db.write().await?;
    let user = find(&mut tx, email).await?.ok_or(Error::NotFound)?;
    let url = link(app, &mut tx, user.id).await?;
    tx.commit().await?;
    Ok(url)
}

struct Found {
    id: Id<kinds::User>,
    email: String,
    name: String,
    locale: Locale,
}

async fn find(tx: &mut Tx, email: &str) -> Result<Option<Found>> {
    let row: Option<(Id<kinds::User>, String, String, String)> =
        tx.opt("SELECT id, email, name, locale FROM users WHERE email_key = $1 AND disabled_at IS NULL", args![fold_key(email)]).await?;
    Ok(row.map(|(id, email, name, locale)| Found { id, email, name, locale: locale.parse().unwrap_or_default() }))
}

/// One link at a time: the former stops working.
async fn link(app: &App, tx: &mut Tx, user: Id<kinds::User>) -> Result<String> {
    forget_links(tx, user).await?;
    let token =
        links::make(tx, NewLink { kind: LinkKind::PasswordReset, user: Some(user), workspace: None, detail: serde_json::json!({}) })
            .await?;
    record(tx, user, None, "password.link_made").await?;
    Ok(format!("{}/reset/{token}", app.config.public_url))
}

async fn forget_links(tx: &mut Tx, user: Id<kinds::User>) -> Result<()> {
    tx.run("DELETE FROM one_time_links WHERE kind = $1 AND user_id = $2 AND used_at IS NULL", args![LinkKind::PasswordReset.name(), user])
        .await?;
    Ok(())
}

/// Whether the link still works.
pub async fn check(app: &App, token: &str) -> Result<()> {
    links::look(&mut app.db.read().await?, LinkKind::PasswordReset, token).await.map(|_| ())
}

/// Sets a new password with a link, ends every session of the user and opens one for this visitor: its token.
pub async fn finish(app: &App, token: &str, password: &str, visitor: &Visitor) -> Result<String> {
    check(app, token).await?;
    let hash = passwords::hash_in_background(app, password).await?;
    let mut tx = app.db.write().await?;
    let user = links::consume(&mut tx, LinkKind::PasswordReset, token).await?.user_id.ok_or(Error::NotFound)?;
    let saved: Option<(String,)> =
        tx.opt("UPDATE users SET password_hash = $2 WHERE id = $1 AND disabled_at IS NULL RETURNING email_key", args![user, hash]).await?;
    let (email_key,) = saved.ok_or(Error::NotFound)?;
    // Whoever locked the door by guessing must not keep its owner out.
    tx.run("DELETE FROM rate_limits WHERE key = $1", args![format!("login:{email_key}")]).await?;
    sessions::revoke_others(&mut tx, user, None).await?;
    record(&mut tx, user, Some(user), "password.reset").await?;
    let session = sessions::open(&mut tx, user, visitor).await?;
    tx.commit().await?;
    Ok(session)
}

/// Sets a new password for who is signed in and knows the old one; every other session ends. `Invalid` names `old` or `password`.
pub async fn change(app: &App, person: &Person, old: &str, new: &str) -> Result<()> {
    passwords::check(new)?;
    sessions::count_attempt(&app.db, &format!("password:{}", person.id), WRONG).await?;
    let (hash,): (Option<String>,) =
        app.db.read().await?.opt("SELECT password_hash FROM users WHERE id = $1", args![person.id]).await?.ok_or(Error::NotFound)?;
    let old = old.to_string();
    if !tokio::task::spawn_blocking(move || passwords::verify(&old, hash.as_deref())).await.unwrap_or(false) {
        return Err(Error::invalid("old", "error-old-password"));
    }
    let hash = passwords::hash_in_background(app, new).await?;
    let mut tx = app.db.write().await?;
    tx.run("UPDATE users SET password_hash = $2 WHERE id = $1", args![person.id, hash]).await?;
    sessions::revoke_others(&mut tx, person.id, Some(person.session)).await?;
    forget_links(&mut tx, person.id).await?;
    record(&mut tx, person.id, Some(person.id), "password.changed").await?;
    Ok(tx.commit().await?)
}

async fn record(tx: &mut Tx, user: Id<kinds::User>, actor: Option<Id<kinds::User>>, action: &str) -> Result<()> {
    let entry = audit::Entry {
        workspace: None,
        actor,
        action,
        subject_kind: Some("user"),
        subject: Some(user.as_i64()),
        detail: serde_json::json!({}),
    };
    Ok(audit::record(tx, entry).await?)
}
