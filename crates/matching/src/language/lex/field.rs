//! `name:value` and `name:(v OR v …)`.

use super::{Lex, Lexer, is_quote, operator};
use crate::language::ast::Value;
use crate::language::error::Problem;
use crate::language::fields::{FieldName, nearest_field, push_value, value};
use crate::language::words::{Reading, read_term, written};

impl Lexer {
    pub(super) fn field(&mut self, start: usize, (first, colon): (usize, usize)) {
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
    pub(super) fn skip_parentheses(&mut self) {
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
            return self.quoted_or_exact(urls).map(Value::Term);
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
            let scheme = if urls {
                0
            } else {
                ["https://", "http://"].iter().find(|s| text.to_ascii_lowercase().starts_with(**s)).map_or(0, |s| s.len())
            };
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
                // After a wrong operator a value is as welcome as after OR.
                wants_value = operator(&word).is_some();
                last_or = Some((at_column, "")).filter(|_| wants_value).or(last_or);
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
}
