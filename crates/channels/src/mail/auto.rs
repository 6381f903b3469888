//! Mails no person wrote to us: automatic replies (RFC 3834), delivery reports (RFC 3464), lists (RFC 2369, 2919), our own loops.
//! Nothing may answer those by itself, or two machines write to each other for ever.

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders, PartType};

use super::addresses;
use crate::Auto;

/// Set on everything we send by machine; its value is a keyed hash that the caller makes and checks.
pub const LOOP_HEADER: &str = "X-Tresen-Loop";

/// How much text is searched for the phrases of delivery reports that follow no standard.
const LOOK_AT: usize = 6_000;

/// What [`classify`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub auto: Option<Auto>,
    pub bounced_message_id: Option<String>,
    pub bounced_recipients: Vec<String>,
    pub loop_marker: Option<String>,
}

/// What the parts of a multipart/report say.
#[derive(Debug, Default)]
struct Report {
    /// `delivery-status`, `disposition-notification`, `feedback-report`.
    kind: Option<&'static str>,
    failed: Vec<String>,
    /// At least one recipient's action is `failed` (or none is named, as in old reports).
    is_failure: bool,
    original_id: Option<String>,
}

/// Looks at a parsed mail; `text` is its plain text, `mail_from` the envelope sender where known (`Some("")`: the null path).
pub(super) fn classify(message: &Message<'_>, text: &str, mail_from: Option<&str>) -> Found {
    let loop_marker = header(message, LOOP_HEADER).map(|value| addresses::line(&value, 200)).filter(|value| !value.is_empty());
    let mut found = Found { loop_marker, ..Found::default() };
    let report = read_report(message);
    let text = model::text::truncate(text, LOOK_AT).0.to_lowercase();
    let is_bounce = match report.kind {
        Some("delivery-status") => report.is_failure,
        Some(_) => false,
        None => looks_like_bounce(message, &text, mail_from),
    };
    if is_bounce {
        found.auto = Some(Auto::Bounce);
        found.bounced_message_id = report.original_id.or_else(|| id_in_text(&text_with_case(message)));
        found.bounced_recipients = report.failed;
        if found.bounced_recipients.is_empty() {
            found.bounced_recipients = failed_in_headers(message);
        }
        if found.bounced_recipients.is_empty() {
            found.bounced_recipients = failed_in_text(&text);
        }
        return found;
    }
    found.auto = if report.kind.is_some() { Some(Auto::AutoReply) } else { automatic(message, mail_from) };
    found
}

/// The value of a header, its first line folded out.
fn header(message: &Message<'_>, name: &str) -> Option<String> {
    message.header_raw(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn lower(message: &Message<'_>, name: &str) -> String {
    header(message, name).unwrap_or_default().to_lowercase()
}

fn has(message: &Message<'_>, name: &str) -> bool {
    message.header_raw(name).is_some()
}

fn is_null_path(message: &Message<'_>, mail_from: Option<&str>) -> bool {
    match mail_from {
        Some(from) => from.is_empty() || from == "<>",
        None => header(message, "Return-Path").is_some_and(|path| matches!(path.as_str(), "<>" | "")),
    }
}

/// Automatic replies and lists, by headers first (RFC 3834 §2, §5; RFC 2369; RFC 2076 for Precedence).
fn automatic(message: &Message<'_>, mail_from: Option<&str>) -> Option<Auto> {
    let submitted = lower(message, "Auto-Submitted");
    let submitted = submitted.split([';', ' ', '(']).next().unwrap_or_default();
    let is_list = ["List-Id", "List-Unsubscribe", "List-Post", "X-Mailing-List", "Mailing-List"].iter().any(|name| has(message, name));
    let precedence = lower(message, "Precedence");
    let bulk = matches!(precedence.as_str(), "bulk" | "list" | "junk");
    let subject = addresses::line(message.subject().unwrap_or_default(), 300).to_lowercase();
    if submitted == "auto-replied" || precedence == "auto_reply" || answers_by_itself(message) || is_absence_strict(&subject) {
        return Some(Auto::AutoReply);
    }
    let hinted = bulk || !submitted.is_empty() || has(message, "X-Auto-Response-Suppress") || is_null_path(message, mail_from);
    if hinted && is_absence_hint(&subject) && !has(message, "List-Unsubscribe") {
        return Some(Auto::AutoReply);
    }
    if is_list || bulk {
        return Some(Auto::List);
    }
    // Microsoft's header tells us what not to send back ([MS-OXCMAIL] §2.2.3.2.14); people's mails never carry these values.
    let suppress = lower(message, "X-Auto-Response-Suppress");
    let suppressed = suppress.split([',', ' ', ';']).any(|word| matches!(word, "all" | "oof" | "autoreply"));
    let generated = !submitted.is_empty() && submitted != "no";
    (generated || suppressed || is_null_path(message, mail_from)).then_some(Auto::AutoReply)
}

/// Headers of vacation programs from before RFC 3834.
fn answers_by_itself(message: &Message<'_>) -> bool {
    const PRESENT: &[&str] =
        &["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Mail-Autoreply", "X-AutoReply-From", "X-Vacation"];
    PRESENT.iter().any(|name| has(message, name) && !matches!(lower(message, name).as_str(), "no" | "false"))
        || lower(message, "Delivered-To").starts_with("autoresponder")
        || lower(message, "X-POST-MessageClass").contains("autoresponder")
        || lower(message, "X-FC-MachineGenerated") == "true"
}

/// Subjects only machines write, at the start of the line: an answer to one begins with "AW:" or "Re:".
fn is_absence_strict(subject: &str) -> bool {
    const STARTS: &[&str] = &[
        "automatische antwort:",
        "automatische antwort auf",
        "abwesenheitsnotiz",
        "abwesenheitsnachricht",
        "abwesenheitsassistent",
        "automatic reply:",
        "auto reply:",
        "auto-reply:",
        "autoreply:",
        "auto:",
        "out of office:",
        "out of office reply",
        "out of office autoreply",
        "out-of-office:",
        "vacation reply",
        "réponse automatique",
        "notification d'absence",
        "absence du bureau",
        "message d'absence",
        "risposta automatica",
        "risposta automatica:",
        "fuori sede:",
        "respuesta automática",
        "automatisch antwoord",
        "resposta automática",
        "automatyczna odpowiedź",
        "automatická odpověď",
    ];
    STARTS.iter().any(|start| subject.starts_with(start))
}

/// Subjects that people write too; they count only when a header hints at a machine.
fn is_absence_hint(subject: &str) -> bool {
    const PARTS: &[&str] = &[
        "abwesen",
        "nicht im büro",
        "außer haus",
        "im urlaub",
        "automatische antwort",
        "out of office",
        "out of the office",
        "vacation",
        "on holiday",
        "away from my mail",
        "automatic reply",
        "auto-reply",
        "autoreply",
        "absent du bureau",
        "absence",
        "en congé",
        "réponse automatique",
        "fuori ufficio",
        "assente",
        "in ferie",
        "risposta automatica",
        "i am away",
        "auto response",
        "autoresponse",
    ];
    PARTS.iter().any(|part| subject.contains(part))
}

/// Reads multipart/report (RFC 6522) and what reports are made of, wherever it lies.
fn read_report(message: &Message<'_>) -> Report {
    let mut report = Report::default();
    if let Some(content) = message.content_type() {
        let declared = content.attribute("report-type").unwrap_or_default().to_ascii_lowercase();
        report.kind = ["delivery-status", "disposition-notification", "feedback-report"].into_iter().find(|kind| *kind == declared);
    }
    let mut statuses = String::new();
    for part in &message.parts {
        let kind = part
            .content_type()
            .map(|c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or_default()).to_ascii_lowercase())
            .unwrap_or_default();
        match kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                report.kind = report.kind.or(Some("delivery-status"));
                statuses.push_str(&String::from_utf8_lossy(part.contents()));
                statuses.push('\n');
            }
            "message/disposition-notification" => report.kind = report.kind.or(Some("disposition-notification")),
            "message/feedback-report" => report.kind = report.kind.or(Some("feedback-report")),
            _ => {}
        }
        let original = match &part.body {
            PartType::Message(inner) if !inner.parts.is_empty() => inner.message_id().map(addresses::message_id),
            _ if matches!(
                kind.as_str(),
                "text/rfc822-headers" | "message/rfc822-headers" | "message/rfc822" | "message/global-headers"
            ) =>
            {
                MessageParser::default()
                    .parse_headers(part.contents())
                    .filter(|inner| !inner.parts.is_empty())
                    .and_then(|inner| inner.message_id().map(addresses::message_id))
            }
            _ => None,
        };
        report.original_id = report.original_id.take().or(original.filter(|id| !id.is_empty()));
    }
    read_status(&statuses, &mut report);
    report
}

/// The fields of message/delivery-status (RFC 3464 §2.3): one block for each recipient.
fn read_status(statuses: &str, report: &mut Report) {
    let unix = statuses.replace("\r\n", "\n");
    let mut actions = 0;
    for block in unix.split("\n\n") {
        let field = |name: &str| {
            block.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let action = field("Action").map(|action| action.split([' ', ';', '(']).next().unwrap_or_default().to_ascii_lowercase());
        actions += usize::from(action.is_some());
        let status_fails = field("Status").is_some_and(|status| status.starts_with('5'));
        let failed = match action.as_deref() {
            Some("failed") => true,
            Some("delayed" | "delivered" | "relayed" | "expanded") => false,
            _ => status_fails,
        };
        report.is_failure |= failed;
        if let Some(recipient) = field("Final-Recipient").or_else(|| field("Original-Recipient")).filter(|_| failed) {
            push_address(&mut report.failed, recipient.rsplit(';').next().unwrap_or_default());
        }
    }
    // A report whose status part is missing or broken still is one about a failure.
    report.is_failure |= actions == 0;
}

fn push_address(list: &mut Vec<String>, text: &str) {
    let address = addresses::bare(text);
    if address.contains('@') && list.len() < 50 && !list.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
        list.push(address);
    }
}

/// Reports of mail systems that follow no standard: two independent hints are asked for.
fn looks_like_bounce(message: &Message<'_>, text: &str, mail_from: Option<&str>) -> bool {
    if has(message, "X-Failed-Recipients") {
        return true;
    }
    let answered = lower(message, "Auto-Submitted").starts_with("auto-replied");
    let from = message.from().and_then(|from| from.first());
    let address = from.and_then(|from| from.address.as_deref()).unwrap_or_default().to_lowercase();
    let name = from.and_then(|from| from.name.as_deref()).unwrap_or_default().to_lowercase();
    let local = address.split('@').next().unwrap_or_default();
    let by_daemon =
        ["mailer-daemon", "mailer_daemon", "mailerdaemon", "postmaster", "mail-daemon", "mdaemon", "mail_daemon", "mail-system"]
            .iter()
            .any(|daemon| local.contains(daemon) || name.contains(daemon))
            || [
                "mail delivery",
                "mail administrator",
                "delivery subsystem",
                "mail system",
                "microsoft exchange",
                "system administrator",
                "mail deliver",
            ]
            .iter()
            .any(|n| name.contains(n));
    let subject = addresses::line(message.subject().unwrap_or_default(), 300).to_lowercase();
    let is_reply = subject.starts_with("re:") || subject.starts_with("aw:");
    let by_subject = !is_reply && SUBJECTS.iter().any(|part| subject.contains(part));
    let by_text = BODIES.iter().filter(|part| text.contains(*part)).count();
    let null = is_null_path(message, mail_from);
    let hints = usize::from(by_daemon) + usize::from(by_subject) + usize::from(by_text > 0) + usize::from(null);
    // A vacation program also writes with a null path; so the words decide then.
    hints >= 2
        && (by_subject || by_text > 0)
        && (!answered || by_text > 0 && by_subject)
        && (by_daemon || null || by_text > 0 && by_subject)
}

const SUBJECTS: &[&str] = &[
    "undeliver",
    "undelivered",
    "delivery status notification",
    "failure notice",
    "failure notification",
    "returned mail",
    "mail delivery",
    "delivery fail",
    "delivery has failed",
    "delivery report",
    "delivery notification",
    "delivery error",
    "delivery problem",
    "not delivered",
    "non delivery",
    "non-delivery",
    "nondeliverable",
    "could not be delivered",
    "could not send message",
    "could not deliver",
    "returned to sender",
    "message you sent blocked",
    "mail system error",
    "mail error",
    "permanent error",
    "unable to deliver",
    "unzustellbar",
    "nicht zugestellt",
    "nicht zustellbar",
    "zustellung fehlgeschlagen",
    "nachricht konnte nicht",
    "fehler bei der zustellung",
    "rückläufer",
    "unzustellbarkeit",
    "non remis",
    "échec de la remise",
    "non distribué",
    "échec de distribution",
    "mancata consegna",
    "non recapitabile",
    "messaggio non recapitato",
    "no se pudo entregar",
    "no entregado",
    "delivery status",
    "user unknown",
    "returned message",
    "bounce",
    "rejected mail",
    "message rejected",
    "dsn:",
    "mail could not",
    "email could not",
    "undeliv",
    "message status",
    "warning: could not send",
    "failed to deliver",
    "error mail",
    "notification d'échec",
    "there was an error sending your mail",
    "mail failure",
    "message delivery",
];

const BODIES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can not be delivered",
    "was not delivered",
    "not been delivered",
    "unable to deliver",
    "undeliverable",
    "delivery failed",
    "failed to deliver",
    "delivery to the following recipient",
    "delivery has failed",
    "following addresses had",
    "following address failed",
    "following address(es) failed",
    "permanent fatal errors",
    "permanent error",
    "did not reach",
    "user unknown",
    "unknown user",
    "no such user",
    "mailbox unavailable",
    "mailbox full",
    "mailbox is full",
    "over quota",
    "quota exceeded",
    "does not exist",
    "recipient address rejected",
    "host unknown",
    "has been rejected",
    "returned to sender",
    "i'm afraid i wasn't able to deliver",
    "550 5.",
    "550-5.",
    "550 ",
    "552 ",
    "554 ",
    "553 ",
    "501 ",
    "5.1.1",
    "5.2.2",
    "5.7.1",
    "konnte nicht zugestellt",
    "nicht zugestellt werden",
    "nicht zustellbar",
    "unzustellbar",
    "konnte nicht an",
    "zustellung ist fehlgeschlagen",
    "postfach ist voll",
    "empfänger unbekannt",
    "n'a pas pu être",
    "n'a pas été remis",
    "non è stato possibile consegnare",
    "non recapitat",
    "no se pudo entregar",
    "failure notice",
    "message was undeliverable",
    "unroutable",
    "invalid recipient",
    "unknown recipient",
    "recipient unknown",
    "message size exceeds",
    "mail could not",
    "not delivered to",
    "could not deliver",
    "unable to be delivered",
    "is not a valid",
    "undelivered",
    "invalid address",
    "unknown address",
    "could not send",
    "rejected by",
    "unrouteable",
];

fn failed_in_headers(message: &Message<'_>) -> Vec<String> {
    let mut failed = Vec::new();
    for address in header(message, "X-Failed-Recipients").unwrap_or_default().split(',') {
        push_address(&mut failed, address);
    }
    failed
}

/// The first address that stands alone on its line, as qmail, exim and Postfix write it: `<eva@firma.test>:` or `  eva@firma.test`.
fn failed_in_text(text: &str) -> Vec<String> {
    let mut failed = Vec::new();
    for line in text.lines().take(80) {
        let line = line.trim();
        if line.starts_with("---") || line.starts_with("from:") || line.starts_with("received:") {
            break;
        }
        let word = line.split_whitespace().next().unwrap_or_default().trim_end_matches(':');
        let alone = line.split_whitespace().count() == 1 || line.starts_with('<');
        if alone && word.contains('@') {
            push_address(&mut failed, word);
        }
    }
    failed
}

fn text_with_case(message: &Message<'_>) -> String {
    message.text_bodies().filter_map(|part| part.text_contents()).collect::<Vec<_>>().join("\n")
}

/// A `Message-ID:` line in the text: the returned mail's headers, pasted.
fn id_in_text(text: &str) -> Option<String> {
    let line = text
        .lines()
        .map(|line| line.trim_start_matches(['>', ' ', '\t']))
        .find(|line| line.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("message-id:")))?;
    let id = addresses::message_id(&line[11..]);
    (!id.is_empty()).then_some(id)
}

/// Whether the receiving server vouches for the sender (RFC 8601): `dmarc=pass`, or `dkim=pass` for the sender's own domain. Only headers
/// of `authserv_id` count; anyone can write the others. The topmost verdict wins: servers put theirs above what came in.
pub(super) fn is_authenticated(message: &Message<'_>, authserv_id: &str, from: &[crate::Mailbox]) -> bool {
    let [from] = from else { return false };
    let Some(sender) = addresses::domain(&from.address) else { return false };
    let mut dmarc = None;
    let mut dkim = false;
    for (name, value) in message.headers_raw() {
        if !name.eq_ignore_ascii_case("Authentication-Results") {
            continue;
        }
        let value = without_comments(value).to_lowercase();
        let mut results = value.split(';');
        let id = results.next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        if id != authserv_id.to_lowercase() {
            continue;
        }
        for result in results {
            let mut words = result.split_whitespace();
            let verdict = words.next().unwrap_or_default();
            let property = |name: &str| result.split_whitespace().find_map(|word| word.strip_prefix(name));
            if let Some(verdict) = verdict.strip_prefix("dmarc=") {
                let same = property("header.from=").is_none_or(|domain| aligned(&sender, domain));
                dmarc = dmarc.or(Some(verdict == "pass" && same));
            } else if verdict == "dkim=pass" {
                let domain = property("header.d=").or_else(|| property("header.i=").and_then(|i| i.rsplit('@').next()));
                dkim |= domain.is_some_and(|domain| aligned(&sender, domain));
            }
        }
    }
    dmarc.unwrap_or(dkim)
}

/// The sender's domain is the signer's or one below it.
fn aligned(sender: &str, signer: &str) -> bool {
    let signer = signer.trim_matches(['"', '.']);
    signer.contains('.') && (sender == signer || sender.strip_suffix(signer).is_some_and(|rest| rest.ends_with('.')))
}

/// RFC 5322 §3.2.2 comments may hold anything, `;` too.
fn without_comments(text: &str) -> String {
    let mut depth = 0u32;
    text.chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

/// What the envelope or a server says the mail was for.
pub(super) fn delivered_to(message: &Message<'_>) -> Vec<String> {
    let mut list = Vec::new();
    for name in ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"] {
        for header in message.headers().iter().filter(|header| header.name.as_str().eq_ignore_ascii_case(name)) {
            match &header.value {
                HeaderValue::Address(address) => {
                    address.iter().filter_map(|a| a.address.as_deref()).for_each(|a| push_address(&mut list, a))
                }
                HeaderValue::Text(text) => push_address(&mut list, text),
                HeaderValue::TextList(texts) => texts.iter().for_each(|text| push_address(&mut list, text)),
                _ => {}
            }
        }
    }
    list
}
