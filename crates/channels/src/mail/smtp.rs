//! Sends mail (RFC 5321, 4954, 3207). One connection for each message: support mail is few, and a kept connection is one more thing that
//! breaks half-way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox as LettreMailbox, Message, MultiPart, SinglePart};
use url::Host;

use super::settings::{self, Security, Sender, Server};
use super::wire::{self, Broken, Stream, Talk};
use super::{addresses, auto};
use crate::{Connection, Context, Failure, Mailbox, Outgoing, Sent};

/// References kept: the first names the thread, the last ones are what clients look at. Longer headers are cut by some servers.
const MAX_REFERENCES: usize = 20;

/// Sends one message. Failures tell what may be done next: [`Failure::Rejected`] is final, [`Failure::Unsure`] means it may be out,
/// everything that [`Failure::is_temporary`] certainly is not.
pub async fn send(ctx: &Context, connection: &Connection, message: &Outgoing) -> Result<Sent, Failure> {
    send_with_source(ctx, connection, message).await.map(|(sent, _)| sent)
}

/// Sends mail of the installation itself (invitations, resets). Needs only the sending half of the settings: `from`, `smtp_host` …
pub async fn send_system(ctx: &Context, connection: &Connection, message: &Outgoing) -> Result<Sent, Failure> {
    send(ctx, connection, message).await
}

pub(super) async fn send_with_source(ctx: &Context, connection: &Connection, message: &Outgoing) -> Result<(Sent, Vec<u8>), Failure> {
    let sender = Sender::read(connection).map_err(settings::first)?;
    let from = message.from.clone().unwrap_or_else(|| sender.from.clone());
    let source = build(ctx, &sender, &from, message)?;
    let recipients: Vec<&str> = message.to.iter().chain(&message.cc).map(|mailbox| mailbox.address.as_str()).collect();
    // Answers of machines to machines end here: nothing comes back to a null path (RFC 3834 §3.3). Generated mail still wants its bounces.
    let from_nobody = message.auto_submitted.as_deref() == Some("auto-replied");
    let result = send_source(ctx, &sender.server, if from_nobody { "" } else { &from.address }, &recipients, &source).await;
    match result {
        // Some submission servers take no null path. A refused message was not sent, so sending it again is safe.
        Err(Failure::Rejected { .. }) if from_nobody => send_source(ctx, &sender.server, &from.address, &recipients, &source).await?,
        other => other?,
    }
    Ok((Sent { external_id: message.client_id.clone() }, source))
}

/// Signs in and says goodbye, for the account page's test.
pub(super) async fn try_sign_in(ctx: &Context, connection: &Connection) -> Result<(), Failure> {
    let sender = Sender::read(connection).map_err(settings::first)?;
    let mut open = Open::new(ctx, &sender.server, &sender.from.address).await?;
    open.talk.quit().await;
    Ok(())
}

/// Sends a finished message. All recipients or none: a message that reached some is nobody's idea of a clear state.
async fn send_source(ctx: &Context, server: &Server, from: &str, to: &[&str], source: &[u8]) -> Result<(), Failure> {
    if to.is_empty() {
        return Err(Failure::Rejected { detail: "no recipient".into() });
    }
    if source.len() > ctx.limits.mail {
        return Err(Failure::TooLarge);
    }
    let envelope = |address: &str| {
        ascii_address(address).ok_or_else(|| Failure::Rejected { detail: format!("not a mail address: {}", wire::clip(address)) })
    };
    let from = if from.is_empty() { String::new() } else { envelope(from)? };
    let to: Vec<String> = to.iter().map(|address| envelope(address)).collect::<Result<_, _>>()?;

    let mut open = Open::new(ctx, server, if from.is_empty() { &to[0] } else { &from }).await?;
    let size = format!("SIZE={}", source.len());
    let mut parameters = Vec::new();
    if open.offers("SIZE") {
        parameters.push(size.as_str());
    }
    if open.offers("8BITMIME") && !source.is_ascii() {
        parameters.push("BODY=8BITMIME");
    }
    if !from.is_ascii() || to.iter().any(|address| !address.is_ascii()) {
        if !open.offers("SMTPUTF8") {
            return Err(Failure::Rejected { detail: "the server takes no addresses with letters beyond ASCII".into() });
        }
        parameters.push("SMTPUTF8");
    }
    open.expect(&wire::path("MAIL FROM", &from, &parameters), 250).await?;
    for address in &to {
        let reply = open.talk.command(&wire::path("RCPT TO", address, &[])).await?;
        if !matches!(reply.code, 250 | 251) {
            open.talk.quit().await;
            return Err(match reply.failure() {
                Failure::Rejected { detail } => Failure::Rejected { detail: format!("{address}: {detail}") },
                other => other,
            });
        }
    }
    open.expect("DATA", 354).await?;
    match open.talk.message(source).await {
        Ok(()) => {}
        Err(Broken::Before(failure)) => return Err(unreachable(failure)),
        Err(Broken::After(failure)) => return Err(Failure::Unsure { detail: failure.to_string() }),
    }
    let reply = open.talk.reply().await.map_err(|failure| Failure::Unsure { detail: failure.to_string() })?;
    match reply.code {
        250..=259 => {
            open.talk.quit().await;
            Ok(())
        }
        400..=599 => Err(reply.failure()),
        _ => Err(Failure::Unsure { detail: reply.text() }),
    }
}

fn unreachable(failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable { .. } => failure,
        other => Failure::Unreachable { detail: other.to_string() },
    }
}

/// A connection on which mail may be sent.
struct Open {
    talk: Talk<Stream>,
    features: Vec<String>,
}

impl Open {
    async fn new(ctx: &Context, server: &Server, own_address: &str) -> Result<Self, Failure> {
        // Servers want a name with a dot; ours is not known to the world, the sender's domain is.
        let own_name = addresses::domain(own_address).filter(|name| name.is_ascii()).unwrap_or_else(|| "localhost".to_owned());
        let mut talk = Talk::new(wire::connect(ctx, server).await?, ctx.limits.timeout);
        let greeting = talk.reply().await?;
        if greeting.code != 220 {
            return Err(match greeting.failure() {
                // 554: no service for us (RFC 5321 §3.1), which is not about this message.
                Failure::Rejected { detail } => Failure::Unreachable { detail },
                other => other,
            });
        }
        let mut features = talk.hello("EHLO", &own_name).await?;
        if server.security == Security::StartTls {
            if !features.iter().any(|feature| feature == "STARTTLS") {
                return Err(Failure::Tls { detail: "the server offers no STARTTLS".into() });
            }
            let reply = talk.command("STARTTLS").await?;
            if reply.code != 220 {
                return Err(Failure::Tls { detail: reply.text() });
            }
            talk = Talk::new(wire::encrypt(ctx, server, talk.into_inner()).await?, ctx.limits.timeout);
            features = talk.hello("EHLO", &own_name).await?;
        }
        let mut open = Self { talk, features };
        if !server.user.is_empty() {
            open.sign_in(server).await?;
        }
        Ok(open)
    }

    fn offers(&self, feature: &str) -> bool {
        self.features.iter().any(|line| line.split(' ').next() == Some(feature))
    }

    async fn expect(&mut self, command: &str, code: u16) -> Result<(), Failure> {
        let reply = self.talk.command(command).await?;
        if reply.code == code {
            Ok(())
        } else {
            Err(if reply.code == 530 { Failure::SignIn { detail: reply.text() } } else { reply.failure() })
        }
    }

    /// PLAIN (RFC 4616), else LOGIN, which old servers know only.
    async fn sign_in(&mut self, server: &Server) -> Result<(), Failure> {
        let offered =
            self.features.iter().find_map(|line| line.strip_prefix("AUTH ").or_else(|| line.strip_prefix("AUTH="))).unwrap_or_default();
        let knows = |mechanism: &str| offered.split(' ').any(|word| word == mechanism);
        let reply = if knows("PLAIN") {
            let credentials = STANDARD.encode(format!("\0{}\0{}", server.user, server.password));
            self.talk.sign_in_command(&format!("AUTH PLAIN {credentials}")).await?
        } else if knows("LOGIN") {
            self.expect("AUTH LOGIN", 334).await?;
            let after_user = self.talk.command(&STANDARD.encode(&server.user)).await?;
            if after_user.code == 334 { self.talk.sign_in_command(&STANDARD.encode(&server.password)).await? } else { after_user }
        } else {
            return Err(Failure::SignIn { detail: format!("the server offers no sign-in we know: {}", wire::clip(offered)) });
        };
        match reply.code {
            235 => Ok(()),
            500..=599 => Err(Failure::SignIn { detail: reply.text() }),
            _ => Err(reply.failure()),
        }
    }
}

/// An address as it goes into the envelope: domain in its ASCII form (RFC 5890), local part checked so that it cannot end the command.
/// `None` when it is no address.
pub(super) fn ascii_address(address: &str) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let atom = |c: char| {
        !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '\\' | ',' | ';' | ':' | '"' | '@')
    };
    if local.is_empty()
        || local.len() > 64
        || !local.chars().all(atom)
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
    {
        return None;
    }
    let domain = match Host::parse(domain).ok()? {
        Host::Domain(domain) => domain,
        Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    let domain = domain.trim_end_matches('.').to_owned();
    (!domain.is_empty() && domain.len() <= 253 && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')))
        .then(|| format!("{local}@{domain}"))
}

/// The message as bytes. Every text that comes from people passes [`addresses::line`] first, so none can start a header of its own.
fn build(ctx: &Context, sender: &Sender, from: &Mailbox, message: &Outgoing) -> Result<Vec<u8>, Failure> {
    let refuse = |detail: String| Failure::Rejected { detail };
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_micros(u64::try_from(ctx.clock.now().micros()).unwrap_or(0));
    let mut builder = Message::builder().date(now).from(mailbox(from)?).message_id(Some(bracketed(&message.client_id)));
    for to in &message.to {
        builder = builder.to(mailbox(to)?);
    }
    for cc in &message.cc {
        builder = builder.cc(mailbox(cc)?);
    }
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox(&Mailbox { name: from.name.clone(), address: reply_to.clone() })?);
    }
    let subject = addresses::line(message.subject.as_deref().unwrap_or_default(), 900);
    if !subject.is_empty() {
        builder = builder.subject(subject);
    }
    let parent = message.in_reply_to.as_deref().map(bracketed).filter(|id| id.len() > 2);
    if let Some(parent) = &parent {
        builder = builder.in_reply_to(parent.clone());
    }
    let references = references(&message.references, parent.as_deref());
    if !references.is_empty() {
        builder = builder.references(references);
    }

    let text = message.text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).header(ContentTransferEncoding::QuotedPrintable).body(text);
    let built = if message.attachments.is_empty() {
        builder.singlepart(text)
    } else {
        let mut parts = MultiPart::mixed().singlepart(text);
        for file in &message.attachments {
            // A mail inside may not be encoded (RFC 2046 §5.2.1), which every other file is; as plain bytes it arrives whole.
            let kind = Some(file.mime.as_str()).filter(|mime| !mime.starts_with("message/")).and_then(|mime| ContentType::parse(mime).ok());
            let octets = || ContentType::parse("application/octet-stream").map_err(|error| refuse(error.to_string()));
            let kind = match kind {
                Some(kind) => kind,
                None => octets()?,
            };
            let name = super::attachment::safe_name(Some(&file.name), &file.mime);
            parts = parts.singlepart(Attachment::new(name).body(file.bytes.clone(), kind));
        }
        builder.multipart(parts)
    };
    let mut built = built.map_err(|error| refuse(error.to_string()))?;
    let mut raw = |name: &'static str, value: &str| {
        let value: String = addresses::line(value, 300).chars().filter(char::is_ascii_graphic_or_space).collect();
        built.headers_mut().insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    };
    if let Some(submitted) = &message.auto_submitted {
        raw("Auto-Submitted", submitted);
        // Exchange looks here and not at RFC 3834.
        raw("X-Auto-Response-Suppress", "OOF, AutoReply");
    }
    if let Some(marker) = &sender.loop_marker {
        raw(auto::LOOP_HEADER, marker);
    }
    Ok(built.formatted())
}

trait Plain {
    fn is_ascii_graphic_or_space(&self) -> bool;
}

impl Plain for char {
    fn is_ascii_graphic_or_space(&self) -> bool {
        self.is_ascii_graphic() || *self == ' '
    }
}

fn mailbox(mailbox: &Mailbox) -> Result<LettreMailbox, Failure> {
    let refuse = || Failure::Rejected { detail: format!("not a mail address: {}", wire::clip(&mailbox.address)) };
    let address = ascii_address(&mailbox.address).ok_or_else(refuse)?;
    let name = mailbox.name.as_deref().map(|name| addresses::line(name, 200)).filter(|name| !name.is_empty());
    Ok(LettreMailbox::new(name, address.parse().map_err(|_| refuse())?))
}

/// A Message-ID in brackets, of nothing but what may stand in one.
fn bracketed(id: &str) -> String {
    let id: String = addresses::message_id(id).chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect();
    format!("<{id}>")
}

fn references(ids: &[String], parent: Option<&str>) -> String {
    let mut all: Vec<String> = ids.iter().map(|id| bracketed(id)).filter(|id| id.len() > 2).collect();
    if let Some(parent) = parent
        && all.last().map(String::as_str) != Some(parent)
    {
        all.retain(|id| id != parent);
        all.push(parent.to_owned());
    }
    if all.len() > MAX_REFERENCES {
        all.drain(1..=all.len() - MAX_REFERENCES);
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InboundAttachment;
    use crate::mail::map::{Origin, parse};
    use crate::net::{Net, NetPolicy};
    use model::{FixedClock, SeededRandom, Timestamp};
    use std::sync::Arc;

    fn context() -> Context {
        let clock = FixedClock::at(Timestamp::parse_rfc3339("2026-11-04T10:00:00Z").unwrap_or_default());
        Context {
            clock: Arc::new(clock),
            random: Arc::new(SeededRandom::new(1)),
            net: Net::new(NetPolicy::default()),
            limits: crate::Limits::default(),
        }
    }

    fn sender() -> Sender {
        let server = Server { host: "smtp.test".into(), port: 25, security: Security::None, user: String::new(), password: String::new() };
        Sender {
            server,
            from: Mailbox { name: Some("Firma Ä".into()), address: "support@firma.test".into() },
            loop_marker: Some("abc".into()),
        }
    }

    fn message() -> Outgoing {
        Outgoing {
            client_id: "c1@firma.test".into(),
            from: None,
            reply_to: Some("support+tabc@firma.test".into()),
            to: vec![Mailbox { name: Some("Eva \"Ö\" <x>".into()), address: "eva@bücher.test".into() }],
            cc: Vec::new(),
            subject: Some("Re: Größe".into()),
            text: "Guten Tag,\n.\n\näöü €\nGruß".into(),
            in_reply_to: Some("m1@kunde.test".into()),
            references: vec!["m0@kunde.test".into()],
            attachments: Vec::new(),
            auto_submitted: None,
        }
    }

    fn built(message: &Outgoing) -> (String, crate::Inbound) {
        let sender = sender();
        let bytes = build(&context(), &sender, &sender.from, message).unwrap_or_default();
        (String::from_utf8_lossy(&bytes).into_owned(), parse(&bytes, &Origin::default()))
    }

    #[test]
    fn what_is_built_reads_back_the_same() {
        let mut outgoing = message();
        outgoing.attachments.push(InboundAttachment {
            name: "Größe 1.txt".into(),
            mime: "text/plain".into(),
            content_id: None,
            bytes: b"x\r\ny".to_vec(),
        });
        outgoing.auto_submitted = Some("auto-generated".into());
        let (source, read) = built(&outgoing);
        assert!(source.is_ascii(), "{source}");
        let facts = read.mail.clone().unwrap_or_default();
        assert_eq!(facts.message_id, "c1@firma.test");
        assert_eq!(facts.in_reply_to.as_deref(), Some("m1@kunde.test"));
        assert_eq!(facts.references, ["m0@kunde.test", "m1@kunde.test"]);
        assert_eq!(facts.reply_to[0].address, "support+tabc@firma.test");
        assert_eq!(facts.to[0].address, "eva@xn--bcher-kva.test");
        assert_eq!(facts.to[0].name.as_deref(), Some("Eva \"Ö\" <x>"));
        assert_eq!(facts.auto, Some(crate::Auto::AutoReply));
        assert_eq!(facts.loop_marker.as_deref(), Some("abc"));
        assert_eq!(read.title.as_deref(), Some("Re: Größe"));
        assert_eq!(read.text.trim(), "Guten Tag,\n.\n\näöü €\nGruß");
        assert_eq!(read.published_at, Timestamp::parse_rfc3339("2026-11-04T10:00:00Z"));
        assert_eq!((read.attachments[0].name.as_str(), read.attachments[0].bytes.as_slice()), ("Größe 1.txt", b"x\r\ny".as_slice()));
    }

    #[test]
    fn no_text_can_start_a_header_of_its_own() {
        let evil = "x\r\nBcc: all@firma.test\r\n\r\nbody";
        let mut outgoing = message();
        outgoing.subject = Some(evil.into());
        outgoing.client_id = evil.into();
        outgoing.in_reply_to = Some(evil.into());
        outgoing.references = vec![evil.into()];
        outgoing.to[0].name = Some(evil.into());
        outgoing.auto_submitted = Some(evil.into());
        outgoing.attachments.push(InboundAttachment { name: evil.into(), mime: evil.into(), content_id: None, bytes: Vec::new() });
        let (source, _) = built(&outgoing);
        let headers = source.split("\r\n\r\n").next().unwrap_or_default();
        assert!(!headers.is_empty());
        assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
    }

    #[test]
    fn addresses_that_would_end_the_command_are_refused() {
        for address in [
            "eva@firma.test>\r\nRCPT TO:<x@y.test",
            "eva> x@firma.test",
            "eva@",
            "@firma.test",
            "eva",
            "e va@firma.test",
            "eva@127.0.0.1",
            "eva@fir ma.test",
        ] {
            assert_eq!(ascii_address(address), None, "{address}");
        }
        assert_eq!(ascii_address(" eva+x@Firma.TEST ").as_deref(), Some("eva+x@firma.test"));
    }

    #[test]
    fn long_threads_keep_their_first_and_last_references() {
        let ids: Vec<String> = (0..100).map(|n| format!("{n}@x")).collect();
        let header = references(&ids, Some("<99@x>"));
        assert!(header.starts_with("<0@x> <81@x>") && header.ends_with("<99@x>"), "{header}");
        assert_eq!(header.split(' ').count(), MAX_REFERENCES);
    }
}
