//! The job that carries an answer out: the state `sending` commits before the network is touched, so that a crash leaves "unsure", never a second copy.

use channels::{Connection, Failure, Mailbox, Outgoing};
use db::{Json, args, row};
use i18n::Sentence;
use jobs::{Claimed, Outcome};
use model::{Id, kinds};

use super::thread::Recipients;
use super::{MessageState, drafts};
use crate::{App, Error, Result, events, sources};

pub const KIND: &str = "deliver";
/// Attempts over about a day, then it is a person's turn.
const ATTEMPTS: i64 = 12;

row! {
    struct Waiting {
        workspace_id: Id<kinds::Workspace>,
        conversation_id: Id<kinds::Conversation>,
        account_id: Id<kinds::ChannelAccount>,
        author_id: Option<Id<kinds::User>>,
        subject: Option<String>,
        text: String,
        recipients: Option<Json<Recipients>>,
        message_id: Option<String>,
        in_reply_to: Option<String>,
        thread_refs: Option<Json<Vec<String>>>,
        state: MessageState,
        auto: Option<String>,
    }
}

pub async fn run(app: App, job: Claimed) -> Outcome {
    match deliver(&app, &job).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Retry { at: None, why: jobs::Failure::new("job-failure-internal").with("detail", error) },
    }
}

async fn deliver(app: &App, job: &Claimed) -> Result<Outcome> {
    let Some(message) = job.payload.0["message"].as_str().and_then(|id| id.parse::<Id<kinds::Message>>().ok()) else {
        return Ok(Outcome::Failed(jobs::Failure::new("job-failure-payload")));
    };
    // 1. Say what we are about to do, durably.
    let mut tx = app.db.write_as(db::Turn::Background, db::Durability::Full).await?;
    let waiting: Option<Waiting> = tx
        .opt(
            db::sql!("SELECT workspace_id, conversation_id, account_id, author_id, subject, text, recipients, message_id, in_reply_to, thread_refs, state, auto FROM messages WHERE id = $1" for_update),
            args![message],
        )
        .await?;
    let Some(waiting) = waiting else { return Ok(Outcome::Done) };
    match waiting.state {
        MessageState::Queued => {}
        // The last attempt ended between "sending" and its answer: only a look can tell, and SMTP has no look.
        MessageState::Sending => {
            set_state(&mut tx, &waiting, message, MessageState::Unsure, Some(Sentence::new("failure-unsure"))).await?;
            tx.commit().await?;
            return Ok(Outcome::Done);
        }
        _ => return Ok(Outcome::Done),
    }
    let attempt = app.random().token();
    tx.run("UPDATE messages SET state = 'sending', attempt_id = $2 WHERE id = $1 AND state = 'queued'", args![message, attempt]).await?;
    tx.commit().await?;

    // 2. The network.
    let sent = async {
        let (channel, mut connection, from) =
            sources::sender(app, waiting.workspace_id, waiting.account_id).await.map_err(|error| match error {
                Error::Upstream(failure) => failure,
                error => Failure::Unreachable { detail: error.to_string() },
            })?;
        let outgoing = outgoing(app, &waiting, message, from, &connection)
            .await
            .map_err(|error| Failure::Unreachable { detail: error.to_string() })?;
        connection.settings["loop_marker"] = loop_marker(app).into();
        channel.send(&app.channels, &connection, &outgoing).await
    }
    .await;

    // 3. What came of it.
    let mut tx = app.db.write_as(db::Turn::Background, db::Durability::Full).await?;
    let outcome = match sent {
        Ok(_) => {
            set_state(&mut tx, &waiting, message, MessageState::Sent, None).await?;
            Outcome::Done
        }
        Err(Failure::Unsure { .. }) => {
            set_state(&mut tx, &waiting, message, MessageState::Unsure, Some(Sentence::new("failure-unsure"))).await?;
            Outcome::Done
        }
        Err(failure) if failure.is_temporary() && job.attempts < ATTEMPTS => {
            set_state(&mut tx, &waiting, message, MessageState::Queued, Some(say(&failure))).await?;
            let at = match failure {
                Failure::TooMany { seconds } => Some(app.now() + std::time::Duration::from_secs(seconds)),
                _ => None,
            };
            Outcome::Retry { at, why: jobs::Failure::new("job-failure-network").with("detail", failure) }
        }
        Err(failure) => {
            let why = say(&failure);
            set_state(&mut tx, &waiting, message, MessageState::Failed, Some(why.clone())).await?;
            // Back into the composer, text intact, with the reason.
            if let Some(author) = waiting.author_id {
                let cc = waiting
                    .recipients
                    .as_ref()
                    .map(|r| r.0.cc.iter().map(|m| m.address.clone()).collect::<Vec<_>>().join(", "))
                    .unwrap_or_default();
                let has_draft: Option<(i64,)> = tx
                    .opt(
                        "SELECT user_id FROM drafts WHERE workspace_id = $1 AND conversation_id = $2 AND user_id = $3 AND kind = 'answer'",
                        args![waiting.workspace_id, waiting.conversation_id, author],
                    )
                    .await?;
                if has_draft.is_none() {
                    drafts::keep(&mut tx, waiting.workspace_id, waiting.conversation_id, author, "answer", &waiting.text, &cc, Some(&why))
                        .await?;
                }
            }
            Outcome::Failed(jobs::Failure::new("job-failure-network").with("detail", failure))
        }
    };
    // Effect and end of the job are one transaction.
    jobs::settle(&mut tx, job, &outcome, app.random()).await.map_err(|error| Error::Internal(error.to_string()))?;
    tx.commit().await?;
    Ok(outcome)
}

/// What our mails carry so that we know them again: `X-Tresen-Loop`, a keyed value nobody else can make.
pub fn loop_marker(app: &App) -> String {
    app.sealer.mac("loop-marker", b"1")[..12].iter().map(|b| format!("{b:02x}")).collect()
}

async fn set_state(
    tx: &mut db::Tx,
    waiting: &Waiting,
    message: Id<kinds::Message>,
    state: MessageState,
    failure: Option<Sentence>,
) -> Result<()> {
    let now = tx.now();
    let sent_at = (state == MessageState::Sent).then_some(now);
    tx.run(
        "UPDATE messages SET state = $2, failure = $3, sent_at = COALESCE($4, sent_at) WHERE id = $1",
        args![message, state, failure.map(serde_json::to_value).transpose()?, sent_at],
    )
    .await?;
    events::record(
        tx,
        waiting.workspace_id,
        "message.state",
        Some(waiting.conversation_id),
        None,
        serde_json::json!({ "state": state.name() }),
    )
    .await?;
    Ok(())
}

async fn outgoing(app: &App, waiting: &Waiting, message: Id<kinds::Message>, from: Mailbox, connection: &Connection) -> Result<Outgoing> {
    let rows: Vec<(String, String, String)> = app
        .db
        .read()
        .await?
        .all(
            "SELECT name, mime, sha256 FROM attachments WHERE workspace_id = $1 AND message_id = $2 ORDER BY id",
            args![waiting.workspace_id, message],
        )
        .await?;
    let (blobs, ws) = (app.blobs.clone(), waiting.workspace_id);
    let attachments = tokio::task::spawn_blocking(move || {
        rows.into_iter()
            .map(|(name, mime, sha256)| Ok(channels::InboundAttachment { name, mime, content_id: None, bytes: blobs.read(ws, &sha256)? }))
            .collect::<Result<Vec<_>>>()
    })
    .await
    .map_err(|e| Error::Internal(e.to_string()))??;
    let recipients = waiting.recipients.as_ref().map(|r| r.0.clone()).unwrap_or_default();
    // The token finds the conversation again for mail programs that break threads; only where the server takes plus addresses.
    let wants_token = connection.settings["reply_token"]
        .as_bool()
        .unwrap_or_else(|| connection.settings["reply_token"].as_str().is_some_and(|flag| !flag.is_empty()));
    let key = app.sealer.derive("reply-token");
    let reply_to = if wants_token { channels::mail::token::address(&key, waiting.conversation_id.as_i64(), &from.address) } else { None };
    Ok(Outgoing {
        client_id: waiting.message_id.clone().unwrap_or_default(),
        from: Some(from),
        reply_to,
        to: recipients.to,
        cc: recipients.cc,
        subject: waiting.subject.clone(),
        text: waiting.text.clone(),
        in_reply_to: waiting.in_reply_to.clone(),
        references: waiting.thread_refs.as_ref().map(|r| r.0.clone()).unwrap_or_default(),
        attachments,
        auto_submitted: waiting.auto.clone(),
    })
}

/// A channel's failure as a sentence for the person who wrote the answer.
fn say(failure: &Failure) -> Sentence {
    match failure {
        Failure::Rejected { detail } => Sentence::new("failure-rejected").with("detail", detail.clone()),
        Failure::SignIn { .. } => Sentence::new("failure-sign-in"),
        Failure::Tls { detail } => Sentence::new("failure-tls").with("detail", detail.clone()),
        Failure::Setting { field, .. } => Sentence::new("failure-setting").with("field", field.clone()),
        other => Sentence::new("failure-network").with("detail", other.to_string()),
    }
}
