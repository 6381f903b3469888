//! LMTP (RFC 2033): how a mail server next door hands over mail, one answer for each recipient. The server's side for `tresen serve`, the
//! client's for `tresen mail deliver`. There is no queue here: what is answered with 250 is stored, everything else stays with the sender.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

pub use super::wire::Reply;
use super::wire::{self, Broken, Talk};
use crate::Failure;

/// What takes the mails.
pub trait Delivery: Send + Sync {
    /// Whether there is such a mailbox here.
    fn accept<'a>(&'a self, recipient: &'a str) -> BoxFuture<'a, Result<(), Refusal>>;
    /// Stores one mail for one recipient. `Ok` only when it is safely stored. `mail_from` is empty for the null path.
    fn deliver<'a>(&'a self, recipient: &'a str, mail_from: &'a str, bytes: Arc<[u8]>) -> BoxFuture<'a, Result<(), Refusal>>;
}

/// Why a mail is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 550 5.1.1.
    UnknownRecipient,
    /// 451 4.3.0: try again later.
    Temporary(String),
    /// 452 4.3.1: no room, try again later.
    NoRoom,
    /// 552 5.3.4.
    TooLarge,
    /// 554 5.6.0: never.
    Rejected(String),
}

impl Refusal {
    fn reply(&self) -> String {
        match self {
            Self::UnknownRecipient => "550 5.1.1 No such mailbox here".into(),
            Self::Temporary(why) => format!("451 4.3.0 {}", ascii(why, "Try again later")),
            Self::NoRoom => "452 4.3.1 Insufficient system storage".into(),
            Self::TooLarge => "552 5.3.4 Message too large".into(),
            Self::Rejected(why) => format!("554 5.6.0 {}", ascii(why, "Not taken")),
        }
    }
}

/// Replies are ASCII and one line.
fn ascii(text: &str, otherwise: &str) -> String {
    let text: String = wire::clip(text).chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// Bounds on one connection.
#[derive(Debug, Clone, Copy)]
pub struct LmtpLimits {
    /// Bytes of one mail.
    pub message: usize,
    /// Recipients of one mail (RFC 5321 §4.5.3.1.8 asks for at least 100).
    pub recipients: usize,
    /// Commands on one connection, and those that made no sense.
    pub commands: usize,
    pub errors: usize,
    /// For one line, and for one delivery.
    pub timeout: Duration,
}

impl Default for LmtpLimits {
    fn default() -> Self {
        Self { message: 30 << 20, recipients: 100, commands: 10_000, errors: 20, timeout: Duration::from_secs(300) }
    }
}

/// Bytes of a command line (RFC 5321 §4.5.3.1.4 asks for 512, extensions for more).
const MAX_COMMAND: u64 = 2048;

/// Answers one connection until it ends. Errors are those of the connection; refused mails are none.
pub async fn serve<S>(stream: S, handler: &dyn Delivery, limits: LmtpLimits) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut session =
        Session { stream: BufReader::new(stream), handler, limits, out: Vec::new(), greeted: false, from: None, to: Vec::new() };
    session.say("220 localhost LMTP Tresen");
    session.flush().await?;
    session.run().await
}

struct Session<'a, S> {
    stream: BufReader<S>,
    handler: &'a dyn Delivery,
    limits: LmtpLimits,
    out: Vec<u8>,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, S> {
    fn say(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let (stream, out) = (self.stream.get_mut(), &self.out);
        let written = wire::within(self.limits.timeout, async {
            stream.write_all(out).await?;
            stream.flush().await
        });
        written.await?.map_err(|error| wire::explain(&error))?;
        self.out.clear();
        Ok(())
    }

    async fn run(&mut self) -> Result<(), Failure> {
        let mut errors = 0;
        for _ in 0..self.limits.commands {
            // Pipelined commands (RFC 2920) are answered together.
            if self.stream.buffer().is_empty() {
                self.flush().await?;
            }
            let Some(line) = self.line(MAX_COMMAND).await? else { return self.flush().await };
            let before = self.out.len();
            let go_on = match line {
                Line::Whole(line) => self.command(&line).await?,
                Line::TooLong => {
                    self.say("500 5.5.2 Line too long");
                    true
                }
            };
            errors += usize::from(self.out.get(before) == Some(&b'5'));
            if !go_on {
                return self.flush().await;
            }
            if errors > self.limits.errors {
                break;
            }
        }
        self.say("421 4.7.0 Too much, closing");
        self.flush().await
    }

    /// One line without its end; `None` when the connection is over.
    async fn line(&mut self, max: u64) -> Result<Option<Line>, Failure> {
        let mut bytes = Vec::new();
        wire::within(self.limits.timeout, (&mut self.stream).take(max).read_until(b'\n', &mut bytes))
            .await?
            .map_err(|error| wire::explain(&error))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.ends_with(b"\n") {
            return Ok(Some(Line::Whole(String::from_utf8_lossy(&bytes).trim_end().to_owned())));
        }
        if bytes.len() as u64 >= max {
            self.skip_line().await?;
            return Ok(Some(Line::TooLong));
        }
        Ok(None)
    }

    async fn skip_line(&mut self) -> Result<(), Failure> {
        for _ in 0..1024 {
            let mut rest = Vec::new();
            wire::within(self.limits.timeout, (&mut self.stream).take(MAX_COMMAND).read_until(b'\n', &mut rest))
                .await?
                .map_err(|error| wire::explain(&error))?;
            if rest.is_empty() || rest.ends_with(b"\n") {
                return Ok(());
            }
        }
        Err(Failure::Garbage { detail: "endless line".into() })
    }

    /// `false` ends the connection.
    async fn command(&mut self, line: &str) -> Result<bool, Failure> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" if !rest.trim().is_empty() => {
                self.greeted = true;
                self.reset();
                let size = format!("250-SIZE {}", self.limits.message);
                for line in ["250-localhost", size.as_str(), "250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250 ENHANCEDSTATUSCODES"] {
                    self.say(line);
                }
            }
            "LHLO" => self.say("501 5.5.4 LHLO needs a name"),
            // RFC 2033 §4.1: these must not work.
            "HELO" | "EHLO" => self.say("500 5.5.1 This is LMTP, say LHLO"),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 Ok");
            }
            "NOOP" => self.say("250 2.0.0 Ok"),
            "VRFY" => self.say("252 2.1.5 Try RCPT"),
            "QUIT" => {
                self.say("221 2.0.0 Bye");
                return Ok(false);
            }
            _ => self.say("500 5.5.2 Unknown command"),
        }
        Ok(true)
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    fn mail(&mut self, rest: &str) {
        if !self.greeted {
            return self.say("503 5.5.1 LHLO first");
        }
        if self.from.is_some() {
            return self.say("503 5.5.1 One MAIL at a time");
        }
        let Some((address, parameters)) = parse_path(rest, "FROM:") else { return self.say("501 5.5.4 MAIL FROM:<address>") };
        for parameter in parameters.split_whitespace() {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key.to_ascii_uppercase().as_str() {
                "SIZE" if value.parse::<u64>().is_ok_and(|size| size > self.limits.message as u64) => {
                    return self.say(&Refusal::TooLarge.reply());
                }
                "SIZE" | "BODY" | "SMTPUTF8" => {}
                _ => return self.say("555 5.5.4 Unknown parameter"),
            }
        }
        self.from = Some(address);
        self.say("250 2.1.0 Ok");
    }

    async fn rcpt(&mut self, rest: &str) -> Result<(), Failure> {
        if self.from.is_none() {
            self.say("503 5.5.1 MAIL first");
            return Ok(());
        }
        if self.to.len() >= self.limits.recipients {
            self.say("452 4.5.3 Too many recipients");
            return Ok(());
        }
        let Some((address, _)) = parse_path(rest, "TO:").filter(|(address, _)| !address.is_empty()) else {
            self.say("501 5.5.4 RCPT TO:<address>");
            return Ok(());
        };
        let answer = wire::within(self.limits.timeout, self.handler.accept(&address))
            .await
            .unwrap_or_else(|_| Err(Refusal::Temporary(String::new())));
        match answer {
            Ok(()) => {
                self.to.push(address);
                self.say("250 2.1.5 Ok");
            }
            Err(refusal) => self.say(&refusal.reply()),
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<bool, Failure> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            self.say("503 5.5.1 No valid recipients");
            return Ok(true);
        };
        self.say("354 End with a dot on a line of its own");
        self.flush().await?;
        // Cut off before the end: nothing was taken (RFC 5321 §4.1.1.4), the sender tries again.
        let Some(message) = self.message().await? else { return Ok(false) };
        let message: Option<Arc<[u8]>> = message.map(Arc::from);
        for recipient in std::mem::take(&mut self.to) {
            let reply = match &message {
                None => Refusal::TooLarge.reply(),
                Some(bytes) => match wire::within(self.limits.timeout, self.handler.deliver(&recipient, &from, Arc::clone(bytes))).await {
                    Ok(Ok(())) => format!("250 2.0.0 {} delivered", ascii(&recipient, "")),
                    Ok(Err(refusal)) => refusal.reply(),
                    Err(_) => Refusal::Temporary(String::new()).reply(),
                },
            };
            self.say(&reply);
            // Told one by one, so a crash at the third does not repeat the first.
            self.flush().await?;
        }
        self.reset();
        Ok(true)
    }

    /// Reads up to the final dot. Outer `None`: cut off; inner `None`: too large, read and thrown away.
    async fn message(&mut self) -> Result<Option<Option<Vec<u8>>>, Failure> {
        let (mut message, mut total) = (Vec::new(), 0);
        // Only CRLF . CRLF ends a message. Taking a bare LF for a line end too is how one mail was made to carry a second ("SMTP smuggling").
        let mut after_crlf = true;
        let give_up = self.limits.message.saturating_mul(8).max(1 << 20);
        loop {
            let mut line = Vec::new();
            let mut some = (&mut self.stream).take(1 << 20);
            wire::within(self.limits.timeout, some.read_until(b'\n', &mut line)).await?.map_err(|error| wire::explain(&error))?;
            if line.is_empty() {
                return Ok(None);
            }
            if after_crlf && line == b".\r\n" {
                return Ok(Some((total <= self.limits.message).then_some(message)));
            }
            let content = if after_crlf && line.starts_with(b".") { &line[1..] } else { &line[..] };
            total += content.len();
            if total <= self.limits.message {
                message.extend_from_slice(content);
            } else {
                message = Vec::new();
            }
            if total > give_up {
                return Err(Failure::TooLarge);
            }
            after_crlf = line.ends_with(b"\r\n");
        }
    }
}

enum Line {
    Whole(String),
    TooLong,
}

/// `FROM:<a@b> SIZE=1` → (`a@b`, `SIZE=1`). Spaces after the colon and source routes (`<@x:a@b>`, RFC 5321 §4.1.1.3) are let pass.
fn parse_path(text: &str, keyword: &str) -> Option<(String, String)> {
    let text = text.trim_start();
    let rest = text.get(..keyword.len()).filter(|start| start.eq_ignore_ascii_case(keyword)).map(|_| text[keyword.len()..].trim_start())?;
    let (address, parameters) = match rest.strip_prefix('<') {
        Some(inner) => inner.split_once('>')?,
        None => rest.split_once(' ').unwrap_or((rest, "")),
    };
    let address = if address.starts_with('@') { address.split_once(':').map_or(address, |(_, address)| address) } else { address };
    let valid = address.len() <= 320 && !address.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'));
    valid.then(|| (address.to_owned(), parameters.trim().to_owned()))
}

/// Hands a mail to an LMTP server: one reply for each recipient, in order. Positive replies mean stored.
pub async fn deliver<S>(stream: S, from: &str, to: &[&str], bytes: &[u8], timeout: Duration) -> Result<Vec<Reply>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut talk = Talk::new(stream, timeout);
    let greeting = talk.reply().await?;
    if greeting.code != 220 {
        return Err(greeting.failure());
    }
    talk.hello("LHLO", "localhost").await?;
    let reply = talk.command(&wire::path("MAIL FROM", from, &[])).await?;
    if !reply.is_positive() {
        return Err(reply.failure());
    }
    let mut replies: Vec<Option<Reply>> = Vec::with_capacity(to.len());
    for recipient in to {
        let reply = talk.command(&wire::path("RCPT TO", recipient, &[])).await?;
        replies.push((!reply.is_positive()).then_some(reply));
    }
    if replies.iter().any(Option::is_none) {
        let reply = talk.command("DATA").await?;
        if reply.code != 354 {
            return Err(reply.failure());
        }
        match talk.message(bytes).await {
            Ok(()) => {}
            Err(Broken::Before(failure)) => return Err(failure),
            Err(Broken::After(failure)) => return Err(Failure::Unsure { detail: failure.to_string() }),
        }
        for waiting in replies.iter_mut().filter(|reply| reply.is_none()) {
            *waiting = Some(talk.reply().await.map_err(|failure| Failure::Unsure { detail: failure.to_string() })?);
        }
    }
    talk.quit().await;
    Ok(replies.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Takes mail for a@x and b@x; b's is refused for now on delivery.
    #[derive(Default)]
    struct Boxes(Mutex<Vec<(String, String, Vec<u8>)>>);

    impl Delivery for Boxes {
        fn accept<'a>(&'a self, recipient: &'a str) -> BoxFuture<'a, Result<(), Refusal>> {
            Box::pin(async move { if matches!(recipient, "a@x" | "b@x") { Ok(()) } else { Err(Refusal::UnknownRecipient) } })
        }
        fn deliver<'a>(&'a self, recipient: &'a str, mail_from: &'a str, bytes: Arc<[u8]>) -> BoxFuture<'a, Result<(), Refusal>> {
            Box::pin(async move {
                if recipient == "b@x" {
                    return Err(Refusal::Temporary("später\r\n250 no".into()));
                }
                if let Ok(mut list) = self.0.lock() {
                    list.push((recipient.into(), mail_from.into(), bytes.to_vec()));
                }
                Ok(())
            })
        }
    }

    impl Boxes {
        fn mails(&self) -> Vec<(String, String, Vec<u8>)> {
            self.0.lock().map(|list| list.clone()).unwrap_or_default()
        }
    }

    const TIMEOUT: Duration = Duration::from_secs(5);

    fn small() -> LmtpLimits {
        LmtpLimits { message: 1000, errors: 3, timeout: TIMEOUT, ..LmtpLimits::default() }
    }

    /// Sends raw bytes and returns everything that was answered.
    async fn talk(boxes: &Boxes, input: &[u8]) -> String {
        let (client, server) = tokio::io::duplex(1 << 20);
        let (mut reader, mut writer) = tokio::io::split(client);
        let speak = async {
            let _ = writer.write_all(input).await;
            let _ = writer.shutdown().await;
        };
        let mut answer = Vec::new();
        let listen = reader.read_to_end(&mut answer);
        let served = serve(server, boxes, small());
        let ((), _, _) = tokio::join!(speak, async { tokio::time::timeout(TIMEOUT, listen).await }, served);
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn every_recipient_gets_an_answer_of_its_own() {
        let boxes = Boxes::default();
        let (client, server) = tokio::io::duplex(1 << 16);
        let (replies, served) = tokio::join!(
            deliver(client, "eva@y.test", &["a@x", "nobody@x", "b@x"], b"Subject: x\n\n.dot\nend", TIMEOUT),
            serve(server, &boxes, small())
        );
        assert_eq!(served, Ok(()));
        let codes: Vec<u16> = replies.unwrap_or_default().iter().map(|reply| reply.code).collect();
        assert_eq!(codes, [250, 550, 451]);
        assert_eq!(boxes.mails(), [("a@x".to_owned(), "eva@y.test".to_owned(), b"Subject: x\r\n\r\n.dot\r\nend\r\n".to_vec())]);
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused() {
        let boxes = Boxes::default();
        let answer = talk(&boxes, b"MAIL FROM:<a@y>\r\nLHLO me\r\nDATA\r\nRCPT TO:<a@x>\r\nQUIT\r\n").await;
        let codes: Vec<&str> = answer.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect();
        assert_eq!(codes, ["220", "503", "250", "503", "503", "221"]);
    }

    #[tokio::test]
    async fn a_mail_cannot_smuggle_in_another() {
        for trick in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n"] {
            let boxes = Boxes::default();
            let input = format!(
                "LHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\nx{trick}MAIL FROM:<evil@y>\r\nRCPT TO:<a@x>\r\nDATA\r\ny\r\n.\r\nQUIT\r\n"
            );
            talk(&boxes, input.as_bytes()).await;
            assert_eq!(boxes.mails().len(), 1, "{trick:?}");
        }
    }

    #[tokio::test]
    async fn too_large_and_cut_off_mails_are_not_taken() {
        let boxes = Boxes::default();
        let answer = talk(
            &boxes,
            format!(
                "LHLO me\r\nMAIL FROM:<a@y> SIZE=1001\r\nMAIL FROM:<a@y>\r\nRCPT TO:<a@x>\r\nDATA\r\n{}\r\n.\r\nQUIT\r\n",
                "x".repeat(1001)
            )
            .as_bytes(),
        )
        .await;
        assert_eq!(answer.matches("552 5.3.4").count(), 2, "{answer}");
        talk(&boxes, b"LHLO me\r\nMAIL FROM:<a@y>\r\nRCPT TO:<a@x>\r\nDATA\r\nhalf a mail\r\n").await;
        assert_eq!(boxes.mails().len(), 0);
    }

    #[tokio::test]
    async fn nonsense_ends_the_connection_and_long_lines_do_not_hurt() {
        let boxes = Boxes::default();
        let answer = talk(&boxes, &[b"x".repeat(100_000), b"\r\nLHLO me\r\nQUIT\r\n".to_vec()].concat()).await;
        assert!(answer.contains("500 5.5.2 Line too long") && answer.contains("221 "), "{answer}");
        let answer = talk(&boxes, &b"\xff\xfe\r\n".repeat(50)).await;
        assert!(answer.ends_with("421 4.7.0 Too much, closing\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn a_silent_client_is_let_go() {
        let boxes = Boxes::default();
        let (_client, server) = tokio::io::duplex(64);
        let limits = LmtpLimits { timeout: Duration::from_millis(20), ..small() };
        assert!(matches!(serve(server, &boxes, limits).await, Err(Failure::Unreachable { .. })));
    }

    #[test]
    fn paths_are_read_leniently_and_checked() {
        assert_eq!(parse_path("FROM:<> SIZE=1", "FROM:"), Some((String::new(), "SIZE=1".into())));
        assert_eq!(parse_path("to: <@r.test:a@x>", "TO:"), Some(("a@x".into(), String::new())));
        assert_eq!(parse_path("TO:<a b@x>", "TO:"), None);
        assert_eq!(parse_path("TÖ:<a@x>", "TO:"), None);
    }
}
