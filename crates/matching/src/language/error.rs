//! What can be wrong with a query, as data: the screen says it in the reader's language, [`std::fmt::Display`] in English.

use std::fmt;

use super::fields::FieldName;

/// Most terms of a query (S43).
pub const MAX_TERMS: usize = 4096;
/// Deepest parentheses of a query.
pub const MAX_DEPTH: usize = 64;
/// Longest query in bytes.
pub const MAX_BYTES: usize = 65_536;
/// Largest distance of NEAR.
pub const MAX_DISTANCE: usize = 100;

/// One error of a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{}", .fix.as_ref().map(|fix| format!(" Try: {fix}")).unwrap_or_default())]
pub struct QueryError {
    /// Characters of the query from 1 (S42).
    pub column: usize,
    /// The word or sign that is wrong, as written; may be empty at the query's end.
    pub word: String,
    pub problem: Problem,
    /// A piece of query that would do instead, where one can be given.
    pub fix: Option<String>,
}

/// Which part of a query holds nothing positive (S16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NegativePlace {
    Whole,
    OrBranch,
    Member,
    Negation,
}

/// What a value should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    OneOf(&'static [&'static str]),
    /// Two letters (ISO 639-1) or `unknown`.
    LanguageCode,
    /// Two letters (ISO 3166-1).
    CountryCode,
    /// A whole number, with `>= > <= < =` or none.
    Number,
    /// A number from 0 to 3.
    Urgency,
    /// A host name such as `example.com`.
    Host,
    /// A day such as `2026-01-31`.
    Date,
    Text,
}

/// What stands on a side of NEAR and cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NearSide {
    Not,
    And,
    Field,
    Count,
    AtLeast,
    Near,
}

/// The kind of an error with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Empty,
    TooLong {
        bytes: usize,
    },
    TooManyTerms,
    TooDeep,
    UnclosedQuote,
    UnclosedBrace,
    UnclosedParenthesis,
    UnmatchedParenthesis,
    EmptyParentheses,
    /// An operator without its left or right side.
    MissingSide {
        left: bool,
    },
    /// A piece or quote without a word, tag or emoji.
    NoToken,
    /// A dash that stands alone or where it negates nothing.
    LoneDash,
    NothingPositive(NegativePlace),
    LeadingStar,
    InnerStar,
    DoubleStar,
    LoneStar,
    /// A star first or last in quotes.
    StarAtQuoteEdge,
    ShortPrefix,
    StarInExact,
    LeadingQuestionMark,
    QuestionMarkInExact,
    /// `*` or `?` in a field that compares whole values.
    WildcardInField {
        field: FieldName,
    },
    UrlInText,
    NearNumber,
    NearSide(NearSide),
    AtLeastForm,
    AtLeastNumber {
        members: usize,
    },
    EmptyMember,
    StrayComma,
    CountForm,
    CountTerm,
    /// 0 occurrences would satisfy it.
    CountOfNothing,
    UnknownField {
        nearest: &'static str,
    },
    MissingValue {
        field: FieldName,
    },
    BadValue {
        field: FieldName,
        value: String,
        expected: Expected,
        nearest: Option<String>,
    },
    /// A list of values holds something else than values and OR.
    ListForm,
    /// Only the archive knows this field.
    ArchiveOnly {
        field: FieldName,
    },
    /// An archive field under OR, AT LEAST or inside a negated group.
    ArchiveNotAtTop {
        field: FieldName,
    },
    UnknownWatch {
        name: String,
        nearest: Option<String>,
    },
    CyclicWatch {
        name: String,
    },
    BrokenWatch {
        name: String,
    },
    /// Watches that name watches go too deep or grow too large.
    WatchTooLarge {
        name: String,
    },
}

impl Problem {
    /// A stable key for translations.
    pub fn key(&self) -> &'static str {
        match self {
            Problem::Empty => "empty",
            Problem::TooLong { .. } => "too-long",
            Problem::TooManyTerms => "too-many-terms",
            Problem::TooDeep => "too-deep",
            Problem::UnclosedQuote => "unclosed-quote",
            Problem::UnclosedBrace => "unclosed-brace",
            Problem::UnclosedParenthesis => "unclosed-parenthesis",
            Problem::UnmatchedParenthesis => "unmatched-parenthesis",
            Problem::EmptyParentheses => "empty-parentheses",
            Problem::MissingSide { left: true } => "missing-left-side",
            Problem::MissingSide { left: false } => "missing-right-side",
            Problem::NoToken => "no-token",
            Problem::LoneDash => "lone-dash",
            Problem::NothingPositive(NegativePlace::Whole) => "nothing-positive",
            Problem::NothingPositive(NegativePlace::OrBranch) => "nothing-positive-in-branch",
            Problem::NothingPositive(NegativePlace::Member) => "nothing-positive-in-member",
            Problem::NothingPositive(NegativePlace::Negation) => "double-negation",
            Problem::LeadingStar => "leading-star",
            Problem::InnerStar => "inner-star",
            Problem::DoubleStar => "double-star",
            Problem::LoneStar => "lone-star",
            Problem::StarAtQuoteEdge => "star-at-quote-edge",
            Problem::ShortPrefix => "short-prefix",
            Problem::StarInExact => "star-in-exact",
            Problem::LeadingQuestionMark => "leading-question-mark",
            Problem::QuestionMarkInExact => "question-mark-in-exact",
            Problem::WildcardInField { .. } => "wildcard-in-field",
            Problem::UrlInText => "url-in-text",
            Problem::NearNumber => "near-number",
            Problem::NearSide(NearSide::Not) => "near-not",
            Problem::NearSide(NearSide::And) => "near-and",
            Problem::NearSide(NearSide::Field) => "near-field",
            Problem::NearSide(NearSide::Count) => "near-count",
            Problem::NearSide(NearSide::AtLeast) => "near-at-least",
            Problem::NearSide(NearSide::Near) => "near-near",
            Problem::AtLeastForm => "at-least-form",
            Problem::AtLeastNumber { .. } => "at-least-number",
            Problem::EmptyMember => "empty-member",
            Problem::StrayComma => "stray-comma",
            Problem::CountForm => "count-form",
            Problem::CountTerm => "count-term",
            Problem::CountOfNothing => "count-of-nothing",
            Problem::UnknownField { .. } => "unknown-field",
            Problem::MissingValue { .. } => "missing-value",
            Problem::BadValue { expected, .. } => match expected {
                Expected::OneOf(_) => "bad-value-list",
                Expected::LanguageCode => "bad-value-language",
                Expected::CountryCode => "bad-value-country",
                Expected::Number => "bad-value-number",
                Expected::Urgency => "bad-value-urgency",
                Expected::Host => "bad-value-host",
                Expected::Date => "bad-value-date",
                Expected::Text => "bad-value-text",
            },
            Problem::ListForm => "list-form",
            Problem::ArchiveOnly { .. } => "archive-only",
            Problem::ArchiveNotAtTop { .. } => "archive-not-at-top",
            Problem::UnknownWatch { .. } => "unknown-watch",
            Problem::CyclicWatch { .. } => "cyclic-watch",
            Problem::BrokenWatch { .. } => "broken-watch",
            Problem::WatchTooLarge { .. } => "watch-too-large",
        }
    }

    /// The arguments of the sentence, by name.
    pub fn args(&self) -> Vec<(&'static str, String)> {
        match self {
            Problem::TooLong { bytes } => vec![("bytes", bytes.to_string()), ("limit", MAX_BYTES.to_string())],
            Problem::TooManyTerms => vec![("limit", MAX_TERMS.to_string())],
            Problem::TooDeep => vec![("limit", MAX_DEPTH.to_string())],
            Problem::NearNumber => vec![("limit", MAX_DISTANCE.to_string())],
            Problem::AtLeastNumber { members } => vec![("members", members.to_string())],
            Problem::UnknownField { nearest } => vec![("nearest", (*nearest).to_owned())],
            Problem::WildcardInField { field }
            | Problem::MissingValue { field }
            | Problem::ArchiveOnly { field }
            | Problem::ArchiveNotAtTop { field } => vec![("field", field.name().to_owned())],
            Problem::BadValue { field, value, expected, nearest } => {
                let mut args = vec![("field", field.name().to_owned()), ("value", value.clone())];
                if let Expected::OneOf(list) = expected {
                    args.push(("list", list.join(", ")));
                }
                args.extend(nearest.iter().map(|nearest| ("nearest", nearest.clone())));
                args
            }
            Problem::UnknownWatch { name, nearest } => {
                let mut args = vec![("name", name.clone())];
                args.extend(nearest.iter().map(|nearest| ("nearest", nearest.clone())));
                args
            }
            Problem::CyclicWatch { name } | Problem::BrokenWatch { name } | Problem::WatchTooLarge { name } => {
                vec![("name", name.clone())]
            }
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => write!(f, "The query is empty; it needs at least one word or field."),
            Problem::TooLong { bytes } => write!(f, "The query has {bytes} bytes; at most {MAX_BYTES} are allowed."),
            Problem::TooManyTerms => write!(f, "The query has more than {MAX_TERMS} terms; split it into several watches."),
            Problem::TooDeep => write!(f, "Parentheses go deeper than {MAX_DEPTH}; split the query into several watches."),
            Problem::UnclosedQuote => write!(f, "This quote is never closed."),
            Problem::UnclosedBrace => write!(f, "This exact form is never closed with }}."),
            Problem::UnclosedParenthesis => write!(f, "This parenthesis is never closed."),
            Problem::UnmatchedParenthesis => write!(f, "This parenthesis closes nothing."),
            Problem::EmptyParentheses => write!(f, "There is nothing between these parentheses."),
            Problem::MissingSide { left: true } => {
                write!(f, "This operator needs something before it; put it in quotes if it is meant as a word.")
            }
            Problem::MissingSide { left: false } => {
                write!(f, "This operator needs something after it; put it in quotes if it is meant as a word.")
            }
            Problem::NoToken => write!(f, "This holds no letter, digit, tag or emoji that could be found."),
            Problem::LoneDash => write!(f, "A dash negates only directly before a word and after a blank."),
            Problem::NothingPositive(NegativePlace::Whole) => {
                write!(f, "This would match almost everything: a negation needs something positive beside it.")
            }
            Problem::NothingPositive(NegativePlace::OrBranch) => {
                write!(f, "This branch of OR would match almost everything: it needs something positive.")
            }
            Problem::NothingPositive(NegativePlace::Member) => {
                write!(f, "This member of AT LEAST would match almost everything: it needs something positive.")
            }
            Problem::NothingPositive(NegativePlace::Negation) => write!(f, "A negation of a negation; write the positive."),
            Problem::LeadingStar => {
                write!(f, "A star cannot begin a word: every word of every post would have to be looked at. Name the whole words with OR.")
            }
            Problem::InnerStar => {
                write!(f, "A star stands only at a word's end; for one character inside use ?, for endings name the words with OR.")
            }
            Problem::DoubleStar => write!(f, "One star is enough."),
            Problem::LoneStar => write!(f, "A star alone stands only inside quotes, for exactly one word between two others."),
            Problem::StarAtQuoteEdge => write!(f, "A star in quotes stands between two words, not first or last."),
            Problem::ShortPrefix => write!(f, "A prefix needs at least two characters before its star."),
            Problem::StarInExact => write!(f, "A star is no wildcard in an exact form."),
            Problem::LeadingQuestionMark => {
                write!(f, "A question mark stands for a character only after another one; it cannot begin a word.")
            }
            Problem::QuestionMarkInExact => write!(f, "A question mark is no wildcard in an exact form."),
            Problem::WildcardInField { field } => {
                write!(f, "The field {} compares whole values; * and ? work only in text, title: and url:.", field.name())
            }
            Problem::UrlInText => write!(f, "Links are not text; look for their words with url: or for the host with site:."),
            Problem::NearNumber => write!(f, "The distance of NEAR is a whole number from 0 to {MAX_DISTANCE}."),
            Problem::NearSide(side) => {
                let (what, hint) = match side {
                    NearSide::Not => ("NOT", "negate the whole"),
                    NearSide::And => ("AND", "write one NEAR for each word"),
                    NearSide::Field => ("a field", "put it beside the NEAR with AND"),
                    NearSide::Count => ("COUNT", "put it beside the NEAR with AND"),
                    NearSide::AtLeast => ("AT LEAST", "put it beside the NEAR with AND"),
                    NearSide::Near => ("another NEAR", "join two NEARs with AND"),
                };
                write!(f, "A side of NEAR is a word, phrase or OR-group of these, not {what}; {hint}.")
            }
            Problem::AtLeastForm => write!(f, "AT LEAST is followed by a number and members in parentheses: AT LEAST 2 (a, b, c)."),
            Problem::AtLeastNumber { members } => {
                write!(f, "AT LEAST needs a number from 1 to the number of different members, here {members}.")
            }
            Problem::EmptyMember => write!(f, "A member of AT LEAST is empty; remove the comma."),
            Problem::StrayComma => write!(f, "A comma separates members of AT LEAST and cannot stand here; put it in quotes."),
            Problem::CountForm => write!(f, "COUNT is followed by one term in parentheses and a comparison: COUNT(a) >= 3."),
            Problem::CountTerm => write!(f, "COUNT counts one word, tag, emoji, prefix, exact form or phrase."),
            Problem::CountOfNothing => {
                write!(f, "Zero occurrences would satisfy this comparison; use >=, > or = and negate with NOT.")
            }
            Problem::UnknownField { nearest } => {
                write!(f, "There is no field of this name; the nearest is {nearest}:. Quote it if it is text.")
            }
            Problem::MissingValue { field } => write!(f, "The field {} needs its value directly after the colon.", field.name()),
            Problem::BadValue { field, value, expected, nearest } => {
                write!(f, "“{value}” is no value of {}: expected ", field.name())?;
                match expected {
                    Expected::OneOf(list) => write!(f, "one of {}", list.join(", "))?,
                    Expected::LanguageCode => write!(f, "two letters such as de, or unknown")?,
                    Expected::CountryCode => write!(f, "two letters such as AT")?,
                    Expected::Number => write!(f, "a whole number, with >= > <= < = or none before it")?,
                    Expected::Urgency => write!(f, "a number from 0 to 3, with >= > <= < = or none before it")?,
                    Expected::Host => write!(f, "a host such as example.com")?,
                    Expected::Date => write!(f, "a day such as 2026-01-31")?,
                    Expected::Text => write!(f, "a text")?,
                }
                match nearest {
                    Some(nearest) => write!(f, "; the nearest is {nearest}."),
                    None => write!(f, "."),
                }
            }
            Problem::ListForm => write!(f, "A list of values holds only values with OR between them."),
            Problem::ArchiveOnly { field } => {
                write!(f, "The field {} exists only in the search of the archive, not in a watch.", field.name())
            }
            Problem::ArchiveNotAtTop { field } => {
                write!(
                    f,
                    "The field {} limits the whole search: it cannot stand under OR, in AT LEAST or in a negated group.",
                    field.name()
                )
            }
            Problem::UnknownWatch { name, nearest: Some(nearest) } => write!(f, "There is no watch “{name}”; the nearest is “{nearest}”."),
            Problem::UnknownWatch { name, nearest: None } => write!(f, "There is no watch “{name}”."),
            Problem::CyclicWatch { name } => write!(f, "The watch “{name}” leads back to this one."),
            Problem::BrokenWatch { name } => write!(f, "The watch “{name}” has errors itself."),
            Problem::WatchTooLarge { name } => write!(f, "With the watch “{name}” the query grows too large."),
        }
    }
}
