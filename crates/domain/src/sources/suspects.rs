//! Contact forms that look machine-made are set apart: whoever sent one is told that it has arrived, and a person decides whether it becomes a
//! conversation. What nobody decides about goes by itself.

use std::time::Duration;

use channels::Inbound;
use channels::form::Reason;
use db::{Conn, Json, args, row, sql};
use i18n::Sentence;
use model::{Id, Locale, Timestamp, kinds};
use serde_json::json;

use super::forms::{self, PublicForm};
use crate::accounts::{Permission, Seat, members};
use crate::{App, Error, Result, desk, events};

/// How long one waits for a decision.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Shown at once; who gets more deletes some first.
const MOST: i64 = 200;

row! {
    pub struct Suspect {
        pub id: Id<kinds::FormSubmission>,
        pub account_id: Id<kinds::ChannelAccount>,
        pub account_name: String,
        pub team_id: Option<Id<kinds::Team>>,
        pub item: Json<Inbound>,
        pub reasons: Json<Vec<Reason>>,
        pub locale: String,
        pub received_at: Timestamp,
        pub expires_at: Timestamp,
    }
}

impl Suspect {
    /// What speaks against it, in words.
    pub fn why(&self) -> Vec<Sentence> {
        self.reasons.0.iter().map(sentence).collect()
    }
}

fn sentence(reason: &Reason) -> Sentence {
    let count = |n: &usize| i64::try_from(*n).unwrap_or(i64::MAX);
    match reason {
        Reason::ManyLinks { count: n } => Sentence::new("form-reason-many-links").with("count", count(n)),
        Reason::SeenBefore { times } => Sentence::new("form-reason-seen-before").with("count", count(times)),
        Reason::LinkMarkup => Sentence::new("form-reason-link-markup"),
        Reason::LinkInName => Sentence::new("form-reason-link-in-name"),
        Reason::Repetitive => Sentence::new("form-reason-repetitive"),
        Reason::NoWords => Sentence::new("form-reason-no-words"),
        Reason::TooFast { .. } => Sentence::new("form-reason-too-fast"),
        Reason::Honeypot => Sentence::new("form-reason-honeypot"),
        Reason::TokenMissing | Reason::TokenForged | Reason::TokenExpired { .. } => Sentence::new("form-reason-token"),
    }
}

/// On disk when it returns. The same thing sent twice is kept once.
pub(super) async fn set_apart(app: &App, form: &PublicForm, locale: Locale, item: &Inbound, reasons: &[Reason]) -> Result<()> {
    let mut tx = app.db.write().await?;
    let (id, now) = (tx.id::<kinds::FormSubmission>(), tx.now());
    let new = tx
        .run(
            "INSERT INTO form_suspects (id, workspace_id, account_id, external_id, item, reasons, locale, received_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, account_id, external_id) DO NOTHING",
            args![
                id,
                form.workspace,
                form.account,
                &item.external_id,
                serde_json::to_value(item)?,
                serde_json::to_value(reasons)?,
                locale.tag(),
                now,
                now + KEPT
            ],
        )
        .await?;
    if new == 1 {
        events::record(&mut tx, form.workspace, "account.suspicious", Some(form.account), None, json!({})).await?;
    }
    Ok(tx.commit().await?)
}

/// What waits for a decision, newest first: of one form, or of all this person reaches.
pub async fn list(conn: &mut Conn, seat: &Seat, account: Option<Id<kinds::ChannelAccount>>) -> Result<Vec<Suspect>> {
    if !seat.can(Permission::InboxRead) {
        return Ok(Vec::new());
    }
    let now = conn.now();
    let (all, teams, accounts) = desk::reach(&seat.scope(Permission::InboxRead));
    Ok(conn
        .all(
            sql!("SELECT s.id, s.account_id, a.name AS account_name, a.team_id, s.item, s.reasons, s.locale, s.received_at, s.expires_at FROM form_suspects s
             JOIN channel_accounts a ON a.workspace_id = s.workspace_id AND a.id = s.account_id AND a.removed_at IS NULL
             WHERE s.workspace_id = $1 AND s.expires_at > $2 AND ($3 IS NULL OR s.account_id = $3)
               AND ($4 OR a.team_id IN " [ids "$5"] " OR s.account_id IN " [ids "$6"] ") ORDER BY s.received_at DESC, s.id DESC LIMIT $7"),
            args![seat.ws(), now, account, all, teams, accounts, MOST],
        )
        .await?)
}

async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::FormSubmission>) -> Result<Suspect> {
    seat.require(Permission::InboxOrganise)?;
    let found = list(conn, seat, None).await?.into_iter().find(|suspect| suspect.id == id).ok_or(Error::NotFound)?;
    if seat.reaches(Permission::InboxOrganise, found.team_id, found.account_id) { Ok(found) } else { Err(Error::NotFound) }
}

/// Lets one through: it becomes a conversation as if nothing had been suspected. Doing it twice makes no second one, because what was sent
/// keeps its id.
///
/// # Errors
/// `NotFound` also for a form that takes nothing in at the moment.
pub async fn release(app: &App, seat: &Seat, id: Id<kinds::FormSubmission>) -> Result<Option<Id<kinds::Conversation>>> {
    let mut conn = app.db.read().await?;
    let suspect = open(&mut conn, seat, id).await?;
    let form = forms::open(&mut conn, suspect.account_id).await?;
    drop(conn);
    let locale = suspect.locale.parse().unwrap_or_default();
    let conversation = forms::take_in(app, &form, locale, suspect.item.0).await?;
    take_away(app, seat, id, suspect.account_id, "channel.form-released").await?;
    Ok(conversation)
}

/// Throws one away, for good.
pub async fn delete(app: &App, seat: &Seat, id: Id<kinds::FormSubmission>) -> Result<()> {
    let suspect = open(&mut app.db.read().await?, seat, id).await?;
    take_away(app, seat, id, suspect.account_id, "channel.form-deleted").await
}

async fn take_away(app: &App, seat: &Seat, id: Id<kinds::FormSubmission>, account: Id<kinds::ChannelAccount>, action: &str) -> Result<()> {
    let mut tx = app.db.write().await?;
    let gone = tx.run("DELETE FROM form_suspects WHERE workspace_id = $1 AND id = $2", args![seat.ws(), id]).await?;
    if gone == 1 {
        members::record(&mut tx, seat, action, "channel_account", account.as_i64(), json!({ "suspect": id })).await?;
        events::record(&mut tx, seat.ws(), "account.suspicious", Some(account), Some(seat.user()), json!({})).await?;
    }
    Ok(tx.commit().await?)
}
