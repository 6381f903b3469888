//! Many searches over one post: candidates from an index of terms, then each candidate in full.

pub(crate) mod compile;
mod cover;
pub(crate) mod eval;
mod guard;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod naive_tests;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use self::compile::Node;
use self::cover::{Cover, Key, LONGEST_PREFIX, cover};
use self::guard::{Guard, Present};
use crate::hash::{Space, hash, prefix_hashes};
use crate::language::fields::FieldName;
use crate::post::{Stream, TokenisedPost};
use crate::query::Query;

/// A set of searches. A clone shares everything until one of the two changes, so a reader may keep matching on its snapshot.
#[derive(Debug)]
pub struct Matcher<Id> {
    index: Arc<Index<Id>>,
}

impl<Id> Clone for Matcher<Id> {
    fn clone(&self) -> Self {
        Matcher { index: Arc::clone(&self.index) }
    }
}

#[derive(Debug, Clone)]
struct Index<Id> {
    slots: Vec<Option<Slot<Id>>>,
    free: Vec<usize>,
    slot_of: BTreeMap<Id, usize>,
    by_key: HashMap<u64, Vec<usize>, BuildHasherDefault<Mixed>>,
    /// By slot.
    guards: Vec<Guard>,
    /// Searches that no key finds.
    always: Vec<usize>,
    /// How many keys are prefixes of each length, from 1 character.
    prefix_lengths: [usize; LONGEST_PREFIX + 1],
}

#[derive(Debug, Clone)]
struct Slot<Id> {
    id: Id,
    /// `None`: a `watch:` in the search has not been linked.
    node: Option<Arc<Node>>,
    cover: Option<Cover>,
}

/// For keys that are hashes already.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl<Id: Copy + Ord> Default for Matcher<Id> {
    fn default() -> Self {
        Matcher::new()
    }
}

impl<Id: Copy + Ord> Matcher<Id> {
    pub fn new() -> Self {
        let index = Index {
            slots: Vec::new(),
            guards: Vec::new(),
            free: Vec::new(),
            slot_of: BTreeMap::new(),
            by_key: HashMap::default(),
            always: Vec::new(),
            prefix_lengths: [0; LONGEST_PREFIX + 1],
        };
        Matcher { index: Arc::new(index) }
    }

    /// Number of searches.
    pub fn len(&self) -> usize {
        self.index.slot_of.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.slot_of.is_empty()
    }

    /// Adds a search or replaces the one with this id. A query whose `watch:` has not been linked never matches.
    pub fn set(&mut self, id: Id, query: Query) {
        let index = Arc::make_mut(&mut self.index);
        index.remove(id);
        index.insert(id, &query);
    }

    /// Removes a search; nothing happens if there is none.
    pub fn remove(&mut self, id: Id) {
        if self.index.slot_of.contains_key(&id) {
            Arc::make_mut(&mut self.index).remove(id);
        }
    }

    /// The searches that match, sorted.
    pub fn matches(&self, post: &TokenisedPost) -> Vec<Id> {
        let mut ids: Vec<Id> = self
            .index
            .candidates(post)
            .into_iter()
            .filter_map(|slot| self.index.slots[slot].as_ref())
            .filter(|slot| slot.node.as_deref().is_some_and(|node| eval::matches(node, post)))
            .map(|slot| slot.id)
            .collect();
        ids.sort_unstable();
        ids
    }

    /// How many searches are looked at in full for a post.
    #[cfg(test)]
    fn candidates(&self, post: &TokenisedPost) -> usize {
        self.index.candidates(post).len()
    }
}

impl<Id: Copy + Ord> Index<Id> {
    fn insert(&mut self, id: Id, query: &Query) {
        let node = query.shared_node();
        let cover = node.as_deref().and_then(cover);
        let guard = node.as_deref().map_or(Guard::OPEN, |node| Guard::new(node, cover.as_ref()));
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match &cover {
            Some(cover) => {
                for &Key { hash, prefix } in &cover.keys {
                    self.by_key.entry(hash).or_default().push(slot);
                    self.prefix_lengths[prefix.unwrap_or(0)] += 1;
                }
            }
            None => self.always.push(slot),
        }
        let entry = Some(Slot { id, node, cover });
        if slot == self.slots.len() {
            self.slots.push(entry);
            self.guards.push(guard);
        } else {
            self.slots[slot] = entry;
            self.guards[slot] = guard;
        }
        self.slot_of.insert(id, slot);
    }

    fn remove(&mut self, id: Id) {
        let Some(slot) = self.slot_of.remove(&id) else { return };
        let Some(entry) = self.slots[slot].take() else { return };
        self.free.push(slot);
        match entry.cover {
            Some(cover) => {
                for Key { hash, prefix } in cover.keys {
                    self.prefix_lengths[prefix.unwrap_or(0)] -= 1;
                    if let Some(slots) = self.by_key.get_mut(&hash) {
                        slots.retain(|&other| other != slot);
                        if slots.is_empty() {
                            self.by_key.remove(&hash);
                        }
                    }
                }
            }
            None => self.always.retain(|&other| other != slot),
        }
    }

    /// Slots, each once.
    fn candidates(&self, post: &TokenisedPost) -> Vec<usize> {
        let mut found = self.always.clone();
        let present = Present::of(post);
        let mut look = |hash: u64| {
            if let Some(slots) = self.by_key.get(&hash) {
                found.extend(slots.iter().filter(|slot| self.guards[**slot].lets(&present)));
            }
        };
        let longest = (1..=LONGEST_PREFIX).rev().find(|&length| self.prefix_lengths[length] > 0).unwrap_or(0);
        let prefixes = |space: Space, text: &str, look: &mut dyn FnMut(u64)| {
            for (length, hash) in prefix_hashes(space, text, longest).enumerate() {
                if self.prefix_lengths[length + 1] > 0 {
                    look(hash);
                }
            }
        };
        for stream in [&post.title, &post.text] {
            let mut last = None;
            for entry in stream.entries() {
                if last == Some(entry.hash) {
                    continue;
                }
                last = Some(entry.hash);
                look(entry.hash);
                match entry.literal() {
                    Some(literal) => prefixes(Space::LiteralPrefix, &stream.scan.literals[literal].folded, &mut look),
                    None => prefixes(Space::WordPrefix, &stream.scan.tokens[entry.position()].folded, &mut look),
                }
            }
        }
        for token in post.links.iter().flat_map(|Stream { scan, .. }| &scan.tokens) {
            look(hash(Space::LinkWord, &token.folded));
            prefixes(Space::LinkPrefix, &token.folded, &mut look);
        }
        field_keys(post, &mut look);
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn field_keys(post: &TokenisedPost, look: &mut impl FnMut(u64)) {
    let fields = &post.fields;
    let mut one = |name: FieldName, value: &str| look(hash(Space::Field(name), value));
    if let Some(author) = &fields.author {
        one(FieldName::Author, author);
        one(FieldName::Author, author.split('@').next().unwrap_or_default());
    }
    if let Some(host) = &fields.host {
        one(FieldName::Site, host);
        host.match_indices('.').for_each(|(dot, _)| one(FieldName::Site, &host[dot + 1..]));
    }
    for topic in &fields.topics {
        one(FieldName::Topic, topic);
    }
    for (name, value) in [
        (FieldName::Account, &fields.account),
        (FieldName::Intent, &fields.intent),
        (FieldName::Country, &fields.country),
        (FieldName::Kind, &fields.kind),
        (FieldName::Channel, &fields.channel),
        (FieldName::Sentiment, &fields.sentiment),
        (FieldName::Lang, &fields.lang),
    ] {
        if let Some(value) = value {
            one(name, value);
        }
    }
}
