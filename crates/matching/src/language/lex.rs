//! The query's characters to lexemes. Everything that needs no recursion is settled here, and every parenthesis that the parser
//! sees is balanced and not too deep.

mod field;
mod number;

use super::ast::{Column, Term, Value};
use super::error::{MAX_BYTES, MAX_DEPTH, MAX_DISTANCE, MAX_TERMS, Problem, QueryError};
use super::fields::{Comparison, FieldName};
use super::words::{Reading, Source, read_exact, read_term, written};
use crate::text::token::{ANY_CHAR, ANY_REST, is_ignored, is_word_char};

#[derive(Debug, Clone)]
pub(crate) enum Lex {
    Open,
    Close,
    Comma,
    Not,
    And,
    Or,
    Near {
        ordered: bool,
        distance: usize,
    },
    AtLeast {
        n: usize,
    },
    Term(Term),
    Field {
        name: FieldName,
        values: Vec<Value>,
    },
    Count {
        term: Term,
        comparison: Comparison,
        n: u64,
    },
    /// Something whose error has been reported.
    Broken,
}

#[derive(Debug, Clone)]
pub(crate) struct Lexeme {
    pub lex: Lex,
    pub column: usize,
    pub word: String,
}

pub(crate) struct Lexed {
    pub lexemes: Vec<Lexeme>,
    pub errors: Vec<QueryError>,
    /// A limit was passed: the lexemes are not the whole query.
    pub refused: bool,
}

#[derive(PartialEq)]
enum Parenthesis {
    Group,
    Members,
}

struct Lexer {
    source: Vec<Source>,
    at: usize,
    open: Vec<(Parenthesis, usize)>,
    lexemes: Vec<Lexeme>,
    errors: Vec<QueryError>,
    terms: usize,
    refused: bool,
    archive: bool,
}

pub(crate) fn lex(query: &str, archive: bool) -> Lexed {
    if query.len() > MAX_BYTES {
        let error = QueryError { column: 1, word: String::new(), problem: Problem::TooLong { bytes: query.len() }, fix: None };
        return Lexed { lexemes: Vec::new(), errors: vec![error], refused: true };
    }
    let clean = |c: char| if matches!(c, '\u{200B}' | ANY_CHAR | ANY_REST) { ' ' } else { c };
    let source = query.chars().enumerate().filter(|&(_, c)| !is_ignored(c)).map(|(i, c)| Source { c: clean(c), column: i + 1 }).collect();
    let mut lexer = Lexer { source, at: 0, open: Vec::new(), lexemes: Vec::new(), errors: Vec::new(), terms: 0, refused: false, archive };
    while lexer.at < lexer.source.len() && !lexer.refused {
        lexer.next();
    }
    if !lexer.refused {
        while let Some((_, column)) = lexer.open.pop() {
            lexer.error(column, "(", Problem::UnclosedParenthesis);
            lexer.push(Lex::Close, column, 0);
        }
    }
    Lexed { lexemes: lexer.lexemes, errors: lexer.errors, refused: lexer.refused }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '„' | '“' | '”' | '«' | '»' | '＂')
}

/// `AND`, `OR`, `NOT` and their German names.
fn operator(word: &str) -> Option<Lex> {
    Some(match word {
        "AND" | "UND" => Lex::And,
        "OR" | "ODER" => Lex::Or,
        "NOT" | "NICHT" => Lex::Not,
        _ => return None,
    })
}

impl Lexer {
    fn char(&self, at: usize) -> Option<char> {
        self.source.get(at).map(|s| s.c)
    }

    fn column(&self, at: usize) -> usize {
        self.source.get(at).or(self.source.last()).map_or(1, |s| s.column)
    }

    fn error(&mut self, column: usize, word: &str, problem: Problem) {
        self.error_with(column, word, problem, None);
    }

    fn error_with(&mut self, column: usize, word: &str, problem: Problem, fix: Option<String>) {
        self.errors.push(QueryError { column, word: word.to_owned(), problem, fix });
    }

    /// Pushes a lexeme whose text began at `start` (0: no text).
    fn push(&mut self, lex: Lex, column: usize, start: usize) {
        let word = self.source.get(start..self.at).map(written).unwrap_or_default();
        self.lexemes.push(Lexeme { lex, column, word });
    }

    fn count_terms(&mut self, more: usize, column: usize) {
        self.terms += more;
        if self.terms > MAX_TERMS && !self.refused {
            self.refused = true;
            self.error(column, "", Problem::TooManyTerms);
        }
    }

    fn check_depth(&mut self, column: usize) -> bool {
        if self.open.len() >= MAX_DEPTH && !self.refused {
            self.refused = true;
            self.error(column, "(", Problem::TooDeep);
        }
        !self.refused
    }

    fn in_members(&self) -> bool {
        self.open.iter().any(|(kind, _)| *kind == Parenthesis::Members)
    }

    fn skip_blanks(&mut self) {
        while self.char(self.at).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn begins_exact(&self, at: usize) -> bool {
        self.char(at) == Some('=') && self.char(at + 1) == Some('{')
    }

    fn ends_piece(&self, at: usize) -> bool {
        self.char(at).is_none_or(|c| {
            c.is_whitespace() || matches!(c, '(' | ')') || is_quote(c) || c == ',' && self.in_members() || self.begins_exact(at)
        })
    }

    fn piece_end(&self, start: usize) -> usize {
        let members = self.in_members();
        let ends = |at: &usize| {
            let c = self.source[*at].c;
            c.is_whitespace() || matches!(c, '(' | ')') || is_quote(c) || c == ',' && members || self.begins_exact(*at)
        };
        (start..self.source.len()).find(ends).unwrap_or(self.source.len())
    }

    fn next(&mut self) {
        let start = self.at;
        let column = self.column(start);
        let Some(c) = self.char(start) else { return };
        match c {
            _ if c.is_whitespace() => self.at += 1,
            '(' => {
                if self.check_depth(column) {
                    self.at += 1;
                    self.open.push((Parenthesis::Group, column));
                    self.push(Lex::Open, column, start);
                }
            }
            ')' => {
                self.at += 1;
                match self.open.pop() {
                    Some(_) => self.push(Lex::Close, column, start),
                    None => self.error(column, ")", Problem::UnmatchedParenthesis),
                }
            }
            ',' if self.in_members() => {
                self.at += 1;
                self.push(Lex::Comma, column, start);
            }
            '-' => self.dash(),
            _ if is_quote(c) || self.begins_exact(start) => {
                let term = self.quoted_or_exact(true);
                self.push_term(term, column, start);
            }
            _ => self.piece(),
        }
    }

    fn push_term(&mut self, term: Option<Term>, column: usize, start: usize) {
        self.count_terms(1, column);
        self.push(term.map_or(Lex::Broken, Lex::Term), column, start);
    }

    fn dash(&mut self) {
        let start = self.at;
        let column = self.column(start);
        let before = start.checked_sub(1).and_then(|at| self.char(at));
        let begins = before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '-') || c == ',' && self.in_members());
        self.at += 1;
        let alone = self.char(self.at).is_none_or(|c| c.is_whitespace() || c == ')' || c == ',' && self.in_members());
        if begins && !alone {
            self.push(Lex::Not, column, start);
            return;
        }
        // A dash in front of this one has been read as a negation; it is part of the same mistake.
        while before == Some('-') && self.lexemes.last().is_some_and(|last| last.word == "-") {
            self.lexemes.pop();
        }
        self.error(column, "-", Problem::LoneDash);
        if alone {
            self.push(Lex::Broken, column, start);
        }
    }

    /// A quote or an exact form, whichever begins here. `None` when it holds an error.
    fn quoted_or_exact(&mut self, urls: bool) -> Option<Term> {
        let start = self.at;
        let exact = self.begins_exact(start);
        let content = if exact { start + 2 } else { start + 1 };
        let ends = |at: &usize| if exact { self.source[*at].c == '}' } else { is_quote(self.source[*at].c) };
        let Some(end) = (content..self.source.len()).find(ends) else {
            let brace = if exact { start + 1 } else { start };
            let problem = if exact { Problem::UnclosedBrace } else { Problem::UnclosedQuote };
            let word = written(&self.source[start..(start + 12).min(self.source.len())]);
            self.error(self.column(brace), &word, problem);
            self.at = self.source.len();
            return None;
        };
        self.at = end + 1;
        let column = self.column(start);
        let text = self.source[content..end].to_vec();
        if exact {
            return read_exact(&text, column, &mut self.errors);
        }
        if text.iter().all(|s| s.c.is_whitespace()) {
            self.error(column, "\"\"", Problem::NoToken);
            return None;
        }
        let before = self.errors.len();
        // The search box stems words outside quotes only.
        let mut term = read_term(&text, Reading { quoted: true, stem: false, urls }, &mut self.errors);
        if let Some(term) = term.as_mut() {
            term.column = Column(column);
        }
        for error in &mut self.errors[before..] {
            if error.problem == Problem::NoToken {
                error.column = column;
            }
        }
        term
    }

    fn piece(&mut self) {
        let start = self.at;
        let column = self.column(start);
        let end = self.piece_end(start);
        let word = written(&self.source[start..end]);
        if let Some(name) = self.field_name(start, end) {
            return self.field(start, name);
        }
        self.at = end;
        if let Some(lex) = operator(&word) {
            return self.push(lex, column, start);
        }
        match word.as_str() {
            "AT" if self.at_least() => return,
            "COUNT" if self.next_solid() == Some('(') => return self.count(start),
            _ => {}
        }
        if let Some((ordered, number)) = near_operator(&word) {
            let distance = match number {
                None => Some(10),
                Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
                Some(_) => None,
            };
            match distance.filter(|&n: &usize| n <= MAX_DISTANCE) {
                Some(distance) => self.push(Lex::Near { ordered, distance }, column, start),
                None => {
                    let fix = if ordered { "ONEAR/10" } else { "NEAR/10" };
                    self.error_with(column, &word, Problem::NearNumber, Some(fix.to_owned()));
                    self.push(Lex::Near { ordered, distance: 10 }, column, start);
                }
            }
            return;
        }
        let reading = Reading { quoted: false, stem: self.archive, urls: true };
        let term = read_term(&self.source[start..end], reading, &mut self.errors);
        self.push_term(term, column, start);
    }

    fn next_solid(&self) -> Option<char> {
        self.source[self.at..].iter().map(|s| s.c).find(|c| !c.is_whitespace())
    }

    /// The letters directly before the piece's first colon that has such (S24): from, to (the colon).
    fn field_name(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        for colon in (start..end).filter(|&at| self.source[at].c == ':') {
            let first = (start..colon).rev().take_while(|&at| self.source[at].c.is_alphabetic()).last();
            if let Some(first) = first
                && (first == start || !is_word_char(self.source[first - 1].c))
            {
                return Some((first, colon));
            }
        }
        None
    }
}

/// `NEAR`, `ONEAR` with or without a number: whether ordered, and what stands behind the slash.
fn near_operator(word: &str) -> Option<(bool, Option<&str>)> {
    let (ordered, rest) = match word.strip_prefix("ONEAR") {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix("NEAR")?),
    };
    match rest.strip_prefix('/') {
        Some(number) => Some((ordered, Some(number))),
        None if rest.is_empty() => Some((ordered, None)),
        None => None,
    }
}
