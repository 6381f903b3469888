//! What must be in a post beside the term that led to a search. A candidate is looked at in full only when all of it is there, as far as bits
//! tell: most candidates end here, after one line of memory.

use super::compile::{How, Node, Phrase, Test};
use super::cover::Cover;
use super::field_keys;
use crate::hash::{Space, hash, prefix_hashes};
use crate::language::ast::AtomKind;
use crate::language::fields::FieldName;
use crate::post::{Stream, TokenisedPost};
use crate::text::token::TokenKind;

/// Of a word that begins so, this much is a bit of its own.
const PREFIX: usize = 4;
const BITS: usize = 4096;

/// A bit for each word, beginning of a word, tag, emoji and field value of a post.
pub(crate) struct Present([u64; BITS / 64]);

fn bit(hash: u64) -> u16 {
    (hash >> 52) as u16
}

impl Present {
    pub fn of(post: &TokenisedPost) -> Present {
        let mut present = Present([0; BITS / 64]);
        let mut set = |hash: u64| {
            let bit = bit(hash);
            present.0[usize::from(bit / 64)] |= 1 << (bit % 64);
        };
        for stream in [&post.title, &post.text] {
            stream.entries().iter().for_each(|entry| set(entry.hash));
            let Stream { scan, .. } = stream;
            for token in scan.tokens.iter().filter(|token| token.kind == TokenKind::Word) {
                prefix_hashes(Space::WordPrefix, &token.folded, PREFIX).skip(PREFIX - 1).for_each(&mut set);
            }
        }
        field_keys(post, &mut set);
        present
    }

    fn holds(&self, bit: u16) -> bool {
        self.0.get(usize::from(bit / 64)).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }
}

/// Groups of bits; of each one must be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard([u16; 16]);

/// After the last group, and between two of them; no bit has these numbers.
const END: u16 = u16::MAX;
const NEXT: u16 = u16::MAX - 1;

impl Guard {
    pub const OPEN: Guard = Guard([END; 16]);

    /// `cover`: what the index knows the search by; it is there when the guard is asked.
    pub fn new(node: &Node, cover: Option<&Cover>) -> Guard {
        let mut groups = Vec::new();
        collect(node, &mut groups);
        let known: Vec<u16> = cover.into_iter().flat_map(|cover| &cover.keys).map(|key| bit(key.hash)).collect();
        groups.retain(|group| !group.iter().all(|bit| known.contains(bit)));
        groups.sort_by_key(Vec::len);
        let mut guard = Guard::OPEN;
        let mut at = 0;
        for group in groups {
            if let Some(room) = guard.0.get_mut(at..at + group.len() + 1) {
                room[..group.len()].copy_from_slice(&group);
                room[group.len()] = NEXT;
                at += room.len();
            }
        }
        guard
    }

    pub fn lets(&self, present: &Present) -> bool {
        let mut found = false;
        for &bit in &self.0 {
            match bit {
                END => break,
                NEXT if !found => return false,
                NEXT => found = false,
                bit => found |= present.holds(bit),
            }
        }
        true
    }
}

/// What holds in every matching post, group by group.
fn collect(node: &Node, out: &mut Vec<Vec<u16>>) {
    match node {
        Node::And(parts) => parts.iter().for_each(|part| collect(part, out)),
        Node::Near { left, right, .. } => out.extend([left, right].into_iter().filter_map(|side| one_of_phrases(side))),
        Node::Find(phrase) | Node::Count { phrase, .. } => {
            out.extend(phrase.members.iter().filter_map(|member| of_test(&member.test)).map(|bit| vec![bit]))
        }
        node => out.extend(one_of(node)),
    }
}

/// Bits of which every matching post holds one. `None`: there are none to name.
fn one_of(node: &Node) -> Option<Vec<u16>> {
    let all = |nodes: &mut dyn Iterator<Item = &Node>| {
        let mut bits = Vec::new();
        for node in nodes {
            bits.extend(one_of(node)?);
        }
        Some(bits)
    };
    match node {
        Node::And(parts) => parts.iter().filter_map(one_of).min_by_key(Vec::len),
        Node::Or(parts) | Node::AtLeast { members: parts, .. } => all(&mut parts.iter()),
        Node::Watch(watches) => all(&mut watches.iter().map(|watch| &**watch)),
        Node::Find(phrase) | Node::Count { phrase, .. } => of_phrase(phrase).map(|bit| vec![bit]),
        Node::Near { left, right, .. } => [left, right].into_iter().filter_map(|side| one_of_phrases(side)).min_by_key(Vec::len),
        Node::Title(phrases) => one_of_phrases(phrases),
        Node::Field(FieldName::Lang, values) if values.iter().any(|value| value == "unknown") => None,
        Node::Field(FieldName::Has | FieldName::Is, _) => None,
        Node::Field(name, values) => Some(values.iter().map(|value| bit(hash(Space::Field(*name), value))).collect()),
        Node::Link(_) | Node::Not(_) | Node::Number(..) | Node::Elsewhere => None,
    }
}

fn one_of_phrases(phrases: &[Phrase]) -> Option<Vec<u16>> {
    phrases.iter().map(of_phrase).collect()
}

/// The longest word says most.
fn of_phrase(phrase: &Phrase) -> Option<u16> {
    phrase.members.iter().filter_map(|member| Some((member.test.folded.len(), of_test(&member.test)?))).max().map(|(_, bit)| bit)
}

fn of_test(test: &Test) -> Option<u16> {
    match &test.how {
        How::Folded | How::Exact(_) => Some(bit(test.hash)),
        How::Stemmed(stems) => stems.is_empty().then(|| bit(test.hash)),
        How::Pattern(pattern) if test.kind == AtomKind::Word => {
            let begins = pattern.literal_prefix();
            prefix_hashes(Space::WordPrefix, begins, PREFIX).nth(PREFIX - 1).map(bit)
        }
        How::Pattern(_) => None,
    }
}
