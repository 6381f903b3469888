//! Finds a site's feed from the address of any of its pages.

use url::Url;

use super::charset;
use crate::html;

/// Bytes of a page looked at: the links stand in its head.
const HEAD: usize = 512 * 1_024;

/// The feeds a page names (`<link rel=alternate>`), in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub feeds: Vec<Url>,
    /// The site's feed of comments.
    pub comments: Vec<Url>,
}

/// Reads the page's head.
pub fn in_page(bytes: &[u8], content_type: Option<&str>, base: &Url) -> Named {
    let text = charset::decode(bytes, content_type);
    let mut head = Head { base: base.clone(), named: Named::default(), over: false };
    html::run(model::text::truncate(&text, HEAD).0, &mut head);
    head.named
}

struct Head {
    base: Url,
    named: Named,
    /// The body has begun; whoever writes comments there must not name feeds.
    over: bool,
}

impl html::Sink for Head {
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let get = |wanted: &str| attributes.iter().find(|(key, _)| *key == wanted).map_or("", |(_, value)| value.trim());
        match name {
            "body" => self.over = true,
            "base" if !self.over => self.base = self.base.join(get("href")).unwrap_or_else(|_| self.base.clone()),
            "link" if !self.over => {
                self.link(get("href"), &get("rel").to_ascii_lowercase(), &get("type").to_ascii_lowercase(), get("title"))
            }
            _ => {}
        }
    }

    fn end(&mut self, _name: &str) {}

    fn text(&mut self, _text: &str) {}
}

impl Head {
    fn link(&mut self, href: &str, rels: &str, kind: &str, title: &str) {
        let is_feed = rels.split_whitespace().any(|rel| rel == "alternate" || rel == "feed")
            && ["rss", "atom", "feed+json", "rdf+xml", "application/json"].iter().any(|name| kind.contains(name))
            // WordPress names its REST description as JSON, too.
            && !href.contains("/wp-json");
        let Some(url) = self.base.join(href).ok().filter(|url| is_feed && matches!(url.scheme(), "http" | "https")) else { return };
        let title = title.to_lowercase();
        let of_comments = url.path().contains("/comments/") || title.contains("comment") || title.contains("kommentar");
        let list = if of_comments { &mut self.named.comments } else { &mut self.named.feeds };
        if list.len() < 20 && !list.contains(&url) {
            list.push(url);
        }
    }
}

/// Where feeds usually are, next to the given page and at the site's root.
pub fn guesses(page: &Url) -> Vec<Url> {
    const PATHS: [&str; 8] = ["feed/", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json", "feeds/posts/default"];
    let mut here = page.clone();
    here.set_query(None);
    here.set_fragment(None);
    let path = here.path().to_owned();
    let last_is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    if !path.ends_with('/') && !last_is_file {
        here.set_path(&format!("{path}/"));
    }
    let mut found: Vec<Url> = Vec::new();
    let root = here.join("/").ok();
    for (base, paths) in [(Some(here), &PATHS[..2]), (root, &PATHS[..])] {
        for url in paths.iter().filter_map(|path| base.as_ref()?.join(path).ok()) {
            if !found.contains(&url) {
                found.push(url);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_feeds_and_its_comments() {
        let page = include_bytes!("fixtures/page.html");
        let named = in_page(page, Some("text/html; charset=utf-8"), &Url::parse("https://blog.example/2026/post").unwrap());
        let text = |urls: &[Url]| urls.iter().map(Url::to_string).collect::<Vec<_>>();
        assert_eq!(text(&named.feeds), ["https://blog.example/feed/", "https://blog.example/feed.json"]);
        assert_eq!(text(&named.comments), ["https://blog.example/comments/feed/"]);
    }

    #[test]
    fn guesses_begin_near_the_page() {
        let found = guesses(&Url::parse("https://blog.example/team?x=1#y").unwrap());
        assert_eq!(found[0].as_str(), "https://blog.example/team/feed/");
        assert!(found.iter().any(|url| url.as_str() == "https://blog.example/rss.xml"));
        assert!(found.len() <= 10);
    }

    #[test]
    fn a_hostile_page_is_read_in_no_time() {
        let page = "<link rel=alternate type=application/rss+xml href=/f>".to_owned() + &"<b><i><div>".repeat(100_000);
        assert_eq!(in_page(page.as_bytes(), None, &Url::parse("https://a.example/").unwrap()).feeds.len(), 1);
    }
}
