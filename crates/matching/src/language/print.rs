//! The canonical form: what the editor shows, and what makes two queries equal. It never has more parentheses than the query it
//! came from, so that a query at the limit of depth still has one.

use super::ast::{Atom, AtomKind, Expr, Form, Member, Operand, Term, Value};
use super::fields::Comparison;

/// Prints a query. In an archive query a word that is not stemmed keeps its quotes.
pub(crate) fn print(expr: &Expr, archive: bool) -> String {
    let mut printer = Printer { out: String::new(), archive };
    printer.expr(expr, Around::Nothing);
    printer.out
}

pub(super) fn print_operand(operand: &Operand) -> String {
    let mut printer = Printer { out: String::new(), archive: false };
    printer.operand(operand);
    printer.out
}

/// What an expression stands in.
#[derive(Clone, Copy, PartialEq)]
enum Around {
    Nothing,
    Or,
    And,
    Not,
}

struct Printer {
    out: String,
    archive: bool,
}

impl Printer {
    fn expr(&mut self, expr: &Expr, around: Around) {
        let parentheses = match expr {
            Expr::Or(_) => matches!(around, Around::And | Around::Not),
            Expr::And(_) | Expr::Near(_) => around == Around::Not,
            _ => false,
        };
        if parentheses {
            self.out.push('(');
        }
        match expr {
            Expr::Or(branches) => self.joined(branches, " OR ", Around::Or),
            Expr::And(parts) => self.joined(parts, if around == Around::Or && !parentheses { " AND " } else { " " }, Around::And),
            Expr::Not(inner, _) => {
                self.out.push('-');
                self.expr(inner, Around::Not);
            }
            Expr::Term(term) => self.term(term),
            Expr::Near(near) => {
                self.operand(&near.left);
                self.out.push_str(&format!(" {}NEAR/{} ", if near.ordered { "O" } else { "" }, near.distance));
                self.operand(&near.right);
            }
            Expr::AtLeast { n, members } => {
                self.out.push_str(&format!("AT LEAST {n} ("));
                self.joined(members, ", ", Around::Nothing);
                self.out.push(')');
            }
            Expr::Count { term, comparison, n } => {
                self.out.push_str("COUNT(");
                self.term(term);
                self.out.push_str(&format!(") {} {n}", comparison.sign()));
            }
            Expr::Field { name, values, .. } => {
                self.out.push_str(name.name());
                self.out.push(':');
                match values.as_slice() {
                    [value] => self.value(value),
                    values => {
                        self.out.push('(');
                        for (index, value) in values.iter().enumerate() {
                            if index > 0 {
                                self.out.push_str(" OR ");
                            }
                            self.value(value);
                        }
                        self.out.push(')');
                    }
                }
            }
            Expr::Broken => self.out.push('…'),
        }
        if parentheses {
            self.out.push(')');
        }
    }

    fn joined(&mut self, parts: &[Expr], between: &str, around: Around) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
            }
            self.expr(part, around);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Term(term) => self.term(term),
            Operand::Any(branches) => {
                self.out.push('(');
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(" OR ");
                    }
                    self.operand(branch);
                }
                self.out.push(')');
            }
        }
    }

    fn term(&mut self, term: &Term) {
        match term.members.as_slice() {
            [Member { atom, .. }] if atom.form == Form::Exact => self.exact(&term.members),
            [Member { atom, .. }] => {
                let quoted = self.archive && atom.kind == AtomKind::Word && atom.form == Form::Folded && !atom.is_wild();
                self.quoted(quoted, |printer| printer.out.push_str(&atom.text));
            }
            members if members.iter().all(|member| member.atom.form == Form::Exact) => self.exact(members),
            members => self.quoted(true, |printer| {
                for (index, Member { gap, atom }) in members.iter().enumerate() {
                    if index > 0 {
                        printer.out.push(' ');
                    }
                    (0..*gap).for_each(|_| printer.out.push_str("* "));
                    printer.out.push_str(&atom.text);
                }
            }),
        }
    }

    fn quoted(&mut self, quoted: bool, inside: impl FnOnce(&mut Self)) {
        if quoted {
            self.out.push('"');
        }
        inside(self);
        if quoted {
            self.out.push('"');
        }
    }

    fn exact(&mut self, members: &[Member]) {
        let texts: Vec<&str> = members.iter().map(|Member { atom: Atom { text, .. }, .. }| text.as_str()).collect();
        self.out.push_str(&format!("={{{}}}", texts.join(" ")));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Number(Comparison::Equal, n) => self.out.push_str(&n.to_string()),
            Value::Number(comparison, n) => self.out.push_str(&format!("{}{n}", comparison.sign())),
            Value::Text(text) => {
                // Anything that the lexer could read as something else is quoted.
                let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@')) && !text.starts_with('-');
                let operator = matches!(text.as_str(), "AND" | "UND" | "OR" | "ODER" | "NOT" | "NICHT");
                self.quoted(!plain || operator, |printer| printer.out.push_str(text));
            }
            // Titles and links are never stemmed, so nothing needs quotes to say so.
            Value::Term(term) => {
                let archive = std::mem::replace(&mut self.archive, false);
                self.term(term);
                self.archive = archive;
            }
        }
    }
}
