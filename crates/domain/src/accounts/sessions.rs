//! Signing in and out; sessions one can list and revoke.

use std::str::FromStr;
use std::time::Duration;

use db::{Conn, Db, args, row};
use model::{Id, Locale, Timestamp, kinds};

use super::{Person, passwords};
use crate::{App, Error, Result, audit, fold_key, hash_token};

/// A session ends after this time without a visit …
const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// … and at the latest after this one.
pub const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);
/// Attempts per address and per account in [`WINDOW`] before people have to wait.
const ATTEMPTS: i64 = 10;
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Where a request came from, for the list of sessions and for rate limits.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    pub address: String,
    pub user_agent: String,
}

/// Signs in with address and password; returns the token for the cookie. Unknown users and wrong passwords are the same answer in the same time.
pub async fn sign_in(app: &App, email: &str, password: &str, visitor: &Visitor) -> Result<String> {
    let email_key = fold_key(email);
    for key in [format!("login:{email_key}"), format!("login-from:{}", visitor.address)] {
        count_attempt(&app.db, &key, ATTEMPTS).await?;
    }
    let found: Option<(Id<kinds::User>, Option<String>)> = app
        .db
        .read()
        .await?
        .opt("SELECT id, password_hash FROM users WHERE email_key = $1 AND disabled_at IS NULL", args![&email_key])
        .await?;
    let (user, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
    let password = password.to_string();
    let matches = tokio::task::spawn_blocking(move || passwords::verify(&password, hash.as_deref())).await.unwrap_or(false);
    let Some(user) = user.filter(|_| matches) else {
        return Err(Error::invalid("password", "error-sign-in"));
    };
    let mut tx = app.db.write().await?;
    let token = open(&mut tx, user, visitor).await?;
    tx.run("DELETE FROM rate_limits WHERE key = $1", args![format!("login:{email_key}")]).await?;
    tx.commit().await?;
    Ok(token)
}

/// Opens a session for a user who has proved who they are.
pub async fn open(tx: &mut db::Tx, user: Id<kinds::User>, visitor: &Visitor) -> Result<String> {
    let (id, now, token) = (tx.id::<kinds::Session>(), tx.now(), tx.env().random.token());
    tx.run(
        "INSERT INTO sessions (id, user_id, token_hash, created_at, last_seen_at, expires_at, user_agent, address) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        args![id, user, hash_token(&token), now, now + LONGEST, model::text::excerpt(&model::text::clean(&visitor.user_agent), 200), &visitor.address],
    )
    .await?;
    audit::record(
        tx,
        audit::Entry {
            workspace: None,
            actor: Some(user),
            action: "session.opened",
            subject_kind: Some("session"),
            subject: Some(id.as_i64()),
            detail: serde_json::json!({}),
        },
    )
    .await?;
    Ok(token)
}

row! {
    struct SessionRow {
        session: Id<kinds::Session>,
        last_seen_at: Timestamp,
        id: Id<kinds::User>,
        name: String,
        email: String,
        locale: String,
        time_zone: Option<String>,
        theme: String,
        shortcuts: bool,
        next_after_answer: bool,
        is_installation_admin: bool,
    }
    pub struct SessionInfo {
        pub id: Id<kinds::Session>,
        pub created_at: Timestamp,
        pub last_seen_at: Timestamp,
        pub user_agent: String,
        pub address: String,
    }
}

/// The person behind a cookie's token, if the session is alive; read with `conn`, written, rarely, by `db`.
pub async fn person(db: &Db, conn: &mut Conn, token: &str) -> Result<Option<Person>> {
    let now = conn.now();
    let row: Option<SessionRow> = conn
        .opt(
            "SELECT s.id AS session, s.last_seen_at, u.id, u.name, u.email, u.locale, u.time_zone, u.theme, u.shortcuts, u.next_after_answer, u.is_installation_admin
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.disabled_at IS NULL",
            args![hash_token(token), now, now - IDLE],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    // Seen at most once an hour: a page must not cost a write. Nor does it wait for one, with a connection in its hand.
    if now.since(row.last_seen_at) > Duration::from_secs(3600) {
        let (db, session) = (db.clone(), row.session);
        tokio::spawn(async move {
            if let Err(error) = seen(&db, session).await {
                tracing::warn!(%error, "a visit could not be noted with its session");
            }
        });
    }
    Ok(Some(Person {
        id: row.id,
        session: row.session,
        name: row.name,
        email: row.email,
        locale: Locale::from_str(&row.locale).unwrap_or_default(),
        time_zone: row.time_zone,
        theme: row.theme,
        shortcuts: row.shortcuts,
        next_after_answer: row.next_after_answer,
        is_installation_admin: row.is_installation_admin,
    }))
}

async fn seen(db: &Db, session: Id<kinds::Session>) -> Result<()> {
    let mut tx = db.write_reread().await?;
    let now = tx.now();
    tx.run("UPDATE sessions SET last_seen_at = $2 WHERE id = $1", args![session, now]).await?;
    Ok(tx.commit_quietly().await?)
}

/// A person's open sessions, the last used first.
pub async fn list(conn: &mut Conn, user: Id<kinds::User>) -> Result<Vec<SessionInfo>> {
    let now = conn.now();
    Ok(conn
        .all(
            "SELECT id, created_at, last_seen_at, user_agent, address FROM sessions WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 ORDER BY last_seen_at DESC, id DESC",
            args![user, now, now - IDLE],
        )
        .await?)
}

/// Ends one of the person's own sessions. `NotFound` for anybody else's.
pub async fn revoke(db: &Db, user: Id<kinds::User>, session: Id<kinds::Session>) -> Result<()> {
    let mut tx = db.write().await?;
    if tx.run("DELETE FROM sessions WHERE id = $1 AND user_id = $2", args![session, user]).await? == 0 {
        return Err(Error::NotFound);
    }
    audit::record(
        &mut tx,
        audit::Entry {
            workspace: None,
            actor: Some(user),
            action: "session.revoked",
            subject_kind: Some("session"),
            subject: Some(session.as_i64()),
            detail: serde_json::json!({}),
        },
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Ends all sessions of a user but one: after a new password.
pub async fn revoke_others(tx: &mut db::Tx, user: Id<kinds::User>, keep: Option<Id<kinds::Session>>) -> Result<u64> {
    Ok(tx.run("DELETE FROM sessions WHERE user_id = $1 AND ($2 IS NULL OR id <> $2)", args![user, keep]).await?)
}

/// Counts an attempt at `key`; `TooMany` says how long to wait once `most` were made within a quarter of an hour.
pub async fn count_attempt(db: &Db, key: &str, most: i64) -> Result<()> {
    let mut tx = db.write_reread().await?;
    let now = tx.now();
    let key: String = key.chars().take(200).collect();
    // A window in the future is a clock that was set back: it begins anew.
    let (count, start): (i64, Timestamp) = tx
        .one(
            "INSERT INTO rate_limits (key, window_start, count) VALUES ($1, $2, 1)
             ON CONFLICT (key) DO UPDATE SET
               count = CASE WHEN rate_limits.window_start <= $3 OR rate_limits.window_start > $2 THEN 1 ELSE rate_limits.count + 1 END,
               window_start = CASE WHEN rate_limits.window_start <= $3 OR rate_limits.window_start > $2 THEN $2 ELSE rate_limits.window_start END
             RETURNING count, window_start",
            args![key, now, now - WINDOW],
        )
        .await?;
    tx.commit().await?;
    if count > most {
        return Err(Error::TooMany { seconds: (start + WINDOW).since(now).as_secs().max(1) });
    }
    Ok(())
}
