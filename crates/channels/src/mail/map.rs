//! From the bytes of a mail (RFC 5322, MIME) to an [`Inbound`]. Takes any bytes: mails are written by thousands of programs, some of them
//! to do harm.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, WINDOWS_1252};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{DateTime, Encoding as Transfer, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use model::Timestamp;
use sha2::{Digest, Sha256};

use super::{addresses, attachment, auto, quote};
use crate::{Author, Inbound, InboundAttachment, ItemKind, MailFacts, Mailbox, html};

/// MIME parts of one mail; more is shown as plain source.
const MAX_PARTS: usize = 500;
/// Mails inside mails: each level costs stack in the parser's own types.
const MAX_NESTED: usize = 30;
const MAX_ATTACHMENTS: usize = 200;
/// Bytes of text, and of HTML, kept of one mail.
const MAX_TEXT: usize = 2 << 20;
/// Header lines are RFC 5322's business up to here; past it, a mail is all header.
const MAX_HEADERS: usize = 512 << 10;
const MAX_REFERENCES: usize = 100;

/// What is known about a mail from outside of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// IMAP folder, or `lmtp`.
    pub folder: &'a str,
    /// The `authserv-id` of the receiving server (RFC 8601 §2.5), whose verdicts are believed; empty: nobody's.
    pub authserv_id: &'a str,
    /// Envelope recipients, where the delivery told them (LMTP RCPT).
    pub recipients: &'a [String],
    /// Envelope sender, where known; `Some("")` is the null path.
    pub mail_from: Option<&'a str>,
}

/// Reads a mail. Whatever the bytes are, something readable comes out.
pub fn parse(bytes: &[u8], origin: &Origin<'_>) -> Inbound {
    // The parser is written not to panic; one mail that proves it wrong must not stop the mailbox it lies in.
    let read = catch_unwind(AssertUnwindSafe(|| try_parse(bytes, origin)));
    read.ok().flatten().unwrap_or_else(|| as_source(bytes, origin))
}

/// The headers of a mail that is not fetched because it is too large, with `note` as its text.
pub fn parse_headers_only(headers: &[u8], note: &str, origin: &Origin<'_>) -> Inbound {
    let mut bytes = headers_of(headers).0.to_vec();
    while bytes.ends_with(b"\n") || bytes.ends_with(b"\r") {
        bytes.pop();
    }
    // Its parts are not here, so what the headers say about them would mislead.
    let mut kept: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut skipping = false;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            skipping = line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        }
        if !skipping {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    kept.extend_from_slice(note.as_bytes());
    let mut inbound = parse(&kept, origin);
    // Whatever the text says, nobody wrote it: it must not count as what is new.
    inbound.text = note.to_owned();
    inbound
}

fn try_parse(bytes: &[u8], origin: &Origin<'_>) -> Option<Inbound> {
    let bytes = mended(bytes);
    if is_too_nested(&bytes) {
        return None;
    }
    let message = MessageParser::default().parse(bytes.as_ref())?;
    if !has_known_header(&message) {
        return None;
    }
    let body = Body::read(&message);
    Some(assemble(&message, body, origin))
}

/// A mail without any header, or one nested beyond reason: its source as text.
fn as_source(bytes: &[u8], origin: &Origin<'_>) -> Inbound {
    let headers = mended(headers_of(bytes).0);
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let message = MessageParser::default().parse_headers(headers.as_ref()).filter(has_known_header)?;
        let body = Body { text: addresses::block(&decode_text(limited(bytes), None)), ..Body::default() };
        Some(assemble(&message, body, origin))
    }));
    parsed.ok().flatten().unwrap_or_else(|| Inbound {
        external_id: format!("#{}", hex16(&Sha256::digest(bytes))),
        canonical_url: None,
        kind: ItemKind::Mail,
        author: Author::default(),
        title: None,
        text: addresses::block(&decode_text(limited(bytes), None)),
        html: None,
        published_at: None,
        language_hint: None,
        in_reply_to: None,
        attachments: Vec::new(),
        mail: Some(MailFacts {
            new_text: addresses::block(&decode_text(limited(bytes), None)),
            delivered_to: origin.recipients.to_vec(),
            folder: origin.folder.to_owned(),
            ..MailFacts::default()
        }),
        media: Vec::new(),
    })
}

/// Bytes without any header that mails have are no mail; the parser takes their first line for an odd header.
fn has_known_header(message: &Message<'_>) -> bool {
    message.parts.first().is_some_and(|part| part.headers.iter().any(|header| !header.name.is_other()))
}

fn limited(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(MAX_TEXT)]
}

/// Text, HTML and files of a mail.
#[derive(Debug, Default)]
struct Body {
    /// Cleaned plain text.
    text: String,
    /// As sent, decoded, not yet sanitised.
    html: Option<String>,
    /// The text was made of the HTML.
    text_is_from_html: bool,
    attachments: Vec<InboundAttachment>,
}

impl Body {
    fn read(message: &Message<'_>) -> Self {
        let mut plain = Vec::new();
        let mut from_html = Vec::new();
        let mut text_size = 0;
        for part in message.text_body.iter().filter_map(|id| message.parts.get(*id as usize)) {
            match &part.body {
                PartType::Text(_) => plain.push(text_of(message, part)),
                PartType::Html(_) => from_html.push(text_of(message, part)),
                _ => {}
            }
            text_size += part.len();
            if text_size > MAX_TEXT {
                break;
            }
        }
        let mut htmls = Vec::new();
        for part in message.html_body.iter().filter_map(|id| message.parts.get(*id as usize)) {
            match &part.body {
                PartType::Html(_) => htmls.push((true, text_of(message, part))),
                PartType::Text(_) => htmls.push((false, text_of(message, part))),
                _ => {}
            }
        }
        let has_html = htmls.iter().any(|(is_html, _)| *is_html);
        let html = has_html.then(|| {
            htmls.iter().map(|(is_html, text)| if *is_html { text.clone() } else { html::from_text(text) }).collect::<Vec<_>>().join("\n")
        });
        let html = html.map(|html| model::text::truncate(&html, MAX_TEXT).0.to_owned());
        let plain_text = plain.join("\n");
        let plain_is_empty = plain_text.trim().is_empty();
        let text = match (&html, plain_is_empty) {
            (Some(html), true) => html::to_text(html),
            (None, true) if !from_html.is_empty() => html::to_text(&from_html.join("\n")),
            _ => plain_text,
        };
        Self {
            text: addresses::block(model::text::truncate(&text, MAX_TEXT).0),
            html,
            text_is_from_html: plain_is_empty,
            attachments: attachments(message),
        }
    }
}

fn assemble(message: &Message<'_>, body: Body, origin: &Origin<'_>) -> Inbound {
    let from = addresses::mailboxes(message.from());
    let subject = subject_of(message);
    let message_id = message.message_id().map(addresses::message_id).unwrap_or_default();
    let found = auto::classify(message, &body.text, origin.mail_from);
    let hash = content_hash(message, &from, subject.as_deref(), &body);
    let (new_text, new_html) = new_part(&body);
    let mut delivered_to = origin.recipients.to_vec();
    for address in auto::delivered_to(message) {
        if !delivered_to.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            delivered_to.push(address);
        }
    }
    let in_reply_to = ids(message.in_reply_to()).into_iter().next();
    let author = from.first().cloned().or_else(|| addresses::mailboxes(message.sender()).into_iter().next());
    let authenticated = !origin.authserv_id.is_empty() && auto::is_authenticated(message, origin.authserv_id, &from);
    Inbound {
        external_id: format!("{message_id}#{hash}"),
        canonical_url: None,
        kind: ItemKind::Mail,
        author: Author {
            name: author.as_ref().map(|a| a.name.clone().unwrap_or_else(|| a.address.clone())).unwrap_or_default(),
            handle: None,
            url: None,
            address: author.map(|a| a.address),
        },
        title: subject,
        text: body.text,
        html: body.html.as_deref().map(html::sanitise),
        published_at: message.date().and_then(timestamp),
        language_hint: message
            .header_raw("Content-Language")
            .map(|l| addresses::line(l, 35))
            .filter(|l| !l.is_empty() && !l.contains([' ', ','])),
        in_reply_to: in_reply_to.clone(),
        attachments: body.attachments,
        mail: Some(MailFacts {
            message_id,
            in_reply_to,
            references: ids(message.references()),
            from,
            reply_to: addresses::mailboxes(message.reply_to()),
            to: addresses::mailboxes(message.to()),
            cc: addresses::mailboxes(message.cc()),
            delivered_to,
            new_text,
            new_html,
            auto: found.auto,
            bounced_message_id: found.bounced_message_id,
            bounced_recipients: found.bounced_recipients,
            loop_marker: found.loop_marker,
            authenticated,
            folder: origin.folder.to_owned(),
        }),
        media: Vec::new(),
    }
}

fn subject_of(message: &Message<'_>) -> Option<String> {
    // The parser's accessors take the first part for granted.
    message.parts.first()?;
    message.subject().map(|subject| addresses::line(subject, 1000)).filter(|subject| !subject.is_empty())
}

/// What is new, as text and, where it can be told apart, as HTML.
fn new_part(body: &Body) -> (String, Option<String>) {
    let parts = quote::split(&body.text);
    let Some(html) = &body.html else { return (parts.new_text, None) };
    let above = quote::html_cut(html).map(|cut| html::sanitise(&html[..cut]));
    let above_text = above.as_deref().map(html::to_text).unwrap_or_default();
    if body.text_is_from_html && !above_text.trim().is_empty() && parts.top_posted {
        return (quote::split(&addresses::block(&above_text)).new_text, above);
    }
    let nothing_quoted = parts.quoted.is_empty() && above.is_none();
    let new_html = match above {
        // Text and HTML agree that there is a quote and nothing new below it.
        Some(above) if parts.top_posted && !parts.quoted.is_empty() && !above_text.trim().is_empty() => Some(above),
        None if nothing_quoted => Some(html::sanitise(html)),
        _ => None,
    };
    (parts.new_text, new_html)
}

/// All Message-IDs of a header, oldest first.
fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let list: Vec<&str> = match value {
        HeaderValue::Text(text) => vec![text.as_ref()],
        HeaderValue::TextList(texts) => texts.iter().map(|text| text.as_ref()).collect(),
        _ => Vec::new(),
    };
    let ids: Vec<String> = list.into_iter().map(addresses::message_id).filter(|id| !id.is_empty()).collect();
    // The last ones are the nearest relatives.
    ids[ids.len().saturating_sub(MAX_REFERENCES)..].to_vec()
}

fn timestamp(date: &DateTime) -> Option<Timestamp> {
    // Dates outside of these years are wrong clocks or ways to sort a mail on top for ever.
    (date.is_valid() && (1970..=9998).contains(&date.year)).then(|| Timestamp::from_secs(date.to_timestamp()))
}

/// First 16 hex digits of SHA-256 over what a reader sees. Trace headers, transfer encodings and line ends are left out: the same mail
/// delivered twice has the same hash, another mail under a reused Message-ID has not.
fn content_hash(message: &Message<'_>, from: &[Mailbox], subject: Option<&str>, body: &Body) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    for mailbox in from {
        field(addresses::fold(&mailbox.address).as_bytes());
    }
    field(&message.date().and_then(timestamp).map_or(0, Timestamp::micros).to_be_bytes());
    field(subject.unwrap_or_default().as_bytes());
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    field(squeezed(&body.text).as_bytes());
    field(squeezed(body.html.as_deref().unwrap_or_default()).as_bytes());
    for file in &body.attachments {
        field(&Sha256::digest(&file.bytes));
    }
    hex16(&hash.finalize())
}

fn hex16(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn attachments(message: &Message<'_>) -> Vec<InboundAttachment> {
    let mut files = Vec::new();
    for part in message.attachments.iter().filter_map(|id| message.parts.get(*id as usize)).take(MAX_ATTACHMENTS) {
        let claimed = part.content_type().map(|c| format!("{}/{}", c.ctype(), c.subtype().unwrap_or("octet-stream")).to_ascii_lowercase());
        let (bytes, inner_subject): (Cow<'_, [u8]>, Option<String>) = match &part.body {
            PartType::Message(inner) => {
                let bytes =
                    if part.encoding == Transfer::None { raw(message, part).into() } else { Cow::Borrowed(inner.raw_message.as_ref()) };
                (bytes, subject_of(inner).map(|subject| format!("{}.eml", subject.replace(['/', '\\'], "_"))))
            }
            PartType::Multipart(_) => continue,
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => (Cow::Borrowed(bytes.as_ref()), None),
            PartType::Text(_) | PartType::Html(_) => (decoded(message, part), None),
        };
        if bytes.is_empty() && part.attachment_name().is_none() {
            continue;
        }
        let is_mail = matches!(part.body, PartType::Message(_));
        let mime = if is_mail { "message/rfc822".to_owned() } else { attachment::kind(claimed.as_deref(), &bytes) };
        let mut name = attachment::safe_name(part.attachment_name().or(inner_subject.as_deref()), &mime);
        if is_mail && !name.to_ascii_lowercase().ends_with(".eml") {
            name = attachment::safe_name(Some(&format!("{name}.eml")), &mime);
        }
        let content_id = part.content_id().map(addresses::message_id).filter(|id| !id.is_empty());
        files.push(InboundAttachment { name, mime, content_id, bytes: bytes.into_owned() });
    }
    files
}

/// A part's bytes as they stand in the mail.
fn raw<'x>(message: &'x Message<'_>, part: &MessagePart<'_>) -> &'x [u8] {
    message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()
}

/// A part's bytes with the transfer encoding undone, the charset not.
fn decoded<'x>(message: &'x Message<'_>, part: &MessagePart<'_>) -> Cow<'x, [u8]> {
    let raw = raw(message, part);
    let undone = match part.encoding {
        Transfer::None => None,
        Transfer::Base64 => base64_decode(raw),
        Transfer::QuotedPrintable => quoted_printable_decode(raw),
    };
    undone.map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// The text of a part. The parser's own decoding is kept where it knows more (UTF-7, odd names); otherwise charsets are read as browsers
/// do, since mails without one, or with a wrong one, are common.
fn text_of(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    let known = match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.as_ref(),
        _ => return String::new(),
    };
    let charset = part.content_type().and_then(|content| content.attribute("charset")).map(str::trim);
    let bytes = decoded(message, part);
    match charset {
        Some(name)
            if Encoding::for_label(name.as_bytes()).is_none_or(|encoding| encoding == REPLACEMENT) && !known.contains('\u{fffd}') =>
        {
            known.to_owned()
        }
        _ if bytes.is_empty() => known.to_owned(),
        charset => decode_text(&bytes, charset),
    }
}

/// Bytes as text. UTF-8 that is valid and not plain ASCII is UTF-8, whatever the label; else the label counts; else Windows-1252.
fn decode_text(bytes: &[u8], charset: Option<&str>) -> String {
    let declared = charset.and_then(|name| Encoding::for_label(name.as_bytes())).filter(|encoding| *encoding != REPLACEMENT);
    if bytes.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@")) && declared.is_none_or(|e| e == UTF_8 || e == WINDOWS_1252) {
        return ISO_2022_JP.decode(bytes).0.into_owned();
    }
    let is_wide = declared.is_some_and(|encoding| !encoding.is_ascii_compatible());
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_wide && (declared.is_none_or(|e| e == UTF_8 || e == WINDOWS_1252) || text.is_ascii()) => {
            text.trim_start_matches('\u{feff}').to_owned()
        }
        _ => {
            let encoding = declared.filter(|encoding| *encoding != UTF_8).unwrap_or(WINDOWS_1252);
            // A mail cut in the middle of a character is still UTF-8.
            let (text, _, broken) = UTF_8.decode(bytes);
            if declared == Some(UTF_8) && broken && text.matches('\u{fffd}').count() * 50 < text.chars().filter(|c| !c.is_ascii()).count() {
                return text.into_owned();
            }
            encoding.decode(bytes).0.into_owned()
        }
    }
}

/// Splits at the empty line; a mail that has none within reason is cut.
fn headers_of(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in bytes[..bytes.len().min(MAX_HEADERS)].split_inclusive(|b| *b == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            return bytes.split_at(at);
        }
        at += line.len();
    }
    bytes.split_at(at)
}

/// Makes header lines valid UTF-8: raw 8-bit letters are Windows-1252 to most who send them, ESC sequences are Japanese.
fn mended(bytes: &[u8]) -> Cow<'_, [u8]> {
    // What mbox files put in front of a mail.
    let bytes = match bytes.iter().position(|b| *b == b'\n') {
        Some(end) if bytes.starts_with(b"From ") => &bytes[end + 1..],
        _ => bytes,
    };
    let (headers, rest) = headers_of(bytes);
    let japanese = headers.windows(3).any(|w| matches!(w, b"\x1b$B" | b"\x1b$@"));
    if !japanese && std::str::from_utf8(headers).is_ok() {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len() + 256);
    for line in headers.split_inclusive(|b| *b == b'\n') {
        if line.contains(&0x1b) {
            out.extend_from_slice(ISO_2022_JP.decode(line).0.as_bytes());
        } else if std::str::from_utf8(line).is_ok() {
            out.extend_from_slice(line);
        } else {
            out.extend_from_slice(WINDOWS_1252.decode(line).0.as_bytes());
        }
    }
    out.extend_from_slice(rest);
    out.into()
}

/// Counts what can nest or multiply, before the parser builds it: mails in mails are freed recursively, and a stack is small.
fn is_too_nested(bytes: &[u8]) -> bool {
    let (mut parts, mut mails) = (0, 0);
    for start in std::iter::once(0).chain(bytes.iter().enumerate().filter(|(_, b)| matches!(b, b'\n' | b'\r')).map(|(at, _)| at + 1)) {
        let line = &bytes[start..bytes.len().min(start + 160)];
        if line.get(..12).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type")) {
            parts += 1;
            let value: Vec<u8> = line[12..].iter().filter(|b| !b.is_ascii_whitespace()).map(u8::to_ascii_lowercase).collect();
            mails += usize::from(value.starts_with(b":message") || value.starts_with(b":multipart/digest"));
        }
        if parts > MAX_PARTS || mails > MAX_NESTED {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mail: &[u8]) -> Inbound {
        parse(mail, &Origin { folder: "INBOX", ..Origin::default() })
    }

    fn facts(inbound: &Inbound) -> MailFacts {
        inbound.mail.clone().unwrap_or_default()
    }

    const PLAIN: &[u8] = b"Received: from a\r\nFrom: Eva <eva@firma.test>\r\nTo: support@firma.test\r\nSubject: Hallo\r\nDate: Wed, 04 Nov 2026 11:00:00 +0100\r\nMessage-ID: <m1@firma.test>\r\n\r\nGuten Tag\r\n";

    #[test]
    fn a_redelivered_mail_keeps_its_id_and_a_reused_message_id_does_not_hide_another_mail() {
        let text = String::from_utf8_lossy(PLAIN).into_owned();
        let again = text.replace("from a", "from b by c").replace("\r\n", "\n");
        let encoded =
            text.replace("Message-ID", "Content-Transfer-Encoding: quoted-printable\r\nMessage-ID").replace("Guten Tag", "Guten=20Tag");
        let other = text.replace("Guten Tag", "Bitte das Geld auf ein anderes Konto");
        let id = read(PLAIN).external_id;
        assert!(id.starts_with("m1@firma.test#") && id.len() == "m1@firma.test#".len() + 16, "{id}");
        assert_eq!(read(again.as_bytes()).external_id, id);
        assert_eq!(read(encoded.as_bytes()).external_id, id);
        assert_ne!(read(other.as_bytes()).external_id, id);
    }

    #[test]
    fn eight_bit_letters_without_a_charset_are_read_as_windows_1252() {
        let mail = read(b"From: J\xfcrgen <j@a.test>\r\nSubject: L\xf6sung f\xfcr 5 \x80\r\n\r\nGr\xfc\xdfe \x84x\x93");
        assert_eq!(mail.author.name, "Jürgen");
        assert_eq!(mail.title.as_deref(), Some("Lösung für 5 €"));
        assert_eq!(mail.text, "Grüße „x“");
    }

    #[test]
    fn utf8_labelled_as_latin_1_is_still_read() {
        let mail = read("From: a@b.test\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGrüße".as_bytes());
        assert_eq!(mail.text, "Grüße");
    }

    #[test]
    fn japanese_is_read_in_headers_and_body() {
        let mail = read(
            b"From: a@b.test\r\nSubject: \x1b$B%F%9%H\x1b(B\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B%F%9%H\x1b(B",
        );
        assert_eq!(mail.title.as_deref(), Some("テスト"));
        assert_eq!(mail.text, "テスト");
    }

    #[test]
    fn nul_and_control_characters_never_come_through() {
        let mail = read(b"From: \"E\0va\" <eva@firma.test>\r\nSubject: a\0b\x07c\r\nMessage-ID: <x\0y@z>\r\n\r\nHal\0lo\x1b[31m\r\n");
        let all = serde_json::to_string(&mail).unwrap_or_default();
        assert!(!all.contains("\\u0000") && !all.contains("\\u0007") && !all.contains("\\u001b"), "{all}");
        assert_eq!(mail.text.trim(), "Hallo[31m");
    }

    #[test]
    fn html_only_mails_get_text_and_lose_scripts() {
        let mail = read(b"From: a@b.test\r\nContent-Type: text/html\r\n\r\n<p>Eins</p><script>alert(1)</script><p onclick=x()>Zwei</p>");
        assert!(mail.text.contains("Eins") && mail.text.contains("Zwei") && !mail.text.contains("alert"));
        let html = mail.html.unwrap_or_default();
        assert!(html.contains("Zwei") && !html.contains("alert") && !html.contains("onclick"), "{html}");
    }

    #[test]
    fn attachments_come_with_safe_names_and_true_kinds() {
        let mail = b"From: a@b.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSiehe Anhang\r\n--x\r\nContent-Type: text/plain; name=\"../../rech.txt\"\r\nContent-Disposition: attachment; filename*=utf-8''..%2F..%2Fr%C3%A4ch%E2%80%AEcod.exe\r\n\r\n%PDF-1.4 x\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.test\r\nSubject: Alt/neu\r\n\r\ninnen\r\n--x--\r\n";
        let mail = read(mail);
        assert_eq!(mail.text, "Siehe Anhang");
        let listed: Vec<(&str, &str)> = mail.attachments.iter().map(|a| (a.name.as_str(), a.mime.as_str())).collect();
        assert_eq!(listed, [("rächcod.exe", "application/pdf"), ("Alt_neu.eml", "message/rfc822")]);
        assert!(String::from_utf8_lossy(&mail.attachments[1].bytes).starts_with("From: c@d.test"));
    }

    #[test]
    fn only_the_own_servers_verdict_authenticates() {
        let mail = |results: &str, from: &str| {
            let source = format!("Authentication-Results: {results}\r\nFrom: {from}\r\n\r\nx");
            facts(&parse(source.as_bytes(), &Origin { authserv_id: "mx.firma.test", ..Origin::default() })).authenticated
        };
        assert!(mail("mx.firma.test; spf=pass; dmarc=pass (p=none; x) header.from=kunde.test", "a@kunde.test"));
        assert!(mail("mx.firma.test; dkim=pass header.d=kunde.test", "a@post.kunde.test"));
        assert!(!mail("mx.evil.test; dmarc=pass header.from=kunde.test", "a@kunde.test"));
        assert!(!mail("mx.firma.test; dkim=pass header.d=evil.test", "a@kunde.test"));
        assert!(!mail("mx.firma.test; dmarc=fail header.from=kunde.test; dkim=pass header.d=kunde.test", "a@kunde.test"));
        assert!(!mail("mx.firma.test; x=y (dmarc=pass); spf=pass", "a@kunde.test"));
        assert!(!mail("mx.firma.test; dmarc=pass header.from=kunde.test", "a@kunde.test, b@kunde.test"));
    }

    #[test]
    fn mails_nested_a_hundred_thousand_deep_are_shown_as_source() {
        let deep = b"Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
        let source = [b"From: a@b.test\r\nSubject: tief\r\n".as_slice(), &deep].concat();
        let mail = read(&source);
        assert_eq!(mail.title.as_deref(), Some("tief"));
        // Just inside the other limit, in every way the type can be written.
        for spelling in [
            "Content-Type:message/rfc822;x=1\r\n\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
            "content-type :\r\n message/rfc822\r\n\r\n",
        ] {
            read(&[b"From: a@b.test\r\n".as_slice(), &spelling.as_bytes().repeat(MAX_PARTS)].concat());
        }
    }

    #[test]
    fn a_mail_too_large_to_fetch_is_headers_and_a_note() {
        let headers =
            b"From: a@b.test\r\nSubject: gross\r\nContent-Type: multipart/mixed;\r\n boundary=x\r\nMessage-ID: <g@b.test>\r\n\r\n";
        let mail = parse_headers_only(headers, "zu groß", &Origin::default());
        assert_eq!((mail.title.as_deref(), mail.text.as_str()), (Some("gross"), "zu groß"));
        assert!(mail.external_id.starts_with("g@b.test#"));
    }

    #[test]
    fn new_html_is_what_stands_above_the_quote() {
        let mail = read("From: a@b.test\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Ja, <b>gern</b></p><div class=\"gmail_quote\">Am 4.11.2026 um 11:00 schrieb Eva:<blockquote>alt</blockquote></div>".as_bytes());
        let facts = facts(&mail);
        assert_eq!(facts.new_text, "Ja, gern");
        let html = facts.new_html.unwrap_or_default();
        assert!(html.contains("<b>gern</b>") && !html.contains("alt"), "{html}");
    }

    #[test]
    fn bytes_that_are_no_mail_become_text() {
        for bytes in [b"".as_slice(), b"\0\0\0", b"just words", b"\xff\xfe\xfd", b"\r\n\r\n", b": x\r\n\r\ny", b"From "] {
            assert_eq!(read(bytes).kind, ItemKind::Mail);
        }
        assert_eq!(read(b"just words").text, "just words");
    }
}
