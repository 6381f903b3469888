//! Who looks at a conversation right now, and who writes: memory only, no table.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use model::{Id, Timestamp, kinds};

/// Somebody who has not said anything for this long has gone.
const GONE: Duration = Duration::from_secs(25);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Somebody {
    pub user: Id<kinds::User>,
    pub name: String,
    pub is_writing: bool,
    /// Since when they write or read.
    pub since: Timestamp,
}

#[derive(Default)]
pub struct Presence(Mutex<HashMap<Id<kinds::Conversation>, Vec<(Somebody, Timestamp)>>>);

impl Presence {
    /// Says that a person is here; conversations are ids of the whole installation, so no workspace is needed.
    pub fn note(&self, conversation: Id<kinds::Conversation>, user: Id<kinds::User>, name: &str, is_writing: bool, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(|p| p.into_inner());
        if all.len() > 10_000 {
            all.retain(|_, here| here.iter().any(|(_, at)| now.since(*at) < GONE));
        }
        let here = all.entry(conversation).or_default();
        here.retain(|(_, at)| now.since(*at) < GONE);
        match here.iter_mut().find(|(s, _)| s.user == user) {
            Some((somebody, at)) => {
                if somebody.is_writing != is_writing {
                    somebody.since = now;
                }
                somebody.is_writing = is_writing;
                *at = now;
            }
            None => here.push((Somebody { user, name: name.into(), is_writing, since: now }, now)),
        }
    }

    /// The others who are here, writers first.
    pub fn who(&self, conversation: Id<kinds::Conversation>, except: Id<kinds::User>, now: Timestamp) -> Vec<Somebody> {
        let all = self.0.lock().unwrap_or_else(|p| p.into_inner());
        let mut here: Vec<Somebody> = all
            .get(&conversation)
            .into_iter()
            .flatten()
            .filter(|(s, at)| s.user != except && now.since(*at) < GONE)
            .map(|(s, _)| s.clone())
            .collect();
        here.sort_by_key(|s| (!s.is_writing, s.since));
        here
    }

    pub fn leave(&self, conversation: Id<kinds::Conversation>, user: Id<kinds::User>) {
        if let Some(here) = self.0.lock().unwrap_or_else(|p| p.into_inner()).get_mut(&conversation) {
            here.retain(|(s, _)| s.user != user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_write_and_go() {
        let (presence, c, t) = (Presence::default(), Id::from_i64(1), Timestamp::from_secs(100));
        presence.note(c, Id::from_i64(1), "Jana", false, t);
        presence.note(c, Id::from_i64(2), "Miriam", true, t);
        assert_eq!(presence.who(c, Id::from_i64(2), t).iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Jana"]);
        assert!(presence.who(c, Id::from_i64(9), t)[0].is_writing);
        assert!(presence.who(c, Id::from_i64(9), t + GONE).is_empty());
        presence.leave(c, Id::from_i64(1));
        assert_eq!(presence.who(c, Id::from_i64(2), t).len(), 0);
    }
}
