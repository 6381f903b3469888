//! Mail addresses and header texts: from the parser's shapes into ours, cleaned.

use mail_parser::{Addr, Address};
use unicode_normalization::UnicodeNormalization;

use crate::Mailbox;

/// Addresses kept of one header: more is no conversation but a flood.
const MAX_ADDRESSES: usize = 200;

/// One line of text as it may be stored: NFC, no control characters, runs of white space as one space, at most `max` bytes.
pub(super) fn line(text: &str, max: usize) -> String {
    let joined: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let joined: String = joined.join(" ").chars().filter(|c| !is_invisible(*c)).nfc().collect();
    model::text::truncate(&joined, max).0.trim().to_owned()
}

/// Text of several lines: NFC, `\n` ends, no control characters.
pub(super) fn block(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    model::text::clean(&unix).nfc().collect()
}

/// Characters that turn or hide text around them (Unicode bidi controls, zero-width signs): a way to forge names.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// All mailboxes of an address header, groups opened.
pub(super) fn mailboxes(address: Option<&Address<'_>>) -> Vec<Mailbox> {
    let Some(address) = address else { return Vec::new() };
    address.iter().filter_map(mailbox).take(MAX_ADDRESSES).collect()
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let name = addr.name.as_deref().map(|name| line(name, 200)).filter(|name| !name.is_empty());
    let address = addr.address.as_deref().map(bare).unwrap_or_default();
    match (address.is_empty(), name) {
        // `From: someone@example.test` with junk around it ends up in the name now and then.
        (true, Some(name)) if name.contains('@') && !name.contains(' ') => Some(Mailbox { name: None, address: bare(&name) }),
        (true, _) => None,
        (false, name) => Some(Mailbox { name: name.filter(|name| *name != address), address }),
    }
}

/// An address without brackets, white space and `mailto:`.
pub(super) fn bare(text: &str) -> String {
    let text = line(text, 320);
    let text = text.trim_matches(|c: char| matches!(c, '<' | '>' | '"' | '\'' | ',' | ';') || c.is_whitespace());
    text.strip_prefix("mailto:").unwrap_or(text).split_whitespace().collect()
}

/// For comparing: lower case (RFC 5321 lets local parts be case-sensitive; no mailbox in use is).
pub fn fold(address: &str) -> String {
    address.trim().to_lowercase()
}

/// What follows the last `@`, folded.
pub fn domain(address: &str) -> Option<String> {
    address.rsplit_once('@').map(|(_, domain)| fold(domain)).filter(|domain| !domain.is_empty())
}

/// `Name <address>`, or the address alone.
pub fn display(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.clone(),
    }
}

/// A Message-ID without brackets, fit to be stored and to be put into a header again; empty when there is none.
pub(super) fn message_id(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let text = text.trim_matches(|c| matches!(c, '<' | '>'));
    model::text::truncate(text, 500).0.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_in_a_name_cannot_start_a_header() {
        assert_eq!(line("Eva\r\nBcc: all@firma.test", 200), "Eva Bcc: all@firma.test");
    }

    #[test]
    fn names_cannot_be_turned_round() {
        assert_eq!(line("\u{202e}tset.amrif@ssob", 200), "tset.amrif@ssob");
    }

    #[test]
    fn addresses_lose_what_is_around_them() {
        assert_eq!(bare(" <mailto:Eva@Firma.test> "), "mailto:Eva@Firma.test".trim_start_matches("mailto:"));
        assert_eq!(domain("a@b@Firma.TEST").as_deref(), Some("firma.test"));
    }
}
