//! From a piece of a query (a word, a quote, an exact form) to a term: wildcards, splitting, folding.

use super::ast::{Atom, AtomKind, Column, Form, Member, Term};
use super::error::{Problem, QueryError};
use crate::text::token::{ANY_CHAR, ANY_REST, Token, TokenKind, is_mark, is_word_char, scan_query};

/// A character of the query and its column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub c: char,
    pub column: usize,
}

/// Most characters that an error quotes on each side of its sign.
const LONGEST_WORD: usize = 40;

/// How a piece is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub quoted: bool,
    /// A single plain word is compared by its stem too.
    pub stem: bool,
    /// `url:` looks at words of links and knows no links in itself.
    pub urls: bool,
}

pub(crate) fn written(source: &[Source]) -> String {
    source.iter().map(|s| s.c).collect()
}

/// A stretch of a quote between stars that stand alone.
#[derive(Default)]
struct Segment {
    text: String,
    /// Of each byte.
    columns: Vec<usize>,
    /// Column of the star that ends it.
    star: Option<usize>,
}

impl Segment {
    fn push(&mut self, c: char, column: usize) {
        self.text.push(c);
        self.columns.extend(std::iter::repeat_n(column, c.len_utf8()));
    }

    fn column_of(&self, byte: usize) -> usize {
        self.columns.get(byte).or(self.columns.last()).copied().unwrap_or(1)
    }
}

/// Reads a word, piece or quote. `None` when an error was reported.
pub(crate) fn read_term(source: &[Source], reading: Reading, errors: &mut Vec<QueryError>) -> Option<Term> {
    let before = errors.len();
    let column = source.first().map_or(1, |s| s.column);
    let mut reader = Reader { source, quoted: reading.quoted, errors };
    let segments = reader.segments();
    let mut members: Vec<Member> = Vec::new();
    let mut gap = 0;
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate() {
        let atoms = reader.atoms(segment, reading.urls);
        let edge = (index == 0 || index == last) && last > 0 && atoms.is_empty();
        if edge && errors_of(reader.errors, before) == 0 {
            let star = if index == 0 { segment.star } else { segments.get(index - 1).and_then(|s| s.star) };
            reader.error(star.unwrap_or(column), "*", Problem::StarAtQuoteEdge, None);
        }
        for atom in atoms {
            members.push(Member { gap: std::mem::take(&mut gap), atom });
        }
        gap += 1;
    }
    if errors.len() > before {
        return None;
    }
    if members.is_empty() {
        errors.push(QueryError { column, word: written(source), problem: Problem::NoToken, fix: None });
        return None;
    }
    if let [Member { atom: atom @ Atom { kind: AtomKind::Word, .. }, .. }] = members.as_mut_slice()
        && reading.stem
        && !atom.is_wild()
    {
        atom.form = Form::Stemmed;
    }
    Some(Term { members, column: Column(column) })
}

fn errors_of(errors: &[QueryError], before: usize) -> usize {
    errors.len() - before
}

/// Reads what stands between `={` and `}`.
pub(crate) fn read_exact(source: &[Source], column: usize, errors: &mut Vec<QueryError>) -> Option<Term> {
    let before = errors.len();
    for s in source {
        let problem = match s.c {
            '*' => Problem::StarInExact,
            '?' => Problem::QuestionMarkInExact,
            _ => continue,
        };
        errors.push(QueryError { column: s.column, word: s.c.to_string(), problem, fix: None });
    }
    if errors.len() > before {
        return None;
    }
    let mut segment = Segment::default();
    source.iter().for_each(|s| segment.push(s.c, s.column));
    let mut reader = Reader { source, quoted: true, errors };
    let atoms = reader.exact_atoms(&segment);
    if errors.len() > before {
        return None;
    }
    if atoms.is_empty() {
        errors.push(QueryError { column, word: format!("={{{}}}", written(source)), problem: Problem::NoToken, fix: None });
        return None;
    }
    Some(Term { members: atoms.into_iter().map(|atom| Member { gap: 0, atom }).collect(), column: Column(column) })
}

struct Reader<'a> {
    source: &'a [Source],
    quoted: bool,
    errors: &'a mut Vec<QueryError>,
}

impl Reader<'_> {
    fn error(&mut self, column: usize, word: &str, problem: Problem, fix: Option<String>) {
        self.errors.push(QueryError { column, word: word.to_owned(), problem, fix });
    }

    fn at(&self, index: usize) -> Option<char> {
        self.source.get(index).map(|s| s.c)
    }

    fn is_word(&self, index: usize) -> bool {
        self.at(index).is_some_and(is_word_char)
    }

    /// Marks wildcards, and divides a quote at its lone stars.
    fn segments(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut segment = Segment::default();
        let mut index = 0;
        while let Some(&Source { c, column }) = self.source.get(index) {
            match c {
                '*' if self.is_keycap(index) => segment.push(c, column),
                '*' => match self.star(index, segment.text.ends_with(ANY_CHAR)) {
                    Star::Rest => segment.push(ANY_REST, column),
                    Star::Gap => {
                        segment.star = Some(column);
                        segments.push(std::mem::take(&mut segment));
                    }
                    Star::Wrong(problem) => {
                        let fix = self.star_fix(index, &problem);
                        let word = self.word_around(index);
                        self.error(column, &word, problem, fix);
                    }
                    Star::Said => {}
                },
                '?' => {
                    let end = (index..self.source.len()).find(|&i| self.at(i) != Some('?')).unwrap_or(self.source.len());
                    let before = index > 0 && self.is_word(index - 1);
                    // A mark on a question mark is gone once the text is folded: it makes no word of what follows.
                    let behind = (end..self.source.len()).find(|&i| !self.at(i).is_some_and(is_mark)).unwrap_or(self.source.len());
                    let after = self.is_word(behind);
                    let wild = before && (after || self.at(end) == Some('*'));
                    if after && !before {
                        let word = self.word_around(index);
                        self.error(column, &word, Problem::LeadingQuestionMark, None);
                    }
                    for s in &self.source[index..end] {
                        segment.push(if wild { ANY_CHAR } else { '?' }, s.column);
                    }
                    index = end;
                    continue;
                }
                _ => segment.push(c, column),
            }
            index += 1;
        }
        segments.push(segment);
        segments
    }

    fn is_keycap(&self, index: usize) -> bool {
        let next = if self.at(index + 1) == Some('\u{FE0F}') { index + 2 } else { index + 1 };
        self.at(next) == Some('\u{20E3}')
    }

    fn star(&self, index: usize, after_any: bool) -> Star {
        let before = index.checked_sub(1).and_then(|i| self.at(i));
        let left = after_any || before.is_some_and(is_word_char) || before == Some('_') && self.in_tag(index);
        let right = self.is_word(index + 1) || self.at(index + 1) == Some('_');
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        if before == Some('*') {
            Star::Wrong(Problem::DoubleStar)
        } else if left && right {
            Star::Wrong(Problem::InnerStar)
        } else if left {
            Star::Rest
        } else if right {
            Star::Wrong(Problem::LeadingStar)
        } else if self.at(index + 1) == Some('*') {
            Star::Said
        } else if self.quoted && blank(before) && blank(self.at(index + 1)) {
            Star::Gap
        } else {
            Star::Wrong(Problem::LoneStar)
        }
    }

    /// Whether what stands before is part of a tag or handle.
    fn in_tag(&self, index: usize) -> bool {
        let name = |&i: &usize| self.is_word(i) || self.at(i) == Some('_');
        (0..index).rev().find(|i| !name(i)).is_some_and(|i| matches!(self.at(i), Some('#' | '@')))
    }

    fn word_bounds(&self, index: usize) -> (usize, usize) {
        let inside = |&i: &usize| self.at(i).is_some_and(|c| is_word_char(c) || matches!(c, '*' | '?' | '_' | '#' | '@'));
        // Bounded, because a query of nothing but stars has as many errors.
        let start = (0..index).rev().take(LONGEST_WORD).take_while(inside).last().unwrap_or(index);
        let end = (index..self.source.len()).take(LONGEST_WORD).take_while(inside).last().map_or(index, |i| i + 1);
        (start, end)
    }

    fn word_around(&self, index: usize) -> String {
        let (start, end) = self.word_bounds(index);
        written(&self.source[start..end])
    }

    fn star_fix(&self, index: usize, problem: &Problem) -> Option<String> {
        let (start, end) = self.word_bounds(index);
        match problem {
            Problem::DoubleStar | Problem::InnerStar => {
                let first = (start..end).find(|&i| self.at(i) == Some('*'))?;
                Some(format!("{}*", written(&self.source[start..first])))
                    .filter(|fix| fix.chars().filter(|&c| is_word_char(c)).count() >= 2)
            }
            _ => None,
        }
    }

    /// The atoms of a stretch in folded form.
    fn atoms(&mut self, segment: &Segment, urls: bool) -> Vec<Atom> {
        let scan = scan_query(&segment.text, urls);
        let mut atoms = Vec::new();
        let mut at = 0;
        while let Some(token) = scan.tokens.get(at) {
            let literal = scan.literal_at(at);
            let (kind, text, as_written, range) = match literal {
                Some(literal) => (AtomKind::Literal, &literal.folded, &literal.exact, &literal.range),
                None if token.kind == TokenKind::Emoji => (AtomKind::Emoji, &token.exact, &token.exact, &token.range),
                None => (AtomKind::Word, &token.folded, &token.exact, &token.range),
            };
            at += literal.map_or(1, |literal| literal.width);
            if self.is_link(segment, token, literal.is_some()) {
                continue;
            }
            if let Some(star) = as_written.find(ANY_REST) {
                let column = segment.column_of(range.end.saturating_sub(ANY_REST.len_utf8()));
                let counted = as_written.chars().filter(|&c| c == ANY_CHAR || is_letter_of_name(c)).count();
                let word = with_signs(as_written);
                if star + ANY_REST.len_utf8() < as_written.len() {
                    self.error(column, &word, Problem::InnerStar, None);
                } else if counted < 2 {
                    self.error(column, &word, Problem::ShortPrefix, None);
                }
            }
            atoms.push(Atom { kind, form: Form::Folded, text: with_signs(text) });
        }
        atoms
    }

    fn exact_atoms(&mut self, segment: &Segment) -> Vec<Atom> {
        let scan = scan_query(&segment.text, true);
        let mut atoms = Vec::new();
        let mut at = 0;
        while let Some(token) = scan.tokens.get(at) {
            let literal = scan.literal_at(at);
            at += literal.map_or(1, |literal| literal.width);
            if self.is_link(segment, token, literal.is_some()) {
                continue;
            }
            let (kind, text) = match literal {
                Some(literal) => (AtomKind::Literal, &literal.exact),
                None if token.kind == TokenKind::Emoji => (AtomKind::Emoji, &token.exact),
                None => (AtomKind::Word, &token.exact),
            };
            atoms.push(Atom { kind, form: Form::Exact, text: text.to_string() });
        }
        atoms
    }

    fn is_link(&mut self, segment: &Segment, token: &Token, is_literal: bool) -> bool {
        if token.kind != TokenKind::Opaque || is_literal {
            return false;
        }
        let column = segment.column_of(token.range.start);
        let host = super::fields::host_of(&token.exact).map(|host| format!("site:{host}"));
        self.error(column, &with_signs(&token.exact), Problem::UrlInText, host);
        true
    }
}

enum Star {
    Rest,
    Gap,
    Wrong(Problem),
    /// The next star reports both.
    Said,
}

/// Counts towards the two characters before a star: a base character of the name, not its sign.
fn is_letter_of_name(c: char) -> bool {
    c == '_' || crate::text::token::is_letter(c)
}

/// The marks inside back to the signs people write.
fn with_signs(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ANY_CHAR => '?',
            ANY_REST => '*',
            c => c,
        })
        .collect()
}
