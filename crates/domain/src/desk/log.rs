//! What happened away from the screen: a call, a letter, a visit, a fair, logged in seconds.

use channels::ItemKind;
use db::args;
use model::{Id, kinds};

use super::reply::Upload;
use crate::accounts::{Permission, Seat};
use crate::{App, Error, Result, intake, sources};

pub struct Log {
    pub kind: ItemKind,
    pub name: String,
    /// Telephone number or mail address, if known.
    pub address: String,
    pub subject: String,
    pub text: String,
    pub files: Vec<Upload>,
    /// Nothing is left to do.
    pub done: bool,
}

/// Logs it as a conversation of its own, assigned to the person who logs.
pub async fn add(app: &App, seat: &Seat, log: Log) -> Result<Id<kinds::Conversation>> {
    seat.require(Permission::InboxLog)?;
    if !matches!(log.kind, ItemKind::Call | ItemKind::Letter | ItemKind::Visit | ItemKind::Fair) {
        return Err(Error::invalid("kind", "error-choice"));
    }
    let text = model::text::clean(&log.text);
    if text.trim().is_empty() {
        return Err(Error::invalid("text", "error-text-empty"));
    }
    let account = sources::manual_account(app, seat.ws()).await?;
    let attachments = log
        .files
        .into_iter()
        .filter(|f| !f.bytes.is_empty())
        .map(|f| {
            let (name, mime) = channels::mail::file_name_and_type(&f.name, &f.bytes);
            channels::InboundAttachment { name, mime, content_id: None, bytes: f.bytes }
        })
        .collect();
    let address = model::text::clean(&log.address).trim().to_string();
    let subject = model::text::clean(&log.subject).trim().to_string();
    let item = channels::Inbound {
        external_id: format!("manual:{}", app.db.id::<()>()),
        canonical_url: None,
        kind: log.kind,
        author: channels::Author {
            name: model::text::clean(&log.name).trim().to_string(),
            handle: None,
            url: None,
            address: Some(address).filter(|a| !a.is_empty()),
        },
        title: Some(if subject.is_empty() { model::text::excerpt(&text, 80) } else { subject }),
        text,
        html: None,
        published_at: Some(app.now()),
        language_hint: None,
        in_reply_to: None,
        attachments,
        mail: None,
        media: Vec::new(),
    };
    let conversation = intake::deliver(app, seat.ws(), account, item)
        .await?
        .ok_or_else(|| Error::Internal("a logged item made no conversation".into()))?;
    let mut tx = app.db.write().await?;
    let now = tx.now();
    tx.run(
        "UPDATE conversations SET assignee_id = $3, status = CASE WHEN $4 THEN 'done' ELSE status END, resolved_at = CASE WHEN $4 THEN $5 ELSE NULL END,
           waiting_since = CASE WHEN $4 THEN NULL ELSE waiting_since END WHERE workspace_id = $1 AND id = $2",
        args![seat.ws(), conversation, seat.user(), log.done, now],
    )
    .await?;
    tx.commit().await?;
    Ok(conversation)
}
