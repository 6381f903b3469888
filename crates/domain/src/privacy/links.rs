//! Opening and closing the door in the wall. Every link names its ground and carries the words; both ends are audited.

use db::{Conn, Tx, args, row, sql};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde_json::json;

use super::wall::{Ground, Side};
use crate::accounts::{Permission, Scope, Seat};
use crate::{App, Error, Result, audit, events};

/// What makes a link lawful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub ground: Ground,
    /// What was asked and agreed to, or what they said. At least [`WORDING_LEAST`] characters.
    pub wording: String,
    /// The message that proves it, of a conversation on either side. Some grounds are nothing without one ([`Ground::needs_message`]).
    pub proof: Option<Id<kinds::Message>>,
}

/// Shorter is no sentence.
pub const WORDING_LEAST: usize = 8;
const WORDING_MOST: usize = 2000;

row! {
    /// A message of one side that may serve as proof.
    pub struct Proof {
        pub id: Id<kinds::Message>,
        pub text: String,
        pub sort_at: Timestamp,
    }
}

/// Joins a profile and a contact. Opening what is open already changes nothing and returns the same link.
///
/// # Errors
/// `InvalidFields` for a wording that says nothing, a proof from elsewhere or a missing one; `NotFound` when either side does not exist here.
pub async fn open(
    app: &App,
    seat: &Seat,
    profile: Id<kinds::Profile>,
    contact: Id<kinds::Contact>,
    reason: Reason,
) -> Result<Id<kinds::ProfileLink>> {
    for permission in [Permission::ProfileLink, Permission::ContactRead, Permission::ListenRead] {
        seat.require(permission)?;
    }
    let wording = checked(&reason.wording)?;
    let mut tx = app.db.write().await?;
    // The contact's row is the lock: two people who link at the same moment make one link.
    tx.opt::<(i64,)>(sql!("SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2" for_update), args![seat.ws(), contact])
        .await?
        .ok_or(Error::NotFound)?;
    tx.opt::<(i64,)>("SELECT id FROM profiles WHERE workspace_id = $1 AND id = $2", args![seat.ws(), profile])
        .await?
        .ok_or(Error::NotFound)?;
    match reason.proof {
        Some(proof) => proves(&mut tx, seat, proof, profile, contact).await?,
        None if reason.ground.needs_message() => {
            return Err(Error::InvalidFields(vec![("proof".into(), Sentence::new("error-link-proof-missing"))]));
        }
        None => {}
    }
    let open: Option<(Id<kinds::ProfileLink>,)> = tx
        .opt(
            "SELECT id FROM profile_links WHERE workspace_id = $1 AND profile_id = $2 AND contact_id = $3 AND closed_at IS NULL",
            args![seat.ws(), profile, contact],
        )
        .await?;
    if let Some((id,)) = open {
        return Ok(id);
    }
    let (id, now) = (tx.id::<kinds::ProfileLink>(), tx.now());
    tx.run(
        "INSERT INTO profile_links (id, workspace_id, profile_id, contact_id, ground, wording, proof_message_id, linked_by, linked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![id, seat.ws(), profile, contact, reason.ground, wording, reason.proof, seat.user(), now],
    )
    .await?;
    let detail = json!({ "profile": profile, "contact": contact, "ground": reason.ground.name() });
    note(&mut tx, seat, "link.opened", id, detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Shuts the door again: withdrawal of consent (GDPR Art. 7 (3)), a mistake, a person who does not want it. The row stays as the record of
/// what was seen together, and why, until it ended.
pub async fn close(app: &App, seat: &Seat, id: Id<kinds::ProfileLink>) -> Result<(Id<kinds::Profile>, Id<kinds::Contact>)> {
    seat.require(Permission::ProfileLink)?;
    let mut tx = app.db.write().await?;
    let now = tx.now();
    let (profile, contact) = shut(&mut tx, seat.ws(), id, now, Some(seat.user())).await?.ok_or(Error::NotFound)?;
    note(&mut tx, seat, "link.closed", id, json!({ "profile": profile, "contact": contact })).await?;
    tx.commit().await?;
    Ok((profile, contact))
}

/// Shuts a door that is open; whose it was.
pub(crate) async fn shut(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    id: Id<kinds::ProfileLink>,
    at: Timestamp,
    by: Option<Id<kinds::User>>,
) -> Result<Option<(Id<kinds::Profile>, Id<kinds::Contact>)>> {
    Ok(tx
        .opt(
            "UPDATE profile_links SET closed_at = $3, closed_by = $4 WHERE workspace_id = $1 AND id = $2 AND closed_at IS NULL RETURNING profile_id, contact_id",
            args![ws, id, at, by],
        )
        .await?)
}

async fn note(tx: &mut Tx, seat: &Seat, action: &'static str, id: Id<kinds::ProfileLink>, detail: serde_json::Value) -> Result<()> {
    events::record(tx, seat.ws(), action, Some(id), Some(seat.user()), detail.clone()).await?;
    let entry = audit::Entry {
        workspace: Some(seat.ws()),
        actor: Some(seat.user()),
        action,
        subject_kind: Some("profile_link"),
        subject: Some(id.as_i64()),
        detail,
    };
    Ok(audit::record(tx, entry).await?)
}

fn checked(wording: &str) -> Result<String> {
    let wording = model::text::clean(wording.trim());
    let length = wording.chars().count();
    let wrong = |why: Sentence| Err(Error::InvalidFields(vec![("wording".into(), why)]));
    match length {
        n if n < WORDING_LEAST => wrong(Sentence::new("error-link-wording")),
        n if n > WORDING_MOST => wrong(Sentence::new("error-contact-long").with("most", WORDING_MOST)),
        _ => Ok(wording),
    }
}

/// A proof is a message of one of the two, which this person may read.
async fn proves(
    tx: &mut Tx,
    seat: &Seat,
    proof: Id<kinds::Message>,
    profile: Id<kinds::Profile>,
    contact: Id<kinds::Contact>,
) -> Result<()> {
    let of: Option<(Option<Id<kinds::Team>>, Id<kinds::ChannelAccount>)> = tx
        .opt(
            "SELECT c.team_id, c.account_id FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
             WHERE m.workspace_id = $1 AND m.id = $2 AND (c.profile_id = $3 OR c.contact_id = $4)",
            args![seat.ws(), proof, profile, contact],
        )
        .await?;
    match of {
        Some((team, account)) if seat.reaches(Permission::InboxRead, team, account) => Ok(()),
        _ => Err(Error::InvalidFields(vec![("proof".into(), Sentence::new("error-link-proof"))])),
    }
}

/// The newest messages from them on this side alone, for choosing a proof.
pub async fn proofs(conn: &mut Conn, seat: &Seat, side: Side) -> Result<Vec<Proof>> {
    if !seat.can(Permission::InboxRead) {
        return Ok(Vec::new());
    }
    let (all, teams, accounts) = match seat.scope(Permission::InboxRead) {
        Scope::Everything => (true, Vec::new(), Vec::new()),
        Scope::Only { teams, accounts } => (false, teams, accounts),
    };
    let reach = |id: i64| args![seat.ws(), id, all, teams.as_slice(), accounts.as_slice()];
    Ok(match side {
        Side::Contact(id) => {
            conn.all(
                sql!("SELECT m.id, m.text, m.sort_at FROM messages m WHERE m.workspace_id = $1 AND m.direction = 'in' AND m.conversation_id IN
                        (SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND c.contact_id = $2 AND NOT c.is_public AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] "))
                      ORDER BY m.sort_at DESC, m.id DESC LIMIT 10"),
                reach(id.as_i64()),
            )
            .await?
        }
        Side::Profile(id) => {
            conn.all(
                sql!("SELECT m.id, COALESCE(p.title, p.text, m.text) AS text, m.sort_at FROM messages m
                      LEFT JOIN posts p ON p.workspace_id = m.workspace_id AND p.id = m.post_id
                      WHERE m.workspace_id = $1 AND m.direction = 'in' AND m.conversation_id IN
                        (SELECT c.id FROM conversations c WHERE c.workspace_id = $1 AND c.profile_id = $2 AND c.is_public AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] "))
                      ORDER BY m.sort_at DESC, m.id DESC LIMIT 10"),
                reach(id.as_i64()),
            )
            .await?
        }
    })
}
