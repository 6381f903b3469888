//! Mail: IMAP in, SMTP out, LMTP from a mail server next door. [`map`] reads a mail, [`imap`] and [`lmtp`] bring it, [`smtp`] sends one.

pub mod addresses;
mod attachment;
pub mod auto;
pub mod imap;
pub mod lmtp;
pub mod map;
pub mod quote;
mod settings;
pub mod smtp;
pub mod token;
mod wire;

use futures::future::BoxFuture;
use serde::Serialize;

use crate::{Auto, Capabilities, Channel, Connection, Context, Failure, Listener, Outgoing, Sent};

/// Mail accounts.
pub struct Mail;

static CAPABILITIES: Capabilities = Capabilities {
    name: "mail",
    icon: "mail",
    can_send: true,
    public: false,
    threads: true,
    attachments: true,
    max_length: None,
    can_look_up_sent: true,
    settings: settings::FORM,
};

impl Channel for Mail {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, connection: &Connection) -> Vec<Failure> {
        settings::Account::read(connection).err().unwrap_or_default()
    }

    fn test<'a>(&'a self, ctx: &'a Context, connection: &'a Connection) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            let account = settings::Account::read(connection).map_err(settings::first)?;
            let mut folders = Vec::new();
            if account.imap.is_some() {
                folders = imap::folders(ctx, &account).await?;
                if let Some(missing) = account.folders.iter().find(|wanted| !folders.iter().any(|name| settings::same_folder(name, wanted)))
                {
                    return Err(Failure::Setting {
                        field: "folders".into(),
                        detail: format!("there is no {missing}; there are: {}", folders.join(", ")),
                    });
                }
            }
            if account.smtp.is_some() {
                smtp::try_sign_in(ctx, connection).await?;
            }
            Ok(folders.join(", "))
        })
    }

    fn listen(&self, ctx: &Context, connection: &Connection) -> Option<Box<dyn Listener>> {
        // Without an IMAP server, mail comes by LMTP. Broken settings still get an ear, which says what is wrong.
        let has_imap = settings::Account::read(connection).map_or(true, |account| account.imap.is_some());
        has_imap.then(|| Box::new(imap::Ear::new(ctx.clone(), connection)) as Box<dyn Listener>)
    }

    fn send<'a>(&'a self, ctx: &'a Context, connection: &'a Connection, message: &'a Outgoing) -> BoxFuture<'a, Result<Sent, Failure>> {
        Box::pin(async move {
            let (sent, source) = smtp::send_with_source(ctx, connection, message).await?;
            imap::keep_copy(ctx, connection, &source).await;
            Ok(sent)
        })
    }

    /// Looks into the folder of sent mails, where one is named. Finding it there is proof; not finding it proves nothing, since the copy is
    /// made after sending: so this never says "certainly not".
    fn find_sent<'a>(
        &'a self,
        ctx: &'a Context,
        connection: &'a Connection,
        client_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Sent>, Failure>> {
        Box::pin(async move {
            if imap::is_in_sent(ctx, connection, client_id).await? {
                return Ok(Some(Sent { external_id: client_id.to_owned() }));
            }
            Err(Failure::Unsure { detail: "not in the folder of sent mails".into() })
        })
    }
}

/// What `tresen channel try mail` prints: one object, keys in this order.
#[derive(Debug, Serialize)]
pub struct Tried {
    message_id: Option<String>,
    in_reply_to: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    subject: Option<String>,
    /// RFC 3339, UTC.
    date: Option<String>,
    text: String,
    html: Option<String>,
    new_text: String,
    attachments: Vec<TriedFile>,
    auto: Option<Auto>,
}

#[derive(Debug, Serialize)]
struct TriedFile {
    name: String,
    mime: String,
    bytes: usize,
}

/// Reads a mail as the channel would and shows what it understood.
pub fn try_json(bytes: &[u8]) -> Tried {
    let inbound = map::parse(bytes, &map::Origin { folder: "try", ..map::Origin::default() });
    let facts = inbound.mail.unwrap_or_default();
    Tried {
        message_id: Some(facts.message_id).filter(|id| !id.is_empty()),
        in_reply_to: facts.in_reply_to,
        from: facts.from.first().map(addresses::display),
        to: facts.to.iter().map(addresses::display).collect(),
        subject: inbound.title,
        date: inbound.published_at.map(|at| at.to_string()),
        text: inbound.text,
        html: inbound.html,
        new_text: facts.new_text,
        attachments: inbound
            .attachments
            .iter()
            .map(|file| TriedFile { name: file.name.clone(), mime: file.mime.clone(), bytes: file.bytes.len() })
            .collect(),
        auto: facts.auto,
    }
}

/// A file somebody uploads, named and typed as an attachment of a mail would be: a safe name, the kind its bytes tell.
pub fn file_name_and_type(name: &str, bytes: &[u8]) -> (String, String) {
    let mime = attachment::kind(None, bytes);
    (attachment::safe_name(Some(name), &mime), mime)
}
