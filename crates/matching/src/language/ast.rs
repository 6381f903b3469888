//! The parsed query. Equality compares meaning only: where in the text something stood does not count.

use super::fields::{Comparison, FieldName};

/// Where something stood in the query: characters from 1. Two places are always equal, so that trees compare by meaning.
#[derive(Debug, Clone, Copy, Default)]
pub struct Column(pub usize);

impl PartialEq for Column {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Column {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// At least two; none of them an `And`.
    And(Vec<Expr>),
    /// At least two; none of them an `Or`.
    Or(Vec<Expr>),
    Not(Box<Expr>, Column),
    Term(Term),
    Near(Near),
    /// `AT LEAST n (…)`: the members differ from each other.
    AtLeast {
        n: usize,
        members: Vec<Expr>,
    },
    /// Occurrences of a term, compared.
    Count {
        term: Term,
        comparison: Comparison,
        n: u64,
    },
    /// One value is enough.
    Field {
        name: FieldName,
        values: Vec<Value>,
        column: Column,
    },
    /// Stands in the tree where an error was found; never leaves the parser.
    Broken,
}

/// A word, tag, emoji, prefix … or a phrase of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub members: Vec<Member>,
    /// Where the term stands in the query.
    pub column: Column,
}

/// One member of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Tokens between this member and the one before, whatever they are (`"a * b"`: 1 at `b`).
    pub gap: usize,
    pub atom: Atom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AtomKind {
    Word,
    /// With its sign `#` or `@`.
    Literal,
    Emoji,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Compared folded.
    Folded,
    /// Folded, or with the same stem (an unquoted word in the search box).
    Stemmed,
    /// `={…}`: as written.
    Exact,
}

/// What is compared with one position of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom {
    pub kind: AtomKind,
    pub form: Form,
    /// Folded unless exact. `?` is any one character, `*` at the end any rest; neither can be part of a word otherwise.
    pub text: String,
}

impl Atom {
    /// Whether the text holds a wildcard. (`*` also stands in the keycap emoji.)
    pub fn is_wild(&self) -> bool {
        self.kind != AtomKind::Emoji && self.text.contains(['?', '*'])
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// The left side must come first.
    pub ordered: bool,
    /// Most positions between the sides.
    pub distance: usize,
    pub left: Operand,
    pub right: Operand,
}

/// A side of NEAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Term(Term),
    /// At least two; none of them an `Any`.
    Any(Vec<Operand>),
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Folded, or one of a closed list.
    Text(String),
    Number(Comparison, u64),
    /// Of `title:` and `url:`.
    Term(Term),
}
