//! The query's characters to lexemes. Everything that needs no recursion is settled here, and every parenthesis that the parser
//! sees is balanced and not too deep.

use super::ast::{Column, Term, Value};
use super::error::{MAX_BYTES, MAX_DEPTH, MAX_DISTANCE, MAX_TERMS, Problem, QueryError};
use super::fields::{Comparison, FieldName, nearest_field, push_value, value};
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
    Near { ordered: bool, distance: usize },
    AtLeast { n: usize },
    Term(Term),
    Field { name: FieldName, values: Vec<Value> },
    Count { term: Term, comparison: Comparison, n: u64 },
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
    let mut lexer =
        Lexer { source, at: 0, open: Vec::new(), lexemes: Vec::new(), errors: Vec::new(), terms: 0, refused: false, archive };
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
                let term = self.quoted_or_exact(true, self.archive);
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
    fn quoted_or_exact(&mut self, urls: bool, stem: bool) -> Option<Term> {
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
        let _ = stem;
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

    fn field(&mut self, start: usize, (first, colon): (usize, usize)) {
        let column = self.column(first);
        let name = written(&self.source[first..colon]);
        let known = FieldName::of(&name).filter(|_| first == start);
        self.at = colon + 1;
        let Some(field) = known else {
            let nearest = nearest_field(&name);
            self.error_with(column, &name, Problem::UnknownField { nearest }, Some(format!("{nearest}:… or \"{name}\"")));
            self.skip_value();
            return self.push(Lex::Broken, column, start);
        };
        if field.is_archive() && !self.archive {
            self.error(column, &name, Problem::ArchiveOnly { field });
        }
        let before = self.errors.len();
        let values = if self.char(self.at) == Some('(') {
            self.list(field)
        } else if self.ends_piece(self.at) && !self.char(self.at).is_some_and(is_quote) && !self.begins_exact(self.at) {
            self.error(column, &name, Problem::MissingValue { field });
            Vec::new()
        } else {
            self.count_terms(1, column);
            self.one_value(field).into_iter().collect()
        };
        let fine = self.errors.len() == before && !values.is_empty();
        self.push(if fine { Lex::Field { name: field, values } } else { Lex::Broken }, column, start);
    }

    /// Skips what would be the value of a field that does not exist.
    fn skip_value(&mut self) {
        match self.char(self.at) {
            Some('(') => self.skip_parentheses(),
            Some(c) if is_quote(c) => {
                let end = (self.at + 1..self.source.len()).find(|&at| is_quote(self.source[at].c));
                self.at = end.map_or(self.source.len(), |end| end + 1);
            }
            _ => self.at = self.piece_end(self.at),
        }
    }

    /// Skips from an opening parenthesis to the one that closes it.
    fn skip_parentheses(&mut self) {
        let mut depth = 0usize;
        while let Some(c) = self.char(self.at) {
            self.at += 1;
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => continue,
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn one_value(&mut self, field: FieldName) -> Option<Value> {
        let start = self.at;
        let column = self.column(start);
        let urls = field != FieldName::Url;
        let quoted = self.char(start).is_some_and(is_quote);
        if field.takes_terms() && (quoted || self.begins_exact(start)) {
            return self.quoted_or_exact(urls, false).map(Value::Term);
        }
        let (from, to) = if quoted {
            let Some(end) = (start + 1..self.source.len()).find(|&at| is_quote(self.source[at].c)) else {
                let word = written(&self.source[start..(start + 12).min(self.source.len())]);
                self.error(column, &word, Problem::UnclosedQuote);
                self.at = self.source.len();
                return None;
            };
            self.at = end + 1;
            (start + 1, end)
        } else {
            self.at = self.piece_end(start).max(start + 1);
            (start, self.at)
        };
        if field.takes_terms() {
            if self.char(from) == Some('-') {
                self.error(column, "-", Problem::LoneDash);
                return None;
            }
            let text = written(&self.source[from..to]);
            let scheme = if urls { 0 } else { ["https://", "http://"].iter().find(|s| text.to_ascii_lowercase().starts_with(**s)).map_or(0, |s| s.len()) };
            let source = self.source[from + scheme..to].to_vec();
            return read_term(&source, Reading { quoted: false, stem: false, urls }, &mut self.errors).map(Value::Term);
        }
        let free_text = quoted && matches!(field, FieldName::Watch | FieldName::Label | FieldName::Assignee);
        if !free_text && let Some(at) = (from..to).find(|&at| matches!(self.source[at].c, '*' | '?')) {
            let word = written(&self.source[from..to]);
            self.error(self.column(at), &word, Problem::WildcardInField { field });
            return None;
        }
        let text = written(&self.source[from..to]);
        match value(field, &text) {
            Ok(value) => Some(value),
            Err(problem) => {
                let fix = match &problem {
                    Problem::BadValue { nearest: Some(nearest), .. } => Some(format!("{}:{nearest}", field.name())),
                    _ => None,
                };
                self.error_with(column, &text, problem, fix);
                None
            }
        }
    }

    /// `(v OR v …)`.
    fn list(&mut self, field: FieldName) -> Vec<Value> {
        let open = self.at;
        let column = self.column(open);
        if !self.check_depth(column) {
            return Vec::new();
        }
        self.at += 1;
        let mut values = Vec::new();
        let mut wants_value = true;
        let mut last_or = None;
        loop {
            self.skip_blanks();
            let start = self.at;
            let at_column = self.column(start);
            let Some(c) = self.char(start) else {
                self.error(column, "(", Problem::UnclosedParenthesis);
                return values;
            };
            let word = written(&self.source[start..self.piece_end(start)]);
            if c == ')' {
                self.at += 1;
                match last_or {
                    _ if !wants_value => {}
                    None => self.error(column, "()", Problem::EmptyParentheses),
                    Some((column, word)) => self.error(column, word, Problem::MissingSide { left: false }),
                }
                return values;
            } else if c == '(' {
                self.error(at_column, "(", Problem::ListForm);
                self.skip_parentheses();
                wants_value = false;
            } else if matches!(operator(&word), Some(Lex::Or)) {
                self.at = self.piece_end(start);
                let word = if word == "OR" { "OR" } else { "ODER" };
                if wants_value {
                    self.error(at_column, word, Problem::MissingSide { left: true });
                }
                wants_value = true;
                last_or = Some((at_column, word));
            } else if operator(&word).is_some() || c == '-' || c == ',' && self.in_members() || !wants_value {
                self.error(at_column, &word, Problem::ListForm);
                self.at = self.piece_end(start).max(start + 1);
                wants_value = false;
            } else {
                self.count_terms(1, at_column);
                if let Some(value) = self.one_value(field) {
                    push_value(&mut values, value);
                }
                wants_value = false;
            }
            if self.refused {
                return Vec::new();
            }
        }
    }

    /// After the word `AT`: whether `LEAST` follows, which has then been read.
    fn at_least(&mut self) -> bool {
        let start = self.at - 2;
        let column = self.column(start);
        let after_at = self.at;
        self.skip_blanks();
        let end = self.piece_end(self.at);
        if written(&self.source[self.at..end]) != "LEAST" {
            self.at = after_at;
            return false;
        }
        self.at = end;
        self.skip_blanks();
        let digits_end = (self.at..self.source.len()).find(|&at| !self.source[at].c.is_ascii_digit()).unwrap_or(self.source.len());
        let n = written(&self.source[self.at..digits_end]).parse::<usize>().ok();
        if n.is_some() {
            self.at = digits_end;
        }
        let solid = self.next_solid();
        match n {
            Some(n) if solid == Some('(') => {
                self.skip_blanks();
                if self.check_depth(self.column(self.at)) {
                    let open = self.column(self.at);
                    self.at += 1;
                    self.open.push((Parenthesis::Members, open));
                    self.push(Lex::AtLeast { n }, column, start);
                }
            }
            _ => {
                self.error_with(column, "AT LEAST", Problem::AtLeastForm, Some("AT LEAST 2 (a, b, c)".to_owned()));
                self.push(Lex::Broken, column, start);
            }
        }
        true
    }

    /// `COUNT(t) >= n`, from behind the word `COUNT`.
    fn count(&mut self, start: usize) {
        let column = self.column(start);
        self.skip_blanks();
        let open = self.at;
        if !self.check_depth(self.column(open)) {
            return;
        }
        self.at += 1;
        self.count_terms(1, column);
        let before = self.errors.len();
        let term = self.counted_term(open);
        let comparison = self.comparison(column, start, term.is_some().then_some(open));
        match (term, comparison) {
            (Some(term), Some((comparison, n))) if self.errors.len() == before => {
                self.push(Lex::Count { term, comparison, n }, column, start);
            }
            _ => self.push(Lex::Broken, column, start),
        }
    }

    /// The one term between COUNT's parentheses; behind the closing one afterwards.
    fn counted_term(&mut self, open: usize) -> Option<Term> {
        self.skip_blanks();
        let start = self.at;
        let c = self.char(start);
        let end = self.piece_end(start);
        let word = written(&self.source[start..end]);
        let term = match c {
            Some(c) if is_quote(c) || self.begins_exact(start) => self.quoted_or_exact(true, false),
            Some(_) if end > start && operator(&word).is_none() && c != Some('-') && self.field_name(start, end).is_none() => {
                self.at = end;
                let source = self.source[start..end].to_vec();
                read_term(&source, Reading { quoted: false, stem: false, urls: true }, &mut self.errors)
            }
            Some(')') => {
                self.error(self.column(open), "()", Problem::EmptyParentheses);
                None
            }
            _ => {
                if c.is_some() {
                    self.error(self.column(start), &word, Problem::CountTerm);
                }
                None
            }
        };
        self.skip_blanks();
        match self.char(self.at) {
            Some(')') => {
                self.at += 1;
                return term;
            }
            None if self.errors.last().is_none_or(|e| e.problem != Problem::UnclosedQuote && e.problem != Problem::UnclosedBrace) => {
                self.error(self.column(open), "(", Problem::UnclosedParenthesis);
            }
            None => {}
            Some(_) => {
                if term.is_some() {
                    let close = (start..self.source.len()).find(|&at| self.source[at].c == ')').unwrap_or(self.source.len());
                    let word = written(&self.source[self.at..self.piece_end(self.at).max(self.at + 1)]);
                    let fix = format!("COUNT(\"{}\")", written(&self.source[start..close]).replace(is_quote, ""));
                    self.error_with(self.column(self.at), &word, Problem::CountTerm, Some(fix));
                }
                self.at = open;
                self.skip_parentheses();
            }
        }
        None
    }

    fn comparison(&mut self, column: usize, start: usize, term_from: Option<usize>) -> Option<(Comparison, u64)> {
        if self.at >= self.source.len() && term_from.is_none() {
            return None;
        }
        let after_term = self.at;
        self.skip_blanks();
        let sign_end = (self.at..self.source.len()).find(|&at| !matches!(self.source[at].c, '<' | '>' | '=')).unwrap_or(self.source.len());
        let sign = written(&self.source[self.at..sign_end]);
        let (comparison, rest) = Comparison::split(&sign);
        let from = self.at;
        self.at = sign_end;
        self.skip_blanks();
        let end = self.piece_end(self.at);
        let digits = written(&self.source[self.at..end]);
        let number = Some(&digits).filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        let (Some(comparison), Some(digits), true) = (comparison, number, rest.is_empty()) else {
            self.at = if sign_end > from { end } else { after_term };
            let word = written(&self.source[start..self.at]);
            self.error_with(column, &word, Problem::CountForm, Some("COUNT(a) >= 3".to_owned()));
            return None;
        };
        self.at = end;
        let n = digits.parse::<u64>().unwrap_or(u64::MAX);
        if comparison.holds(0, n) {
            let least = if comparison == Comparison::Less { n.max(1) } else { n.saturating_add(1) };
            let counted = term_from.map_or(String::new(), |open| written(&self.source[open..after_term]));
            let word = written(&self.source[start..end]);
            self.error_with(column, &word, Problem::CountOfNothing, Some(format!("NOT COUNT{counted} >= {least}")));
            return None;
        }
        Some((comparison, n))
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
