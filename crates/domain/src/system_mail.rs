//! Mails the installation itself sends: invitations and password links. They hold addresses and links that open doors, so a job keeps them
//! sealed, and forgets them when the mail has left.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use channels::{Failure, Mailbox, Outgoing};
use db::{Durability, Turn, Tx, args};
use jobs::{Claimed, NewJob, Outcome};
use serde::{Deserialize, Serialize};

use crate::accounts::resets;
use crate::{App, Error, Result};

/// The kind of job; register [`run`] for it.
pub const KIND: &str = "system-mail";
const PURPOSE: &str = "system-mail";

/// A mail in the recipient's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// What a job carries, sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Letter {
    Mail(Mail),
    /// Whether this address has a user is found out by the job, not by the request.
    Reset {
        email: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Payload {
    sealed: String,
}

/// Puts a mail on its way inside the transaction that wants it sent. `false`: this installation sends no mail.
pub async fn enqueue(app: &App, tx: &mut Tx, mail: &Mail) -> Result<bool> {
    post(app, tx, &Letter::Mail(mail.clone())).await
}

pub(crate) async fn enqueue_reset(app: &App, tx: &mut Tx, email: &str) -> Result<bool> {
    post(app, tx, &Letter::Reset { email: email.to_string() }).await
}

async fn post(app: &App, tx: &mut Tx, letter: &Letter) -> Result<bool> {
    if app.config.system_mail.is_none() {
        return Ok(false);
    }
    let sealed = app.sealer.seal(&serde_json::to_vec(letter)?, PURPOSE, app.random())?;
    jobs::enqueue(tx, NewJob::new(KIND, serde_json::to_value(Payload { sealed: STANDARD.encode(sealed.bytes) })?)).await?;
    Ok(true)
}

/// Sends one mail. The same Message-ID with every attempt: a mail that arrives twice is seen as one.
pub async fn run(app: App, job: Claimed) -> Outcome {
    match send(&app, &job).await {
        Ok(()) => done(&app, &job).await,
        Err(Error::Upstream(failure)) => {
            let why = jobs::Failure::new("job-failure-mail").with("detail", &failure);
            match failure {
                Failure::TooMany { seconds } => Outcome::Retry { at: Some(app.now() + std::time::Duration::from_secs(seconds)), why },
                // Twice is better than never, and the second is recognised.
                failure if failure.is_temporary() || matches!(failure, Failure::Unsure { .. }) => Outcome::Retry { at: None, why },
                _ => Outcome::Failed(why),
            }
        }
        Err(Error::Refused(_)) => Outcome::Failed(jobs::Failure::new("job-failure-mail-off")),
        Err(Error::Db(error)) if error.is_temporary() => Outcome::Retry { at: None, why: jobs::Failure::new("job-failure-database") },
        Err(error) => {
            tracing::error!(%error, job = %job.id, "system mail");
            Outcome::Failed(jobs::Failure::new("job-failure-internal"))
        }
    }
}

/// The job has done its work: nothing of what it carried is kept, in the same transaction.
async fn done(app: &App, job: &Claimed) -> Outcome {
    let forgotten = async {
        let mut tx = app.db.write_as(Turn::Background, Durability::Full).await?;
        jobs::settle(&mut tx, job, &Outcome::Done, app.random()).await?;
        tx.run("UPDATE jobs SET payload = $2 WHERE id = $1", args![job.id, serde_json::json!({})]).await?;
        tx.commit().await?;
        Ok::<_, jobs::LostLease>(())
    };
    if let Err(error) = forgotten.await {
        tracing::warn!(%error, job = %job.id, "a sent system mail keeps its sealed words until the job is cleared away");
    }
    Outcome::Done
}

async fn send(app: &App, job: &Claimed) -> Result<()> {
    let Some(post) = &app.config.system_mail else { return Err(Error::refused("mail.off", "job-failure-mail-off")) };
    let payload: Payload = serde_json::from_value(job.payload.0.clone())?;
    let sealed = STANDARD.decode(payload.sealed).map_err(|error| Error::Internal(error.to_string()))?;
    let mail = match serde_json::from_slice(&app.sealer.open(&sealed, PURPOSE)?)? {
        Letter::Mail(mail) => mail,
        Letter::Reset { email } => match resets::mail_for(app, &email).await? {
            Some(mail) => mail,
            None => return Ok(()),
        },
    };
    let host = url::Url::parse(&app.config.public_url)
        .ok()
        .and_then(|url| url.host_str().map(ToString::to_string))
        .unwrap_or_else(|| "localhost".into());
    let outgoing = Outgoing {
        client_id: format!("system.{}@{host}", job.id),
        from: Some(post.from.clone()),
        reply_to: None,
        to: vec![Mailbox { name: None, address: mail.to }],
        cc: Vec::new(),
        subject: Some(mail.subject),
        text: mail.text,
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        auto_submitted: Some("auto-generated".into()),
    };
    channels::mail::smtp::send(&app.channels, &post.connection, &outgoing).await?;
    Ok(())
}
