//! Authors as the public web shows them. Nothing here knows of contacts.

mod list;
mod open;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use db::{Many, Tx, args, sql};
use model::{Id, Timestamp, kinds};

pub use list::{Row, find, list};
pub use open::{Profile, PublicTalk, open, talks};

use super::trigrams;
use crate::{Result, fold_key};

/// An author seen with one more post.
pub struct Sighting<'a> {
    pub network: &'a str,
    pub handle: &'a str,
    pub name: &'a str,
    pub url: Option<&'a str>,
    pub at: Timestamp,
}

/// What a statement writes of one author: all sightings of them together.
struct Seen {
    handle: String,
    name: String,
    url: Option<String>,
    posts: i64,
    first: Timestamp,
    last: Timestamp,
}

/// Notes authors; the profile of each sighting, in order. The last name and address seen are kept.
pub async fn seen<'a>(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    sightings: impl Iterator<Item = &'a Sighting<'a>> + Clone,
) -> Result<Vec<Id<kinds::Profile>>> {
    const PROFILES: Many = Many {
        into: "INSERT INTO profiles (id, workspace_id, network, handle_key, handle, name, url, posts, first_seen_at, last_seen_at)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        end: "ON CONFLICT (workspace_id, network, handle_key) DO UPDATE SET posts = profiles.posts + excluded.posts, name = excluded.name, url = COALESCE(excluded.url, profiles.url),
                first_seen_at = CASE WHEN profiles.first_seen_at < excluded.first_seen_at THEN profiles.first_seen_at ELSE excluded.first_seen_at END,
                last_seen_at = CASE WHEN profiles.last_seen_at > excluded.last_seen_at THEN profiles.last_seen_at ELSE excluded.last_seen_at END
              RETURNING id, network, handle_key, handle, name, posts",
    };
    let key = |s: &Sighting| (s.network.to_string(), fold_key(&model::text::excerpt(s.handle, 300)));
    // Sorted, so that two processes that meet the same authors lock them in the same order.
    let mut authors: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for s in sightings.clone() {
        let (handle, name, url) = (model::text::excerpt(s.handle, 300), model::text::excerpt(s.name, 200), s.url.map(str::to_string));
        match authors.entry(key(s)) {
            Entry::Vacant(new) => {
                new.insert(Seen { handle, name, url, posts: 1, first: s.at, last: s.at });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.name = name;
                known.url = url.or(known.url.take());
                known.posts += 1;
                known.first = known.first.min(s.at);
                known.last = known.last.max(s.at);
            }
        }
    }
    let rows = authors
        .iter()
        .map(|((network, handle_key), a)| {
            args![tx.id::<kinds::Profile>(), ws, network, handle_key, &a.handle, &a.name, a.url.as_deref(), a.posts, a.first, a.last]
        })
        .collect();
    let stored: Vec<(Id<kinds::Profile>, String, String, String, String, i64)> = tx.all_many(&PROFILES, rows).await?;
    let mut ids = HashMap::with_capacity(stored.len());
    let mut trigrams = Vec::new();
    for (id, network, handle_key, handle, name, posts) in stored {
        let author = (network, handle_key);
        // All its posts came just now: the profile is new.
        if authors.get(&author).is_some_and(|seen| seen.posts == posts) {
            trigrams.extend(trigrams::of(&format!("{name} {handle}")).into_iter().map(|trigram| args![ws, trigram, id]));
        }
        ids.insert(author, id);
    }
    const TRIGRAMS: Many = Many {
        into: "INSERT INTO profile_trigrams (workspace_id, trigram, profile_id)",
        row: sql!("($1, $2, $3)"),
        end: "ON CONFLICT (workspace_id, trigram, profile_id) DO NOTHING",
    };
    tx.run_many(&TRIGRAMS, trigrams).await?;
    Ok(sightings.filter_map(|s| ids.get(&key(s)).copied()).collect())
}
