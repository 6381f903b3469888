//! Lexemes to the tree (QUERY.md S15–S22). Precedence: NOT > NEAR > AND > OR.

use super::ast::{Column, Expr, Near, Operand};
use super::check::check;
use super::error::{NearSide, Problem, QueryError};
use super::lex::{Lex, Lexeme, lex};
use super::print::{print, print_operand};

/// Parses a query; `archive` allows the archive's fields and stems single unquoted words.
pub(crate) fn parse(query: &str, archive: bool) -> Result<Expr, Vec<QueryError>> {
    let lexed = lex(query, archive);
    if lexed.refused {
        return Err(sorted(lexed.errors));
    }
    let mut parser = Parser { lexemes: lexed.lexemes, at: 0, errors: lexed.errors };
    let expr = parser.or();
    let mut errors = parser.errors;
    match expr {
        None if errors.is_empty() => errors.push(QueryError { column: 1, word: String::new(), problem: Problem::Empty, fix: None }),
        None => {}
        Some(expr) => {
            check(&expr, &mut errors);
            if errors.is_empty() {
                return Ok(expr);
            }
        }
    }
    Err(sorted(errors))
}

fn sorted(mut errors: Vec<QueryError>) -> Vec<QueryError> {
    errors.sort_by_key(|error| error.column);
    errors.dedup();
    errors
}

/// Joins parts as AND, flat.
fn all_of(parts: Vec<Expr>) -> Expr {
    let flat = parts.into_iter().flat_map(|part| if let Expr::And(inner) = part { inner } else { vec![part] });
    one_or(flat.collect(), Expr::And)
}

fn any_of(parts: Vec<Expr>) -> Expr {
    let flat = parts.into_iter().flat_map(|part| if let Expr::Or(inner) = part { inner } else { vec![part] });
    one_or(flat.collect(), Expr::Or)
}

fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        0 => Expr::Broken,
        1 => parts.remove(0),
        _ => many(parts),
    }
}

struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
    errors: Vec<QueryError>,
}

impl Parser {
    fn peek(&self) -> Option<&Lex> {
        self.lexemes.get(self.at).map(|lexeme| &lexeme.lex)
    }

    fn column(&self) -> usize {
        self.lexemes.get(self.at).or(self.lexemes.last()).map_or(1, |lexeme| lexeme.column)
    }

    fn advance(&mut self) -> Option<Lexeme> {
        let lexeme = self.lexemes.get(self.at).cloned();
        self.at += 1;
        lexeme
    }

    fn error(&mut self, column: usize, word: &str, problem: Problem, fix: Option<String>) {
        self.errors.push(QueryError { column, word: word.to_owned(), problem, fix });
    }

    fn missing(&mut self, lexeme: &Lexeme, left: bool) -> Expr {
        self.error(lexeme.column, &lexeme.word, Problem::MissingSide { left }, Some(format!("\"{}\"", lexeme.word)));
        Expr::Broken
    }

    /// Branches with OR between them. `None` when nothing stands here.
    fn or(&mut self) -> Option<Expr> {
        let mut branches: Vec<Expr> = Vec::new();
        let mut operator: Option<Lexeme> = None;
        loop {
            let branch = self.and();
            let next_is_or = matches!(self.peek(), Some(Lex::Or));
            match (branch, &operator) {
                (Some(branch), _) => branches.push(branch),
                (None, Some(or)) => {
                    let or = or.clone();
                    branches.push(self.missing(&or, false));
                }
                (None, None) if next_is_or => {
                    let or = self.lexemes[self.at].clone();
                    branches.push(self.missing(&or, true));
                }
                (None, None) => return None,
            }
            if !next_is_or {
                return Some(any_of(branches));
            }
            operator = self.advance();
        }
    }

    fn and(&mut self) -> Option<Expr> {
        let mut parts: Vec<Expr> = Vec::new();
        let mut operator: Option<Lexeme> = None;
        loop {
            match self.peek() {
                None | Some(Lex::Or | Lex::Close | Lex::Comma) => break,
                Some(Lex::And) => {
                    let and = self.advance();
                    if let Some(first) = operator.take() {
                        parts.push(self.missing(&first, false));
                    } else if let (true, Some(and)) = (parts.is_empty(), &and) {
                        parts.push(self.missing(&and.clone(), true));
                    }
                    operator = and;
                }
                Some(_) => {
                    operator = None;
                    let part = self.near();
                    parts.push(part);
                }
            }
        }
        if let Some(and) = operator {
            parts.push(self.missing(&and, false));
        }
        if parts.is_empty() { None } else { Some(all_of(parts)) }
    }

    fn near(&mut self) -> Expr {
        let left_column = self.column();
        let mut left = match self.peek() {
            Some(Lex::Near { .. }) => {
                let near = self.lexemes[self.at].clone();
                self.missing(&near, true)
            }
            _ => self.not(),
        };
        let mut chained = false;
        while let Some(&Lex::Near { ordered, distance }) = self.peek() {
            let Some(operator) = self.advance() else { break };
            let right_column = self.column();
            let right = match self.peek() {
                None | Some(Lex::Or | Lex::And | Lex::Close | Lex::Comma | Lex::Near { .. }) => self.missing(&operator, false),
                _ => self.not(),
            };
            if chained {
                let fix = Some(format!("… {} … AND … {} …", operator.word, operator.word));
                self.error(operator.column, &operator.word, Problem::NearSide(NearSide::Near), fix);
                left = Expr::Broken;
                continue;
            }
            chained = true;
            let sides = (self.side(&left, left_column, &right, &operator), self.side(&right, right_column, &left, &operator));
            left = match sides {
                (Some(left), Some(right)) => Expr::Near(Near { ordered, distance, left, right }),
                _ => Expr::Broken,
            };
        }
        left
    }

    /// What may stand on a side of NEAR; reports what may not.
    fn side(&mut self, expr: &Expr, column: usize, other: &Expr, operator: &Lexeme) -> Option<Operand> {
        let (wrong, column, fix) = match expr {
            Expr::Term(term) => return Some(Operand::Term(term.clone())),
            Expr::Or(branches) => {
                let mut sides = Vec::new();
                let mut fine = true;
                for branch in branches {
                    match self.side(branch, column, &Expr::Broken, operator) {
                        Some(Operand::Any(inner)) => sides.extend(inner),
                        Some(side) => sides.push(side),
                        None => fine = false,
                    }
                }
                return fine.then_some(Operand::Any(sides));
            }
            Expr::Broken => return None,
            Expr::Not(inner, at) => {
                let fix = match (operand(inner), operand(other)) {
                    (Some(a), Some(b)) => Some(format!("NOT ({} {} {})", print_operand(&a), operator.word, print_operand(&b))),
                    _ => None,
                };
                (NearSide::Not, at.0, fix)
            }
            Expr::And(parts) => {
                let words: Option<Vec<Operand>> = parts.iter().map(operand).collect();
                let fix = words.zip(operand(other)).map(|(words, other)| {
                    let nears = words.iter().map(|word| format!("{} {} {}", print_operand(word), operator.word, print_operand(&other)));
                    nears.collect::<Vec<_>>().join(" AND ")
                });
                (NearSide::And, column, fix)
            }
            Expr::Field { column, .. } => (NearSide::Field, column.0, Some(format!("{} AND …", print(expr, false)))),
            Expr::Count { .. } => (NearSide::Count, column, Some(format!("{} AND …", print(expr, false)))),
            Expr::AtLeast { .. } => (NearSide::AtLeast, column, None),
            Expr::Near(_) => (NearSide::Near, column, None),
        };
        self.error(column, &operator.word, Problem::NearSide(wrong), fix);
        None
    }

    fn not(&mut self) -> Expr {
        let mut nots = Vec::new();
        while let Some(Lex::Not) = self.peek() {
            nots.extend(self.advance());
        }
        let mut expr = match self.primary() {
            Some(expr) => expr,
            None => match nots.last() {
                Some(not) => {
                    let not = not.clone();
                    self.missing(&not, false)
                }
                // The callers come here only in front of something.
                None => Expr::Broken,
            },
        };
        // Two are enough to be an error; more would only nest the tree.
        let kept = nots.len().min(2);
        for not in nots.iter().take(kept).rev() {
            expr = Expr::Not(Box::new(expr), Column(not.column));
        }
        expr
    }

    fn primary(&mut self) -> Option<Expr> {
        match self.peek()? {
            Lex::Close | Lex::Comma | Lex::And | Lex::Or | Lex::Not | Lex::Near { .. } => None,
            Lex::Open => {
                let open = self.advance()?;
                Some(self.group(&open))
            }
            Lex::AtLeast { n } => {
                let n = *n;
                let at = self.advance()?;
                Some(self.at_least(n, &at))
            }
            _ => {
                let lexeme = self.advance()?;
                Some(match lexeme.lex {
                    Lex::Term(term) => Expr::Term(term),
                    Lex::Field { name, values } => Expr::Field { name, values, column: Column(lexeme.column) },
                    Lex::Count { term, comparison, n } => Expr::Count { term, comparison, n },
                    _ => Expr::Broken,
                })
            }
        }
    }

    fn group(&mut self, open: &Lexeme) -> Expr {
        let mut parts = Vec::new();
        loop {
            let inner = self.or();
            match self.advance() {
                Some(Lexeme { lex: Lex::Comma, column, .. }) => {
                    self.error(column, ",", Problem::StrayComma, None);
                    parts.push(Expr::Broken);
                }
                // The lexer balances parentheses, so this is the closing one.
                _ => {
                    match inner {
                        Some(inner) => parts.push(inner),
                        None if parts.is_empty() => {
                            self.error(open.column, "()", Problem::EmptyParentheses, None);
                            parts.push(Expr::Broken);
                        }
                        None => {}
                    }
                    return all_of(parts);
                }
            }
        }
    }

    fn at_least(&mut self, n: usize, at: &Lexeme) -> Expr {
        let mut members: Vec<Expr> = Vec::new();
        let mut broken = false;
        loop {
            let member = self.or();
            let end = self.advance();
            match member {
                Some(member) if members.contains(&member) => {}
                Some(member) => {
                    broken |= member == Expr::Broken;
                    members.push(member);
                }
                None => {
                    let column = end.as_ref().map_or(at.column, |end| end.column);
                    self.error(column, ",", Problem::EmptyMember, None);
                    broken = true;
                }
            }
            if !matches!(end, Some(Lexeme { lex: Lex::Comma, .. })) {
                break;
            }
        }
        if broken {
            return Expr::Broken;
        }
        if n == 0 || n > members.len() {
            let fix = format!("AT LEAST {}", n.clamp(1, members.len()));
            self.error(at.column, &at.word, Problem::AtLeastNumber { members: members.len() }, Some(fix));
            return Expr::Broken;
        }
        Expr::AtLeast { n, members }
    }
}

fn operand(expr: &Expr) -> Option<Operand> {
    match expr {
        Expr::Term(term) => Some(Operand::Term(term.clone())),
        Expr::Or(branches) => branches.iter().map(operand).collect::<Option<Vec<_>>>().map(Operand::Any),
        _ => None,
    }
}
