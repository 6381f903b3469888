//! What is new in a mail, what is quoted and what is signature. There is no standard for it (RFC 3676 knows only `>` and `-- `), so this
//! reads the habits of the mail programs people use, in the languages they are set to. Line-based, linear, without regular expressions.

/// A mail's text, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// What the sender wrote this time. Falls back to forwarded text, or to everything, when nothing else is there.
    pub new_text: String,
    pub quoted: String,
    pub signature: String,
    /// Nothing new stands after the first quoted line: cutting the HTML at its first quote loses nothing.
    pub top_posted: bool,
}

/// Lines looked at; the rest of a longer mail counts as quoted.
const MAX_LINES: usize = 20_000;
/// An attribution ("On … wrote:") may be wrapped over this many lines …
const ATTRIBUTION_LINES: usize = 7;
/// … and be this long, in characters.
const ATTRIBUTION_LENGTH: usize = 400;
/// A signature longer than this is text below a dashed line.
const SIGNATURE_LINES: usize = 40;

/// What a line is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    New,
    Quoted,
    Signature,
}

/// Takes a mail's plain text apart.
pub fn split(text: &str) -> Parts {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let all: Vec<&str> = text.split('\n').collect();
    let lines = &all[..all.len().min(MAX_LINES)];
    let mut kinds = mark(lines);
    mark_signatures(lines, &mut kinds);
    kinds.resize(all.len(), Kind::Quoted);

    let gather = |wanted: Kind| {
        let chosen: Vec<&str> = all.iter().zip(&kinds).filter(|(_, kind)| **kind == wanted).map(|(line, _)| line.trim_end()).collect();
        squeeze(&chosen)
    };
    let first_quoted = kinds.iter().position(|kind| *kind == Kind::Quoted).unwrap_or(all.len());
    let new_after = all.iter().zip(&kinds).skip(first_quoted).any(|(line, kind)| *kind == Kind::New && !line.trim().is_empty());
    let mut parts =
        Parts { new_text: gather(Kind::New), quoted: gather(Kind::Quoted), signature: gather(Kind::Signature), top_posted: !new_after };
    if parts.new_text.is_empty() && !parts.quoted.is_empty() {
        parts.new_text = forwarded_body(&all).unwrap_or_else(|| text.trim().to_owned());
        parts.top_posted = false;
    }
    parts
}

/// Joins lines and takes out empty ones at both ends.
fn squeeze(lines: &[&str]) -> String {
    let start = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(start, |at| at + 1);
    lines[start..end].join("\n")
}

/// First pass: quotes and everything after a point from which all is older mail.
fn mark(lines: &[&str]) -> Vec<Kind> {
    let mut kinds = vec![Kind::New; lines.len()];
    let mut at = 0;
    let mut something_new = false;
    // Markdown code may hold anything.
    let mut in_code = false;
    while at < lines.len() {
        let line = lines[at];
        if line.trim_start().starts_with("```") {
            in_code = !in_code && lines[at + 1..].iter().any(|later| later.trim_start().starts_with("```"));
        }
        if in_code {
            something_new = true;
            at += 1;
            continue;
        }
        if is_quote(line) {
            kinds[at] = Kind::Quoted;
            at += 1;
            continue;
        }
        if is_message_divider(line) || is_header_block(&lines[at..]) {
            kinds[at..].fill(Kind::Quoted);
            return kinds;
        }
        if let Some(length) = attribution(&lines[at..]) {
            let after = at + length;
            kinds[at..after].fill(Kind::Quoted);
            let next = lines[after..].iter().find(|line| !line.trim().is_empty());
            let marked = next.is_none_or(|next| is_quote(next));
            // At the very top and with nothing marked below, the text below is the answer itself.
            if !marked && something_new {
                kinds[after..].fill(Kind::Quoted);
                return kinds;
            }
            something_new = true;
            at = after;
            continue;
        }
        something_new |= !line.trim().is_empty();
        at += 1;
    }
    kinds
}

/// Second pass: signatures below `-- `, and what telephones add, at the end of each run of new lines.
fn mark_signatures(lines: &[&str], kinds: &mut [Kind]) {
    let mut start = 0;
    while start < lines.len() {
        if kinds[start] != Kind::New {
            start += 1;
            continue;
        }
        let end = (start..lines.len()).find(|at| kinds[*at] != Kind::New).unwrap_or(lines.len());
        let dashes = (start..end).find(|at| is_signature_mark(lines[*at]) && end - at <= SIGNATURE_LINES);
        let mut tail = dashes.unwrap_or(end);
        kinds[tail..end].fill(Kind::Signature);
        while tail > start {
            let line = lines[tail - 1];
            if line.trim().is_empty() || is_rule(line) || is_device_line(line) {
                kinds[tail - 1] = Kind::Signature;
                tail -= 1;
            } else {
                break;
            }
        }
        start = end;
    }
}

fn is_quote(line: &str) -> bool {
    let line = line.trim_start();
    // `Eva>` and `E>` are how old programs quote; `|` older ones still.
    line.starts_with('>') || (line.starts_with("| ") && !line[2..].contains('|')) || line == "|" || {
        let initials = line.find('>').unwrap_or(0);
        (1..=3).contains(&initials) && line[..initials].bytes().all(|b| b.is_ascii_uppercase())
    }
}

fn is_signature_mark(line: &str) -> bool {
    // The mark is "-- " (RFC 3676 §4.3); many programs lose its space. Mailing lists put their footers below a long line.
    let footer = line.len() >= 20 && line.trim_end().bytes().all(|b| b == b'_');
    footer || matches!(line.trim_start_matches('\u{a0}'), "-- " | "--" | "--\u{a0}" | "—" | "__")
}

/// Lines of dashes and the like, and the dot some extensions leave behind.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && (line == "ᐧ"
            || (line.chars().count() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '*' | '#' | '~' | '=' | '+' | '—' | '–' | ' '))))
}

/// What a telephone or mail program puts below a text by itself.
fn is_device_line(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "sent from ",
        "sent via ",
        "sent with ",
        "sent by ",
        "sent using ",
        "from my iphone",
        "from my ipad",
        "someone from mobile",
        "get outlook for",
        "get [outlook",
        "von meinem ",
        "von meiner ",
        "von unterwegs gesendet",
        "gesendet von ",
        "gesendet mit ",
        "gesendet über ",
        "gesendet aus ",
        "diese nachricht wurde von meinem ",
        "diese nachricht wurde mit ",
        "diese e-mail wurde von ",
        "holen sie sich outlook",
        "outlook für ",
        "outlook for ",
        "mit freundlichen grüßen von meinem ",
        "envoyé depuis ",
        "envoyé de ",
        "envoyé avec ",
        "télécharger outlook",
        "inviato da ",
        "inviato dal ",
        "inviato con ",
        "scarica outlook",
        "enviado desde ",
        "enviado do ",
        "enviado de ",
        "obtener outlook",
        "verzonden met ",
        "verzonden vanaf ",
        "verstuurd vanaf ",
        "sendt fra ",
        "skickat från ",
        "lähetetty ",
        "wysłane z ",
        "wysłano z ",
        "odesláno z ",
        "отправлено с ",
        "отправлено из ",
        "надіслано з ",
        "发自我的",
        "從我的",
        "从我的",
        "iphoneから",
    ];
    let plain: String = line.trim().trim_start_matches(['<', '(', '*', '[', '_']).to_lowercase();
    plain.chars().count() <= 120 && STARTS.iter().any(|start| plain.starts_with(start))
}

/// `-----Ursprüngliche Nachricht-----` and its sisters.
fn is_message_divider(line: &str) -> bool {
    const PHRASES: &[&str] = &[
        "ursprüngliche nachricht",
        "urspruengliche nachricht",
        "originalnachricht",
        "original-nachricht",
        "original nachricht",
        "weitergeleitete nachricht",
        "original message",
        "originalmessage",
        "original email",
        "forwarded message",
        "reply message",
        "message d'origine",
        "message original",
        "message transféré",
        "mensaje original",
        "mensaje reenviado",
        "mensagem original",
        "messaggio originale",
        "messaggio inoltrato",
        "oorspronkelijk bericht",
        "doorgestuurd bericht",
        "oprindelig meddelelse",
        "opprinnelig melding",
        "ursprungligt meddelande",
        "ursprungligt mail",
        "originalmeddelande",
        "alkuperäinen viesti",
        "wiadomość oryginalna",
        "oryginalna wiadomość",
        "původní zpráva",
        "eredeti üzenet",
        "исходное сообщение",
        "пересылаемое сообщение",
        "原始邮件",
        "原始郵件",
        "元のメッセージ",
    ];
    const APPLE: &[&str] = &[
        "begin forwarded message:",
        "anfang der weitergeleiteten nachricht:",
        "anfang der weitergeleiteten e-mail:",
        "début du message réexpédié",
        "début du message transféré",
        "inizio messaggio inoltrato:",
        "inicio del mensaje reenviado:",
        "begin doorgestuurd bericht:",
    ];
    let trimmed = line.trim();
    if trimmed.chars().count() > 80 {
        return false;
    }
    let lower = trimmed.trim_matches('*').trim().to_lowercase().replace('’', "'");
    if APPLE.iter().any(|phrase| lower.starts_with(phrase)) {
        return true;
    }
    let dashes = |c: char| matches!(c, '-' | '_' | '—' | '–' | ' ' | '=' | '*');
    let core = lower.trim_matches(dashes);
    let framed = lower.starts_with("--") || lower.starts_with("__") || lower.starts_with("==") || lower.starts_with('—');
    framed && PHRASES.iter().any(|phrase| core.starts_with(phrase) && core.len() <= phrase.len() + 40)
}

/// The kinds of header that mail programs repeat above what they quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    Sent,
    To,
    Copy,
    Subject,
    ReplyTo,
}

fn label(line: &str) -> Option<(Label, &str)> {
    const LABELS: &[(Label, &[&str])] = &[
        (
            Label::From,
            &["from", "von", "de", "da", "från", "fra", "van", "od", "от", "від", "发件人", "寄件者", "差出人", "lähettäjä", "feladó"],
        ),
        (
            Label::Sent,
            &[
                "sent",
                "date",
                "gesendet",
                "datum",
                "envoyé",
                "envoyé le",
                "date d'envoi",
                "inviato",
                "data",
                "enviado",
                "enviado el",
                "enviada em",
                "fecha",
                "verzonden",
                "skickat",
                "sendt",
                "dato",
                "wysłano",
                "odesláno",
                "отправлено",
                "дата",
                "发送时间",
                "日期",
                "lähetetty",
                "elküldve",
            ],
        ),
        (
            Label::To,
            &["to", "an", "à", "a", "para", "till", "til", "aan", "do", "komu", "кому", "收件人", "宛先", "vastaanottaja", "címzett"],
        ),
        (Label::Copy, &["cc", "kopie", "kopie (cc)", "copie", "cc:", "kopia", "копия", "抄送", "bcc"]),
        (
            Label::Subject,
            &[
                "subject",
                "betreff",
                "objet",
                "oggetto",
                "asunto",
                "assunto",
                "onderwerp",
                "ämne",
                "emne",
                "temat",
                "předmět",
                "тема",
                "主题",
                "主旨",
                "件名",
                "aihe",
                "tárgy",
            ],
        ),
        (
            Label::ReplyTo,
            &["reply-to", "reply to", "antwort an", "antworten an", "répondre à", "risposta", "rispondi a", "responder a", "beantwoorden"],
        ),
    ];
    let line = line.trim().trim_start_matches(['*', '>', ' ']);
    let at = line.find([':', '：'])?;
    let name = line[..at].trim().trim_matches('*').to_lowercase();
    if name.is_empty() || name.chars().count() > 20 {
        return None;
    }
    let (kind, _) = LABELS.iter().find(|(_, names)| names.contains(&name.as_str()))?;
    let colon = line[at..].chars().next().map_or(1, char::len_utf8);
    Some((*kind, line[at + colon..].trim_matches(|c: char| c == '*' || c.is_whitespace())))
}

/// `Von: … Gesendet: … An: … Betreff: …`: at least three different ones in a row, a sender among them. A customer may well write
/// "Von: Köln, An: Berlin, Datum: 3.11.", so either a subject or an address must be there too.
fn is_header_block(lines: &[&str]) -> bool {
    if !lines.first().and_then(|line| label(line)).is_some_and(|(kind, _)| matches!(kind, Label::From | Label::Sent | Label::Subject)) {
        return false;
    }
    let mut seen: Vec<Label> = Vec::new();
    let mut has_address = false;
    // Long recipient lists are wrapped, so lines without a label may stand between.
    for line in lines.iter().filter(|line| !line.trim().is_empty()).take(10) {
        match label(line) {
            Some((kind, value)) => {
                if !seen.contains(&kind) {
                    seen.push(kind);
                }
                has_address |= value.contains('@');
            }
            None if seen.len() >= 3 => break,
            None => {}
        }
    }
    seen.len() >= 3 && seen.contains(&Label::From) && (seen.contains(&Label::Subject) || has_address)
}

/// The words for "wrote".
const WROTE: &[&str] = &[
    "wrote",
    "writes",
    "schrieb",
    "schrieben",
    "folgendes geschrieben",
    "geschrieben",
    "a écrit",
    "escribió",
    "ha scritto",
    "scrive",
    "pisze",
    "schreef",
    "het volgende geschreven",
    "geschreven",
    "escreveu",
    "написал",
    "написала",
    "пишет",
    "пише",
    "написав",
    "napisał",
    "napisała",
    "napisał(a)",
    "skrev",
    "kirjoitti",
    "napsal",
    "napsal(a)",
    "napísal",
    "yazdı",
    "írta",
    "a scris",
    "έγραψε",
    "写道",
    "寫道",
    "のメール",
];

/// The words an attribution begins with.
const ON: &[&str] = &["on", "am", "le", "el", "il", "em", "op", "den", "dnia", "at", "in data", "в", "w dniu", "dne", "på", "在", "----"];

/// How many lines the attribution at the start of `lines` takes, if there is one: "Am 4. November 2026 um 11:00 schrieb Eva:", also wrapped.
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim();
    if first.is_empty() || !could_begin(first) {
        return None;
    }
    let mut joined = String::new();
    for (at, line) in lines.iter().take(ATTRIBUTION_LINES).enumerate() {
        let line = line.trim();
        if at > 0 && is_quote(line) && !line.starts_with(">:") && !line.starts_with("> wrote") {
            break;
        }
        joined.push(' ');
        joined.push_str(line);
        if joined.chars().count() > ATTRIBUTION_LENGTH {
            break;
        }
        if is_attribution(joined.trim()) {
            return Some(at + 1);
        }
    }
    // Gmail's old form has no verb: "2013/7/20 Eva <eva@firma.test>", alone on its line, often wrapped once.
    let two = lines.iter().take(2).map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    for (length, candidate) in [(1, first), (2, two.as_str())] {
        if is_dated_sender(candidate) {
            return Some(length.min(lines.len()));
        }
    }
    None
}

/// Whether an attribution can begin with this line: with its first word, with a date, or holding the whole of it.
fn could_begin(line: &str) -> bool {
    let lower = line.to_lowercase();
    let starts = ON.iter().any(|word| lower.strip_prefix(word).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphabetic())));
    starts && has_digit(&lower)
        || lower.starts_with(|c: char| c.is_ascii_digit())
        || (wrote_at(&lower).is_some() && (has_digit(&lower) || lower.contains('@')))
        || (lower.contains('@') && lower.contains('<'))
}

fn is_attribution(text: &str) -> bool {
    let lower = text.trim_matches(|c: char| matches!(c, '*' | '_' | '-') || c.is_whitespace()).to_lowercase();
    let Some((_, to)) = wrote_at(&lower) else { return false };
    let ended = lower.trim_end_matches([' ', '*', '>', '"']);
    let closed = ended.ends_with([':', '：']);
    // "… wrote ----" ends with the verb, "Am … schrieb Eva:" with a colon.
    if !closed && (to < ended.len() || !text.contains("----")) {
        return false;
    }
    let starts_on = ON.iter().any(|word| lower.strip_prefix(word).is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphabetic())));
    let dated = has_year(&lower) || has_time(&lower);
    let addressed = lower.contains('@');
    // Between the verb and the colon there may be a name or the date, not a sentence.
    let tail = &lower[to..ended.len()];
    let short_tail = tail.split_whitespace().count() <= 14 && !tail.contains(". ") || dated && tail.len() < 160;
    // An address or a date, or the first word with a number after it; the verb alone is in every second complaint.
    short_tail && (addressed || dated || starts_on && has_digit(&lower))
}

/// Byte range of the last "wrote" that stands as a word of its own.
fn wrote_at(lower: &str) -> Option<(usize, usize)> {
    WROTE
        .iter()
        .filter_map(|verb| {
            let at = lower.rfind(verb)?;
            let end = at + verb.len();
            let letter = |c: char| c.is_alphabetic() || c == '_';
            let bounded = !lower[..at].ends_with(letter) && !lower[end..].starts_with(letter);
            // Chinese and Japanese set no spaces.
            (bounded || !verb.is_ascii() && matches!(*verb, "写道" | "寫道" | "のメール")).then_some((at, end))
        })
        .max_by_key(|(_, end)| *end)
}

fn is_dated_sender(line: &str) -> bool {
    let Some(date) = line.split_whitespace().next() else { return false };
    let parts: Vec<&str> = date.split(['-', '/']).collect();
    let is_date =
        parts.len() == 3 && parts[0].len() == 4 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let ended = line.trim_end_matches(':');
    is_date && (ended.ends_with('>') && ended.contains('@') || line.contains(" GMT+") && !line.ends_with(['.', '<']) && line.len() < 100)
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

fn has_year(text: &str) -> bool {
    digits(text).any(|(_, run)| run.len() == 4 && (run.starts_with("19") || run.starts_with("20")))
}

/// `11:00`, `11.00`, `11h00`.
fn has_time(text: &str) -> bool {
    digits(text).any(|(end, run)| {
        let mut rest = text[end..].chars();
        run.len() <= 2 && matches!(rest.next(), Some(':' | 'h' | '：')) && rest.take(2).filter(char::is_ascii_digit).count() == 2
    })
}

/// Runs of ASCII digits with the byte where each ends.
fn digits(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .map(move |run| (run.as_ptr() as usize - text.as_ptr() as usize + run.len(), run))
}

/// The text below the headers of a forwarded mail, when that is all there is.
fn forwarded_body(lines: &[&str]) -> Option<String> {
    let start = lines.iter().position(|line| is_message_divider(line) || label(line).is_some())?;
    let head = (start..lines.len().min(start + 25)).rev().find(|at| label(lines[*at]).is_some() && is_header_block_around(lines, start))?;
    let blank = (head..lines.len()).find(|at| lines[*at].trim().is_empty())?;
    let body = squeeze(&lines[blank..]);
    (!body.is_empty()).then_some(body)
}

fn is_header_block_around(lines: &[&str], start: usize) -> bool {
    (start..lines.len().min(start + 4)).any(|at| is_header_block(&lines[at..]))
}

/// Where in HTML the quoted mail begins, by the marks that mail programs leave: a byte offset at a tag. `None`: no mark.
pub fn html_cut(html: &str) -> Option<usize> {
    const MARKS: &[&str] = &[
        "gmail_quote",
        "gmail_extra",
        "gmail_attr",
        "moz-cite-prefix",
        "yahoo_quoted",
        "protonmail_quote",
        "zmail_extra",
        "tutanota_quote",
        "id=\"appendonsend\"",
        "id=appendonsend",
        "id=\"divrplyfwdmsg\"",
        "id=divrplyfwdmsg",
        "mail-editor-reference-message-container",
        "id=\"mail-editor-reference",
        "name=\"quote\"",
        "type=\"cite\"",
        "type=cite",
        "class=\"ms-outlook-mobile-reference-message",
        "border-top:solid #e1e1e1",
        "border-top:solid #b5c4df",
        "border-top: solid #e1e1e1",
        "border-top: solid #b5c4df",
        "isquoted",
        "id=\"reply-intro\"",
        "class=\"quote\"",
        "id=\"x_divrplyfwdmsg\"",
    ];
    // Only ASCII is folded, so offsets stay those of the original.
    let lower = html.to_ascii_lowercase();
    let by_mark = MARKS.iter().filter_map(|mark| lower.find(mark)).filter_map(|at| tag_start(&lower, at)).min();
    let by_tag = lower.find("<blockquote");
    by_mark.into_iter().chain(by_tag).min()
}

/// The `<` of the tag that byte `at` lies in; `None` when it lies in no tag (a mark in a style sheet or in plain words).
fn tag_start(html: &str, at: usize) -> Option<usize> {
    let open = html[..at].rfind('<')?;
    let inside = !html[open..at].contains('>');
    let element = html[open + 1..].starts_with(|c: char| c.is_ascii_alphabetic()) && !html[open + 1..].starts_with("style");
    (inside && element).then_some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_text(text: &str) -> String {
        split(text).new_text
    }

    #[test]
    fn outlook_in_german_is_cut_at_its_header_block() {
        let text = "Foto anbei.\n\nMit freundlichen Grüßen\nEva Ott\n\nVon: Service <service@firma.test>\nGesendet: Mittwoch, 4. November 2026 11:00\nAn: Eva Ott\nBetreff: AW: Lieferung\n\nHallo Frau Ott,";
        let parts = split(text);
        assert_eq!(parts.new_text, "Foto anbei.\n\nMit freundlichen Grüßen\nEva Ott");
        assert!(parts.quoted.contains("Hallo Frau Ott"));
        assert!(parts.top_posted);
    }

    #[test]
    fn a_customers_own_list_with_from_and_to_is_not_a_header_block() {
        let text = "Bitte abholen:\nVon: Köln\nAn: Berlin\nDatum: 3. November\nDanke";
        assert_eq!(new_text(text), text);
    }

    #[test]
    fn attributions_are_found_in_many_languages_and_wrapped() {
        for attribution in [
            "Am Mi., 4. Nov. 2026 um 11:00 Uhr schrieb Service <service@firma.test>:",
            "Am Mittwoch, 4. November 2026 um 11:00:12 MEZ hat Service <service@firma.test>\nFolgendes geschrieben:",
            "Am 04.11.26 um 11:00 schrieb Service:",
            "Service <service@firma.test> schrieb am Mi., 4. Nov. 2026,\n11:00:",
            "On Wed, Nov 4, 2026 at 11:00 AM Service <\nservice@firma.test> wrote:",
            "Le mer. 4 nov. 2026 à 11:00, Service <service@firma.test> a\nécrit :",
            "Il giorno mer 4 nov 2026 alle ore 11:00 Service <\nservice@firma.test> ha scritto:",
            "El mié, 4 nov 2026 a las 11:00, Service (<service@firma.test>) escribió:",
            "Op wo 4 nov. 2026 om 11:00 schreef Service <service@firma.test>:",
            "W dniu 4.11.2026 o 11:00, Service pisze:",
        ] {
            let text = format!("Ja, gern.\n\n{attribution}\n\n> Wann?\n");
            assert_eq!(new_text(&text), "Ja, gern.", "{attribution}");
        }
    }

    #[test]
    fn sentences_with_wrote_in_them_stay() {
        for text in [
            "Mein Nachbar schrieb mir am Montag, dass das Paket da ist.\nStimmt das?",
            "Wie Ihr Kollege schrieb: alles gut.\nDanke",
            "On this day\nI wrote something\nthat matters: nothing.",
            "Am 3. November habe ich bestellt.\nIch schrieb Ihnen schon zweimal.",
        ] {
            assert_eq!(new_text(text), text);
        }
    }

    #[test]
    fn answers_between_quotes_are_new_and_quotes_are_not() {
        let parts = split(
            "Am 04.11.26 um 11:00 schrieb Service:\n> Wann dürfen wir liefern?\n\nDonnerstag ab 15 Uhr.\n\n> Neue Rechnung?\n\nNein.",
        );
        assert_eq!(parts.new_text, "Donnerstag ab 15 Uhr.\n\nNein.");
        assert!(!parts.top_posted);
    }

    #[test]
    fn signatures_go_and_closing_formulas_stay() {
        let parts = split("Danke!\n\nViele Grüße\nEva\n-- \nEva Ott\nTelefon 0123\n");
        assert_eq!(parts.new_text, "Danke!\n\nViele Grüße\nEva");
        assert!(parts.signature.contains("Telefon"));
        assert_eq!(new_text("Danke!\n\nVon meinem iPhone gesendet"), "Danke!");
        assert_eq!(new_text("Danke!\n\nGesendet mit der GMX Mail App\n\n> alt\n"), "Danke!");
    }

    #[test]
    fn a_mail_that_only_forwards_shows_what_it_forwards() {
        let text = "---------- Forwarded message ---------\nFrom: Eva <eva@firma.test>\nDate: Thu\nSubject: Hilfe\nTo: <a@b.test>\n\nBitte helfen.";
        assert_eq!(new_text(text), "Bitte helfen.");
        assert_eq!(new_text("> nur Zitat"), "> nur Zitat");
    }

    #[test]
    fn html_is_cut_at_the_marks_of_mail_programs() {
        for html in [
            "<div>Ja</div><br><div class=\"gmail_quote\"><div dir=ltr>Am …</div></div>",
            "<p>Ja</p><blockquote type=\"cite\">alt</blockquote>",
            "<div>Ja</div><div id=\"appendonsend\"></div><hr>",
            "<div>Ja</div><div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt\">Von:",
        ] {
            let cut = html_cut(html).unwrap_or_default();
            assert!(html[..cut].contains("Ja") && cut < html.len() && html[cut..].starts_with('<'), "{html}");
        }
        assert_eq!(html_cut("<style>.gmail_quote{}</style><p>gmail_quote</p>"), None);
    }

    #[test]
    fn huge_and_odd_texts_are_taken() {
        split(&">".repeat(100_000));
        split(&"Am 1\n".repeat(30_000));
        split("ẞ:ſ\u{130}: schrieb\u{2028}:");
    }
}
