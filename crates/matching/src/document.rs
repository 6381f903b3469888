//! The *search document*: what the stores index, so that SQLite's FTS5 and PostgreSQL's tsvector find the same sets. Tokens are runs of letters
//! and digits that both engines keep whole; whatever else a token holds is written in letters.

use std::fmt::Write;

use crate::text::fold::fold;
use crate::text::stem::{Language, stem};
use crate::text::token::{Scan, TokenKind, scan};

/// Bytes of a search document at most; longer texts are cut there and marked.
pub const DOCUMENT_MAX: usize = 64 << 10;
/// A token's bytes at most: both engines have limits far above (PostgreSQL: 2 kB).
const TOKEN_MAX: usize = 200;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchDocument {
    /// Blank-separated tokens.
    pub text: String,
    /// Something was left out.
    pub truncated: bool,
}

/// The document of the given texts (title, text, author …), with stems in the languages `lang` allows (both when unknown).
pub fn search_document(parts: &[&str], lang: Option<&str>) -> SearchDocument {
    let languages = Language::of_code(lang.filter(|l| *l != "und"));
    let mut out = SearchDocument::default();
    for part in parts {
        let scan = scan(part);
        for token in tokens_of(&scan, languages) {
            if out.text.len() + token.len() + 1 > DOCUMENT_MAX {
                out.truncated = true;
                return out;
            }
            if !out.text.is_empty() {
                out.text.push(' ');
            }
            out.text.push_str(&token);
        }
    }
    out
}

fn tokens_of<'a>(scan: &'a Scan, languages: &'a [Language]) -> impl Iterator<Item = String> + 'a {
    let words = scan.tokens.iter().filter(|t| t.kind != TokenKind::Opaque).flat_map(move |token| {
        let mut out = vec![encode(&token.folded, token.kind == TokenKind::Emoji)];
        if token.kind == TokenKind::Word {
            for language in languages {
                out.extend(stem(&token.folded, *language).map(|s| stem_token(&s, *language)));
            }
        }
        out
    });
    words.chain(scan.literals.iter().map(|literal| encode(&literal.folded, true)))
}

/// Stems begin with a sign no folded word can begin with, written in letters: a word and a stem never meet.
fn stem_token(stem: &str, language: Language) -> String {
    let sign = match language {
        Language::German => "xqsd",
        Language::English => "xqse",
    };
    clip(format!("{sign}{stem}"))
}

/// A token in characters that both engines keep together: ASCII letters and digits, and other letters both take for letters. Tags, handles,
/// emoji and everything doubtful become `xqh` + code points in base 26.
fn encode(token: &str, always: bool) -> String {
    let plain = !always && !token.starts_with("xq") && token.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if plain {
        return clip(token.into());
    }
    clip(format!("xqh{}", coded(token)))
}

fn coded(token: &str) -> String {
    let mut out = String::new();
    for c in token.chars() {
        if c.is_ascii_lowercase() && c != 'q' || c.is_ascii_digit() {
            out.push(c);
        } else {
            // A fixed six letters behind a q, so that prefixes stay prefixes.
            let _ = write!(out, "q");
            let mut rest = u32::from(c);
            let mut letters = [b'a'; 5];
            for place in letters.iter_mut().rev() {
                *place = b'a' + (rest % 26) as u8;
                rest /= 26;
            }
            out.extend(letters.iter().map(|b| char::from(*b)));
        }
    }
    out
}

fn clip(mut token: String) -> String {
    token.truncate(TOKEN_MAX);
    token
}

/// What a search must find at least, over the tokens of search documents: a superset, which the store can express on both engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrow {
    /// Nothing can be said: every document.
    All,
    Token(String),
    Prefix(String),
    And(Vec<Narrow>),
    Or(Vec<Narrow>),
}

impl Narrow {
    /// A folded word as it stands in documents.
    pub fn word(folded: &str) -> Narrow {
        Narrow::Token(encode(folded, false))
    }
    /// A tag, handle or emoji with its sign, folded.
    pub fn literal(folded: &str) -> Narrow {
        Narrow::Token(encode(folded, true))
    }
    /// A word that begins so.
    pub fn prefix(folded: &str) -> Narrow {
        if folded.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) && !folded.starts_with("xq") && !"xq".starts_with(folded) {
            return Narrow::Prefix(folded.into());
        }
        Narrow::Or(vec![Narrow::Prefix(encode(folded, true)), if folded.is_ascii() { Narrow::Prefix(clip(folded.into())) } else { Narrow::Prefix(encode(folded, true)) }])
    }
    /// A tag or handle that begins so, sign included.
    pub fn literal_prefix(folded: &str) -> Narrow {
        Narrow::Prefix(encode(folded, true))
    }
    pub fn and(parts: Vec<Narrow>) -> Narrow {
        Self::flat(parts.into_iter().filter(|p| *p != Narrow::All).collect(), Narrow::And)
    }
    pub fn or(parts: Vec<Narrow>) -> Narrow {
        if parts.contains(&Narrow::All) || parts.is_empty() { Narrow::All } else { Self::flat(parts, Narrow::Or) }
    }
    fn flat(mut parts: Vec<Narrow>, make: fn(Vec<Narrow>) -> Narrow) -> Narrow {
        match parts.len() {
            0 => Narrow::All,
            1 => parts.swap_remove(0),
            _ => make(parts),
        }
    }

    /// FTS5's query language. Empty for [`Narrow::All`]: the caller leaves the condition out.
    pub fn to_fts5(&self) -> String {
        match self {
            Narrow::All => String::new(),
            Narrow::Token(token) => format!("\"{}\"", safe(token)),
            Narrow::Prefix(prefix) => format!("\"{}\"*", safe(prefix)),
            Narrow::And(parts) => Self::joined(parts, " AND ", Narrow::to_fts5),
            Narrow::Or(parts) => Self::joined(parts, " OR ", Narrow::to_fts5),
        }
    }

    /// PostgreSQL's `to_tsquery('simple', …)`.
    pub fn to_tsquery(&self) -> String {
        match self {
            Narrow::All => String::new(),
            Narrow::Token(token) => format!("'{}'", safe(token)),
            Narrow::Prefix(prefix) => format!("'{}':*", safe(prefix)),
            Narrow::And(parts) => Self::joined(parts, " & ", Narrow::to_tsquery),
            Narrow::Or(parts) => Self::joined(parts, " | ", Narrow::to_tsquery),
        }
    }

    fn joined(parts: &[Narrow], with: &str, write: fn(&Narrow) -> String) -> String {
        format!("({})", parts.iter().map(write).collect::<Vec<_>>().join(with))
    }
}

/// Tokens hold nothing but letters and digits; this keeps it so whoever built them.
fn safe(token: &str) -> String {
    token.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What a person typed into the search box: every word or its stem, quoted words as written, a star at the end for what begins so.
pub fn search_query(text: &str) -> Narrow {
    let mut parts = Vec::new();
    let normal = text.replace(['„', '“', '”', '«', '»'], "\"");
    for (n, piece) in normal.split('"').enumerate() {
        let quoted = n % 2 == 1;
        for word in piece.split_whitespace() {
            let (bare, is_prefix) = match word.strip_suffix('*') {
                Some(bare) if bare.chars().filter(|c| c.is_alphanumeric()).count() >= 2 => (bare, true),
                _ => (word, false),
            };
            if is_prefix && bare.chars().all(char::is_alphanumeric) {
                parts.push(Narrow::prefix(&fold(bare)));
                continue;
            }
            let scan = scan(bare);
            let literal_positions: Vec<usize> = scan.literals.iter().flat_map(|l| l.first..l.first + l.width).collect();
            parts.extend(scan.literals.iter().map(|l| Narrow::literal(&l.folded)));
            for (at, token) in scan.tokens.iter().enumerate().filter(|(_, t)| t.kind != TokenKind::Opaque) {
                if literal_positions.contains(&at) {
                    continue;
                }
                let plain = if token.kind == TokenKind::Emoji { Narrow::literal(&token.folded) } else { Narrow::word(&token.folded) };
                let mut forms = vec![plain];
                if !quoted && token.kind == TokenKind::Word {
                    forms.extend([Language::German, Language::English].into_iter().filter_map(|l| stem(&token.folded, l).map(|s| Narrow::Token(stem_token(&s, l)))));
                }
                parts.push(Narrow::or(forms));
            }
        }
    }
    Narrow::and(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, text: &str) -> bool {
        let document = search_document(&[text], None).text;
        let tokens: Vec<&str> = document.split(' ').collect();
        fn holds(narrow: &Narrow, tokens: &[&str]) -> bool {
            match narrow {
                Narrow::All => true,
                Narrow::Token(t) => tokens.contains(&t.as_str()),
                Narrow::Prefix(p) => tokens.iter().any(|t| t.starts_with(p.as_str())),
                Narrow::And(parts) => parts.iter().all(|p| holds(p, tokens)),
                Narrow::Or(parts) => parts.iter().any(|p| holds(p, tokens)),
            }
        }
        holds(&search_query(query), &tokens)
    }

    #[test]
    fn the_search_box_finds_stems_umlauts_both_ways_tags_and_beginnings() {
        assert!(finds("Lieferung", "Alle Lieferungen sind da"));
        assert!(finds("\"Lieferungen\"", "Alle Lieferungen sind da"));
        assert!(!finds("\"Lieferung\"", "Alle Lieferungen sind da"));
        assert!(finds("mueller", "Frau Müller schrieb"));
        assert!(finds("Müller", "Frau Mueller schrieb"));
        assert!(!finds("muller", "Frau Müller schrieb"));
        assert!(finds("#bahn", "Die #Bahn kommt"));
        assert!(!finds("#bahn", "Die Bahn kommt"));
        assert!(finds("bahn", "Die #Bahn kommt"));
        assert!(finds("liefer*", "Lieferdienst"));
        assert!(finds("👍", "gut 👍"));
        assert!(finds("слово", "одно слово"));
        assert!(finds("東京", "東京 タワー"));
        assert_eq!(search_query("  ... "), Narrow::All);
    }

    #[test]
    fn documents_hold_only_what_both_engines_keep_whole() {
        let document = search_document(&["#Mülltonne @a.b 👨‍👩‍👧 naïve Ærø 東京 x_y don't https://a.example/ü ½ ²", "xqsd"], Some("de"));
        assert!(document.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b' '), "{}", document.text);
        let long = search_document(&[&"wort ".repeat(100_000)], None);
        assert!(long.truncated && long.text.len() <= DOCUMENT_MAX);
    }

    proptest::proptest! {
        #[test]
        fn what_is_asked_of_an_engine_never_breaks_its_syntax(text in "\\PC{0,60}") {
            let narrow = search_query(&text);
            for written in [narrow.to_fts5(), narrow.to_tsquery()] {
                proptest::prop_assert!(written.chars().all(|c| c.is_ascii_alphanumeric() || " \"'*:&|()ANDOR".contains(c)), "{written}");
            }
        }
        #[test]
        fn every_text_finds_itself(text in "[a-zäöüßA-Z#@0-9 ]{1,40}") {
            proptest::prop_assert!(finds(&text.replace('*', ""), &text) || search_query(&text) == Narrow::All);
        }
    }
}
