//! A post as the matcher sees it, and its tokenised form, made once and asked by many queries.

use std::ops::Range;

use crate::hash::{Space, hash};
use crate::language::{after_scheme, host_of};
use crate::text::fold::{fold, fold_value};
use crate::text::stem::Language;
use crate::text::token::{Scan, TokenKind, scan, scan_without_urls};

/// What is known of a post. A condition on something missing is false (S30).
#[derive(Debug, Clone, Default)]
pub struct Post<'a> {
    pub id: &'a str,
    pub text: &'a str,
    pub title: Option<&'a str>,
    pub author: Option<&'a str>,
    pub lang: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub kind: Option<&'a str>,
    /// The post's own address.
    pub url: Option<&'a str>,
    pub account: Option<&'a str>,
    pub followers: Option<u64>,
    pub reach: Option<u64>,
    /// 0 to 3.
    pub urgency: Option<u8>,
    pub sentiment: Option<&'a str>,
    pub intent: Option<&'a str>,
    pub country: Option<&'a str>,
    pub topics: &'a [&'a str],
    /// `image`, `video`.
    pub media: &'a [&'a str],
    /// Written by the workspace itself.
    pub own: Option<bool>,
}

/// A post whose text has been split and folded.
#[derive(Debug, Clone)]
pub struct TokenisedPost {
    pub(crate) title: Stream,
    pub(crate) text: Stream,
    /// Words of host and path of the post's own URL and of those in title and text, each apart.
    pub(crate) links: Vec<Stream>,
    pub(crate) fields: Fields,
}

/// So few entries are searched one by one faster than they are sorted.
const SHORT: usize = 128;

/// A tokenised text with an index of its terms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    pub scan: Scan,
    /// In order of position; sorted by hash, then position, where it has more than [`SHORT`].
    index: Vec<Entry>,
    /// A bit for each hash: most of what is asked for is not there, and most of that is seen here.
    seen: [u64; 8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub hash: u64,
    position: u32,
    /// Index of the literal; [`u32::MAX`] for a word or emoji.
    literal: u32,
}

impl Entry {
    fn new(hash: u64, position: usize, literal: Option<usize>) -> Self {
        // A post of four thousand million words is none.
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1);
        Entry { hash, position: small(position), literal: literal.map_or(u32::MAX, small) }
    }
    pub(crate) fn position(self) -> usize {
        self.position as usize
    }
    pub(crate) fn literal(self) -> Option<usize> {
        (self.literal != u32::MAX).then_some(self.literal as usize)
    }
}

/// Field values, folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pub author: Option<String>,
    pub lang: Option<String>,
    pub languages: &'static [Language],
    pub channel: Option<String>,
    pub kind: Option<String>,
    pub account: Option<String>,
    pub host: Option<String>,
    pub followers: Option<u64>,
    pub reach: Option<u64>,
    pub urgency: Option<u64>,
    pub sentiment: Option<String>,
    pub intent: Option<String>,
    pub country: Option<String>,
    pub topics: Vec<String>,
    pub media: Vec<String>,
    pub own: bool,
    pub has_link: bool,
    pub has_question: bool,
}

impl Stream {
    fn new(scan: Scan) -> Stream {
        let mut index = Vec::with_capacity(scan.tokens.len() + scan.literals.len());
        for (position, token) in scan.tokens.iter().enumerate() {
            let space = match token.kind {
                TokenKind::Word => Space::Word,
                TokenKind::Emoji => Space::Emoji,
                TokenKind::Opaque => continue,
            };
            index.push(Entry::new(hash(space, &token.folded), position, None));
        }
        for (number, literal) in scan.literals.iter().enumerate() {
            index.push(Entry::new(hash(Space::Literal, &literal.folded), literal.first, Some(number)));
        }
        if index.len() > SHORT {
            index.sort_unstable();
        }
        let mut seen = [0; 8];
        for entry in &index {
            let (word, bit) = place(entry.hash);
            seen[word] |= bit;
        }
        Stream { scan, index, seen }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.index
    }

    /// Entries with this hash.
    pub(crate) fn find(&self, hash: u64) -> impl Iterator<Item = Entry> {
        let (word, bit) = place(hash);
        let among = match self.index.len() {
            _ if self.seen[word] & bit == 0 => &[],
            ..=SHORT => &self.index[..],
            _ => {
                let start = self.index.partition_point(|entry| entry.hash < hash);
                let len = self.index[start..].partition_point(|entry| entry.hash == hash);
                &self.index[start..start + len]
            }
        };
        among.iter().copied().filter(move |entry| entry.hash == hash)
    }

    /// The literals that begin at a position, as indices.
    pub(crate) fn literals_at(&self, position: usize) -> Range<usize> {
        let start = self.scan.literals.partition_point(|literal| literal.first < position);
        let len = self.scan.literals[start..].partition_point(|literal| literal.first == position);
        start..start + len
    }
}

/// Where a hash has its bit in [`Stream::seen`].
fn place(hash: u64) -> (usize, u64) {
    ((hash >> 61) as usize, 1 << (hash >> 55 & 63))
}

/// Splits and folds a post.
pub fn tokenise(post: &Post) -> TokenisedPost {
    let title = Stream::new(scan(post.title.unwrap_or_default()));
    let text = Stream::new(scan(post.text));
    let in_text: Vec<&str> = title.scan.urls().chain(text.scan.urls()).collect();
    let has_link = !in_text.is_empty();
    let links = post.url.into_iter().chain(in_text).map(|url| Stream::new(scan_without_urls(&words_of_url(url)))).collect();
    let value = |value: Option<&str>| value.map(fold_value).filter(|value| !value.is_empty());
    let fields = Fields {
        author: value(post.author).map(|author| author.trim_start_matches('@').to_owned()),
        lang: post.lang.and_then(|lang| lang.trim().split(['-', '_']).next()).map(str::to_ascii_lowercase),
        languages: Language::of_code(post.lang),
        channel: value(post.channel),
        kind: value(post.kind),
        account: value(post.account),
        host: post.url.and_then(host_of),
        followers: post.followers,
        reach: post.reach,
        urgency: post.urgency.map(u64::from),
        sentiment: value(post.sentiment),
        intent: value(post.intent),
        country: post.country.map(|country| country.trim().to_ascii_lowercase()),
        topics: post.topics.iter().map(|topic| fold_value(topic)).collect(),
        media: post.media.iter().map(|media| fold(media)).collect(),
        own: post.own == Some(true),
        has_link,
        has_question: title.scan.question || text.scan.question,
    };
    TokenisedPost { title, text, links, fields }
}

/// Host and path, percent-decoded: no scheme, user, port, query, fragment (S33).
fn words_of_url(url: &str) -> String {
    let rest = after_scheme(url);
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
    format!("{} {}", host_of(url).unwrap_or_default(), percent_decoded(path))
}

/// What is no valid escape stays; what is no UTF-8 becomes a separator.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_the_words_of_host_and_path_only() {
        let words = |url: &str| {
            scan_without_urls(&words_of_url(url)).tokens.into_iter().map(|t| String::from(t.folded)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("https://me:pw@www.Example.com:8080/Sch%C3%B6ne-Sachen/a_b?q=x#y"), "www example com schoene sachen a b");
        assert_eq!(words("https://example.com"), "example com");
        assert_eq!(words("https://example.com?x=/y"), "example com");
        assert_eq!(words("https://x.de/100%"), "x de 100");
    }
}
