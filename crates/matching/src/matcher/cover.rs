//! Which terms a post must hold at least one of to be worth a look: the cheapest such set of a query is what the index knows it by.

use super::compile::{How, Node, Phrase, Test};
use crate::hash::{Space, hash};
use crate::language::ast::AtomKind;
use crate::language::fields::FieldName;

/// Longest prefix, in characters, that the index tells apart.
pub(crate) const LONGEST_PREFIX: usize = 24;

/// A set of keys of which every matching post holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cover {
    pub keys: Vec<Key>,
    /// Guess at how many of a million posts hold one.
    cost: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub hash: u64,
    /// Characters, when it is a prefix.
    pub prefix: Option<usize>,
}

/// `None`: nothing positive can be asked of the index, every post is a candidate.
pub(crate) fn cover(node: &Node) -> Option<Cover> {
    match node {
        Node::And(parts) => parts.iter().filter_map(cover).min_by_key(|cover| cover.cost),
        Node::Or(parts) => union(parts.iter().map(cover)),
        Node::Find(phrase) | Node::Count { phrase, .. } => rarest(phrase, false),
        Node::Title(phrases) => union(phrases.iter().map(|phrase| rarest(phrase, false))),
        Node::Link(phrases) => union(phrases.iter().map(|phrase| rarest(phrase, true))),
        Node::Near { left, right, .. } => {
            let sides = [left, right].map(|side| union(side.iter().map(|phrase| rarest(phrase, false))));
            sides.into_iter().flatten().min_by_key(|cover| cover.cost)
        }
        // Of any len - n + 1 members at least one matches when n do.
        Node::AtLeast { n, members } => {
            let mut covers: Vec<Option<Cover>> = members.iter().map(cover).collect();
            covers.sort_by_key(|cover| cover.as_ref().map_or(u64::MAX, |cover| cover.cost));
            union(covers.into_iter().take(members.len() + 1 - n))
        }
        Node::Field(name, values) => {
            let cost = field_cost(*name)?;
            // `unknown` holds for posts without the key.
            if *name == FieldName::Lang && values.iter().any(|value| value == "unknown") {
                return None;
            }
            let keys: Vec<Key> = values.iter().map(|value| Key { hash: hash(Space::Field(*name), value), prefix: None }).collect();
            Some(Cover { cost: cost * keys.len() as u64, keys })
        }
        Node::Watch(watches) => union(watches.iter().map(|watch| cover(watch))),
        Node::Not(_) | Node::Number(..) | Node::Elsewhere => None,
    }
}

fn union(covers: impl Iterator<Item = Option<Cover>>) -> Option<Cover> {
    let mut all = Cover { keys: Vec::new(), cost: 0 };
    for cover in covers {
        let cover = cover?;
        all.cost = all.cost.saturating_add(cover.cost);
        all.keys.extend(cover.keys);
    }
    all.keys.sort_unstable();
    all.keys.dedup();
    Some(all)
}

fn rarest(phrase: &Phrase, link: bool) -> Option<Cover> {
    phrase.members.iter().filter_map(|member| of_test(&member.test, link)).min_by_key(|cover| cover.cost)
}

fn of_test(test: &Test, link: bool) -> Option<Cover> {
    let one = |space: Space, text: &str, cost: u64, prefix: Option<usize>| {
        Some(Cover { keys: vec![Key { hash: hash(space, text), prefix }], cost })
    };
    match &test.how {
        How::Pattern(pattern) => {
            let text: String = pattern.literal_prefix().chars().take(LONGEST_PREFIX).collect();
            let length = text.chars().count();
            let space = match (link, test.kind) {
                (true, AtomKind::Literal) => return None,
                (true, _) => Space::LinkPrefix,
                (false, AtomKind::Literal) => Space::LiteralPrefix,
                (false, _) => Space::WordPrefix,
            };
            if length == 0 { None } else { one(space, &text, word_cost(&text) * 3, Some(length)) }
        }
        // A stem can be shared by words that have no beginning in common.
        How::Stemmed(stems) if !stems.is_empty() => None,
        _ => match (link, test.kind) {
            (true, AtomKind::Word) => one(Space::LinkWord, &test.folded, link_cost(&test.folded), None),
            (true, _) => None,
            (false, AtomKind::Word) => one(Space::Word, &test.folded, word_cost(&test.folded), None),
            (false, AtomKind::Literal) => one(Space::Literal, &test.folded, word_cost(&test.folded) / 4 + 1, None),
            (false, AtomKind::Emoji) => one(Space::Emoji, &test.folded, 4_000, None),
        },
    }
}

/// Words that stand in a large part of all German or English posts.
const COMMON: &[&str] = &[
    "aber", "alle", "als", "also", "am", "an", "and", "are", "at", "auch", "auf", "aus", "be", "bei", "but", "das", "dass", "dem", "den",
    "der", "des", "die", "du", "ein", "eine", "einen", "er", "es", "for", "from", "fuer", "haben", "hat", "have", "ich", "im", "in", "is",
    "ist", "it", "ja", "mehr", "mich", "mir", "mit", "my", "nach", "nicht", "noch", "not", "nur", "oder", "of", "on", "or", "schon",
    "sich", "sie", "sind", "so", "that", "the", "this", "to", "und", "uns", "von", "war", "was", "we", "wenn", "wie", "wir", "with", "you",
    "zu", "zum",
];

fn word_cost(folded: &str) -> u64 {
    if COMMON.binary_search(&folded).is_ok() {
        return 200_000;
    }
    match folded.chars().count() {
        0 | 1 => 60_000,
        2 => 30_000,
        3 => 9_000,
        4 => 3_000,
        5 => 1_500,
        6 => 800,
        7..=9 => 400,
        _ => 150,
    }
}

fn link_cost(folded: &str) -> u64 {
    if matches!(folded, "www" | "com" | "de" | "org" | "net" | "at" | "ch" | "eu") { 300_000 } else { word_cost(folded).min(5_000) }
}

/// Fields that can be asked by their value; the rest only narrows what others found.
fn field_cost(name: FieldName) -> Option<u64> {
    Some(match name {
        FieldName::Author => 50,
        FieldName::Site => 1_000,
        FieldName::Topic => 30_000,
        FieldName::Account => 100_000,
        FieldName::Intent | FieldName::Country | FieldName::Kind => 200_000,
        FieldName::Channel | FieldName::Sentiment => 300_000,
        FieldName::Lang => 500_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_common_words_are_sorted_for_the_search() {
        assert!(super::COMMON.is_sorted());
    }
}
