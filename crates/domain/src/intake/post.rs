//! Public items: one post per workspace, whoever saw it; its author's profile; the watches it hits.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use channels::Inbound;
use db::{Many, Tx, args, sql};
use model::{Id, Timestamp, kinds};
use sha2::{Digest, Sha256};

use super::expired;
use super::index::{index_posts, reindex_post};
use super::ingest::{Stored, Subscriber};
use crate::crm::profiles::{self, Sighting};
use crate::listening::posts::media_kinds;
use crate::{App, Result, events};

/// How long a post that no watch wants is kept for trying out watches.
const UNMATCHED: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);
/// Bytes of text kept; beyond it is cut and marked.
const TEXT_MAX: usize = 200_000;
/// Where all feeds' items belong: the same page is the same post, whichever feed showed it.
const NETWORK: &str = "web";

/// An item with what the pure steps found.
pub(super) struct Prepared<'a> {
    item: &'a Inbound,
    /// Under which it is recognised again.
    keys: Vec<String>,
    lang: &'static str,
    site: Option<String>,
    document: String,
    text: String,
    truncated: bool,
    content_hash: Vec<u8>,
    watches: Vec<Id<kinds::Watch>>,
}

/// What names an item: its address on the web, and the source's own id.
pub(super) fn keys(item: &Inbound, source: Option<Id<kinds::Source>>) -> impl Iterator<Item = String> {
    let own = format!("{}:{}", source.map(|s| s.to_string()).unwrap_or_default(), item.external_id);
    item.canonical_url.clone().into_iter().chain([own])
}

pub(super) fn prepare<'a>(app: &App, item: &'a Inbound, subscriber: &Subscriber, source: Option<Id<kinds::Source>>) -> Prepared<'a> {
    let (text, cut) = model::text::truncate(&item.text, TEXT_MAX);
    let title = item.title.as_deref();
    let lang = match understanding::language(&format!("{} {text}", title.unwrap_or_default())) {
        found if found.code != "und" => found.code,
        // What the source claims is better than nothing for texts too short to tell.
        _ => item.language_hint.as_deref().and_then(known_code).unwrap_or("und"),
    };
    let url = item.canonical_url.as_deref();
    let site = url.and_then(|u| url::Url::parse(u).ok()).and_then(|u| u.host_str().map(|h| h.trim_end_matches('.').to_lowercase()));
    let author = item.author.handle.as_deref().or(Some(item.author.name.as_str())).filter(|a| !a.is_empty());
    let media = media_kinds(&item.media);
    let watches = app.watches().matches(
        subscriber.workspace_id,
        &matching::Post {
            text,
            title,
            author,
            lang: Some(lang),
            channel: Some(&subscriber.channel),
            kind: Some(item.kind.name()),
            url,
            account: Some(&subscriber.name),
            media: &media,
            ..matching::Post::default()
        },
    );
    let document = matching::search_document(&[title.unwrap_or_default(), text, &item.author.name], Some(lang));
    let content_hash = Sha256::digest([title.unwrap_or_default(), text].join("\u{0}")).to_vec();
    let keys = keys(item, source).collect();
    Prepared {
        item,
        keys,
        lang,
        site,
        truncated: cut || document.truncated,
        document: document.text,
        text: text.to_string(),
        content_hash,
        watches,
    }
}

/// The code as one of ours, if we know the language at all.
fn known_code(hint: &str) -> Option<&'static str> {
    const KNOWN: [&str; 12] = ["de", "en", "fr", "it", "es", "nl", "pl", "da", "sv", "pt", "cs", "tr"];
    let code = hint.get(..2)?.to_ascii_lowercase();
    KNOWN.into_iter().find(|k| *k == code)
}

/// Stores posts of one workspace that share no key. `None`: another process stored one of them a moment ago; roll back and look again.
pub(super) async fn store(tx: &mut Tx, subscriber: &Subscriber, posts: &[Prepared<'_>], imported: bool) -> Result<Option<Vec<Stored>>> {
    let ws = subscriber.workspace_id;
    let now = tx.now();
    let known = known(tx, ws, posts).await?;
    // What nobody wanted then and nobody wants now stays gone, however long its source lists it.
    let unwanted = |p: &&Prepared| p.watches.is_empty() && p.known_as(&known).is_none();
    let gone = expired::among(tx, ws, posts.iter().filter(unwanted).flat_map(|p| p.keys.iter().map(String::as_str))).await?;
    let (gone, posts): (Vec<&Prepared>, Vec<&Prepared>) =
        posts.iter().partition(|p| unwanted(p) && p.keys.iter().any(|key| gone.contains(key.as_str())));
    let new: Vec<&Prepared> = posts.iter().filter(|p| p.known_as(&known).is_none()).copied().collect();
    let mut inserted = insert(tx, subscriber, &new, now).await?.into_iter();
    let (mut stored, mut ids) = (Vec::with_capacity(posts.len()), Vec::with_capacity(posts.len()));
    for p in &posts {
        let (id, what) = match p.known_as(&known) {
            None => (inserted.next().unwrap_or_else(|| unreachable!("one id for each new post")), Stored::New),
            Some((id, hash)) if *hash == p.content_hash => (*id, Stored::Known),
            Some((id, _)) => {
                edit(tx, ws, *id, p, now).await?;
                (*id, Stored::Edited)
            }
        };
        ids.push(id);
        stored.push(what);
    }
    const KEYS: Many = Many {
        into: "INSERT INTO post_keys (workspace_id, network, canonical_key, post_id)",
        row: sql!("($1, $2, $3, $4)"),
        end: "ON CONFLICT (workspace_id, network, canonical_key) DO NOTHING RETURNING canonical_key",
    };
    let keys = posts.iter().zip(&ids).flat_map(|(p, id)| p.keys.iter().map(|key| args![ws, NETWORK, key, *id])).collect();
    let written: HashSet<String> = tx.all_many::<(String,)>(&KEYS, keys).await?.into_iter().map(|(key,)| key).collect();
    if new.iter().flat_map(|p| &p.keys).any(|key| !written.contains(key)) {
        return Ok(None);
    }
    const SIGHTINGS: Many = Many {
        into: "INSERT INTO post_sightings (workspace_id, post_id, account_id, seen_at)",
        row: sql!("($1, $2, $3, $4)"),
        end: "ON CONFLICT (workspace_id, post_id, account_id) DO NOTHING",
    };
    tx.run_many(&SIGHTINGS, ids.iter().map(|id| args![ws, *id, subscriber.id, now]).collect()).await?;
    let fresh = posts.iter().zip(&ids).zip(&stored).filter(|(_, stored)| **stored != Stored::Known);
    let hits: Vec<Hit> = fresh
        .flat_map(|((p, id), _)| p.watches.iter().map(|watch| Hit { watch: *watch, post: *id, sort_at: sort_at(p.item, now) }))
        .collect();
    hit(tx, ws, &hits, imported).await?;
    stored.extend(gone.iter().map(|_| Stored::Known));
    Ok(Some(stored))
}

/// Which post a key names, and the hash of its content.
type Known = HashMap<String, (Id<kinds::Post>, Vec<u8>)>;

impl Prepared<'_> {
    /// The post this is already; the older one should its keys name two.
    fn known_as<'k>(&self, known: &'k Known) -> Option<&'k (Id<kinds::Post>, Vec<u8>)> {
        self.keys.iter().filter_map(|key| known.get(key)).min_by_key(|(id, _)| *id)
    }
}

async fn known(tx: &mut Tx, ws: Id<kinds::Workspace>, posts: &[Prepared<'_>]) -> Result<Known> {
    let keys: Vec<String> = posts.iter().flat_map(|p| p.keys.iter().cloned()).collect();
    let rows: Vec<(String, Id<kinds::Post>, Vec<u8>)> = tx
        .all(
            // Subqueries, so that each key is looked up by its index whatever the planner knows of a table that just begins to fill.
            sql!("SELECT k.value, k.post_id, (SELECT p.content_hash FROM posts p WHERE p.workspace_id = $1 AND p.id = k.post_id)
                  FROM (SELECT value, (SELECT post_id FROM post_keys WHERE workspace_id = $1 AND network = $2 AND canonical_key = value) AS post_id FROM " [each_text "$3"] ") AS k
                  WHERE k.post_id IS NOT NULL"),
            args![ws, NETWORK, keys.as_slice()],
        )
        .await?;
    Ok(rows.into_iter().map(|(key, id, hash)| (key, (id, hash))).collect())
}

async fn edit(tx: &mut Tx, ws: Id<kinds::Workspace>, id: Id<kinds::Post>, p: &Prepared<'_>, now: Timestamp) -> Result<()> {
    tx.run(
        "UPDATE posts SET title = $3, text = $4, html = $5, lang = $6, edited_at = $7, content_hash = $8, truncated = $9 WHERE workspace_id = $1 AND id = $2",
        args![ws, id, p.item.title.as_deref(), &p.text, p.item.html.as_deref(), p.lang, now, p.content_hash.clone(), p.truncated],
    )
    .await?;
    reindex_post(tx, id, &p.document).await
}

/// Their ids, in order.
async fn insert(tx: &mut Tx, subscriber: &Subscriber, posts: &[&Prepared<'_>], now: Timestamp) -> Result<Vec<Id<kinds::Post>>> {
    const POSTS: Many = Many {
        into: "INSERT INTO posts (id, workspace_id, account_id, channel, kind, profile_id, title, text, html, url, site, lang, media, reply_to, published_at, received_at,
                 sort_at, content_hash, truncated, expires_at)",
        row: sql!("($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"),
        end: "",
    };
    let ws = subscriber.workspace_id;
    let authors: Vec<Option<Sighting>> = posts.iter().map(|p| p.author(now)).collect();
    let mut seen = profiles::seen(tx, ws, authors.iter().flatten()).await?.into_iter();
    let ids: Vec<Id<kinds::Post>> = posts.iter().map(|_| tx.id()).collect();
    let mut rows = Vec::with_capacity(posts.len());
    for ((p, author), id) in posts.iter().zip(&authors).zip(&ids) {
        let item = p.item;
        let profile = author.as_ref().and_then(|_| seen.next());
        let media = (!item.media.is_empty()).then(|| serde_json::to_value(&item.media)).transpose()?;
        let expires = p.watches.is_empty().then_some(now + UNMATCHED);
        rows.push(args![
            *id,
            ws,
            subscriber.id,
            &subscriber.channel,
            item.kind.name(),
            profile,
            item.title.as_deref(),
            &p.text,
            item.html.as_deref(),
            item.canonical_url.as_deref(),
            p.site.as_deref(),
            p.lang,
            media,
            item.in_reply_to.as_deref(),
            item.published_at,
            now,
            sort_at(item, now),
            p.content_hash.clone(),
            p.truncated,
            expires
        ]);
    }
    tx.run_many(&POSTS, rows).await?;
    index_posts(tx, ids.iter().copied().zip(posts.iter().map(|p| p.document.as_str()))).await?;
    Ok(ids)
}

impl Prepared<'_> {
    /// An author without an address of their own is known by name on that site only.
    fn author(&self, now: Timestamp) -> Option<Sighting<'_>> {
        let author = &self.item.author;
        let handle = author.handle.as_deref().unwrap_or(&author.name);
        (!handle.trim().is_empty()).then(|| Sighting {
            network: self.site.as_deref().unwrap_or(NETWORK),
            handle,
            name: if author.name.is_empty() { handle } else { &author.name },
            url: author.url.as_deref(),
            at: sort_at(self.item, now),
        })
    }
}

/// The earlier of what the source claims and what we saw.
fn sort_at(item: &Inbound, now: Timestamp) -> Timestamp {
    item.published_at.map_or(now, |p| p.min(now))
}

/// A post that a watch wants.
pub(crate) struct Hit {
    pub watch: Id<kinds::Watch>,
    pub post: Id<kinds::Post>,
    pub sort_at: Timestamp,
}

/// Writes hits once per watch and post, and says how many were new; a post somebody wants does not expire.
pub(crate) async fn hit(tx: &mut Tx, ws: Id<kinds::Workspace>, hits: &[Hit], imported: bool) -> Result<u64> {
    if hits.is_empty() {
        return Ok(0);
    }
    const HITS: Many = Many {
        into: "INSERT INTO watch_hits (id, workspace_id, watch_id, post_id, sort_at)",
        row: sql!("($1, $2, $3, $4, $5)"),
        end: "ON CONFLICT (workspace_id, watch_id, post_id) DO NOTHING RETURNING watch_id, post_id",
    };
    let asked: Vec<Id<kinds::Watch>> = hits.iter().map(|hit| hit.watch).collect::<BTreeSet<_>>().into_iter().collect();
    let watching: HashSet<Id<kinds::Watch>> = tx
        .all::<(Id<kinds::Watch>,)>(
            sql!("SELECT id FROM watches WHERE workspace_id = $1 AND id IN " [ids "$2"] " AND archived_at IS NULL"),
            args![ws, asked.as_slice()],
        )
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect();
    let rows = hits
        .iter()
        .filter(|hit| watching.contains(&hit.watch))
        .map(|hit| args![tx.id::<kinds::Hit>(), ws, hit.watch, hit.post, hit.sort_at])
        .collect();
    let new: Vec<(Id<kinds::Watch>, Id<kinds::Post>)> = tx.all_many(&HITS, rows).await?;
    let mut counts: BTreeMap<Id<kinds::Watch>, i64> = BTreeMap::new();
    for (watch, _) in &new {
        *counts.entry(*watch).or_default() += 1;
    }
    for (watch, n) in counts {
        tx.run("UPDATE watches SET hits = hits + $3 WHERE workspace_id = $1 AND id = $2", args![ws, watch, n]).await?;
    }
    let wanted: Vec<Id<kinds::Post>> = new.iter().map(|(_, post)| *post).collect();
    tx.run(
        sql!("UPDATE posts SET expires_at = NULL WHERE workspace_id = $1 AND id IN " [ids "$2"] " AND expires_at IS NOT NULL"),
        args![ws, wanted.as_slice()],
    )
    .await?;
    if !imported {
        let told = new.iter().map(|(watch, post)| (Some(*watch), serde_json::json!({ "post": post }))).collect();
        events::record_all(tx, ws, "hit.new", None, told).await?;
    }
    Ok(new.len() as u64)
}
