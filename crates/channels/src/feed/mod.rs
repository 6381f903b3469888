//! Feeds: RSS, Atom, RDF and JSON Feed, found from any page of a site, asked as rarely as will do.
//!
//! [`parse`] is pure: bytes in, items out ([`charset`] → [`xml`] → [`map`]). [`fetch`] asks over HTTP and remembers what was handed over;
//! [`schedule`] says when to look again; [`discover`] finds the feed of a page.

mod charset;
mod dates;
mod discover;
mod fetch;
mod map;
pub mod schedule;
mod xml;

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value as Json;
use url::Url;

pub use map::{FeedItem, ParsedFeed, canonical, parse};

use crate::{Capabilities, Channel, Connection, Context, Failure, Inbound, ItemKind, Listener, Setting, SettingKind};

/// Feeds and the blogs, forums and podcasts behind them.
pub struct Feed;

static CAPABILITIES: Capabilities = Capabilities {
    name: "feed",
    icon: "rss",
    can_send: false,
    public: true,
    threads: false,
    attachments: false,
    max_length: None,
    can_look_up_sent: false,
    settings: &[
        Setting { name: "url", kind: SettingKind::Url, required: true, default: "" },
        Setting { name: "comments", kind: SettingKind::Flag, required: false, default: "false" },
    ],
};

impl Channel for Feed {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, connection: &Connection) -> Vec<Failure> {
        address(&connection.settings).err().into_iter().collect()
    }

    fn test<'a>(&'a self, ctx: &'a Context, connection: &'a Connection) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async {
            let found = fetch::locate(ctx, &address(&connection.settings)?).await?;
            Ok(found.feed.title.unwrap_or_else(|| found.url.to_string()))
        })
    }

    fn listen(&self, ctx: &Context, connection: &Connection) -> Option<Box<dyn Listener>> {
        let comments = match connection.settings.get("comments") {
            Some(Json::Bool(on)) => *on,
            Some(Json::String(text)) => matches!(text.as_str(), "true" | "on" | "1"),
            _ => false,
        };
        Some(Box::new(fetch::FeedListener { ctx: ctx.clone(), url: address(&connection.settings), comments }))
    }
}

/// The setting `url`; `blog.example` is as good as `https://blog.example`.
fn address(settings: &Json) -> Result<Url, Failure> {
    let wrong = |detail: &str| Failure::Setting { field: "url".into(), detail: detail.into() };
    let text = settings.get("url").and_then(Json::as_str).unwrap_or_default();
    web_address(text).ok_or_else(|| wrong(if text.trim().is_empty() { "missing" } else { "not a web address" }))
}

fn web_address(text: &str) -> Option<Url> {
    let text = text.trim();
    let text = text.strip_prefix("feed:").map(|rest| rest.trim_start_matches("//")).unwrap_or(text);
    let url = match text.split_once("://") {
        Some(_) => Url::parse(text).ok()?,
        None if text.is_empty() => return None,
        None => Url::parse(&format!("https://{text}")).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

/// What `tresen channel try feed` looks at.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Address of a feed or of a page that has one.
    Address(&'a str),
    /// Bytes of a feed, and where its relative addresses begin.
    Bytes(&'a [u8], &'a Url),
}

/// What was found there.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Where the feed is; `None` for bytes.
    pub url: Option<Url>,
    pub title: Option<String>,
    /// Oldest first.
    pub items: Vec<Inbound>,
}

/// Reads a feed once, without remembering anything.
pub async fn try_source(ctx: &Context, source: Source<'_>) -> Result<Tried, Failure> {
    let (url, mut feed) = match source {
        Source::Address(text) => {
            let url = web_address(text).ok_or_else(|| Failure::Setting { field: "url".into(), detail: "not a web address".into() })?;
            let found = fetch::locate(ctx, &url).await?;
            (Some(found.url), found.feed)
        }
        Source::Bytes(bytes, base) => (None, parse(bytes, None, base)?),
    };
    fetch::oldest_first(&mut feed.items);
    let mut items: Vec<Inbound> = feed.items.into_iter().map(|item| item.inbound).collect();
    items.iter_mut().for_each(|item| fetch::bound_date(item, ctx.clock.now()));
    Ok(Tried { url, title: feed.title, items })
}

/// An item as one line of JSON, keys in the order `external_id url title author published text html kind`. `published` is RFC 3339 or null.
pub fn item_json(item: &Inbound) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        external_id: &'a str,
        url: Option<&'a str>,
        title: Option<&'a str>,
        author: Option<&'a str>,
        published: Option<String>,
        text: &'a str,
        html: Option<&'a str>,
        kind: ItemKind,
    }
    let line = Line {
        external_id: &item.external_id,
        url: item.canonical_url.as_deref(),
        title: item.title.as_deref(),
        author: Some(item.author.name.as_str()).filter(|name| !name.is_empty()),
        published: item.published_at.map(|at| at.to_string()),
        text: &item.text,
        html: item.html.as_deref(),
        kind: item.kind,
    };
    // Strings and nulls only: serialising cannot fail.
    serde_json::to_string(&line).unwrap_or_default()
}

#[cfg(test)]
mod tests;
