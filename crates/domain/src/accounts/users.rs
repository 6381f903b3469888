//! Users of the installation. One person has one user, however many workspaces.

use db::{Conn, Tx, args};
use model::{Id, Locale, kinds};

use crate::{Error, Result, fold_key};

pub struct NewUser<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: Option<String>,
    pub locale: Locale,
    pub is_installation_admin: bool,
}

/// A mail address we can write to: something, `@`, something with a dot or `localhost`; no blanks or control characters.
pub fn check_email(email: &str) -> Result<String> {
    let email = email.trim();
    let good = email.len() <= 254
        && email.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"'))
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.') && !host.ends_with('.')
        });
    if good { Ok(email.to_string()) } else { Err(Error::invalid("email", "error-email")) }
}

/// Cleans a name; `Invalid` names the field `name`.
pub fn check_name(name: &str) -> Result<String> {
    let name = model::text::clean(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 120 { Err(Error::invalid("name", "error-name")) } else { Ok(name) }
}

/// `Conflict` when the address has a user already.
pub async fn create(tx: &mut Tx, user: NewUser<'_>) -> Result<Id<kinds::User>> {
    let (email, name) = (check_email(user.email)?, check_name(user.name)?);
    let (id, now) = (tx.id(), tx.now());
    let made: Option<(i64,)> = tx
        .opt(
            "INSERT INTO users (id, email, email_key, name, password_hash, locale, is_installation_admin, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (email_key) DO NOTHING RETURNING id",
            args![id, &email, fold_key(&email), name, user.password_hash, user.locale.tag(), user.is_installation_admin, now],
        )
        .await?;
    if made.is_none() {
        return Err(Error::Conflict(i18n::Sentence::new("error-email-taken")));
    }
    Ok(id)
}

pub async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Id<kinds::User>>> {
    Ok(conn.opt::<(Id<kinds::User>,)>("SELECT id FROM users WHERE email_key = $1", args![fold_key(email)]).await?.map(|(id,)| id))
}

pub async fn any(conn: &mut Conn) -> Result<bool> {
    Ok(conn.opt::<(i64,)>("SELECT id FROM users LIMIT 1", vec![]).await?.is_some())
}

/// What a person sets for themselves.
pub struct Preferences {
    pub name: String,
    pub locale: Locale,
    /// IANA name, or none for the workspace's.
    pub time_zone: Option<String>,
    pub theme: String,
    pub shortcuts: bool,
    pub next_after_answer: bool,
}

pub async fn save_preferences(tx: &mut Tx, user: Id<kinds::User>, p: Preferences) -> Result<()> {
    let name = check_name(&p.name)?;
    if !["system", "light", "dark", "contrast"].contains(&p.theme.as_str()) {
        return Err(Error::invalid("theme", "error-choice"));
    }
    if let Some(zone) = &p.time_zone
        && i18n::TimeZone::get(zone).is_err()
    {
        return Err(Error::invalid("time_zone", "error-time-zone"));
    }
    tx.run(
        "UPDATE users SET name = $2, locale = $3, time_zone = $4, theme = $5, shortcuts = $6, next_after_answer = $7 WHERE id = $1",
        args![user, name, p.locale.tag(), p.time_zone, p.theme, p.shortcuts, p.next_after_answer],
    )
    .await?;
    Ok(())
}
