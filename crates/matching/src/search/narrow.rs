//! What is asked of the database's text index, in each engine's syntax.

use super::encode;
use crate::language::ast::{Atom, AtomKind, Expr, Form, Operand, Term, Value};
use crate::language::fields::FieldName;
use crate::text::fold::fold_normalised;
use crate::text::stem::{Language, stem};
use crate::text::token::{TokenKind, scan};

/// Most tokens of a question. What goes beyond is not asked, so more rows than necessary are looked at.
const MAX_TOKENS: usize = 256;

/// A condition on the tokens of search documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrow {
    /// No condition.
    All,
    Token(String),
    Prefix(String),
    And(Vec<Narrow>),
    Or(Vec<Narrow>),
}

/// What the search document of a matching post must hold; a superset, because order, distance, case and fields are not in it.
pub(crate) fn narrow(expr: &Expr) -> Narrow {
    of_expr(expr).within(MAX_TOKENS)
}

/// What a person typed where no query language is offered: all words, each in any form unless it is quoted or ends in a star.
/// [`Narrow::All`] when it holds no word.
pub fn search_query(text: &str) -> Narrow {
    let mut parts = Vec::new();
    for (index, part) in text.split(['"', '„', '“', '”', '«', '»']).enumerate() {
        // Between a pair of quotes; a quote that is never closed runs to the end.
        let quoted = index % 2 == 1;
        for piece in part.split_whitespace() {
            let prefix = piece.ends_with('*');
            let scan = scan(piece);
            let last = scan.tokens.len().saturating_sub(1);
            let mut at = 0;
            while let Some(token) = scan.tokens.get(at) {
                let literal = scan.literal_at(at);
                at += literal.map_or(1, |literal| literal.width);
                let prefix = prefix && at > last;
                parts.push(match (literal, token.kind) {
                    (Some(literal), _) if prefix => Narrow::Prefix(encode::literal(&literal.folded)),
                    (Some(literal), _) => Narrow::Token(encode::literal(&literal.folded)),
                    (None, TokenKind::Emoji) => Narrow::Token(encode::emoji(&token.folded)),
                    (None, TokenKind::Opaque) => continue,
                    (None, TokenKind::Word) if prefix => word_prefix(&token.folded),
                    (None, TokenKind::Word) if quoted => Narrow::Token(encode::word(&token.folded)),
                    (None, TokenKind::Word) => stemmed(&token.folded),
                });
            }
        }
    }
    and(parts).within(MAX_TOKENS)
}

fn of_expr(expr: &Expr) -> Narrow {
    match expr {
        Expr::And(parts) => and(parts.iter().map(of_expr).collect()),
        Expr::Or(parts) => or(parts.iter().map(of_expr).collect()),
        Expr::Term(term) | Expr::Count { term, .. } => of_term(term),
        Expr::Near(near) => and(vec![of_operand(&near.left), of_operand(&near.right)]),
        Expr::AtLeast { n, members } => {
            let parts: Vec<Narrow> = members.iter().map(of_expr).collect();
            if *n == parts.len() { and(parts) } else { or(parts) }
        }
        Expr::Field { name: FieldName::Title, values, .. } => {
            or(values.iter().map(|value| if let Value::Term(term) = value { of_term(term) } else { Narrow::All }).collect())
        }
        Expr::Not(..) | Expr::Field { .. } | Expr::Broken => Narrow::All,
    }
}

fn of_operand(operand: &Operand) -> Narrow {
    match operand {
        Operand::Term(term) => of_term(term),
        Operand::Any(branches) => or(branches.iter().map(of_operand).collect()),
    }
}

fn of_term(term: &Term) -> Narrow {
    and(term.members.iter().map(|member| of_atom(&member.atom)).collect())
}

fn of_atom(atom: &Atom) -> Narrow {
    if atom.is_wild() {
        let start = &atom.text[..atom.text.find(['?', '*']).unwrap_or(atom.text.len())];
        return match atom.kind {
            _ if start.chars().count() < 2 => Narrow::All,
            AtomKind::Literal => Narrow::Prefix(encode::literal(start)),
            _ => word_prefix(start),
        };
    }
    let folded = fold_normalised(&atom.text);
    match atom.kind {
        AtomKind::Literal => Narrow::Token(encode::literal(&folded)),
        AtomKind::Emoji => {
            let base: String = atom.text.chars().filter(|c| !matches!(c, '\u{1F3FB}'..='\u{1F3FF}')).collect();
            Narrow::Token(encode::emoji(&base))
        }
        AtomKind::Word if atom.form == Form::Stemmed => stemmed(&folded),
        AtomKind::Word => Narrow::Token(encode::word(&folded)),
    }
}

fn stemmed(folded: &str) -> Narrow {
    let stems = [Language::German, Language::English].into_iter();
    let stems = stems.filter_map(|language| stem(folded, language).map(|stem| Narrow::Token(encode::stem(&stem, language))));
    or(std::iter::once(Narrow::Token(encode::word(folded))).chain(stems).collect())
}

fn word_prefix(folded: &str) -> Narrow {
    or(encode::word_prefixes(folded).into_iter().map(Narrow::Prefix).collect())
}

fn and(parts: Vec<Narrow>) -> Narrow {
    let mut flat: Vec<Narrow> = Vec::new();
    for part in parts {
        match part {
            Narrow::All => {}
            Narrow::And(inner) => inner.into_iter().for_each(|part| push(&mut flat, part)),
            part => push(&mut flat, part),
        }
    }
    match flat.len() {
        0 => Narrow::All,
        1 => flat.remove(0),
        _ => Narrow::And(flat),
    }
}

fn or(parts: Vec<Narrow>) -> Narrow {
    let mut flat: Vec<Narrow> = Vec::new();
    for part in parts {
        match part {
            Narrow::All => return Narrow::All,
            Narrow::Or(inner) => inner.into_iter().for_each(|part| push(&mut flat, part)),
            part => push(&mut flat, part),
        }
    }
    match flat.len() {
        0 => Narrow::All,
        1 => flat.remove(0),
        _ => Narrow::Or(flat),
    }
}

fn push(parts: &mut Vec<Narrow>, part: Narrow) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

impl Narrow {
    /// Number of tokens asked for.
    fn size(&self) -> usize {
        match self {
            Narrow::All => 0,
            Narrow::Token(_) | Narrow::Prefix(_) => 1,
            Narrow::And(parts) | Narrow::Or(parts) => parts.iter().map(Narrow::size).sum(),
        }
    }

    /// Weakened to at most so many tokens: an AND loses its largest parts, an OR that is too large asks nothing.
    fn within(self, limit: usize) -> Narrow {
        if self.size() <= limit {
            return self;
        }
        match self {
            Narrow::And(mut parts) => {
                parts.sort_by_key(Narrow::size);
                let mut left = limit;
                let kept = parts.into_iter().map_while(|part| {
                    left = left.checked_sub(part.size())?;
                    Some(part)
                });
                and(kept.collect())
            }
            _ => Narrow::All,
        }
    }

    /// Whether a search document fulfils it.
    pub fn holds(&self, document: &super::document::SearchDocument) -> bool {
        match self {
            Narrow::All => true,
            Narrow::Token(token) => document.tokens().any(|known| known == token),
            Narrow::Prefix(prefix) => document.tokens().any(|known| known.starts_with(prefix.as_str())),
            Narrow::And(parts) => parts.iter().all(|part| part.holds(document)),
            Narrow::Or(parts) => parts.iter().any(|part| part.holds(document)),
        }
    }

    /// The argument of SQLite's `MATCH`. `None` for [`Narrow::All`], which FTS5 cannot say.
    pub fn to_fts5(&self) -> Option<String> {
        self.write(" AND ", " OR ", &|token, prefix| format!("\"{token}\"{}", if prefix { "*" } else { "" }))
    }

    /// The argument of PostgreSQL's `to_tsquery('simple', …)`. `None` for [`Narrow::All`].
    pub fn to_tsquery(&self) -> Option<String> {
        self.write(" & ", " | ", &|token, prefix| format!("'{token}'{}", if prefix { ":*" } else { "" }))
    }

    fn write(&self, and: &str, or: &str, token: &impl Fn(&str, bool) -> String) -> Option<String> {
        // Whoever builds a Narrow by hand cannot break out of the quotes either.
        let safe = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let joined = |parts: &[Narrow], between: &str| {
            let parts: Option<Vec<String>> = parts.iter().map(|part| part.write(and, or, token)).collect();
            parts.filter(|parts| !parts.is_empty()).map(|parts| format!("({})", parts.join(between)))
        };
        match self {
            Narrow::All => None,
            Narrow::Token(text) | Narrow::Prefix(text) if safe(text).is_empty() => None,
            Narrow::Token(text) => Some(token(&safe(text), false)),
            Narrow::Prefix(text) => Some(token(&safe(text), true)),
            // All within AND says nothing; within OR it says everything, and so the whole OR does.
            Narrow::And(parts) => {
                let parts: Vec<String> = parts.iter().filter_map(|part| part.write(and, or, token)).collect();
                if parts.is_empty() { None } else { Some(format!("({})", parts.join(and))) }
            }
            Narrow::Or(parts) => joined(parts, or),
        }
    }
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
