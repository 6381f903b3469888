use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Clock, Timestamp};

/// 2020-01-01T00:00:00Z in milliseconds since 1970: where id time begins. 41 bits from there end in 2089.
const EPOCH_MS: i64 = 1_577_836_800_000;
const COUNTER_BITS: u32 = 12;
const NODE_BITS: u32 = 10;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A typed identifier: 41 bits of milliseconds since 2020, 10 bits of node number, 12 bits of counter; so it sorts by time.
/// BIGINT in tables; 13 characters of Crockford base 32 on screen, in addresses and in JSON (JavaScript's numbers end at 2⁵³).
pub struct Id<T>(i64, PhantomData<fn() -> T>);

impl<T> Id<T> {
    pub const fn from_i64(raw: i64) -> Self {
        Self(raw, PhantomData)
    }
    pub const fn as_i64(self) -> i64 {
        self.0
    }
    /// When the id was made, to the millisecond.
    pub const fn made_at(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> (NODE_BITS + COUNTER_BITS)) + EPOCH_MS)
    }
    /// The smallest id that can be made at `at`: for ranges over a table by time.
    pub const fn lowest_at(at: Timestamp) -> Self {
        Self::from_i64((at.millis() - EPOCH_MS) << (NODE_BITS + COUNTER_BITS))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = [0u8; 13];
        let mut rest = self.0 as u64;
        for place in out.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(std::str::from_utf8(&out).unwrap_or_default())
    }
}

/// Text that is not an id: wrong length, wrong letters or out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct InvalidId;

impl<T> FromStr for Id<T> {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != 13 {
            return Err(InvalidId);
        }
        let mut raw: u64 = 0;
        for (place, byte) in text.bytes().enumerate() {
            // Crockford: case does not matter, i and l read as 1, o as 0.
            let byte = match byte.to_ascii_lowercase() {
                b'i' | b'l' => b'1',
                b'o' => b'0',
                other => other,
            };
            let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(InvalidId)? as u64;
            if place == 0 && digit > 7 {
                return Err(InvalidId); // 13 × 5 bits are 65: the first digit has three, and ids are positive
            }
            raw = (raw << 5) | digit;
        }
        i64::try_from(raw).map(Self::from_i64).map_err(|_| InvalidId)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A node number outside 0..1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("node number {0} is not below 1024")]
pub struct IdError(pub u16);

/// Makes ids for one node. Within a process they only grow, whatever the clock does: when it steps back or 4,096 ids
/// fall into one millisecond, the generator goes on from the last millisecond it used.
pub struct IdGenerator {
    clock: Arc<dyn Clock>,
    node: i64,
    last: Mutex<i64>,
}

impl IdGenerator {
    pub fn new(clock: Arc<dyn Clock>, node: u16) -> Result<Self, IdError> {
        if node >= 1 << NODE_BITS {
            return Err(IdError(node));
        }
        Ok(Self { clock, node: i64::from(node), last: Mutex::new(0) })
    }

    /// Starts behind `after`: a node number is used again only after the last millisecond its former holder used.
    pub fn starting_after(self, after: Timestamp) -> Self {
        *self.last.lock().unwrap_or_else(|p| p.into_inner()) = (after.millis() - EPOCH_MS).max(0) << COUNTER_BITS | 0xfff;
        self
    }

    pub fn next<T>(&self) -> Id<T> {
        let now = (self.clock.now().millis() - EPOCH_MS).max(0) << COUNTER_BITS;
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *last = now.max(*last + 1);
        let (ms, counter) = (*last >> COUNTER_BITS, *last & ((1 << COUNTER_BITS) - 1));
        Id::from_i64(ms << (NODE_BITS + COUNTER_BITS) | self.node << COUNTER_BITS | counter)
    }

    /// The last millisecond used so far; the lease of the node number keeps it.
    pub fn last_used(&self) -> Timestamp {
        let last = *self.last.lock().unwrap_or_else(|p| p.into_inner());
        Timestamp::from_millis((last >> COUNTER_BITS) + EPOCH_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedClock;
    use std::time::Duration;

    enum Thing {}

    #[test]
    fn ids_grow_even_when_the_clock_steps_back_and_in_a_crowded_millisecond() {
        let clock = FixedClock::at(Timestamp::from_secs(1_800_000_000));
        let ids = IdGenerator::new(Arc::new(clock.clone()), 1023).unwrap();
        let mut last: Id<Thing> = ids.next();
        for round in 0..20_000 {
            if round == 9_000 {
                clock.set(Timestamp::from_secs(1_700_000_000));
            }
            let id = ids.next();
            assert!(id > last);
            last = id;
        }
        clock.set(Timestamp::from_secs(1_900_000_000));
        assert_eq!(ids.next::<Thing>().made_at(), Timestamp::from_secs(1_900_000_000));
    }

    #[test]
    fn ids_of_two_nodes_never_meet() {
        let clock = FixedClock::at(Timestamp::from_secs(1_800_000_000));
        let (a, b) = (IdGenerator::new(Arc::new(clock.clone()), 0).unwrap(), IdGenerator::new(Arc::new(clock), 1).unwrap());
        let of = |g: &IdGenerator| (0..5_000).map(|_| g.next::<Thing>().as_i64()).collect::<std::collections::HashSet<_>>();
        assert!(of(&a).is_disjoint(&of(&b)));
        assert_eq!(IdGenerator::new(Arc::new(crate::SystemClock), 1024).err(), Some(IdError(1024)));
    }

    #[test]
    fn a_node_number_taken_over_starts_behind_its_former_holder() {
        let clock = FixedClock::at(Timestamp::from_secs(1_800_000_000));
        let former = IdGenerator::new(Arc::new(clock.clone()), 7).unwrap();
        clock.advance(Duration::from_secs(60));
        let last: Id<Thing> = former.next();
        clock.set(Timestamp::from_secs(1_800_000_000));
        let heir = IdGenerator::new(Arc::new(clock), 7).unwrap().starting_after(former.last_used());
        assert!(heir.next::<Thing>() > last);
    }

    #[test]
    fn text_form_round_trips_and_refuses_what_is_none() {
        for raw in [0, 1, 31, 32, i64::MAX, 927_712_936_123_456_789] {
            let id = Id::<Thing>::from_i64(raw);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
            assert_eq!(serde_json_like(&id), format!("\"{id}\""));
        }
        for bad in ["", "1", "8000000000000", "000000000000u", "0000000000000 ", "ääääää1", "-000000000001"] {
            assert_eq!(bad.parse::<Id<Thing>>(), Err(InvalidId), "{bad}");
        }
    }

    fn serde_json_like(id: &Id<Thing>) -> String {
        format!("{:?}", id.to_string())
    }
}
