//! Fetching politely: conditional requests, moves, "come back later"; and remembering what was handed over.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use futures::future::BoxFuture;
use model::Timestamp;
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;

use super::map::{self, FeedItem, ParsedFeed};
use super::schedule::{self, Hints};
use super::{dates, discover};
use crate::net::{Request, Response};
use crate::{Batch, Context, Failure, Inbound, Listener, SourceNote};

/// Items remembered at least, in hashes of 16 hexadecimal digits: so many that what drops out of a feed and comes back is still known.
const REMEMBERED: usize = 500;
const MOST_REMEMBERED: usize = 4_000;
/// Feeds of single posts' comments looked at in one poll.
const COMMENT_FEEDS: usize = 5;
/// Nobody is waited for longer.
const LONGEST_WAIT: u64 = 7 * 86_400;
/// For a 429 that names no time.
const USUAL_WAIT: u64 = 15 * 60;
/// Claimed dates before this are mistakes (1995: there was no feed before RSS 0.90 of 1999, but archives were put into feeds).
const EARLIEST: Timestamp = Timestamp::from_secs(788_918_400);

/// What is known of one feed address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Track {
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Hash of the id and of the content of items handed over, newest first.
    #[serde(default)]
    pub seen: VecDeque<(String, String)>,
    /// Seconds since 1970 at which items appeared, newest first.
    #[serde(default)]
    pub times: Vec<i64>,
    #[serde(default)]
    pub hints: Hints,
}

/// The account's cursor.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// What the settings said; another address starts anew.
    pub asked: String,
    pub main: Track,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Track>,
    /// Comment counts of posts (hash of their comment feed → count), for sites without a feed of all comments.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub counts: HashMap<String, u32>,
    /// Comments taken from feeds of single posts.
    #[serde(default)]
    pub singles: Track,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What stood there on connecting has not all been handed over yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
}

/// What an HTTP answer means for a feed.
enum Answer {
    Unchanged(Response),
    Body(Response),
}

/// One GET with the validators of last time, its status understood.
async fn ask(ctx: &Context, url: &Url, track: Option<&Track>) -> Result<Answer, Failure> {
    let mut request = Request::new(url.clone(), &ctx.limits).header(
        ACCEPT,
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    );
    if let Some(track) = track {
        if let Some(etag) = &track.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if let Some(since) = &track.last_modified {
            request = request.header(IF_MODIFIED_SINCE, since);
        }
    }
    let response = ctx.net.get(request).await?;
    let wait = response.header(RETRY_AFTER).and_then(|text| retry_after(text, ctx.clock.now()));
    match (response.status, wait) {
        (200 | 203, _) => Ok(Answer::Body(response)),
        (304, _) => Ok(Answer::Unchanged(response)),
        (410, _) => Err(Failure::Gone),
        (429, wait) => Err(Failure::TooMany { seconds: wait.unwrap_or(USUAL_WAIT) }),
        (503, Some(seconds)) => Err(Failure::TooMany { seconds }),
        (status, _) => Err(Failure::Status { status }),
    }
}

/// RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(text: &str, now: Timestamp) -> Option<u64> {
    let text = text.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => dates::parse(text)?.since(now).as_secs(),
    };
    Some(seconds.clamp(1, LONGEST_WAIT))
}

fn read(response: &Response) -> Result<ParsedFeed, Failure> {
    let mut feed = map::parse(&response.body, response.header(CONTENT_TYPE), &response.url)?;
    feed.hints.max_age = response.header(CACHE_CONTROL).and_then(max_age);
    Ok(feed)
}

fn max_age(cache_control: &str) -> Option<Duration> {
    let lower = cache_control.to_ascii_lowercase();
    lower.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.trim_matches('"').parse().ok()).map(Duration::from_secs)
}

/// A feed with the answer it came in.
pub(super) struct Located {
    pub response: Response,
    pub feed: ParsedFeed,
    pub url: Url,
}

/// Fetches `url`; if it is a page, its feed, and if it names none, where feeds usually are.
pub(super) async fn locate(ctx: &Context, url: &Url) -> Result<Located, Failure> {
    let Answer::Body(page) = ask(ctx, url, None).await? else { return Err(Failure::Status { status: 304 }) };
    let not_a_feed = match read(&page) {
        Ok(feed) => return Ok(located(url, page, feed)),
        Err(failure) => failure,
    };
    let named = discover::in_page(&page.body, page.header(CONTENT_TYPE), &page.url);
    let comments = named.comments.first().cloned();
    let (named_any, candidates) =
        if named.feeds.is_empty() { (false, discover::guesses(&page.url)) } else { (true, named.feeds.into_iter().take(3).collect()) };
    let mut reason = not_a_feed;
    for candidate in candidates {
        match ask(ctx, &candidate, None).await {
            Ok(Answer::Body(response)) => match read(&response) {
                Ok(mut feed) => {
                    feed.comments_feed = comments.or(feed.comments_feed);
                    return Ok(located(&candidate, response, feed));
                }
                Err(failure) if named_any => reason = failure,
                Err(_) => {}
            },
            // Guesses fail as a matter of course; asking on against the site's will is rude.
            Err(failure @ (Failure::TooMany { .. } | Failure::Refused { .. })) => return Err(failure),
            Err(failure) if named_any => reason = failure,
            _ => {}
        }
    }
    Err(reason)
}

fn located(asked: &Url, response: Response, feed: ParsedFeed) -> Located {
    let url = response.moved_to.clone().unwrap_or_else(|| asked.clone());
    Located { response, feed, url }
}

/// Drops dates that cannot be: before [`EARLIEST`], or more than a day ahead. Clocks run wrong, but not by a day.
pub(super) fn bound_date(item: &mut Inbound, now: Timestamp) {
    let latest = now + Duration::from_secs(86_400);
    item.published_at = item.published_at.filter(|at| (EARLIEST..=latest).contains(at));
}

/// Oldest first. Feeds stand newest first; where every item has a date, the dates decide.
pub(super) fn oldest_first(items: &mut [FeedItem]) {
    items.reverse();
    if items.iter().all(|item| item.inbound.published_at.is_some()) {
        items.sort_by_key(|item| item.inbound.published_at);
    }
}

fn content_hash(item: &Inbound) -> String {
    // Not the HTML: advertisements and signed links in it change at every call.
    map::hex(&format!("{}\n{}\n{}", item.title.as_deref().unwrap_or_default(), item.author.name, item.text), 16)
}

impl Track {
    fn at(url: &Url) -> Self {
        Self { url: url.to_string(), ..Self::default() }
    }

    fn validators(&mut self, response: &Response) {
        let keep = |name| response.header(name).filter(|value| value.len() <= 500).map(str::to_owned);
        self.etag = keep(ETAG);
        self.last_modified = keep(LAST_MODIFIED);
    }

    /// What of a feed is new or changed, oldest first, at most `limit`; and whether there is more. Remembers what it returns.
    fn take_new(&mut self, feed: ParsedFeed, limit: usize, now: Timestamp) -> (Vec<Inbound>, bool) {
        let mut items = feed.items;
        items.iter_mut().for_each(|item| bound_date(&mut item.inbound, now));
        oldest_first(&mut items);
        self.hints = feed.hints;
        let known: HashMap<&str, &str> = self.seen.iter().map(|(id, content)| (id.as_str(), content.as_str())).collect();
        let mut doubles = HashSet::new();
        let mut fresh: Vec<(String, String, Inbound)> = Vec::new();
        for FeedItem { inbound, .. } in items.iter().cloned() {
            let id = map::hex(&inbound.external_id, 16);
            let content = content_hash(&inbound);
            if known.get(id.as_str()) != Some(&content.as_str()) && doubles.insert(id.clone()) {
                fresh.push((id, content, inbound));
            }
        }
        let more = fresh.len() > limit;
        fresh.truncate(limit);
        let mut handed = Vec::with_capacity(fresh.len());
        for (id, content, item) in fresh {
            if !self.seen.iter().any(|(known, _)| *known == id) {
                self.times.push(item.published_at.unwrap_or(now).secs());
            }
            self.seen.retain(|(known, _)| *known != id);
            self.seen.push_front((id, content));
            handed.push(item);
        }
        self.times.sort_unstable_by(|a, b| b.cmp(a));
        self.times.truncate(30);
        self.forget(&items);
        (handed, more)
    }

    /// Keeps what still stands in the feed before what does not, and not more than needed.
    fn forget(&mut self, items: &[FeedItem]) {
        let present: HashSet<String> = items.iter().map(|item| map::hex(&item.inbound.external_id, 16)).collect();
        let (mut kept, gone): (Vec<_>, Vec<_>) = self.seen.drain(..).partition(|(id, _)| present.contains(id));
        let most = REMEMBERED.max(2 * items.len()).min(MOST_REMEMBERED.max(items.len()));
        kept.extend(gone);
        kept.truncate(most);
        self.seen = kept.into();
    }
}

/// Listens to one feed and, where wanted, to the comments of its site.
pub(super) struct FeedListener {
    pub ctx: Context,
    pub url: Result<Url, Failure>,
    pub comments: bool,
}

impl Listener for FeedListener {
    fn poll<'a>(&'a mut self, cursor: Option<&'a Json>) -> BoxFuture<'a, Result<Batch, Failure>> {
        Box::pin(self.look(cursor))
    }
}

impl FeedListener {
    async fn look(&self, cursor: Option<&Json>) -> Result<Batch, Failure> {
        let asked = self.url.as_ref().map_err(Clone::clone)?;
        // A cursor that cannot be read, or of another address, is as good as none: everything comes once more, under the same ids.
        let known = cursor
            .and_then(|json| serde_json::from_value::<Cursor>(json.clone()).ok())
            // The address it moved to is the same feed.
            .filter(|known| known.asked == asked.as_str() || known.main.url == asked.as_str())
            .map(|known| Cursor { asked: asked.to_string(), ..known });
        let mut note = SourceNote::default();
        let limit = self.ctx.limits.batch.max(1);
        let now = self.ctx.clock.now();

        let (mut cursor, fetched) = match known {
            Some(mut cursor) => {
                let fetched = self.again(&mut cursor, asked, &mut note).await?;
                (cursor, fetched)
            }
            None => {
                let located = locate(&self.ctx, asked).await?;
                note.moved_to = located.response.moved_to.as_ref().filter(|_| !located.feed.items.is_empty()).map(Url::to_string);
                let cursor = Cursor { asked: asked.to_string(), main: Track::at(&located.url), history: true, ..Cursor::default() };
                (cursor, Some((located.response, located.feed)))
            }
        };
        let mut items = Vec::new();
        let mut more = false;
        if let Some((response, feed)) = fetched {
            note.title = feed.title.clone();
            cursor.title = feed.title.clone();
            if self.comments && !feed.is_comments && cursor.comments.is_none() {
                cursor.comments = feed.comments_feed.as_ref().map(Track::at);
            }
            let single: Vec<(Url, u32)> =
                feed.items.iter().filter_map(|item| Some((item.comments_feed.clone()?, item.comment_count?))).collect();
            (items, more) = cursor.main.take_new(feed, limit, now);
            cursor.main.validators(&response);
            if self.comments && cursor.comments.as_ref().is_none_or(|track| track.url.is_empty()) {
                let left = self.single_comments(&mut cursor, single, limit, now, &mut items).await;
                // On connecting, what is left still belongs to the first look; later it waits for the next one.
                more |= left && cursor.history;
            }
            if more {
                // Without validators the rest is fetched again rather than answered with 304.
                (cursor.main.etag, cursor.main.last_modified) = (None, None);
            }
        }
        if let Some(track) = cursor.comments.as_mut().filter(|track| !track.url.is_empty()) {
            // A full batch leaves them for the next look; on connecting that must still count as the first.
            more |=
                if items.len() < limit { self.site_comments(track, limit - items.len(), now, &mut items).await } else { cursor.history };
        }
        let next = self.next(&cursor, now);
        // A connection listens from now on: what stands there at the first look is history and starts nothing.
        let imported = cursor.history;
        cursor.history &= more;
        let cursor = serde_json::to_value(&cursor).map_err(|error| Failure::Garbage { detail: error.to_string() })?;
        Ok(Batch { items, cursor, more, next, imported, note })
    }

    /// Another look at a known feed. `None`: unchanged.
    async fn again(&self, cursor: &mut Cursor, asked: &Url, note: &mut SourceNote) -> Result<Option<(Response, ParsedFeed)>, Failure> {
        let url = Url::parse(&cursor.main.url).unwrap_or_else(|_| asked.clone());
        let response = match ask(&self.ctx, &url, Some(&cursor.main)).await? {
            Answer::Unchanged(response) => {
                self.moved(cursor, &response, note);
                return Ok(None);
            }
            Answer::Body(response) => response,
        };
        match read(&response) {
            Ok(feed) => {
                self.moved(cursor, &response, note);
                Ok(Some((response, feed)))
            }
            // The site was rebuilt and shows a page where its feed was: it may say where the feed is now.
            Err(failure) => match locate(&self.ctx, asked).await {
                Ok(located) if located.url != url => {
                    note.moved_to = Some(located.url.to_string());
                    cursor.main.url = located.url.to_string();
                    Ok(Some((located.response, located.feed)))
                }
                _ => Err(failure),
            },
        }
    }

    fn moved(&self, cursor: &mut Cursor, response: &Response, note: &mut SourceNote) {
        if let Some(to) = &response.moved_to {
            cursor.main.url = to.to_string();
            note.moved_to = Some(to.to_string());
        }
    }

    /// The site's feed of all comments. Its failures are not the feed's: a site may have comments switched off.
    async fn site_comments(&self, track: &mut Track, limit: usize, now: Timestamp, items: &mut Vec<Inbound>) -> bool {
        let Ok(url) = Url::parse(&track.url) else { return false };
        match ask(&self.ctx, &url, Some(track)).await {
            Ok(Answer::Unchanged(_)) => false,
            Ok(Answer::Body(response)) => {
                let Ok(feed) = read(&response) else { return false };
                let (found, more) = track.take_new(as_comments(feed), limit, now);
                if more {
                    (track.etag, track.last_modified) = (None, None);
                } else {
                    track.validators(&response);
                }
                items.extend(found);
                more
            }
            Err(Failure::Gone | Failure::Status { status: 401 | 403 | 404 }) => {
                // There is none: not asked for again, until the account is connected anew.
                track.url.clear();
                false
            }
            Err(error) => {
                tracing::debug!(%error, "the comments could not be read");
                false
            }
        }
    }

    /// Comment feeds of single posts whose count of comments went up; whether some were left out, because nobody is asked too much at once.
    async fn single_comments(
        &self,
        cursor: &mut Cursor,
        posts: Vec<(Url, u32)>,
        limit: usize,
        now: Timestamp,
        items: &mut Vec<Inbound>,
    ) -> bool {
        let (mut asked, mut left) = (0, false);
        let mut counts = HashMap::new();
        let mut track = std::mem::take(&mut cursor.singles);
        for (url, count) in posts {
            let key = map::hex(url.as_str(), 16);
            let before = cursor.counts.get(&key).copied().unwrap_or(0);
            counts.insert(key.clone(), before.min(count));
            if count <= before {
                continue;
            }
            if asked >= COMMENT_FEEDS || items.len() >= limit {
                left = true;
                continue;
            }
            asked += 1;
            let feed = match ask(&self.ctx, &url, None).await {
                Ok(Answer::Body(response)) => read(&response).ok(),
                _ => None,
            };
            match feed {
                Some(feed) => {
                    let (found, more) = track.take_new(as_comments(feed), limit - items.len(), now);
                    items.extend(found);
                    left |= more;
                    if !more {
                        counts.insert(key, count);
                    }
                }
                // The first look does not end while something is left, so it must not wait for what cannot be read.
                None if cursor.history => {
                    counts.insert(key, count);
                }
                None => {}
            }
        }
        cursor.counts = counts;
        cursor.singles = track;
        left
    }

    fn next(&self, cursor: &Cursor, now: Timestamp) -> Duration {
        let mut times: Vec<Timestamp> = cursor.main.times.iter().map(|secs| Timestamp::from_secs(*secs)).collect();
        let posts = schedule::interval(now, &times, &cursor.main.hints, &*self.ctx.random);
        let Some(track) = cursor.comments.as_ref().filter(|track| !track.times.is_empty() && !track.url.is_empty()) else { return posts };
        times = track.times.iter().map(|secs| Timestamp::from_secs(*secs)).collect();
        posts.min(schedule::interval(now, &times, &track.hints, &*self.ctx.random))
    }
}

fn as_comments(mut feed: ParsedFeed) -> ParsedFeed {
    for item in &mut feed.items {
        item.inbound.kind = crate::ItemKind::Comment;
    }
    feed
}
