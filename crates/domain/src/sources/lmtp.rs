//! The delivery door: a mail server next door hands mails over (LMTP). What is answered with 250 is on disk; everything else stays there.

use std::sync::Arc;
use std::time::Duration;

use channels::mail::{lmtp, map};
use db::{Conn, Json, args, row};
use futures::future::BoxFuture;
use model::{Id, kinds};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{App, Error, Result, fold_key, intake};

/// Connections at a time; a mail server uses a handful.
const CONNECTIONS: usize = 32;
/// How long a stop waits for deliveries under way.
const GRACE: Duration = Duration::from_secs(10);

/// Where the door is.
pub enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Door::Tcp(listener)
    }
}
impl From<UnixListener> for Door {
    fn from(listener: UnixListener) -> Self {
        Door::Unix(listener)
    }
}

/// Takes mails until `stop`.
pub async fn serve(app: App, door: impl Into<Door>, stop: CancellationToken) {
    let door = door.into();
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let tasks = TaskTracker::new();
    loop {
        let slot = tokio::select! { () = stop.cancelled() => break, slot = slots.clone().acquire_owned() => slot };
        let accepted: std::io::Result<Box<dyn Stream>> = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async { match &door {
                Door::Tcp(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as Box<dyn Stream>),
                Door::Unix(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as Box<dyn Stream>),
            } } => accepted,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                // No file handles left: the others end some time.
                tracing::warn!(%error, "a delivery could not be taken");
                tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(Duration::from_millis(200)) => continue }
            }
        };
        let (app, stop) = (app.clone(), stop.clone());
        tasks.spawn(async move {
            let limits = lmtp::LmtpLimits { message: app.channels.limits.mail, ..lmtp::LmtpLimits::default() };
            let mailboxes = Mailboxes(app);
            let served = lmtp::serve(stream, &mailboxes, limits);
            tokio::select! {
                ended = served => if let Err(error) = ended { tracing::debug!(%error, "a delivery connection ended") },
                // A mail under way gets its time; idle connections would last for ever.
                () = async { stop.cancelled().await; tokio::time::sleep(GRACE / 2).await } => {}
            }
            drop(slot);
        });
    }
    tasks.close();
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("deliveries were cut off; the mail server will hand them over again");
    }
}

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Stream for T {}

/// All inbound addresses of the installation.
pub struct Mailboxes(pub App);

struct Mailbox {
    workspace: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    authserv_id: String,
}

row! {
    struct Found { workspace_id: Id<kinds::Workspace>, account_id: Id<kinds::ChannelAccount>, settings: Option<Json<serde_json::Value>> }
}

/// The mailbox of a recipient: the address itself, or without what stands behind `+`.
async fn mailbox(conn: &mut Conn, recipient: &str) -> Result<Option<Mailbox>> {
    let whole = fold_key(recipient);
    let plain = whole.rsplit_once('@').and_then(|(local, domain)| Some(format!("{}@{domain}", local.split_once('+')?.0)));
    for key in [Some(whole), plain].into_iter().flatten() {
        let found: Option<Found> = conn
            .opt(
                "SELECT i.workspace_id, i.account_id, s.settings FROM inbound_addresses i
                 JOIN channel_accounts a ON a.workspace_id = i.workspace_id AND a.id = i.account_id AND a.removed_at IS NULL
                 LEFT JOIN sources s ON s.id = a.source_id WHERE i.address_key = $1",
                args![key],
            )
            .await?;
        if let Some(Found { workspace_id: workspace, account_id: account, settings }) = found {
            let authserv_id =
                settings.and_then(|Json(s)| s.get("authserv_id").and_then(|v| v.as_str()).map(str::to_string)).unwrap_or_default();
            return Ok(Some(Mailbox { workspace, account, authserv_id }));
        }
    }
    Ok(None)
}

impl Mailboxes {
    async fn find(&self, recipient: &str) -> Result<Mailbox, lmtp::Refusal> {
        let found = async { mailbox(&mut self.0.db.read().await?, recipient).await };
        match found.await {
            Ok(Some(mailbox)) => Ok(mailbox),
            Ok(None) => Err(lmtp::Refusal::UnknownRecipient),
            Err(error) => Err(later(&error)),
        }
    }

    async fn store(&self, recipient: &str, mail_from: &str, bytes: Arc<[u8]>) -> Result<(), lmtp::Refusal> {
        let mailbox = self.find(recipient).await?;
        let (authserv_id, recipients, from) = (mailbox.authserv_id, [recipient.to_string()], mail_from.to_string());
        let read = tokio::task::spawn_blocking(move || {
            map::parse(&bytes, &map::Origin { folder: "lmtp", authserv_id: &authserv_id, recipients: &recipients, mail_from: Some(&from) })
        });
        let item = read.await.map_err(|error| later(&Error::Internal(error.to_string())))?;
        match intake::deliver(&self.0, mailbox.workspace, mailbox.account, item).await {
            Ok(_) => Ok(()),
            // Removed between RCPT and DATA.
            Err(Error::NotFound) => Err(lmtp::Refusal::UnknownRecipient),
            Err(error) => Err(later(&error)),
        }
    }
}

/// Whatever is wrong with us, the mail stays where it is: no reason to send it back to its author.
fn later(error: &Error) -> lmtp::Refusal {
    tracing::warn!(%error, "a mail could not be stored; its server keeps it");
    if error.is_full() {
        return lmtp::Refusal::NoRoom;
    }
    lmtp::Refusal::Temporary("Storage is not available, try again later".into())
}

impl lmtp::Delivery for Mailboxes {
    fn accept<'a>(&'a self, recipient: &'a str) -> BoxFuture<'a, Result<(), lmtp::Refusal>> {
        Box::pin(async move { self.find(recipient).await.map(|_| ()) })
    }

    fn deliver<'a>(&'a self, recipient: &'a str, mail_from: &'a str, bytes: Arc<[u8]>) -> BoxFuture<'a, Result<(), lmtp::Refusal>> {
        Box::pin(self.store(recipient, mail_from, bytes))
    }
}
