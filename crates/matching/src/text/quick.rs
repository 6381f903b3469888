//! The tokeniser's short way for texts in the Latin letters of western and central Europe: the same tokens as the general way, without
//! normalising, because nothing in such a text changes under NFKC. Most posts are of this kind, and tokenising is what matching costs most.

use std::sync::LazyLock;

use compact_str::CompactString;

use super::fold::fold_normalised;
use super::token::{Literal, Scan, Token, TokenKind};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Underscore,
    Other,
}

/// U+00C0 to U+017F, each folded.
static FOLDED: LazyLock<Vec<String>> = LazyLock::new(|| ('\u{C0}'..='\u{17F}').map(|c| fold_normalised(&c.to_string())).collect());

/// `None`: the text holds something that needs the general way.
pub(super) fn scan(text: &str, urls: bool) -> Option<Scan> {
    if !text.is_ascii() {
        // An ellipsis is three dots under NFKC, which matters in a host.
        let has_host = text.contains('@');
        if text.chars().any(|c| !c.is_ascii() && !is_letter(c) && !is_separator(c) && (c != '…' || has_host)) {
            return None;
        }
    }
    let mut quick = Quick { text, bytes: text.as_bytes(), urls, buffer: String::new(), out: Scan::default() };
    quick.out.tokens.reserve(text.len() / 6 + 1);
    quick.run()?;
    Some(quick.out)
}

/// A letter that NFKC leaves alone.
fn is_letter(c: char) -> bool {
    matches!(c, 'À'..='ž') && !matches!(c, '×' | '÷' | 'Ĳ' | 'ĳ' | 'Ŀ' | 'ŀ' | 'ŉ')
}

/// Signs that separate whatever NFKC makes of them, and are no emoji.
fn is_separator(c: char) -> bool {
    matches!(c, '\u{A0}' | '¡' | '§' | '«' | '°' | '¶' | '·' | '»' | '¿' | '×' | '÷' | '‐'..='―' | '‘'..='•' | '\u{202F}' | '‰' | '‹' | '›' | '€')
}

struct Quick<'a> {
    text: &'a str,
    bytes: &'a [u8],
    urls: bool,
    buffer: String,
    out: Scan,
}

impl Quick<'_> {
    /// What begins at a byte that begins a character, and how many bytes it has.
    fn class(&self, at: usize) -> (Class, usize) {
        match self.bytes.get(at) {
            None => (Class::Other, 0),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9') => (Class::Letter, 1),
            Some(b'_') => (Class::Underscore, 1),
            Some(0..0x80) => (Class::Other, 1),
            // U+00C0 to U+017F, less the two signs among them.
            Some(0xC3..=0xC5) if !matches!(self.bytes[at..], [0xC3, 0x97 | 0xB7, ..]) => (Class::Letter, 2),
            Some(..0xE0) => (Class::Other, 2),
            Some(_) => (Class::Other, 3),
        }
    }

    fn class_before(&self, at: usize) -> Class {
        let start = (0..at).rev().find(|&start| self.text.is_char_boundary(start));
        start.map_or(Class::Other, |start| self.class(start).0)
    }

    fn run(&mut self) -> Option<()> {
        let mut at = 0;
        while at < self.bytes.len() {
            let (class, width) = self.class(at);
            at = match (class, self.bytes[at]) {
                (Class::Letter, first) => match self.url_end(at, first)? {
                    Some(end) => {
                        self.push(TokenKind::Opaque, at, end);
                        end
                    }
                    None => {
                        let end = self.run_end(at, self.bytes.len());
                        self.push(TokenKind::Word, at, end);
                        end
                    }
                },
                (_, sign @ (b'#' | b'@')) if self.class_before(at) == Class::Other && self.class(at + 1).0 != Class::Other => {
                    self.tag(at, sign)
                }
                (_, sign) => {
                    self.out.question |= sign == b'?';
                    at + width
                }
            };
        }
        Some(())
    }

    fn run_end(&self, start: usize, most: usize) -> usize {
        let mut at = start;
        while at < most {
            let (Class::Letter, width) = self.class(at) else { break };
            at += width;
        }
        at
    }

    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        let exact = &self.text[start..end];
        let folded = if kind == TokenKind::Word { fold(exact, &mut self.buffer) } else { CompactString::default() };
        self.out.tokens.push(Token { kind, folded, exact: exact.into(), range: start..end });
    }

    /// The end of the URL that begins here (S9). Outer `None`: it holds something whose normal form matters.
    fn url_end(&self, start: usize, first: u8) -> Option<Option<usize>> {
        if !self.urls || !matches!(first, b'h' | b'H' | b'w' | b'W') {
            return Some(None);
        }
        let begins =
            |prefix: &str| self.bytes[start..].get(..prefix.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(prefix.as_bytes()));
        let Some(prefix) = ["http://", "https://", "www."].into_iter().find(|prefix| begins(prefix)) else { return Some(None) };
        if self.class_before(start) == Class::Letter {
            return Some(None);
        }
        let body = start + prefix.len();
        let stops = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"');
        let rest = &self.text[body..];
        let rest = &rest[..rest.find(stops).unwrap_or(rest.len())];
        if rest.chars().any(|c| !c.is_ascii() && !is_letter(c)) {
            return None;
        }
        let rest = rest.trim_end_matches(super::token::ends_sentence);
        Some(rest.chars().any(|c| c.is_ascii_alphanumeric() || !c.is_ascii()).then_some(body + rest.len()))
    }

    /// Pushes a tag or handle and its words; returns its end (S6, S7).
    fn tag(&mut self, start: usize, sign: u8) -> usize {
        let mut end = start + 1;
        loop {
            let (class, width) = self.class(end);
            let joins = || sign == b'@' && self.bytes.get(end) == Some(&b'.') && end > start + 1 && self.class(end + 1).0 != Class::Other;
            if class == Class::Other && !joins() {
                break;
            }
            end += width;
        }
        let host_end = if sign == b'@' { self.host_end(end) } else { end };
        let first = self.out.tokens.len();
        let mut at = start + 1;
        while at < end {
            at = match self.class(at) {
                (Class::Letter, _) => {
                    let run = self.run_end(at, end);
                    self.push(TokenKind::Word, at, run);
                    run
                }
                (_, width) => at + width,
            };
        }
        if self.out.tokens.len() == first {
            self.out.tokens.push(Token {
                kind: TokenKind::Opaque,
                folded: CompactString::default(),
                exact: CompactString::default(),
                range: start..end,
            });
        }
        let width = self.out.tokens.len() - first;
        let ends = [Some(host_end).filter(|host_end| *host_end > end), Some(end)];
        for end in ends.into_iter().flatten() {
            let exact = &self.text[start..end];
            let folded = fold(exact, &mut self.buffer);
            self.out.literals.push(Literal { first, width, folded, exact: exact.into(), range: start..end });
        }
        host_end
    }

    /// The end of `@host` if it follows here.
    fn host_end(&self, at: usize) -> usize {
        if self.bytes.get(at) != Some(&b'@') || self.class(at + 1).0 != Class::Letter {
            return at;
        }
        let mut end = at + 1;
        while let ((Class::Letter, width), _) | ((_, width), Some(b'.' | b'-')) = (self.class(end), self.bytes.get(end)) {
            end += width;
        }
        while matches!(self.bytes[end - 1], b'.' | b'-') {
            end -= 1;
        }
        end
    }
}

/// Folds what holds only ASCII and letters of [`FOLDED`]; `buffer` is room to write in.
fn fold(text: &str, buffer: &mut String) -> CompactString {
    if text.is_ascii() {
        let mut folded = CompactString::from(text);
        folded.make_ascii_lowercase();
        return folded;
    }
    buffer.clear();
    for c in text.chars() {
        match c {
            '\u{C0}'..='\u{17F}' => buffer.push_str(&FOLDED[c as usize - 0xC0]),
            _ => buffer.push(c.to_ascii_lowercase()),
        }
    }
    CompactString::from(buffer.as_str())
}
