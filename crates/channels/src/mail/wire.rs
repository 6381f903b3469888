//! The talk that SMTP (RFC 5321) and LMTP (RFC 2033) share: commands of one line, answers of three digits, a message with dots doubled.
//! lettre has such a client too, but cannot say whether a connection broke before or after the message was handed over, which decides
//! between "send again" and "ask a person"; so it only builds our messages.

use std::fmt::{Debug, Write as _};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Poll_, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio_rustls::TlsConnector;

use super::settings::{Security, Server};
use crate::{Context, Failure};

/// Bytes of one answer line, and lines of one answer.
const MAX_LINE: u64 = 4096;
const MAX_LINES: usize = 100;

/// How many times longer than other answers that to a sign-in may take.
pub(super) const SIGN_IN_PATIENCE: u32 = 3;

/// A byte stream, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug> Io for T {}

/// A stream that gives no more bytes than its budget: what a server announces about sizes may be wrong.
#[derive(Debug)]
pub(super) struct Stream {
    inner: Box<dyn Io>,
    /// Bytes that may still be read.
    pub budget: u64,
}

impl Stream {
    pub(super) fn new(inner: impl Io + 'static) -> Self {
        Self { inner: Box::new(inner), budget: u64::MAX }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Poll_<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = u64::try_from(buf.filled().len() - before).unwrap_or(u64::MAX);
        match self.budget.checked_sub(read) {
            Some(left) => {
                self.budget = left;
                result
            }
            None => Poll::Ready(Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "more than was announced"))),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Poll_<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Poll_<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Poll_<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Opens the connection, encrypted where the server expects it from the first byte.
pub(super) async fn connect(ctx: &Context, server: &Server) -> Result<Stream, Failure> {
    let tcp = within(ctx.limits.timeout, ctx.net.connect_tcp(&server.host, server.port)).await??;
    let stream = Stream::new(tcp);
    if server.security == Security::Tls { encrypt(ctx, server, stream).await } else { Ok(stream) }
}

/// Starts TLS on an open connection; the certificate must name the host (RFC 8314 §4, RFC 7817).
pub(super) async fn encrypt(ctx: &Context, server: &Server, stream: Stream) -> Result<Stream, Failure> {
    let host = server.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name =
        ServerName::try_from(host).map_err(|_| Failure::Tls { detail: format!("{} is no name a certificate can have", server.host) })?;
    let tls = within(ctx.limits.timeout, TlsConnector::from(ctx.net.tls()).connect(name, stream)).await?;
    tls.map(Stream::new).map_err(|error| explain(&error))
}

/// A future with a time limit: a server that hangs is one that cannot be reached.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(limit, work)
        .await
        .map_err(|_| Failure::Unreachable { detail: format!("no answer within {} s", limit.as_secs_f32()) })
}

/// Which failure an I/O error is.
pub(super) fn explain(error: &std::io::Error) -> Failure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Failure::Tls { detail: clip(&tls.to_string()) };
    }
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => Failure::TooLarge,
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other => Failure::Garbage { detail: clip(&error.to_string()) },
        _ => Failure::Unreachable { detail: clip(&error.to_string()) },
    }
}

/// A far side's words, short and on one line, fit to be shown.
pub(super) fn clip(text: &str) -> String {
    model::text::excerpt(&model::text::clean(text), 200)
}

/// An answer: `250 2.1.5 Ok`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits (RFC 5321 §4.2).
    pub code: u16,
    /// The words of each line.
    pub lines: Vec<String>,
}

impl Reply {
    pub fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// What the far side said, on one line, cleaned.
    pub fn text(&self) -> String {
        clip(&format!("{} {}", self.code, self.lines.join(" ")))
    }

    /// The failure this answer is: 4xx may work later, 5xx will not (RFC 5321 §4.2.1). Others are no answer to what was asked.
    pub(super) fn failure(&self) -> Failure {
        match self.code {
            // Greylisting lets in after five minutes as a rule.
            400..=499 => {
                tracing::debug!(reply = %self.text(), "asked to come back");
                Failure::TooMany { seconds: 300 }
            }
            500..=599 => Failure::Rejected { detail: self.text() },
            _ => Failure::Garbage { detail: self.text() },
        }
    }
}

/// The client's side of a talk.
pub(super) struct Talk<S> {
    stream: BufReader<S>,
    timeout: Duration,
}

/// How handing over a message went wrong.
#[derive(Debug)]
pub(super) enum Broken {
    /// Before its end was written: the server throws away what it has (RFC 5321 §4.1.1.4).
    Before(Failure),
    /// After: it may have been taken.
    After(Failure),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(super) fn new(stream: S, timeout: Duration) -> Self {
        Self { stream: BufReader::new(stream), timeout }
    }

    /// The stream again, to be encrypted. Whatever was sent ahead in plain text is thrown away (RFC 3207 §6).
    pub(super) fn into_inner(self) -> S {
        self.stream.into_inner()
    }

    pub(super) async fn reply(&mut self) -> Result<Reply, Failure> {
        within(self.timeout, self.read_reply()).await?
    }

    async fn read_reply(&mut self) -> Result<Reply, Failure> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        loop {
            let mut line = Vec::new();
            (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(|error| explain(&error))?;
            if line.is_empty() {
                return Err(Failure::Unreachable { detail: "connection closed".into() });
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let garbage = || Failure::Garbage { detail: clip(text) };
            let code = text
                .get(..3)
                .filter(|code| code.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|code| code.parse().ok())
                .ok_or_else(garbage)?;
            if !line.ends_with(b"\n") || reply.lines.len() >= MAX_LINES || (reply.code != 0 && reply.code != code) {
                return Err(garbage());
            }
            reply.code = code;
            reply.lines.push(text.get(4..).unwrap_or_default().to_owned());
            match text.as_bytes().get(3) {
                Some(b'-') => {}
                None | Some(b' ') => return Ok(reply),
                Some(_) => return Err(garbage()),
            }
        }
    }

    pub(super) async fn command(&mut self, command: &str) -> Result<Reply, Failure> {
        if command.contains(['\r', '\n']) {
            return Err(Failure::Rejected { detail: "line break in an address".into() });
        }
        let line = format!("{command}\r\n");
        within(self.timeout, async {
            self.stream.get_mut().write_all(line.as_bytes()).await?;
            self.stream.get_mut().flush().await
        })
        .await?
        .map_err(|error| explain(&error))?;
        self.reply().await
    }

    /// A command that signs in. Servers answer wrong passwords late on purpose, and later each time.
    pub(super) async fn sign_in_command(&mut self, command: &str) -> Result<Reply, Failure> {
        let usual = self.timeout;
        self.timeout = usual * SIGN_IN_PATIENCE;
        let reply = self.command(command).await;
        self.timeout = usual;
        reply
    }

    /// Says hello and learns what the server can do, upper case, one line each.
    pub(super) async fn hello(&mut self, verb: &str, name: &str) -> Result<Vec<String>, Failure> {
        let reply = self.command(&format!("{verb} {name}")).await?;
        if reply.code != 250 {
            return Err(reply.failure());
        }
        Ok(reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect())
    }

    /// Writes a message after the 354: line ends made CRLF, leading dots doubled (RFC 5321 §4.5.2). The answer is read by the caller.
    pub(super) async fn message(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut body = stuffed(bytes);
        let end = body.split_off(body.len() - b".\r\n".len());
        // A large message on a thin line takes its time: one more limit for each MiB.
        let limit = self.timeout * u32::try_from(1 + bytes.len() / (1 << 20)).unwrap_or(u32::MAX);
        let stream = self.stream.get_mut();
        let written = within(limit, async {
            stream.write_all(&body).await?;
            stream.flush().await
        });
        written.await.and_then(|result| result.map_err(|error| explain(&error))).map_err(Broken::Before)?;
        let ended = within(self.timeout, async {
            stream.write_all(&end).await?;
            stream.flush().await
        });
        ended.await.and_then(|result| result.map_err(|error| explain(&error))).map_err(Broken::After)
    }

    pub(super) async fn quit(&mut self) {
        // Politeness only: the message is out, whatever comes back.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.command("QUIT")).await;
    }
}

/// A message as it goes over the line, with the final dot.
fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 8);
    let mut lines = bytes.split(|b| *b == b'\n').peekable();
    while let Some(line) = lines.next() {
        // The bare CR is not allowed either (RFC 5321 §2.3.8) and would let a message smuggle in another.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if lines.peek().is_none() && line.is_empty() {
            break;
        }
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend(line.iter().map(|b| if *b == b'\r' { b' ' } else { *b }));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// `<address>` with parameters, for MAIL and RCPT.
pub(super) fn path(verb: &str, address: &str, parameters: &[&str]) -> String {
    let mut command = format!("{verb}:<{address}>");
    for parameter in parameters {
        let _ = write!(command, " {parameter}");
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_doubled_and_line_ends_mended() {
        assert_eq!(stuffed(b"a\n.\r\n..b\r\nc"), b"a\r\n..\r\n...b\r\nc\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
        assert_eq!(stuffed(b"a\r.\rb"), b"a . b\r\n.\r\n");
    }
}
