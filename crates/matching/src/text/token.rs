//! The tokeniser: text to positions (QUERY.md S1–S9). Posts and queries go through the same code.

use std::ops::Range;

use compact_str::CompactString;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::decompose_compatible, is_nfc_quick};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold_normalised;
use super::quick;

/// Stands for a `?` inside a word of a query; a noncharacter, which no normal form and no folding touches.
pub(crate) const ANY_CHAR: char = '\u{10FFFE}';
/// Stands for the star at a word's end in a query.
pub(crate) const ANY_REST: char = '\u{10FFFF}';

/// What stands at one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Word,
    Emoji,
    /// A URL, or a tag without a word in it (`#_`): takes a position that no plain term matches.
    Opaque,
}

/// One position of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// What is compared: the folded word; of an emoji the sequence without skin tones.
    pub folded: CompactString,
    /// NFKC word, emoji sequence without variation selectors, or the URL.
    pub exact: CompactString,
    /// Bytes of the original text.
    pub range: Range<usize>,
}

/// A tag or handle, which stands at the first of its words' positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    pub first: usize,
    /// Number of positions of its name, at least 1.
    pub width: usize,
    /// With its sign.
    pub folded: CompactString,
    pub exact: CompactString,
    pub range: Range<usize>,
}

/// A tokenised text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// The token at each position.
    pub tokens: Vec<Token>,
    /// In order of `first`; a handle with a host gives two, the longer one first.
    pub literals: Vec<Literal>,
    /// A question mark stands outside URLs.
    pub question: bool,
}

impl Scan {
    /// The literal that begins at a position; of a handle with a host the longer one.
    pub(crate) fn literal_at(&self, position: usize) -> Option<&Literal> {
        let at = self.literals.partition_point(|literal| literal.first < position);
        self.literals.get(at).filter(|literal| literal.first == position)
    }

    /// The URLs of the text, as written after NFKC.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter(|token| token.kind == TokenKind::Opaque && !token.exact.is_empty()).map(|token| token.exact.as_str())
    }
}

/// Tokenises the text of a post.
pub fn scan(text: &str) -> Scan {
    quick::scan(text, true).unwrap_or_else(|| scan_generally(text, true))
}

/// Any text, one character after the other.
fn scan_generally(text: &str, urls: bool) -> Scan {
    Scanner { flat: flatten(text), urls, wild: false, out: Scan::default() }.run()
}

/// Tokenises a text in which URLs mean nothing (the words of a URL itself).
pub(crate) fn scan_without_urls(text: &str) -> Scan {
    quick::scan(text, false).unwrap_or_else(|| scan_generally(text, false))
}

/// Tokenises a piece of a query, in which [`ANY_CHAR`] and [`ANY_REST`] belong to words.
pub(crate) fn scan_query(text: &str, urls: bool) -> Scan {
    Scanner { flat: flatten(text), urls, wild: true, out: Scan::default() }.run()
}

/// Soft hyphen, joiners, BOM, bidi controls, grapheme joiner: removed before anything else (S3). ZWJ and variation selectors go
/// after emoji have been found.
pub(crate) fn is_ignored(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'
        | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}')
}

const ZWJ: char = '\u{200D}';

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_regional_indicator(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Extended_Pictographic. No crate of ours gives the property, but grapheme rule GB11 shows it: ZWJ joins only two of these.
fn is_pictographic(c: char) -> bool {
    if !matches!(c, '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FFFD}') || is_skin_tone(c) || is_regional_indicator(c) {
        return false; // ©, ® and ™ are pictographic too, but S5 makes them separators
    }
    c != '™' && [c, ZWJ, '©'].iter().collect::<String>().graphemes(true).count() == 1
}

/// A character, or a whole emoji, after removal and NFKC, with the bytes it came from.
#[derive(Debug)]
enum Unit {
    Char(char),
    Emoji(String),
}

#[derive(Debug)]
struct Flat {
    unit: Unit,
    start: usize,
    end: usize,
}

fn flatten(text: &str) -> Vec<Flat> {
    if text.is_ascii() {
        return text.char_indices().map(|(at, c)| Flat { unit: Unit::Char(c), start: at, end: at + 1 }).collect();
    }
    let kept =
        text.char_indices().filter(|&(_, c)| !is_ignored(c)).map(|(at, c)| Flat { unit: Unit::Char(c), start: at, end: at + c.len_utf8() });
    normalise(join_emoji(kept.collect()))
}

/// Replaces the characters of each emoji by one unit.
fn join_emoji(chars: Vec<Flat>) -> Vec<Flat> {
    let char_of = |flat: &Flat| if let Unit::Char(c) = flat.unit { c } else { ' ' };
    if !chars.iter().any(|flat| is_pictographic(char_of(flat)) || is_regional_indicator(char_of(flat)) || char_of(flat) == '\u{20E3}') {
        return chars;
    }
    let clean: String = chars.iter().map(char_of).collect();
    let mut units = Vec::with_capacity(chars.len());
    let mut rest = chars.into_iter();
    for cluster in clean.graphemes(true) {
        let members: Vec<Flat> = rest.by_ref().take(cluster.chars().count()).collect();
        match (emoji_of(cluster), members.first(), members.last()) {
            (Some(emoji), Some(first), Some(last)) => units.push(Flat { unit: Unit::Emoji(emoji), start: first.start, end: last.end }),
            _ => units.extend(members),
        }
    }
    units
}

/// The identity of the emoji that a grapheme cluster is, if it is one.
fn emoji_of(cluster: &str) -> Option<String> {
    let bare: String = cluster.chars().filter(|&c| !is_variation_selector(c)).collect();
    let mut chars = bare.chars();
    let first = chars.next()?;
    let is_emoji = is_pictographic(first)
        || is_regional_indicator(first) && chars.next().is_some_and(is_regional_indicator)
        || matches!(first, '0'..='9' | '#' | '*') && chars.as_str() == "\u{20E3}";
    is_emoji.then(|| bare.trim_end_matches(ZWJ).to_owned())
}

/// NFKC in pieces, so that each resulting character keeps the bytes it came from.
fn normalise(units: Vec<Flat>) -> Vec<Flat> {
    let mut out: Vec<Flat> = Vec::with_capacity(units.len());
    let mut piece: Vec<char> = Vec::new();
    let (mut start, mut end) = (0, 0);
    let flush = |piece: &mut Vec<char>, start: usize, end: usize, out: &mut Vec<Flat>| {
        match piece.as_slice() {
            [] => {}
            [c] if is_stable(*c) => out.push(Flat { unit: Unit::Char(*c), start, end }),
            _ => out.extend(piece.iter().copied().nfkc().map(|c| Flat { unit: Unit::Char(c), start, end })),
        }
        piece.clear();
    };
    for flat in units {
        match flat.unit {
            Unit::Emoji(_) => {
                flush(&mut piece, start, end, &mut out);
                out.push(flat);
            }
            Unit::Char(c) if c == ZWJ || is_variation_selector(c) => {}
            Unit::Char(c) => {
                let c = if matches!(c, '©' | '®' | '™' | '℠' | '\u{200B}') { ' ' } else { c };
                if starts_piece(c) {
                    flush(&mut piece, start, end, &mut out);
                    start = flat.start;
                }
                if piece.is_empty() {
                    start = flat.start;
                }
                piece.push(c);
                end = flat.end;
            }
        }
    }
    flush(&mut piece, start, end, &mut out);
    out
}

/// NFKC leaves the character alone when nothing follows it.
fn is_stable(c: char) -> bool {
    c.is_ascii() || matches!(c, 'À'..='ı' | 'Α'..='ώ' | 'А'..='я')
}

/// Whether NFKC can never join the character, or what it decomposes to, with what stands before it.
fn starts_piece(c: char) -> bool {
    if c < '\u{300}' {
        return true;
    }
    let mut first = None;
    decompose_compatible(c, |d| {
        first.get_or_insert(d);
    });
    first.is_none_or(|d| is_nfc_quick(std::iter::once(d)) == IsNormalized::Yes && !super::fold::is_mark(d))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Categories L and N.
    Letter,
    Mark,
    Underscore,
    Other,
}

fn class_of(c: char) -> Class {
    match c {
        '_' => Class::Underscore,
        'a'..='z' | 'A'..='Z' | '0'..='9' => Class::Letter,
        _ if c.is_ascii() => Class::Other,
        _ => match c.general_category_group() {
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => Class::Letter,
            GeneralCategoryGroup::Mark => Class::Mark,
            _ => Class::Other,
        },
    }
}

/// A letter or digit.
pub(crate) fn is_letter(c: char) -> bool {
    class_of(c) == Class::Letter
}

/// A mark that stands on the character before it.
pub(crate) fn is_mark(c: char) -> bool {
    matches!(class_of(c), Class::Mark)
}

/// A letter, digit or mark.
pub(crate) fn is_word_char(c: char) -> bool {
    matches!(class_of(c), Class::Letter | Class::Mark)
}

struct Scanner {
    flat: Vec<Flat>,
    urls: bool,
    wild: bool,
    out: Scan,
}

impl Scanner {
    fn run(mut self) -> Scan {
        let mut at = 0;
        while at < self.flat.len() {
            at = match &self.flat[at].unit {
                Unit::Emoji(sequence) => {
                    let folded: CompactString = sequence.chars().filter(|&c| !is_skin_tone(c)).collect();
                    let exact = sequence.as_str().into();
                    let range = self.bytes(at, at + 1);
                    self.out.tokens.push(Token { kind: TokenKind::Emoji, folded, exact, range });
                    at + 1
                }
                &Unit::Char(c) => {
                    if let Some(end) = self.url_end(at) {
                        self.opaque(at, end, self.text(at, end).into());
                        end
                    } else if matches!(c, '#' | '@') && self.begins_tag(at) {
                        self.tag(at, c)
                    } else if self.class(at) == Class::Letter {
                        let end = self.run_end(at);
                        self.words(at, end);
                        end
                    } else {
                        self.out.question |= matches!(c, '?' | '؟');
                        at + 1
                    }
                }
            };
        }
        self.out
    }

    fn char(&self, at: usize) -> Option<char> {
        match self.flat.get(at)?.unit {
            Unit::Char(c) => Some(c),
            Unit::Emoji(_) => None,
        }
    }

    fn class(&self, at: usize) -> Class {
        match self.char(at) {
            Some(ANY_CHAR | ANY_REST) if self.wild => Class::Letter,
            Some(c) => class_of(c),
            None => Class::Other,
        }
    }

    fn class_before(&self, at: usize) -> Class {
        if at == 0 { Class::Other } else { self.class(at - 1) }
    }

    fn bytes(&self, start: usize, end: usize) -> Range<usize> {
        self.flat[start].start..self.flat[end - 1].end
    }

    fn text(&self, start: usize, end: usize) -> String {
        let mut text = String::new();
        for flat in &self.flat[start..end] {
            match &flat.unit {
                Unit::Char(c) => text.push(*c),
                Unit::Emoji(sequence) => text.push_str(sequence),
            }
        }
        text
    }

    fn opaque(&mut self, start: usize, end: usize, exact: CompactString) {
        let range = self.bytes(start, end);
        self.out.tokens.push(Token { kind: TokenKind::Opaque, folded: CompactString::default(), exact, range });
    }

    /// The end of the run of letters, digits and marks that begins here.
    fn run_end(&self, start: usize) -> usize {
        (start..self.flat.len()).find(|&at| !matches!(self.class(at), Class::Letter | Class::Mark)).unwrap_or(self.flat.len())
    }

    /// Pushes the words of a run (S2: UAX 29 may break it further).
    fn words(&mut self, start: usize, end: usize) {
        let simple = |c: char| c < '\u{530}' || ('\u{1E00}'..'\u{2000}').contains(&c) || ('\u{AC00}'..='\u{D7A3}').contains(&c);
        if (start..end).filter_map(|at| self.char(at)).all(|c| simple(c) || self.wild && matches!(c, ANY_CHAR | ANY_REST)) {
            self.word(start, end);
            return;
        }
        let run = self.text(start, end);
        let breaks: Vec<usize> = run.split_word_bound_indices().map(|(byte, _)| byte).collect();
        let mut first = start;
        // Whether a wildcard stands before, perhaps with marks on it: nothing breaks around it.
        let mut after_wild = false;
        for (at, (byte, c)) in (start..end).zip(run.char_indices()) {
            let wild = self.wild && matches!(c, ANY_CHAR | ANY_REST);
            // A mark never begins a word, not even one newer than the tables of word breaks: alone it would be no token.
            if self.class(at) == Class::Mark {
                continue;
            }
            if at > first && breaks.binary_search(&byte).is_ok() && !wild && !after_wild {
                self.word(first, at);
                first = at;
            }
            after_wild = wild;
        }
        self.word(first, end);
    }

    fn word(&mut self, start: usize, end: usize) {
        let exact = self.text(start, end);
        let range = self.bytes(start, end);
        self.out.tokens.push(Token { kind: TokenKind::Word, folded: fold_normalised(&exact).into(), exact: exact.into(), range });
    }

    /// The end of the URL that begins here (S9).
    fn url_end(&self, start: usize) -> Option<usize> {
        if !self.urls || !matches!(self.char(start), Some('h' | 'H' | 'w' | 'W')) || self.class_before(start) == Class::Letter {
            return None;
        }
        let begins =
            |prefix: &str| prefix.chars().enumerate().all(|(i, c)| self.char(start + i).is_some_and(|d| d.eq_ignore_ascii_case(&c)));
        let prefix = ["http://", "https://", "www."].into_iter().find(|prefix| begins(prefix))?;
        let body = start + prefix.len();
        let stops = |at: &usize| self.char(*at).is_some_and(|c| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
        let mut end = (body..self.flat.len()).find(stops).unwrap_or(self.flat.len());
        while end > body && self.char(end - 1).is_some_and(ends_sentence) {
            end -= 1;
        }
        // A scheme with nothing behind it is text about URLs.
        (body..end).any(|at| self.class(at) == Class::Letter).then_some(end)
    }

    fn begins_tag(&self, at: usize) -> bool {
        self.class_before(at) == Class::Other && matches!(self.class(at + 1), Class::Letter | Class::Underscore)
    }

    /// Pushes a tag or handle and its words; returns its end (S6, S7).
    fn tag(&mut self, start: usize, sign: char) -> usize {
        let named = |at: usize| matches!(self.class(at), Class::Letter | Class::Mark | Class::Underscore);
        let mut end = start + 1;
        while named(end) || sign == '@' && self.char(end) == Some('.') && named(end - 1) && named(end + 1) {
            end += 1;
        }
        let host_end = if sign == '@' { self.host_end(end) } else { end };
        let first = self.out.tokens.len();
        let mut at = start + 1;
        while at < end {
            at = if self.class(at) == Class::Letter {
                let run = self.run_end(at).min(end);
                self.words(at, run);
                run
            } else {
                at + 1
            };
        }
        if self.out.tokens.len() == first {
            self.opaque(start, end, CompactString::default());
        }
        let width = self.out.tokens.len() - first;
        for end in if host_end > end { vec![host_end, end] } else { vec![end] } {
            let exact = self.text(start, end);
            let range = self.bytes(start, end);
            self.out.literals.push(Literal { first, width, folded: fold_normalised(&exact).into(), exact: exact.into(), range });
        }
        host_end
    }

    /// The end of `@host` if it follows here.
    fn host_end(&self, at: usize) -> usize {
        if self.char(at) != Some('@') || self.class(at + 1) != Class::Letter {
            return at;
        }
        let of_host = |at: &usize| self.class(*at) == Class::Letter || matches!(self.char(*at), Some('.' | '-'));
        let mut end = (at + 1..self.flat.len()).find(|at| !of_host(at)).unwrap_or(self.flat.len());
        while matches!(self.char(end - 1), Some('.' | '-')) {
            end -= 1;
        }
        end
    }
}

/// What a URL loses at its end: sentence punctuation, closing brackets and quotes.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ')' | ']' | '}' | '“' | '”' | '‘' | '’' | '«' | '»' | '‹' | '›')
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
