//! `AT LEAST n (` and `COUNT(t) >= n`.

use super::{Lex, Lexer, Parenthesis, is_quote, operator};
use crate::language::ast::Term;
use crate::language::error::Problem;
use crate::language::fields::Comparison;
use crate::language::words::{Reading, read_term, written};

impl Lexer {
    /// After the word `AT`: whether `LEAST` follows, which has then been read.
    pub(super) fn at_least(&mut self) -> bool {
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
    pub(super) fn count(&mut self, start: usize) {
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
            Some(c) if is_quote(c) || self.begins_exact(start) => self.quoted_or_exact(true),
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
