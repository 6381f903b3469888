//! The contact form on a website: its settings, what people send through it, and the one confirmation they get a day.

use std::time::Duration;

use channels::form::{FormGuard, Reason, Submission as Sent, Verdict};
use channels::{Author, Inbound, ItemKind, Mailbox, Outgoing};
use db::{Conn, Json, Tx, args};
use i18n::{Sentence, Texts};
use jobs::{Claimed, Failure, NewJob, Outcome};
use model::{Id, Locale, Timestamp, kinds};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::fields::is_address;
use super::suspects;
use crate::accounts::sessions;
use crate::{App, Error, Result, fold_key, intake};

/// The channel's name in the registry.
pub const CHANNEL: &str = "form";
/// The job that sends the confirmation.
pub const CONFIRMATION: &str = "form-confirmation";
/// Messages from one address of the network in a quarter of an hour, per form: an office behind one address writes less.
const RATE: i64 = 10;
/// Longest message in characters.
const MESSAGE: usize = 20_000;
const LINE: usize = 200;

/// What a form looks like and where its answers go. Kept in the account's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormSettings {
    pub title: String,
    pub intro: String,
    /// What happens with the data (GDPR Art. 13): as text, as a link to a page, or both.
    pub privacy_text: String,
    pub privacy_url: String,
    pub ask_subject: bool,
    pub ask_phone: bool,
    /// Origins whose pages may hold the form in a frame: `https://www.firma.example`.
    pub sites: Vec<String>,
    /// `de`, `en`, or empty for the visitor's own.
    pub language: String,
    /// Whether people get a mail that says their message has arrived.
    pub confirmation: bool,
    /// The mail account answers and confirmations go out through; without one, the workspace's first (see `sources::sender`).
    #[serde(rename = "answer_account")]
    pub mail_account: Option<Id<kinds::ChannelAccount>>,
}

impl FormSettings {
    /// Checks what was entered; `sites` may be written as addresses of pages. Every wrong field is named.
    pub fn checked(mut self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut name = |field: &str, key: &str| wrong.push((field.to_string(), Sentence::new(key)));
        for text in [&mut self.title, &mut self.intro, &mut self.privacy_text, &mut self.privacy_url] {
            *text = tidy(text);
        }
        if self.title.is_empty() || self.title.chars().count() > 120 {
            name("title", "error-form-title");
        }
        if self.intro.chars().count() > 2_000 || self.privacy_text.chars().count() > 5_000 {
            name(if self.intro.chars().count() > 2_000 { "intro" } else { "privacy_text" }, "error-setting-text");
        }
        if self.privacy_text.is_empty() && self.privacy_url.is_empty() {
            name("privacy_text", "error-form-privacy");
        }
        if !self.privacy_url.is_empty() {
            if !self.privacy_url.contains("://") {
                self.privacy_url.insert_str(0, "https://");
            }
            if origin(&self.privacy_url).is_none() {
                name("privacy_url", "error-setting-url");
            }
        }
        if !matches!(self.language.as_str(), "" | "de" | "en") {
            name("language", "error-choice");
        }
        let mut sites = Vec::new();
        for site in self.sites.iter().map(|site| site.trim()).filter(|site| !site.is_empty()) {
            match origin(site) {
                Some(site) if sites.len() < 20 => sites.push(site),
                _ => {
                    name("sites", "error-form-sites");
                    break;
                }
            }
        }
        sites.dedup();
        self.sites = sites;
        if wrong.is_empty() { Ok(self) } else { Err(Error::InvalidFields(wrong)) }
    }

    /// The value of `frame-ancestors`. Only origins that [`checked`](Self::checked) made get in.
    pub fn ancestors(&self) -> String {
        let sites: Vec<String> = self.sites.iter().filter_map(|site| origin(site)).collect();
        if sites.is_empty() { "'none'".into() } else { sites.join(" ") }
    }

    /// The language the form speaks; `visitor` is what the visitor's browser prefers.
    pub fn locale(&self, visitor: Locale) -> Locale {
        match self.language.as_str() {
            "de" => Locale::DeDe,
            "en" => Locale::En,
            _ => visitor,
        }
    }
}

/// `https://www.firma.example`, made of the address of any page there; a name alone is meant as https.
fn origin(text: &str) -> Option<String> {
    let whole = if text.contains("://") { text.to_string() } else { format!("https://{text}") };
    let url = url::Url::parse(&whole).ok()?;
    let named = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty() && !host.contains('*'));
    (named && url.username().is_empty()).then(|| url.origin().ascii_serialization())
}

fn tidy(text: &str) -> String {
    model::text::clean(text).replace("\r\n", "\n").replace('\r', "\n").trim().nfc().collect()
}

/// A form that can be filled in.
#[derive(Debug, Clone)]
pub struct PublicForm {
    pub workspace: Id<kinds::Workspace>,
    pub account: Id<kinds::ChannelAccount>,
    pub workspace_name: String,
    pub settings: FormSettings,
}

/// The form behind a public address. `NotFound` for accounts that are no form, paused or removed.
pub async fn open(conn: &mut Conn, account: Id<kinds::ChannelAccount>) -> Result<PublicForm> {
    let (workspace, workspace_name, Json(settings)): (Id<kinds::Workspace>, String, Json<FormSettings>) = conn
        .opt(
            "SELECT a.workspace_id, w.name, a.settings FROM channel_accounts a JOIN workspaces w ON w.id = a.workspace_id
             WHERE a.id = $1 AND a.channel = $2 AND a.state = 'active' AND a.removed_at IS NULL",
            args![account, CHANNEL],
        )
        .await?
        .ok_or(Error::NotFound)?;
    Ok(PublicForm { workspace, account, workspace_name, settings })
}

/// A token for the hidden field, worth something for a day and for this form only.
pub fn token(app: &App, account: Id<kinds::ChannelAccount>) -> String {
    let sign = |bytes: &[u8]| app.sealer.mac("form token", bytes);
    FormGuard::new(&sign).issue(&account.to_string(), app.now(), app.random().u64())
}

/// What a visitor filled in.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    pub name: String,
    pub email: String,
    pub subject: String,
    pub phone: String,
    pub message: String,
    /// The field people do not see.
    pub honeypot: String,
    pub token: String,
    /// Where it was sent from, for the rate limit only; stored as a keyed hash.
    pub visitor: String,
}

/// Takes a message in: on disk when it returns.
///
/// # Errors
/// `InvalidFields` for what is missing; `Refused` with rule `form.expired`, `form.fast` or `form.spam` (say why, keep the text, let people try
/// again: a machine does not); `TooMany`.
pub async fn submit(app: &App, account: Id<kinds::ChannelAccount>, locale: Locale, sent: Submission) -> Result<()> {
    let form = open(&mut app.db.read().await?, account).await?;
    let t = Texts::new(locale);
    let visitor = hex(&app.sealer.mac("form visitor", sent.visitor.as_bytes()));
    sessions::count_attempt(&app.db, &format!("form:{account}:{visitor}"), RATE).await?;
    let clean = Submission {
        name: tidy(&sent.name),
        email: tidy(&sent.email),
        subject: tidy(&sent.subject),
        phone: tidy(&sent.phone),
        message: tidy(&sent.message),
        ..sent
    };
    check(&clean)?;
    let doubts = guard(app, account, &clean)?;
    let item = item(app, &form, t, &clean);
    if !doubts.is_empty() {
        return suspects::set_apart(app, &form, locale, &item, &doubts).await;
    }
    take_in(app, &form, locale, item).await?;
    Ok(())
}

/// A conversation made of what was sent, and the confirmation on its way.
pub(super) async fn take_in(app: &App, form: &PublicForm, locale: Locale, item: Inbound) -> Result<Option<Id<kinds::Conversation>>> {
    let email = item.author.address.clone().unwrap_or_default();
    let conversation = intake::deliver(app, form.workspace, form.account, item).await?;
    if let Some(conversation) = conversation {
        // The message is safe by now; whatever goes wrong with the confirmation must not make people send it again.
        if let Err(error) = confirmation(app, form, locale, conversation, &email).await {
            tracing::warn!(%error, "no confirmation was queued");
        }
    }
    Ok(conversation)
}

fn check(sent: &Submission) -> Result<()> {
    let mut wrong = Vec::new();
    let mut name = |field: &str, key: &str| wrong.push((field.to_string(), Sentence::new(key)));
    let long = |text: &str| text.chars().count() > LINE || text.contains('\n');
    if sent.name.is_empty() || long(&sent.name) {
        name("name", "form-error-name");
    }
    if !is_address(&sent.email) {
        name("email", "error-email");
    }
    if long(&sent.subject) {
        name("subject", "error-setting-text");
    }
    if long(&sent.phone) {
        name("phone", "error-setting-text");
    }
    if sent.message.is_empty() {
        name("message", "form-error-message");
    } else if sent.message.chars().count() > MESSAGE {
        name("message", "form-error-message-long");
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::InvalidFields(wrong)) }
}

/// What speaks against it without being enough to refuse it: a person has to look at it first.
fn guard(app: &App, account: Id<kinds::ChannelAccount>, sent: &Submission) -> Result<Vec<Reason>> {
    let sign = |bytes: &[u8]| app.sealer.mac("form token", bytes);
    let fields = [
        ("name", sent.name.as_str()),
        ("subject", sent.subject.as_str()),
        ("phone", sent.phone.as_str()),
        ("message", sent.message.as_str()),
    ];
    let fields: Vec<(&str, &str)> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let form = account.to_string();
    let submission = Sent { form: &form, token: &sent.token, honeypot: &sent.honeypot, fields: &fields, recent: &[] };
    let assessment = FormGuard::new(&sign).assess(&submission, app.now());
    for reason in &assessment.reasons {
        match reason {
            Reason::TokenExpired { .. } | Reason::TokenMissing | Reason::TokenForged => {
                return Err(Error::refused("form.expired", "form-error-expired"));
            }
            Reason::TooFast { .. } => return Err(Error::refused("form.fast", "form-error-fast")),
            Reason::Honeypot => return Err(Error::refused("form.spam", "form-error-honeypot")),
            _ => {}
        }
    }
    match assessment.verdict() {
        Verdict::Accept => Ok(Vec::new()),
        Verdict::Suspicious => Ok(assessment.reasons),
        Verdict::Reject => Err(Error::refused("form.spam", "form-error-links")),
    }
}

fn item(app: &App, form: &PublicForm, t: Texts, sent: &Submission) -> Inbound {
    // The same form sent twice (a double click, a reload) is one message; the same page used for another message is another.
    let mut hash = Sha256::new();
    for part in [&sent.token, &sent.name, &sent.email, &sent.subject, &sent.phone, &sent.message] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let text = if sent.phone.is_empty() || !form.settings.ask_phone {
        sent.message.clone()
    } else {
        format!("{}\n\n{}", sent.message, t.form_phone_line(&sent.phone))
    };
    Inbound {
        external_id: format!("form-{}", hex(&hash.finalize()[..16])),
        canonical_url: None,
        kind: ItemKind::Form,
        author: Author { name: sent.name.clone(), handle: None, url: None, address: Some(sent.email.clone()) },
        title: Some(sent.subject.clone()).filter(|subject| form.settings.ask_subject && !subject.is_empty()),
        text,
        html: None,
        published_at: Some(app.now()),
        language_hint: None,
        in_reply_to: None,
        attachments: Vec::new(),
        mail: None,
        media: Vec::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Queues the confirmation, once per address and day. The job knows the conversation; the address stays where it is.
async fn confirmation(app: &App, form: &PublicForm, locale: Locale, conversation: Id<kinds::Conversation>, email: &str) -> Result<()> {
    if !form.settings.confirmation || mail_accounts(&mut app.db.read().await?, form.workspace).await?.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let key = fold_key(email);
    // Two machines that thank each other would never end.
    if tx.opt::<(String,)>("SELECT address_key FROM inbound_addresses WHERE address_key = $1", args![&key]).await?.is_some() {
        return Ok(());
    }
    if first_today(&mut tx, app, form.workspace, &key).await? {
        let payload = serde_json::json!({ "account": form.account, "conversation": conversation, "locale": locale.tag() });
        let job = NewJob { workspace: Some(form.workspace), max_attempts: 6, ..NewJob::new(CONFIRMATION, payload) };
        jobs::enqueue(&mut tx, job).await?;
    }
    Ok(tx.commit().await?)
}

async fn first_today(tx: &mut Tx, app: &App, workspace: Id<kinds::Workspace>, address_key: &str) -> Result<bool> {
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let now = tx.now();
    let today = day(now);
    // What is older than yesterday tells nothing any more.
    tx.run("DELETE FROM form_confirmations WHERE workspace_id = $1 AND day < $2", args![workspace, day(now - Duration::from_secs(86_400))])
        .await?;
    let hash = app.sealer.mac("form confirmation", address_key.as_bytes());
    let n = tx
        .run(
            "INSERT INTO form_confirmations (workspace_id, address_hash, day) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, address_hash, day) DO NOTHING",
            args![workspace, hash.as_slice(), today],
        )
        .await?;
    Ok(n == 1)
}

#[derive(Deserialize)]
struct Payload {
    account: Id<kinds::ChannelAccount>,
    conversation: Id<kinds::Conversation>,
    locale: String,
}

/// The job: one short mail that says the message has arrived. It repeats nothing of what the visitor wrote, so the form cannot be used to send
/// other people texts of one's own.
pub async fn confirm(app: &App, job: Claimed) -> Outcome {
    match confirm_now(app, &job).await {
        Ok(()) => Outcome::Done,
        // The form, its conversation or its mail account is gone: nothing to confirm.
        Err(Error::NotFound) => Outcome::Done,
        Err(Error::Upstream(failure)) if failure.is_temporary() => Outcome::Retry { at: None, why: said(&failure) },
        Err(Error::Upstream(failure)) => Outcome::Failed(said(&failure)),
        Err(Error::Db(error)) if error.is_temporary() => Outcome::Retry { at: None, why: Failure::new("job-failure-database") },
        Err(error) => {
            tracing::error!(%error, job = %job.id, "no confirmation was sent");
            Outcome::Failed(Failure::new("job-failure-internal"))
        }
    }
}

fn said(failure: &channels::Failure) -> Failure {
    let sentence = super::health::sentence(failure);
    let arg = |arg: i18n::Arg| match arg {
        i18n::Arg::Number(n) => n.to_string(),
        i18n::Arg::Text(text) => text,
    };
    Failure { key: sentence.key, args: sentence.args.into_iter().map(|(name, value)| (name, arg(value))).collect() }
}

async fn confirm_now(app: &App, job: &Claimed) -> Result<()> {
    let workspace = job.workspace_id.ok_or(Error::NotFound)?;
    let payload: Payload = serde_json::from_value(job.payload.0.clone())?;
    let mut conn = app.db.read().await?;
    let form = open(&mut conn, payload.account).await?;
    if form.workspace != workspace || !form.settings.confirmation {
        return Err(Error::NotFound);
    }
    let (to,): (Option<String>,) = conn
        .opt(
            "SELECT author_address FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND direction = 'in' ORDER BY sort_at, id LIMIT 1",
            args![workspace, payload.conversation],
        )
        .await?
        .ok_or(Error::NotFound)?;
    let to = to.ok_or(Error::NotFound)?;
    drop(conn);
    let (channel, connection, from) = super::sender(app, workspace, payload.account).await?;
    let t = Texts::new(payload.locale.parse().unwrap_or_default());
    let domain = from.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain).to_string();
    let mail = Outgoing {
        client_id: format!("confirmation-{}@{domain}", job.id),
        from: Some(Mailbox { name: from.name.or_else(|| Some(form.workspace_name.clone())), address: from.address }),
        reply_to: None,
        to: vec![Mailbox { name: None, address: to }],
        cc: Vec::new(),
        subject: Some(t.form_confirmation_subject(&form.workspace_name)),
        text: t.form_confirmation_text(&form.workspace_name),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        // RFC 3834 §5: machines must not answer it.
        auto_submitted: Some("auto-replied".into()),
    };
    channel.send(&app.channels, &connection, &mail).await?;
    Ok(())
}

/// The accounts answers can go out through.
pub async fn mail_accounts(conn: &mut Conn, workspace: Id<kinds::Workspace>) -> Result<Vec<(Id<kinds::ChannelAccount>, String)>> {
    let all: Vec<(Id<kinds::ChannelAccount>, String, String, Option<String>)> = conn
        .all("SELECT id, channel, name, address FROM channel_accounts WHERE workspace_id = $1 AND removed_at IS NULL AND address IS NOT NULL ORDER BY name, id", args![workspace])
        .await?;
    let sends = |channel: &str| channels::by_name(channel).is_some_and(|channel| channel.capabilities().can_send);
    let shown = |name: String, address: Option<String>| match address {
        Some(address) if address != name => format!("{name} ({address})"),
        _ => name,
    };
    Ok(all.into_iter().filter(|(_, channel, ..)| sends(channel)).map(|(id, _, name, address)| (id, shown(name, address))).collect())
}
