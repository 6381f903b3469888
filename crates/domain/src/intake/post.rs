//! Public items: one post per workspace, whoever saw it; its author's profile; the watches it hits.

use channels::Inbound;
use db::{Tx, args};
use model::{Id, Timestamp, kinds};
use sha2::{Digest, Sha256};

use super::index_post;
use super::ingest::{Stored, Subscriber};
use crate::listening::posts::media_kinds;
use crate::{App, Result, crm, events};

/// How long a post that no watch wants is kept for trying out watches.
const UNMATCHED: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);
/// Bytes of text kept; beyond it is cut and marked.
const TEXT_MAX: usize = 200_000;
/// Where all feeds' items belong: the same page is the same post, whichever feed showed it.
const NETWORK: &str = "web";

/// What the pure steps found.
pub(super) struct Prepared {
    lang: &'static str,
    site: Option<String>,
    document: String,
    text: String,
    truncated: bool,
    content_hash: Vec<u8>,
    watches: Vec<Id<kinds::Watch>>,
}

pub(super) fn prepare(app: &App, item: &Inbound, subscriber: &Subscriber) -> Prepared {
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
    Prepared { lang, site, truncated: cut || document.truncated, document: document.text, text: text.to_string(), content_hash, watches }
}

/// The code as one of ours, if we know the language at all.
fn known_code(hint: &str) -> Option<&'static str> {
    const KNOWN: [&str; 12] = ["de", "en", "fr", "it", "es", "nl", "pl", "da", "sv", "pt", "cs", "tr"];
    let code = hint.get(..2)?.to_ascii_lowercase();
    KNOWN.into_iter().find(|k| *k == code)
}

pub(super) async fn store(
    tx: &mut Tx,
    item: &Inbound,
    subscriber: &Subscriber,
    p: &Prepared,
    imported: bool,
    source: Option<Id<kinds::Source>>,
) -> Result<Stored> {
    let ws = subscriber.workspace_id;
    let now = tx.now();
    let mut keys = Vec::with_capacity(2);
    if let Some(url) = &item.canonical_url {
        keys.push(url.clone());
    }
    keys.push(format!("{}:{}", source.map(|s| s.to_string()).unwrap_or_default(), item.external_id));
    let known: Option<(Id<kinds::Post>, Vec<u8>)> = tx
        .opt(
            db::sql!("SELECT p.id, p.content_hash FROM post_keys k JOIN posts p ON p.workspace_id = k.workspace_id AND p.id = k.post_id
                      WHERE k.workspace_id = $1 AND k.network = $2 AND k.canonical_key IN " [texts "$3"] " ORDER BY p.id LIMIT 1"),
            args![ws, NETWORK, keys.as_slice()],
        )
        .await?;
    let (id, stored) = match known {
        Some((id, hash)) if hash == p.content_hash => (id, Stored::Known),
        Some((id, _)) => {
            tx.run(
                "UPDATE posts SET title = $3, text = $4, html = $5, lang = $6, edited_at = $7, content_hash = $8, truncated = $9 WHERE workspace_id = $1 AND id = $2",
                args![ws, id, item.title.as_deref(), &p.text, item.html.as_deref(), p.lang, now, p.content_hash.clone(), p.truncated],
            )
            .await?;
            index_post(tx, id, &p.document, true).await?;
            (id, Stored::Edited)
        }
        None => (insert(tx, item, subscriber, p, now).await?, Stored::New),
    };
    for key in keys {
        tx.run(
            "INSERT INTO post_keys (workspace_id, network, canonical_key, post_id) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, network, canonical_key) DO NOTHING",
            args![ws, NETWORK, key, id],
        )
        .await?;
    }
    tx.run(
        "INSERT INTO post_sightings (workspace_id, post_id, account_id, seen_at) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, post_id, account_id) DO NOTHING",
        args![ws, id, subscriber.id, now],
    )
    .await?;
    if stored != Stored::Known {
        hit(tx, ws, id, &p.watches, sort_at(item, now), imported).await?;
    }
    Ok(stored)
}

async fn insert(tx: &mut Tx, item: &Inbound, subscriber: &Subscriber, p: &Prepared, now: Timestamp) -> Result<Id<kinds::Post>> {
    let ws = subscriber.workspace_id;
    let id = tx.id::<kinds::Post>();
    let sort_at = sort_at(item, now);
    let handle = item.author.handle.clone().or_else(|| Some(item.author.name.clone())).filter(|h| !h.trim().is_empty());
    let profile = match handle {
        // An author without an address of their own is known by name on that site only.
        Some(handle) => {
            let network = p.site.as_deref().unwrap_or(NETWORK);
            let name = if item.author.name.is_empty() { handle.as_str() } else { item.author.name.as_str() };
            Some(crm::profiles::seen(tx, ws, network, &handle, name, item.author.url.as_deref(), sort_at).await?)
        }
        None => None,
    };
    let expires = p.watches.is_empty().then_some(now + UNMATCHED);
    let media = (!item.media.is_empty()).then(|| serde_json::to_value(&item.media)).transpose()?;
    tx.run(
        "INSERT INTO posts (id, workspace_id, account_id, channel, kind, profile_id, title, text, html, url, site, lang, media, reply_to, published_at, received_at, sort_at,
           content_hash, truncated, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
        args![
            id, ws, subscriber.id, &subscriber.channel, item.kind.name(), profile, item.title.as_deref(), &p.text, item.html.as_deref(), item.canonical_url.as_deref(),
            p.site.as_deref(), p.lang, media, item.in_reply_to.as_deref(), item.published_at, now, sort_at, p.content_hash.clone(), p.truncated, expires
        ],
    )
    .await?;
    index_post(tx, id, &p.document, false).await?;
    Ok(id)
}

/// The earlier of what the source claims and what we saw.
fn sort_at(item: &Inbound, now: Timestamp) -> Timestamp {
    item.published_at.map_or(now, |p| p.min(now))
}

/// Writes hits once per watch and post; a post somebody wants does not expire.
pub(crate) async fn hit(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    post: Id<kinds::Post>,
    watches: &[Id<kinds::Watch>],
    sort_at: Timestamp,
    imported: bool,
) -> Result<u64> {
    let mut found = 0;
    for watch in watches {
        let id = tx.id::<kinds::Hit>();
        let new = tx
            .run(
                "INSERT INTO watch_hits (id, workspace_id, watch_id, post_id, sort_at) SELECT $1, $2, id, $4, $5 FROM watches WHERE workspace_id = $2 AND id = $3 AND archived_at IS NULL
                 ON CONFLICT (workspace_id, watch_id, post_id) DO NOTHING",
                args![id, ws, *watch, post, sort_at],
            )
            .await?;
        if new == 1 {
            found += 1;
            tx.run("UPDATE watches SET hits = hits + 1 WHERE workspace_id = $1 AND id = $2", args![ws, *watch]).await?;
            if !imported {
                events::record(tx, ws, "hit.new", Some(*watch), None, serde_json::json!({ "post": post })).await?;
            }
        }
    }
    if found > 0 {
        tx.run("UPDATE posts SET expires_at = NULL WHERE workspace_id = $1 AND id = $2", args![ws, post]).await?;
    }
    Ok(found)
}
