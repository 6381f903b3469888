//! What brings people's words in and carries answers out. Each network is a folder and a row in [`registry`]; nothing else in the
//! program knows its name. This crate stores nothing: it turns a network's bytes into [`Inbound`] items and [`Outgoing`] texts into bytes.

pub mod feed;
pub mod form;
pub mod html;
pub mod mail;
pub mod manual;
pub mod net;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use model::{Clock, Random, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a channel can do: data, from which the composer, the account pages, the docs and the tests are made.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// The name in tables, URLs and queries (`channel:feed`). Never changes.
    pub name: &'static str,
    /// The symbol in the icon sprite, without `i-`.
    pub icon: &'static str,
    /// People listen to it only, or talk on it too.
    pub can_send: bool,
    /// What arrives is public (posts) or private (messages).
    pub public: bool,
    /// Answers keep their thread.
    pub threads: bool,
    /// Files may go along with an answer.
    pub attachments: bool,
    /// Longest answer in characters (graphemes); `None` where there is no limit worth naming.
    pub max_length: Option<usize>,
    /// Whether the network can be asked if a client id has already arrived ("look before resend").
    pub can_look_up_sent: bool,
    /// Fields of the guided form, in order. `secret` ones are sealed and never shown again.
    pub settings: &'static [Setting],
}

/// One field of a channel's settings. Label, hint and error texts are i18n keys `channel-<name>-<field>` and `…-hint`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub kind: SettingKind,
    pub required: bool,
    /// What stands in the form at first.
    pub default: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    Text,
    Url,
    Email,
    Host,
    Port,
    Secret,
    Flag,
    /// One of these values.
    Choice(&'static [&'static str]),
}

/// What adapters are handed from outside: time, randomness, the guarded HTTP client, limits.
#[derive(Clone)]
pub struct Context {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Resolves names and refuses private addresses (SSRF guard); every connection an adapter opens goes through it.
    pub net: net::Net,
    pub limits: Limits,
}

/// Bounds on what one item or answer of a network may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one HTTP answer after decompression.
    pub http_body: usize,
    /// Bytes of one mail.
    pub mail: usize,
    /// Items handed over in one [`Batch`].
    pub batch: usize,
    /// For one request or command.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { http_body: 8 << 20, mail: 30 << 20, batch: 200, timeout: Duration::from_secs(30) }
    }
}

/// How one account is connected: what the form holds. `secret` was unsealed for this call and is dropped after it.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    pub settings: Json,
    pub secret: Json,
}

/// One item as a network gave it, cleaned: texts are NFC without control characters, HTML has passed [`html::sanitise`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The network's own id; the same thing always carries the same one. Strings, whatever the network thinks (invariant 2).
    pub external_id: String,
    /// The address under which everyone finds the same thing, tracking parameters taken off. `None`: only `external_id` names it.
    pub canonical_url: Option<String>,
    pub kind: ItemKind,
    pub author: Author,
    pub title: Option<String>,
    /// Plain text, what people read and watches match. For a mail: all of it, quotes too; `mail.new_text` is what is new.
    pub text: String,
    /// Sanitised HTML, if the source had any.
    pub html: Option<String>,
    /// What the source claims. May lie; sorting uses the earlier of this and the time of receipt.
    pub published_at: Option<Timestamp>,
    /// What the source says of the language (BCP 47), not what we find.
    pub language_hint: Option<String>,
    /// `external_id` or URL of what this answers, where the network says so.
    pub in_reply_to: Option<String>,
    pub attachments: Vec<InboundAttachment>,
    /// Everything only mails have.
    pub mail: Option<MailFacts>,
    /// An image or sound the source names (podcast enclosure …): shown as links, never loaded unasked.
    pub media: Vec<MediaLink>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A public item of its own: blog post, forum topic, podcast episode.
    Post,
    /// A public answer to something.
    Comment,
    Mail,
    Form,
    Call,
    Letter,
    Visit,
    Fair,
}

impl ItemKind {
    pub const ALL: [ItemKind; 8] = [Self::Post, Self::Comment, Self::Mail, Self::Form, Self::Call, Self::Letter, Self::Visit, Self::Fair];
    pub const fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Comment => "comment",
            Self::Mail => "mail",
            Self::Form => "form",
            Self::Call => "call",
            Self::Letter => "letter",
            Self::Visit => "visit",
            Self::Fair => "fair",
        }
    }
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Post | Self::Comment)
    }
}

impl std::str::FromStr for ItemKind {
    type Err = ();
    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or(())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Name as shown. Empty when the source names nobody.
    pub name: String,
    /// Public handle or profile address; what a profile is keyed by. Never a mail address of a private message.
    pub handle: Option<String>,
    pub url: Option<String>,
    /// Mail address or telephone number of a private message's sender.
    pub address: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaLink {
    pub url: String,
    /// MIME type as claimed.
    pub kind: Option<String>,
}

/// A file that came along. The bytes are handed over once and stored by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundAttachment {
    /// File name, path parts and control characters taken out; never empty.
    pub name: String,
    /// Found in the bytes where they tell, else as claimed, else `application/octet-stream`.
    pub mime: String,
    /// `Content-ID` without brackets, for pictures inside the HTML.
    pub content_id: Option<String>,
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// Why a mail must never be answered by a machine (RFC 3834, RFC 3464, RFC 2369).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auto {
    AutoReply,
    Bounce,
    List,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub name: Option<String>,
    /// As written; compare folded.
    pub address: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailFacts {
    /// Without angle brackets; empty when the mail has none.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub from: Vec<Mailbox>,
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    /// Who the envelope or the delivering server says it was for (Delivered-To, X-Original-To, LMTP RCPT).
    pub delivered_to: Vec<String>,
    /// The text without quotes and signature.
    pub new_text: String,
    /// Sanitised HTML of the new part only, when it could be told apart.
    pub new_html: Option<String>,
    pub auto: Option<Auto>,
    /// For a bounce: the Message-ID of the mail that bounced and the addresses that failed.
    pub bounced_message_id: Option<String>,
    pub bounced_recipients: Vec<String>,
    /// Our own `X-Tresen-…` marker came back: a loop.
    pub loop_marker: Option<String>,
    /// `pass` of DMARC or aligned DKIM in an Authentication-Results header of the receiving server (RFC 8601).
    pub authenticated: bool,
    /// IMAP folder or `lmtp`.
    pub folder: String,
}

/// What one look at a source brought.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Oldest first.
    pub items: Vec<Inbound>,
    /// Where to go on next time; stored in the transaction that stores the items (invariant 1). Opaque to everyone else.
    pub cursor: Json,
    /// There is more to fetch at once.
    pub more: bool,
    /// When to look again, if nothing wakes us before.
    pub next: Duration,
    /// Items are history asked for on connecting: they arrive closed and start nothing.
    pub imported: bool,
    /// Found on the way and worth keeping: a feed's title, the address it moved to.
    pub note: SourceNote,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNote {
    pub title: Option<String>,
    pub moved_to: Option<String>,
}

/// Why a source could not be read or an answer not be sent; told to people by key, see `health-…` in the i18n files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Failure {
    /// The host was not found, refused, hung or cut off.
    #[error("not reachable: {detail}")]
    Unreachable { detail: String },
    /// TLS: certificate not trusted, expired, wrong name.
    #[error("no secure connection: {detail}")]
    Tls { detail: String },
    /// User name, password or token refused.
    #[error("sign-in refused: {detail}")]
    SignIn { detail: String },
    /// The far side answered, and it was no use.
    #[error("status {status}")]
    Status { status: u16 },
    /// What came is not what it should be.
    #[error("not understood: {detail}")]
    Garbage { detail: String },
    /// HTTP 410 or a mailbox that is no more: stop asking.
    #[error("gone")]
    Gone,
    /// Told to come back later.
    #[error("asked to wait {seconds} s")]
    TooMany { seconds: u64 },
    /// An address we do not talk to (SSRF guard).
    #[error("address refused: {detail}")]
    Refused { detail: String },
    /// A setting is missing or wrong.
    #[error("setting {field}: {detail}")]
    Setting { field: String, detail: String },
    /// Larger than [`Limits`] allow.
    #[error("too large")]
    TooLarge,
    /// The receiving side refused this message for good (SMTP 5xx).
    #[error("rejected: {detail}")]
    Rejected { detail: String },
    /// It is not known whether the message went out (connection lost after the data was handed over).
    #[error("outcome unknown: {detail}")]
    Unsure { detail: String },
}

impl Failure {
    /// Whether trying again later can help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TooMany { .. } | Self::Tls { .. } | Self::Garbage { .. } => true,
            Self::Status { status } => *status >= 500 || *status == 429 || *status == 408,
            _ => false,
        }
    }
}

/// An answer on its way out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Ours, the same for every attempt; for mail it is the Message-ID without brackets.
    pub client_id: String,
    pub from: Option<Mailbox>,
    pub reply_to: Option<String>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: Option<String>,
    pub text: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub attachments: Vec<InboundAttachment>,
    /// Written by a machine (acknowledgement, invitation): marked `Auto-Submitted: auto-replied` or `auto-generated` (RFC 3834 §5).
    pub auto_submitted: Option<String>,
}

/// The network took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The network's id of what was sent.
    pub external_id: String,
}

/// A channel: one per network, without state.
pub trait Channel: Send + Sync {
    fn capabilities(&self) -> &'static Capabilities;

    /// Checks settings before anything is stored; every wrong field is named.
    fn check(&self, connection: &Connection) -> Vec<Failure>;

    /// Tries the connection as the account page's "test" does, and says in one line what was found (a feed's title, a mailbox' folders).
    fn test<'a>(&'a self, ctx: &'a Context, connection: &'a Connection) -> BoxFuture<'a, Result<String, Failure>>;

    /// Opens a listener. `None` for channels whose items are handed in (form, by hand).
    fn listen(&self, ctx: &Context, connection: &Connection) -> Option<Box<dyn Listener>>;

    /// Sends one answer. Only called when `can_send`.
    fn send<'a>(&'a self, _ctx: &'a Context, _connection: &'a Connection, _message: &'a Outgoing) -> BoxFuture<'a, Result<Sent, Failure>> {
        Box::pin(async { Err(Failure::Rejected { detail: "this channel does not send".into() }) })
    }

    /// Asks whether a client id has already arrived. `Ok(None)`: certainly not. Only called when `can_look_up_sent`.
    fn find_sent<'a>(
        &'a self,
        _ctx: &'a Context,
        _connection: &'a Connection,
        _client_id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Sent>, Failure>> {
        Box::pin(async { Err(Failure::Unsure { detail: "this channel cannot look".into() }) })
    }
}

/// An open ear on one account; keeps its connection between looks.
pub trait Listener: Send {
    /// Brings what is new since `cursor`, at most `limits.batch` items. Called again at once when `more`.
    fn poll<'a>(&'a mut self, cursor: Option<&'a Json>) -> BoxFuture<'a, Result<Batch, Failure>>;

    /// Returns when something may be new (IMAP IDLE) or `at_most` has passed. Dropping it half-way is safe.
    fn wait<'a>(&'a mut self, at_most: Duration) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            tokio::time::sleep(at_most).await;
            Ok(())
        })
    }
}

/// Every channel there is, in the order people see them.
pub fn registry() -> &'static [&'static dyn Channel] {
    &[&feed::Feed, &mail::Mail, &form::Form, &manual::Manual]
}

/// The channel called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Channel> {
    registry().iter().copied().find(|channel| channel.capabilities().name == name)
}
