//! The tree made ready for many posts: hashes, patterns and stems computed once.

use std::sync::Arc;

use super::pattern::Pattern;
use crate::hash::{Space, hash};
use crate::language::ast::{Atom, AtomKind, Expr, Form, Operand, Term, Value};
use crate::language::fields::{Comparison, FieldName};
use crate::text::fold::fold_normalised;
use crate::text::stem::{Language, stem};

#[derive(Debug)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Find(Phrase),
    Near {
        ordered: bool,
        distance: usize,
        left: Vec<Phrase>,
        right: Vec<Phrase>,
    },
    AtLeast {
        n: usize,
        members: Vec<Node>,
    },
    Count {
        phrase: Phrase,
        comparison: Comparison,
        n: u64,
    },
    Title(Vec<Phrase>),
    Link(Vec<Phrase>),
    /// One of these values.
    Field(FieldName, Vec<String>),
    Number(FieldName, Vec<(Comparison, u64)>),
    /// Another watch, any of these.
    Watch(Vec<Arc<Node>>),
    /// The store applies it (archive fields).
    Elsewhere,
}

/// A term; a single word is a phrase of one.
#[derive(Debug)]
pub(crate) struct Phrase {
    pub members: Vec<PhraseMember>,
}

#[derive(Debug)]
pub(crate) struct PhraseMember {
    pub gap: usize,
    pub test: Test,
}

/// What one position is compared with.
#[derive(Debug)]
pub(crate) struct Test {
    pub kind: AtomKind,
    /// Of the folded text; of no use with a pattern or stems.
    pub hash: u64,
    /// What the folded form must be.
    pub folded: String,
    pub how: How,
}

#[derive(Debug)]
pub(crate) enum How {
    Folded,
    /// The form as written must be this as well.
    Exact(String),
    Pattern(Pattern),
    /// Or one with this stem.
    Stemmed(Vec<(Language, String)>),
}

impl Test {
    fn new(atom: &Atom) -> Test {
        let (space, folded) = match atom.kind {
            AtomKind::Word => (Space::Word, fold_normalised(&atom.text)),
            AtomKind::Literal => (Space::Literal, fold_normalised(&atom.text)),
            AtomKind::Emoji => (Space::Emoji, atom.text.chars().filter(|c| !matches!(c, '\u{1F3FB}'..='\u{1F3FF}')).collect()),
        };
        let how = if atom.is_wild() {
            How::Pattern(Pattern::new(&atom.text))
        } else if atom.form == Form::Exact || atom.kind == AtomKind::Emoji && folded != atom.text {
            How::Exact(atom.text.clone())
        } else if atom.form == Form::Stemmed {
            let stems = [Language::German, Language::English].into_iter().filter_map(|l| stem(&folded, l).map(|s| (l, s)));
            How::Stemmed(stems.collect())
        } else {
            How::Folded
        };
        Test { kind: atom.kind, hash: hash(space, &folded), folded, how }
    }
}

fn phrase(term: &Term) -> Phrase {
    Phrase { members: term.members.iter().map(|member| PhraseMember { gap: member.gap, test: Test::new(&member.atom) }).collect() }
}

fn side(operand: &Operand, out: &mut Vec<Phrase>) {
    match operand {
        Operand::Term(term) => out.push(phrase(term)),
        Operand::Any(branches) => branches.iter().for_each(|branch| side(branch, out)),
    }
}

/// Compiles a tree. `watch` gives the compiled form of another watch; without one the whole is `None`.
pub(crate) fn compile(expr: &Expr, watch: &impl Fn(&str) -> Option<Arc<Node>>) -> Option<Node> {
    let all = |parts: &[Expr]| parts.iter().map(|part| compile(part, watch)).collect::<Option<Vec<Node>>>();
    Some(match expr {
        Expr::And(parts) => Node::And(all(parts)?),
        Expr::Or(parts) => Node::Or(all(parts)?),
        // The filter's sign is the store's business too.
        Expr::Not(inner, _) if matches!(&**inner, Expr::Field { name, .. } if name.is_archive()) => Node::Elsewhere,
        Expr::Not(inner, _) => Node::Not(Box::new(compile(inner, watch)?)),
        Expr::Term(term) => Node::Find(phrase(term)),
        Expr::Near(near) => {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            side(&near.left, &mut left);
            side(&near.right, &mut right);
            Node::Near { ordered: near.ordered, distance: near.distance, left, right }
        }
        Expr::AtLeast { n, members } => Node::AtLeast { n: *n, members: all(members)? },
        Expr::Count { term, comparison, n } => Node::Count { phrase: phrase(term), comparison: *comparison, n: *n },
        Expr::Field { name, .. } if name.is_archive() => Node::Elsewhere,
        Expr::Field { name, values, .. } => field(*name, values, watch)?,
        Expr::Broken => return None,
    })
}

fn field(name: FieldName, values: &[Value], watch: &impl Fn(&str) -> Option<Arc<Node>>) -> Option<Node> {
    let (mut texts, mut phrases, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    for value in values {
        match value {
            Value::Text(text) => texts.push(text.clone()),
            Value::Term(term) => phrases.push(phrase(term)),
            Value::Number(comparison, n) => numbers.push((*comparison, *n)),
        }
    }
    Some(match name {
        FieldName::Title => Node::Title(phrases),
        FieldName::Url => Node::Link(phrases),
        FieldName::Urgency | FieldName::Followers | FieldName::Reach => Node::Number(name, numbers),
        FieldName::Watch => Node::Watch(texts.iter().map(|text| watch(text)).collect::<Option<Vec<_>>>()?),
        _ => Node::Field(name, texts),
    })
}
