//! From a feed's own words to [`Inbound`] items: RSS 0.9x–2.0, RDF, Atom 0.3 and 1.0, JSON Feed 1.x.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use url::Url;

use super::schedule::Hints;
use super::xml::{self, Element};
use super::{charset, dates};
use crate::{Author, Failure, Inbound, ItemKind, MediaLink, html};

/// Longest identifier taken as it is, in bytes; longer ones are hashed.
const MAX_ID: usize = 1_000;
const MAX_TITLE: usize = 1_000;
/// Bytes of text kept of one item.
const MAX_TEXT: usize = 200_000;
/// Items read of one feed.
const MAX_ITEMS: usize = 5_000;

/// A feed, read.
#[derive(Debug, Clone, Default)]
pub struct ParsedFeed {
    pub title: Option<String>,
    /// The site it belongs to.
    pub site: Option<Url>,
    pub language: Option<String>,
    /// The feed brings comments, not posts.
    pub is_comments: bool,
    /// Where comments on the whole site are probably found (WordPress, Blogger).
    pub comments_feed: Option<Url>,
    pub hints: Hints,
    /// As in the feed, newest first as a rule.
    pub items: Vec<FeedItem>,
}

/// An item and what only feeds know of it.
#[derive(Debug, Clone)]
pub struct FeedItem {
    pub inbound: Inbound,
    /// `wfw:commentRss`, `link rel=replies`.
    pub comments_feed: Option<Url>,
    /// `slash:comments`, `thr:total`.
    pub comment_count: Option<u32>,
}

/// Reads a feed of any kind. `base` is where it came from: relative addresses are resolved against it. [`Failure::Garbage`] when it is none.
pub fn parse(bytes: &[u8], content_type: Option<&str>, base: &Url) -> Result<ParsedFeed, Failure> {
    let text = charset::decode(bytes, content_type);
    let begin = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut feed = if begin.starts_with('{') { read_json(begin, base)? } else { read_xml(&text, base)? };
    mend_ids(&mut feed.items);
    settle_kind(&mut feed, base);
    Ok(feed)
}

fn garbage(detail: &str) -> Failure {
    Failure::Garbage { detail: detail.to_owned() }
}

fn read_xml(text: &str, base: &Url) -> Result<ParsedFeed, Failure> {
    let document = xml::read(text);
    let root = find_root(&document, 0).ok_or_else(|| garbage(if is_page(text) { "a web page, not a feed" } else { "not a feed" }))?;
    Ok(if matches!(root.name.as_str(), "atom:feed" | "atom:entry") { read_atom(root, base) } else { read_rss(root, base) })
}

/// Warnings of a site's software may stand around the feed, so it is looked for a little way down.
fn find_root(element: &Element, depth: usize) -> Option<&Element> {
    let is_root = |e: &&Element| matches!(e.name.as_str(), "rss" | "rdf:RDF" | "RDF" | "atom:feed" | "atom:entry" | "channel");
    if element.elements().any(|e| e.local().eq_ignore_ascii_case("html")) {
        return None;
    }
    element.elements().find(is_root).or_else(|| (depth < 3).then(|| element.elements().find_map(|e| find_root(e, depth + 1)))?)
}

fn is_page(text: &str) -> bool {
    let head = model::text::truncate(text, 2_000).0.to_ascii_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

/// The base for an element's addresses (XML Base).
fn based(base: &Url, element: &Element) -> Url {
    element.attribute("xml:base").or_else(|| element.attribute("x:base")).and_then(|at| base.join(at).ok()).unwrap_or_else(|| base.clone())
}

fn web_address(base: &Url, text: &str) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4_096 {
        return None;
    }
    base.join(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn read_rss(root: &Element, base: &Url) -> ParsedFeed {
    let base = &based(base, root);
    let channel = if root.name == "channel" { root } else { root.child("channel").unwrap_or(root) };
    let mut items: Vec<&Element> = channel.all("item").take(MAX_ITEMS).collect();
    if !std::ptr::eq(root, channel) {
        items.extend(root.all("item").take(MAX_ITEMS));
    }
    without_torso(&mut items);
    let language = channel.value("language").or_else(|| channel.value("dc:language")).or_else(|| language_of(root));
    let author = channel.value("itunes:author").or_else(|| channel.value("managingEditor")).or_else(|| channel.value("dc:creator"));
    let author = author.map(|text| person(&text, None)).unwrap_or_default();
    let site = channel.value("link").and_then(|link| web_address(base, &link));
    let own =
        atom_links(channel).find(|link| link.attribute("rel") == Some("self")).and_then(|link| web_address(base, link.attribute("href")?));
    let generator = channel.value("generator").unwrap_or_default();
    ParsedFeed {
        title: channel.value("title").and_then(|title| heading(&title)),
        comments_feed: comments_feed(&generator, own.as_ref().unwrap_or(base), site.as_ref()),
        site,
        language,
        is_comments: false,
        hints: Hints {
            ttl: channel.value("ttl").and_then(|ttl| ttl.parse::<u32>().ok()).map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            update_period: update_period(channel),
            max_age: None,
        },
        items: items.into_iter().map(|item| rss_item(item, base, &author)).collect(),
    }
}

/// A body cut off half-way ends in a torso; it will be whole next time.
fn without_torso(items: &mut Vec<&Element>) {
    if items.len() > 1 && items.last().is_some_and(|item| item.cut) {
        items.pop();
    }
}

fn atom_links(element: &Element) -> impl Iterator<Item = &Element> {
    element.elements().filter(|e| e.name == "atom:link")
}

/// RSS 1.0 syndication module: how often within the period; hourly, daily …, once if nothing is said.
fn update_period(channel: &Element) -> Option<Duration> {
    let period = match channel.value("sy:updatePeriod")?.to_ascii_lowercase().as_str() {
        "hourly" => 3_600,
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        "monthly" => 30 * 86_400,
        "yearly" => 365 * 86_400,
        _ => return None,
    };
    let times = channel.value("sy:updateFrequency").and_then(|times| times.parse::<u64>().ok()).unwrap_or(1).max(1);
    Some(Duration::from_secs(period / times))
}

/// Where a site's comments are, by the habits of the two systems that have such a feed.
fn comments_feed(generator: &str, own: &Url, site: Option<&Url>) -> Option<Url> {
    let path = own.path().trim_end_matches('/');
    if path.ends_with("/feeds/posts/default") || path.ends_with("/feeds/posts/summary") {
        return own.join("/feeds/comments/default").ok();
    }
    if !generator.to_ascii_lowercase().contains("wordpress") {
        return None;
    }
    if path.ends_with("/feed") && !path.ends_with("/comments/feed") {
        let mut url = own.clone();
        url.set_path(&format!("{}/comments/feed/", path.trim_end_matches("/feed")));
        url.set_query(None);
        return Some(url);
    }
    let mut site = site?.clone();
    site.set_path(&format!("{}/comments/feed/", site.path().trim_end_matches('/')));
    site.set_query(None);
    Some(site)
}

fn language_of(element: &Element) -> Option<String> {
    element.attribute("xml:lang").or_else(|| element.attribute("lang")).map(str::to_owned).filter(|tag| !tag.is_empty())
}

fn rss_item(item: &Element, base: &Url, feed_author: &Author) -> FeedItem {
    let base = &based(base, item);
    let guid = item.child("guid");
    let guid_text = item.value("guid");
    let is_permalink = guid.is_some_and(|guid| guid.attribute("isPermaLink").is_none_or(|is| is.eq_ignore_ascii_case("true")));
    let link = item
        .value("feedburner:origLink")
        .or_else(|| item.value("link"))
        .and_then(|link| web_address(base, &link))
        .or_else(|| {
            atom_links(item)
                .find(|l| matches!(l.attribute("rel"), None | Some("alternate")))
                .and_then(|l| web_address(base, l.attribute("href")?))
        })
        .or_else(|| {
            guid_text.as_deref().filter(|_| is_permalink).filter(|text| text.starts_with("http")).and_then(|text| web_address(base, text))
        })
        .or_else(|| web_address(base, item.attribute("rdf:about")?));
    let author = ["author", "dc:creator", "itunes:author", "atom:author"].into_iter().find_map(|name| {
        let element = item.child(name)?;
        Some(match element.value("atom:name").or_else(|| element.value("name")) {
            Some(name) => person(&name, element.value("atom:uri").as_deref()),
            None => person(&element.text(), None),
        })
        .filter(|author| !author.name.is_empty())
    });
    let date = [
        "pubDate",
        "dc:date",
        "atom:published",
        "dcterms:created",
        "dcterms:issued",
        "atom:updated",
        "dcterms:modified",
        "date",
        "updated",
    ];
    let body = item.child("content:encoded").or_else(|| item.child("xhtml:body")).or_else(|| item.child("xhtml:div"));
    let markup = body.map(|body| body.markup(!body.name.starts_with("xhtml:"))).filter(|markup| !markup.trim().is_empty()).or_else(|| {
        ["description", "media:description", "itunes:summary", "atom:summary", "atom:content"]
            .into_iter()
            .find_map(|name| fallback(item, name))
    });
    build(Raw {
        id: guid_text.or_else(|| item.attribute("rdf:about").map(str::to_owned)).or_else(|| item.value("dc:identifier")),
        link,
        title: item
            .value("title")
            .or_else(|| item.value("media:title"))
            .or_else(|| item.value("dc:title"))
            .and_then(|title| heading(&title)),
        body: markup.map_or(Body::None, |markup| if looks_like_markup(&markup) { Body::Html(markup) } else { Body::Text(markup) }),
        author: author.unwrap_or_else(|| feed_author.clone()),
        dates: date.into_iter().filter_map(|name| item.value(name)).collect(),
        language: item.value("dc:language").or_else(|| language_of(item)),
        element: Some(item),
        ..Raw::new(base)
    })
}

fn fallback(item: &Element, name: &str) -> Option<String> {
    let group = item.child("media:group");
    let element = item.child(name).or_else(|| group?.child(name))?;
    let markup = element.markup(true);
    (!markup.trim().is_empty()).then_some(markup)
}

fn read_atom(root: &Element, base: &Url) -> ParsedFeed {
    let base = &based(base, root);
    let mut items: Vec<&Element> = if root.name == "atom:entry" { vec![root] } else { root.all("atom:entry").take(MAX_ITEMS).collect() };
    without_torso(&mut items);
    let link = |rels: &[&str]| {
        let wanted = |link: &&Element| rels.contains(&link.attribute("rel").unwrap_or("alternate"));
        atom_links(root).find(wanted).and_then(|link| web_address(base, link.attribute("href")?))
    };
    let author = root.child("atom:author").map(atom_person).unwrap_or_default();
    let site = link(&["alternate"]);
    let own = link(&["self"]);
    let generator = root.value("atom:generator").unwrap_or_default();
    ParsedFeed {
        title: root.child("atom:title").and_then(atom_heading),
        comments_feed: comments_feed(&generator, own.as_ref().unwrap_or(base), site.as_ref()),
        site,
        language: language_of(root),
        is_comments: false,
        hints: Hints { update_period: update_period(root), ..Hints::default() },
        items: items.into_iter().map(|entry| atom_entry(entry, base, &author)).collect(),
    }
}

fn atom_entry(entry: &Element, base: &Url, feed_author: &Author) -> FeedItem {
    let base = &based(base, entry);
    let alternate = |link: &&Element| {
        link.attribute("rel").unwrap_or("alternate") == "alternate"
            && link.attribute("type").is_none_or(|kind| kind.contains("html") || kind.is_empty())
    };
    let link = entry
        .value("feedburner:origLink")
        .and_then(|link| web_address(base, &link))
        .or_else(|| {
            let mut links = atom_links(entry);
            let found =
                links.find(alternate).or_else(|| atom_links(entry).find(|l| l.attribute("rel").unwrap_or("alternate") == "alternate"))?;
            web_address(base, found.attribute("href")?)
        })
        .or_else(|| web_address(base, entry.child("atom:content")?.attribute("src")?));
    let source = entry.child("atom:source");
    let author = entry.all("atom:author").map(atom_person).find(|author| !author.name.is_empty());
    let author = author.or_else(|| source?.child("atom:author").map(atom_person)).unwrap_or_else(|| feed_author.clone());
    let content = ["atom:content", "atom:summary"].into_iter().filter_map(|name| entry.child(name)).map(|e| (e, atom_body(e)));
    let body =
        content.filter(|(_, body)| !body.is_empty()).map(|(element, body)| (Some(based(base, element)), language_of(element), body)).next();
    let (body_base, body_language, body) = body.unwrap_or_else(|| {
        let described = fallback(entry, "media:description").map_or(Body::None, Body::Text);
        (None, None, described)
    });
    let date = ["atom:published", "atom:issued", "atom:created", "atom:updated", "atom:modified", "pubDate", "dc:date"];
    build(Raw {
        id: entry.value("atom:id"),
        link,
        title: entry.child("atom:title").and_then(atom_heading).or_else(|| heading(&entry.value("media:title")?)),
        body,
        author,
        dates: date.into_iter().filter_map(|name| entry.value(name)).collect(),
        language: body_language.or_else(|| language_of(entry)),
        element: Some(entry),
        ..Raw::new(body_base.as_ref().unwrap_or(base))
    })
}

/// RFC 4287 §3.1.1 and §4.1.3, and Atom 0.3's `mode`.
fn atom_body(element: &Element) -> Body {
    let kind = element.attribute("type").unwrap_or("text").to_ascii_lowercase();
    let mode = element.attribute("mode").unwrap_or_default();
    if mode == "base64" {
        return Body::None;
    }
    let has_markup = element.elements().next().is_some();
    match kind.split(';').next().unwrap_or_default().trim() {
        "xhtml" | "application/xhtml+xml" => Body::Html(element.markup(mode == "escaped")),
        "html" | "text/html" => Body::Html(element.markup(mode != "xml")),
        "text" | "text/plain" | "" if mode == "escaped" || has_markup => Body::Html(element.markup(!has_markup)),
        // "text" often is HTML that nobody labelled; real text has no tags.
        "text" | "text/plain" | "" => {
            let text = element.text();
            if has_tags(&text) { Body::Html(text) } else { Body::Text(text) }
        }
        kind if kind.starts_with("text/") => Body::Text(element.text()),
        _ => Body::None,
    }
}

fn atom_heading(element: &Element) -> Option<String> {
    // A title labelled as text is taken at its word: in one, `<b>` is more likely meant than forgotten.
    if matches!(element.attribute("type"), None | Some("text"))
        && element.attribute("mode").is_none()
        && element.elements().next().is_none()
    {
        return plain_line(&element.text());
    }
    match atom_body(element) {
        Body::Html(markup) => plain_line(&html::to_text(&markup)),
        Body::Text(text) => plain_line(&text),
        Body::None => None,
    }
}

fn atom_person(element: &Element) -> Author {
    let name = element.value("atom:name").or_else(|| element.value("atom:email")).unwrap_or_else(|| element.text());
    person(&name, element.value("atom:uri").or_else(|| element.value("atom:url")).as_deref())
}

fn read_json(text: &str, base: &Url) -> Result<ParsedFeed, Failure> {
    let feed: Json = serde_json::from_str(text).map_err(|error| garbage(&format!("JSON: {error}")))?;
    let items = feed.get("items").and_then(Json::as_array).ok_or_else(|| garbage("JSON, but not a feed"))?;
    let author = json_author(&feed).unwrap_or_default();
    Ok(ParsedFeed {
        title: json_text(&feed, "title").and_then(|title| plain_line(&title)),
        site: json_text(&feed, "home_page_url").and_then(|url| web_address(base, &url)),
        language: json_text(&feed, "language"),
        items: items.iter().take(MAX_ITEMS).filter(|item| item.is_object()).map(|item| json_item(item, base, &author)).collect(),
        ..ParsedFeed::default()
    })
}

/// Numbers count as text: identifiers often are.
fn json_text(object: &Json, key: &str) -> Option<String> {
    match object.get(key)? {
        Json::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn json_author(object: &Json) -> Option<Author> {
    let first = object.get("authors").and_then(Json::as_array).and_then(|all| all.first()).or_else(|| object.get("author"))?;
    let name = json_text(first, "name").or_else(|| first.as_str().map(str::to_owned));
    Some(person(&name.unwrap_or_default(), json_text(first, "url").as_deref()))
}

fn json_item(item: &Json, base: &Url, feed_author: &Author) -> FeedItem {
    let link = json_text(item, "url").or_else(|| json_text(item, "external_url")).and_then(|url| web_address(base, &url));
    let body = match (json_text(item, "content_html"), json_text(item, "content_text").or_else(|| json_text(item, "summary"))) {
        (Some(markup), _) => Body::Html(markup),
        (None, Some(text)) => Body::Text(text),
        (None, None) => Body::None,
    };
    let files = item.get("attachments").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let media = files.iter().filter_map(|file| {
        Some(MediaLink { url: web_address(base, &json_text(file, "url")?)?.into(), kind: json_text(file, "mime_type") })
    });
    build(Raw {
        id: json_text(item, "id"),
        link,
        title: json_text(item, "title").and_then(|title| plain_line(&title)),
        body,
        author: json_author(item).filter(|author| !author.name.is_empty()).unwrap_or_else(|| feed_author.clone()),
        dates: ["date_published", "date_modified"].into_iter().filter_map(|key| json_text(item, key)).collect(),
        language: json_text(item, "language"),
        media: media.take(20).collect(),
        ..Raw::new(base)
    })
}

enum Body {
    None,
    Text(String),
    Html(String),
}

impl Body {
    fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Text(text) | Self::Html(text) => text.trim().is_empty(),
        }
    }
}

/// What all formats come to.
struct Raw<'a> {
    base: &'a Url,
    id: Option<String>,
    link: Option<Url>,
    title: Option<String>,
    body: Body,
    author: Author,
    /// By preference.
    dates: Vec<String>,
    language: Option<String>,
    media: Vec<MediaLink>,
    /// For the extensions all XML formats share.
    element: Option<&'a Element>,
}

impl<'a> Raw<'a> {
    fn new(base: &'a Url) -> Self {
        Self {
            base,
            id: None,
            link: None,
            title: None,
            body: Body::None,
            author: Author::default(),
            dates: Vec::new(),
            language: None,
            media: Vec::new(),
            element: None,
        }
    }
}

fn build(raw: Raw) -> FeedItem {
    let body_base = raw.link.as_ref().unwrap_or(raw.base);
    let (text, html) = match raw.body {
        Body::None => (String::new(), None),
        Body::Text(text) => (html::tidy(&text.replace("\r\n", "\n")).trim().to_owned(), None),
        Body::Html(markup) => {
            let clean = html::sanitise_with_base(&markup, Some(body_base));
            (html::to_text(&clean), Some(clean).filter(|clean| !clean.is_empty()))
        }
    };
    let text = model::text::truncate(&text, MAX_TEXT).0.to_owned();
    let canonical_url = raw.link.as_ref().map(|link| canonical(link, false));
    // The first date that is one; impossible ones are passed over.
    let published_at = raw.dates.iter().find_map(|date| dates::parse(date));
    let external_id = raw.id.map(|id| html::tidy(id.trim()).into_owned()).filter(|id| !id.is_empty()).map(bounded_id);
    let external_id = external_id.or_else(|| canonical_url.clone().map(bounded_id)).unwrap_or_else(|| {
        hash_id(&format!("{}\n{}", raw.title.as_deref().unwrap_or(&text), raw.dates.first().map(String::as_str).unwrap_or_default()))
    });
    let reply = raw.element.and_then(|item| item.child("thr:in-reply-to"));
    let in_reply_to = reply.and_then(|reply| reply.attribute("ref").or_else(|| reply.attribute("href"))).filter(|to| !to.is_empty());
    let count = raw.element.and_then(|item| item.value("slash:comments").or_else(|| item.value("thr:total")));
    FeedItem {
        comments_feed: raw.element.and_then(|item| item_comments_feed(item, raw.base)),
        comment_count: count.and_then(|count| count.parse().ok()),
        inbound: Inbound {
            external_id,
            canonical_url,
            kind: if in_reply_to.is_some() { ItemKind::Comment } else { ItemKind::Post },
            author: raw.author,
            title: raw.title,
            text,
            html,
            published_at,
            language_hint: raw.language.filter(|tag| tag.len() <= 35 && tag.is_ascii()),
            in_reply_to: in_reply_to.map(|to| model::text::truncate(&html::tidy(to), MAX_ID).0.to_owned()),
            attachments: Vec::new(),
            mail: None,
            media: raw.element.map_or(raw.media, |item| media(item, raw.base)),
        },
    }
}

fn item_comments_feed(item: &Element, base: &Url) -> Option<Url> {
    let named = item.value("wfw:commentRss").or_else(|| item.value("wfw:commentRSS"));
    let replies =
        |link: &&Element| link.attribute("rel") == Some("replies") && link.attribute("type").is_some_and(|kind| kind.contains("xml"));
    named.and_then(|url| web_address(base, &url)).or_else(|| web_address(base, atom_links(item).find(replies)?.attribute("href")?))
}

/// Enclosures and Media RSS, each address once.
fn media(item: &Element, base: &Url) -> Vec<MediaLink> {
    let mut found: Vec<MediaLink> = Vec::new();
    let mut add = |element: &Element, key: &str| {
        let Some(url) = element.attribute(key).and_then(|url| web_address(base, url)).map(String::from) else { return };
        if found.len() < 20 && found.iter().all(|link| link.url != url) {
            let kind = element.attribute("type").or_else(|| element.attribute("medium")).map(|kind| html::tidy(kind).into_owned());
            found.push(MediaLink { url, kind: kind.filter(|kind| !kind.is_empty() && kind.len() <= 100) });
        }
    };
    item.all("enclosure").for_each(|e| add(e, "url"));
    atom_links(item).filter(|link| link.attribute("rel") == Some("enclosure")).for_each(|e| add(e, "href"));
    item.all("media:content").for_each(|e| add(e, "url"));
    for group in item.all("media:group") {
        group.all("media:content").for_each(|e| add(e, "url"));
    }
    found
}

/// `Name`, `mail@example.org (Name)`, `Name <mail@example.org>`, `mail@example.org`.
fn person(text: &str, uri: Option<&str>) -> Author {
    let text =
        plain_line(&if looks_like_markup(text) && !text.contains('@') { html::to_text(text) } else { text.to_owned() }).unwrap_or_default();
    let name = match (text.contains('@'), text.find('('), text.rfind(')')) {
        (true, Some(open), Some(close)) if open + 1 < close => text[open + 1..close].trim().to_owned(),
        (true, ..) => {
            let words: Vec<&str> = text.split_whitespace().filter(|word| !word.contains('@')).collect();
            if words.is_empty() { text.trim_matches(['<', '>']).trim_start_matches("mailto:").to_owned() } else { words.join(" ") }
        }
        _ => text,
    };
    let url = uri.and_then(|uri| Url::parse(uri.trim()).ok()).filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from);
    Author { name: model::text::truncate(&name, 200).0.to_owned(), handle: url.clone(), url, address: None }
}

fn has_tags(text: &str) -> bool {
    let Some(last) = text.rfind('>') else { return false };
    text[..last].match_indices('<').any(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!'))
}

/// RSS does not say whether a text is HTML. Tags or character references tell.
fn looks_like_markup(text: &str) -> bool {
    has_tags(text)
        || text.match_indices('&').any(|(at, _)| {
            let name = text[at + 1..].bytes().take(33).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
            name >= 2 && text[at + 1 + name..].starts_with(';')
        })
}

fn heading(text: &str) -> Option<String> {
    if looks_like_markup(text) { plain_line(&html::to_text(text)) } else { plain_line(text) }
}

/// On one line, spaces at the ends and doubled ones taken out; a no-break space is kept.
fn plain_line(text: &str) -> Option<String> {
    let line = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let line = html::tidy(&line).into_owned();
    let line = model::text::truncate(&line, MAX_TITLE).0;
    (!line.is_empty()).then(|| line.to_owned())
}

fn bounded_id(id: String) -> String {
    if id.len() <= MAX_ID { id } else { hash_id(&id) }
}

fn hash_id(text: &str) -> String {
    format!("sha256:{}", hex(text, 32))
}

/// The first `digits` hexadecimal digits of the SHA-256.
pub(super) fn hex(text: &str, digits: usize) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out.truncate(digits);
    out
}

/// The address without what only counts visitors: `utm_…`, click ids, mail campaign ids; without fragment unless it names a comment or is a
/// route (`#!`). `keep_fragment` keeps any.
pub fn canonical(url: &Url, keep_fragment: bool) -> String {
    const TRACKING: [&str; 20] = [
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "mc_cid",
        "mc_eid",
        "_hsenc",
        "_hsmi",
        "mkt_tok",
        "wt_mc",
        "wt_zmc",
        "xtor",
        "at_medium",
        "at_campaign",
        "ref_src",
        "__s",
    ];
    let mut url = url.clone();
    let is_tracking = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = key.to_ascii_lowercase();
        key.starts_with("utm_") || TRACKING.contains(&key.as_str()) || (key == "source" && value.starts_with("rss"))
    };
    if let Some(query) = url.query() {
        // Pair by pair as they stand: parsing and writing them anew would change addresses that are not ours to change.
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect::<Vec<_>>().join("&");
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
    let telling = url
        .fragment()
        .is_some_and(|fragment| keep_fragment && !fragment.is_empty() || fragment.starts_with('!') || is_comment_mark(fragment));
    if !telling {
        url.set_fragment(None);
    }
    url.into()
}

/// `comment-12`, `comment12`, `c12`, `issuecomment-12`, `div-comment-12`.
fn is_comment_mark(fragment: &str) -> bool {
    let lower = fragment.to_ascii_lowercase();
    let head = lower.trim_end_matches(|c: char| c.is_ascii_hexdigit() || c == '-' || c == '_');
    lower.contains("comment") && lower.bytes().any(|b| b.is_ascii_digit())
        || (lower.starts_with('c') && lower.len() > 1 && lower[1..].bytes().all(|b| b.is_ascii_digit()))
        || head == "kommentar"
}

/// Feeds that give several items the same id: their links tell them apart, or their words.
fn mend_ids(items: &mut [FeedItem]) {
    let mut links: HashMap<String, Vec<Option<String>>> = HashMap::new();
    for item in items.iter() {
        let all = links.entry(item.inbound.external_id.clone()).or_default();
        if !all.contains(&item.inbound.canonical_url) {
            all.push(item.inbound.canonical_url.clone());
        }
    }
    for item in items {
        if links.get(&item.inbound.external_id).is_some_and(|all| all.len() > 1) {
            let words =
                || hash_id(&format!("{}\n{}", item.inbound.external_id, item.inbound.title.as_deref().unwrap_or(&item.inbound.text)));
            item.inbound.external_id = item.inbound.canonical_url.clone().map_or_else(words, bounded_id);
        }
    }
}

/// Tells a feed of comments, and lets its items be comments that point to their post.
fn settle_kind(feed: &mut ParsedFeed, base: &Url) {
    const TITLES: [&str; 8] = [
        "comments on:",
        "comments on ",
        "comments for ",
        "kommentare zu:",
        "kommentare zu ",
        "kommentare für ",
        "commentaires pour ",
        "commentaires sur ",
    ];
    let path = base.path().to_ascii_lowercase();
    let by_address =
        path.contains("/comments/feed") || path.contains("/feeds/comments") || base.query().is_some_and(|q| q.contains("feed=comments"));
    let title = feed.title.as_deref().unwrap_or_default().to_lowercase();
    let by_title = TITLES.iter().any(|beginning| title.starts_with(beginning));
    let marked = |item: &FeedItem| {
        let mark = |text: &str| text.split_once('#').is_some_and(|(_, fragment)| is_comment_mark(fragment));
        item.inbound.canonical_url.as_deref().is_some_and(mark) || mark(&item.inbound.external_id)
    };
    let by_items = !feed.items.is_empty() && feed.items.iter().all(marked);
    feed.is_comments = by_items || ((by_address || by_title) && !feed.items.iter().any(|item| item.comment_count.is_some()));
    if !feed.is_comments {
        return;
    }
    feed.comments_feed = None;
    for FeedItem { inbound, .. } in &mut feed.items {
        inbound.kind = ItemKind::Comment;
        if inbound.in_reply_to.is_none() {
            inbound.in_reply_to = inbound.canonical_url.as_deref().and_then(|url| url.split_once('#')).map(|(post, _)| post.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> String {
        canonical(&Url::parse(text).unwrap(), false)
    }

    #[test]
    fn tracking_is_taken_off_addresses_and_nothing_else() {
        for (given, expected) in [
            ("https://a.example/p?utm_source=rss&utm_medium=rss&id=7", "https://a.example/p?id=7"),
            ("https://a.example/p?UTM_Source=x", "https://a.example/p"),
            ("https://a.example/p?b=%20x+y&fbclid=abc&a=1", "https://a.example/p?b=%20x+y&a=1"),
            ("https://a.example/p?source=rss----123", "https://a.example/p"),
            ("https://a.example/p?source=print", "https://a.example/p?source=print"),
            ("https://A.Example:443/p#top", "https://a.example/p"),
            ("https://a.example/p#comment-12", "https://a.example/p#comment-12"),
            ("https://a.example/p#c8123", "https://a.example/p#c8123"),
            ("https://a.example/#!/route", "https://a.example/#!/route"),
            ("https://a.example/p#comments", "https://a.example/p"),
        ] {
            assert_eq!(address(given), expected, "{given}");
        }
    }

    #[test]
    fn authors_are_told_from_their_addresses() {
        for (text, name) in [
            ("erika@example.org (Erika Muster)", "Erika Muster"),
            ("Erika Muster <erika@example.org>", "Erika Muster"),
            ("erika@example.org", "erika@example.org"),
            ("J\u{fc}rgen\u{2013}a@b.de\u{2013}x", "J\u{fc}rgen\u{2013}a@b.de\u{2013}x"),
            ("  Erika\n Muster ", "Erika Muster"),
            ("AT&amp;T", "AT&T"),
            ("", ""),
        ] {
            assert_eq!(person(text, None).name, name, "{text}");
        }
    }
}
