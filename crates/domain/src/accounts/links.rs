//! Links that work once: first-run set-up, invitation, password reset. Only the token's hash is stored.

use std::time::Duration;

use db::{Conn, Json, Tx, args, row};
use model::{Id, Timestamp, kinds};

use crate::{Error, Result, hash_token};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Printed on the console of an installation without users.
    Setup,
    Invitation,
    PasswordReset,
}

impl LinkKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
        }
    }
    /// How long it works.
    pub const fn lasts(self) -> Duration {
        match self {
            Self::Setup => Duration::from_secs(24 * 3600),
            Self::Invitation => Duration::from_secs(7 * 24 * 3600),
            Self::PasswordReset => Duration::from_secs(2 * 3600),
        }
    }
}

row! {
    pub(crate) struct Link {
        pub id: Id<()>,
        pub user_id: Option<Id<kinds::User>>,
        pub workspace_id: Option<Id<kinds::Workspace>>,
        pub detail: Json<serde_json::Value>,
        pub expires_at: Timestamp,
    }
}

pub(crate) struct NewLink {
    pub kind: LinkKind,
    pub user: Option<Id<kinds::User>>,
    pub workspace: Option<Id<kinds::Workspace>>,
    pub detail: serde_json::Value,
}

/// Makes a link; the token it returns is nowhere else.
pub(crate) async fn make(tx: &mut Tx, link: NewLink) -> Result<String> {
    let (id, now, token) = (tx.id::<()>(), tx.now(), tx.env().random.token());
    tx.run(
        "INSERT INTO one_time_links (id, kind, token_hash, user_id, workspace_id, detail, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![id, link.kind.name(), hash_token(&token), link.user, link.workspace, link.detail, now, now + link.kind.lasts()],
    )
    .await?;
    Ok(token)
}

/// What an unused, unexpired link leads to.
pub(crate) async fn look(conn: &mut Conn, kind: LinkKind, token: &str) -> Result<Link> {
    let now = conn.now();
    conn.opt(
        "SELECT id, user_id, workspace_id, detail, expires_at FROM one_time_links WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3",
        args![hash_token(token), kind.name(), now],
    )
    .await?
    .ok_or(Error::NotFound)
}

/// Uses a link up; of two attempts at once one wins.
pub(crate) async fn consume(tx: &mut Tx, kind: LinkKind, token: &str) -> Result<Link> {
    let now = tx.now();
    tx.opt(
        "UPDATE one_time_links SET used_at = $3 WHERE token_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3
         RETURNING id, user_id, workspace_id, detail, expires_at",
        args![hash_token(token), kind.name(), now],
    )
    .await?
    .ok_or(Error::NotFound)
}
