//! Reads XML as feeds have it, not as it should be: undeclared entities and prefixes, stray `&` and `<`, unclosed tags, text before the
//! prolog, a body cut off half-way. Never fails; what cannot be a tag is text.
//!
//! A strict parser (and feed-rs, which sits on one) gives up a whole feed for one such fault. Entities are never expanded from a DTD, so
//! there is nothing to blow up; depth and number of elements are bounded.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::charset::windows_1252;
use crate::html;

/// Deeper elements are read as text only.
const MAX_DEPTH: usize = 100;
/// Namespace declarations in scope; more than any document has, few enough to look through for each element.
const MAX_NAMESPACES: usize = 200;
/// More elements than any feed within the body limit honestly has.
const MAX_ELEMENTS: usize = 300_000;

/// An element under the name everybody knows it by: the prefix is the conventional one whatever the document declares.
#[derive(Debug, Default)]
pub struct Element {
    /// `item`, `atom:entry`, `content:encoded`. RSS names have no prefix.
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
    /// Its end tag never came.
    pub cut: bool,
}

#[derive(Debug)]
pub enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.name == name)
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// Trimmed text of the first child called `name`; empty counts as missing.
    pub fn value(&self, name: &str) -> Option<String> {
        self.all(name).map(|element| element.text().trim().to_owned()).find(|text| !text.is_empty())
    }

    /// All text in it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.push_text(&mut out);
        out
    }

    fn push_text(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Element(element) => element.push_text(out),
                Node::Text(text) => out.push_str(text),
            }
        }
    }

    pub fn local(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or_default()
    }

    /// Its content as HTML. `escaped`: the text is markup itself (RSS, Atom `html`), not the words (Atom `xhtml`).
    pub fn markup(&self, escaped: bool) -> String {
        let mut out = String::new();
        self.push_markup(&mut out, escaped);
        out
    }

    fn push_markup(&self, out: &mut String, escaped: bool) {
        for node in &self.children {
            match node {
                Node::Text(text) if escaped => out.push_str(text),
                Node::Text(text) => push_escaped(out, text),
                Node::Element(element) => {
                    let _ = write!(out, "<{}", element.local());
                    for (key, value) in &element.attributes {
                        let _ = write!(out, " {key}=\"");
                        push_escaped(out, value);
                        out.push('"');
                    }
                    out.push('>');
                    element.push_markup(out, escaped);
                    if !is_void(element.local()) {
                        let _ = write!(out, "</{}>", element.local());
                    }
                }
            }
        }
    }
}

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}

fn is_void(local: &str) -> bool {
    matches!(local, "br" | "hr" | "img" | "wbr")
}

/// Reads a document. The result has no name; its children are the top-level nodes.
pub fn read(text: &str) -> Element {
    let mut reader = Reader {
        text,
        at: 0,
        stack: vec![Frame::default()],
        names: Vec::new(),
        count: 0,
        entities: HashMap::new(),
        doctype: false,
        atom: false,
    };
    reader.run();
    while reader.stack.len() > 1 {
        reader.pop(true);
    }
    reader.stack.pop().map(|frame| frame.element).unwrap_or_default()
}

#[derive(Default)]
struct Frame {
    element: Element,
    /// As written, for matching the end tag.
    raw: String,
    /// Length of `names` before it opened.
    names: usize,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    stack: Vec<Frame>,
    /// Namespace prefixes in scope.
    names: Vec<(String, String)>,
    count: usize,
    entities: HashMap<String, Option<String>>,
    /// The first declaration was read; there is but one DOCTYPE.
    doctype: bool,
    /// The root is Atom's: names without any namespace are its.
    atom: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let Some(open) = rest.find('<') else {
                self.push_decoded(rest);
                break;
            };
            self.push_decoded(&rest[..open]);
            self.at += open;
            self.markup(&rest[open..]);
        }
    }

    /// `rest` begins with `<`.
    fn markup(&mut self, rest: &'a str) {
        let until = |begin: usize, end: &str| rest[begin..].find(end).map(|at| (begin + at, begin + at + end.len()));
        if rest.starts_with("<!--") {
            self.at += until(4, "-->").map_or(rest.len(), |(_, end)| end);
        } else if rest.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("<![CDATA[")) {
            let (inner, end) = until(9, "]]>").unwrap_or((rest.len(), rest.len()));
            self.push_text(&rest[9..inner]);
            self.at += end;
        } else if rest.starts_with("<?") {
            // Not `?>`: looking for it anew at each of a million `<?` would take forever.
            self.at += until(2, ">").map_or(rest.len(), |(_, end)| end);
        } else if rest.starts_with("<!") {
            // A DOCTYPE with an internal subset ends at `]>`.
            let simple = until(2, ">").map_or(rest.len(), |(_, end)| end);
            let subset = !std::mem::replace(&mut self.doctype, true) && rest[..simple].contains('[');
            self.at += if subset { until(2, "]>").map_or(simple, |(_, end)| end) } else { simple };
        } else if let Some(name) = rest.strip_prefix("</") {
            let end = name.find(['>', '<']).unwrap_or(name.len());
            let closing = name[..end].trim().to_owned();
            self.at += 2 + end + usize::from(name[end..].starts_with('>'));
            self.close(&closing);
        } else if rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
            self.open(rest);
        } else {
            self.push_text("<");
            self.at += 1;
        }
    }

    fn open(&mut self, rest: &'a str) {
        let name_end = rest[1..].find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<')).map_or(rest.len(), |at| at + 1);
        let raw = &rest[1..name_end];
        let (attributes, end, empty) = self.attributes(rest, name_end);
        self.at += end;
        // Only on the way to an element that will be kept; tags cost a slot each even when ignored.
        self.count += 1;
        if self.stack.len() > MAX_DEPTH || self.count > MAX_ELEMENTS {
            return;
        }
        let mark = self.names.len();
        for (key, value) in &attributes {
            if let Some(prefix) = key.strip_prefix("xmlns").filter(|_| self.names.len() < MAX_NAMESPACES) {
                self.names.push((prefix.trim_start_matches(':').to_owned(), value.trim().to_owned()));
            }
        }
        let local = raw.rsplit(':').next().unwrap_or(raw);
        if self.stack.len() == 1 && matches!(local, "feed" | "entry") {
            self.atom = true;
        }
        let name = self.canonical(raw);
        if matches!(name.as_str(), "item" | "atom:entry") {
            // An item in an item: the end tag of the first is missing.
            if let Some(at) = self.stack.iter().rposition(|frame| frame.element.name == name) {
                while self.stack.len() > at {
                    self.pop(false);
                }
            }
        }
        let attributes = attributes.into_iter().filter(|(key, _)| !key.starts_with("xmlns")).collect();
        let element = Element { name, attributes, children: Vec::new(), cut: false };
        self.stack.push(Frame { element, raw: raw.to_owned(), names: mark });
        if empty || (!raw.contains(':') && is_void(local)) {
            self.pop(false);
        }
    }

    /// Attributes of a start tag from `at` on, where the tag ends, and whether it is an empty-element tag.
    fn attributes(&mut self, rest: &'a str, mut at: usize) -> (Vec<(String, String)>, usize, bool) {
        let mut found = Vec::new();
        let mut empty = false;
        loop {
            let here = &rest[at..];
            let Some(c) = here.chars().next() else { return (found, at, empty) };
            match c {
                '>' => return (found, at + 1, empty),
                // The `>` was forgotten: the next tag begins.
                '<' => return (found, at, empty),
                '/' => {
                    empty = true;
                    at += 1;
                }
                c if c.is_whitespace() || matches!(c, '=' | '"' | '\'') => at += c.len_utf8(),
                _ => {
                    empty = false;
                    let end = here.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/' | '<')).unwrap_or(here.len());
                    let key = here[..end].to_owned();
                    at += end;
                    let after = rest[at..].trim_start();
                    let mut value = String::new();
                    if let Some(assigned) = after.strip_prefix('=') {
                        let assigned = assigned.trim_start();
                        let start = rest.len() - assigned.len();
                        let (raw, next) = quoted(assigned);
                        value = self.decode(raw);
                        at = start + next;
                    }
                    if found.len() < 100 {
                        found.push((key, value));
                    }
                }
            }
        }
    }

    fn close(&mut self, raw: &str) {
        if let Some(at) = self.stack.iter().rposition(|frame| frame.raw == raw).filter(|at| *at > 0) {
            while self.stack.len() > at {
                self.pop(false);
            }
        }
    }

    fn pop(&mut self, cut: bool) {
        if let Some(frame) = self.stack.pop() {
            self.names.truncate(frame.names);
            let mut element = frame.element;
            element.cut = cut;
            match self.stack.last_mut() {
                Some(parent) => parent.element.children.push(Node::Element(element)),
                None => self.stack.push(Frame { element, raw: String::new(), names: 0 }),
            }
        }
    }

    fn push_decoded(&mut self, text: &str) {
        if text.contains('&') {
            let decoded = self.decode(text);
            self.push_text(&decoded);
        } else {
            self.push_text(text);
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Frame { element, .. }) = self.stack.last_mut() {
            match element.children.last_mut() {
                Some(Node::Text(last)) => last.push_str(text),
                _ if text.is_empty() => {}
                _ => element.children.push(Node::Text(text.to_owned())),
            }
        }
    }

    /// Character and entity references; what is none stays as it stands.
    fn decode(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let end = rest.bytes().take(33).position(|b| b == b';');
            match end.and_then(|end| self.reference(&rest[..end]).map(|meant| (end, meant))) {
                Some((end, meant)) => {
                    out.push_str(&meant);
                    rest = &rest[end + 1..];
                }
                None => out.push('&'),
            }
        }
        out.push_str(rest);
        out
    }

    fn reference(&mut self, name: &str) -> Option<String> {
        if let Some(number) = name.strip_prefix('#') {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            let meant = match code {
                0x80..=0x9f => windows_1252(code as u8),
                _ => char::from_u32(code).unwrap_or('\u{fffd}'),
            };
            return Some(meant.to_string());
        }
        let predefined = match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            _ => {
                if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return None;
                }
                if !self.entities.contains_key(name) && self.entities.len() < 3_000 {
                    self.entities.insert(name.to_owned(), html_entity(name));
                }
                return self.entities.get(name).cloned().flatten();
            }
        };
        Some(predefined.to_owned())
    }

    /// The name with the conventional prefix of its namespace.
    fn canonical(&self, raw: &str) -> String {
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        let local = spelling(local);
        let declared = self.names.iter().rev().find(|(name, _)| name == prefix).map(|(_, uri)| uri.as_str());
        let known = declared.and_then(namespace).or_else(|| {
            // Undeclared, or bound to something unknown: the prefix tells what is meant.
            let prefix = prefix.to_ascii_lowercase();
            PREFIXES.iter().map(|(_, known)| *known).find(|known| *known == prefix && !prefix.is_empty())
        });
        match known {
            Some("") => local.to_owned(),
            Some(prefix) => format!("{prefix}:{local}"),
            None if prefix.is_empty() && self.atom => format!("atom:{local}"),
            None if prefix.is_empty() => local.to_owned(),
            None => format!("x:{local}"),
        }
    }
}

/// The value of an attribute, quoted or not, and where it ends.
fn quoted(text: &str) -> (&str, usize) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return match inner.find(quote) {
                Some(end) => (&inner[..end], end + 2),
                // Never closed: it ends with the tag.
                None => inner.find('>').map_or((inner, text.len()), |end| (&inner[..end], end + 1)),
            };
        }
    }
    let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    (&text[..end], end)
}

/// What HTML means by `&name;`, if it knows all of the name.
fn html_entity(name: &str) -> Option<String> {
    html::look_up(&format!("&{name};")).filter(|meant| !meant.ends_with(';'))
}

/// Beginnings of namespace addresses (lower case) and the prefix they go by. RSS has none.
const PREFIXES: [(&str, &str); 22] = [
    ("http://www.w3.org/2005/atom", "atom"),
    ("http://purl.org/atom/ns", "atom"),
    ("http://purl.org/rss/1.0/modules/content", "content"),
    ("http://purl.org/rss/1.0/modules/slash", "slash"),
    ("http://purl.org/rss/1.0/modules/syndication", "sy"),
    ("http://purl.org/rss/1.0/modules", "x"),
    ("http://purl.org/rss/", ""),
    ("http://purl.org/net/rss", ""),
    ("http://my.netscape.com/rdf/simple", ""),
    ("http://channel.netscape.com/rdf/simple", ""),
    ("http://backend.userland.com/", ""),
    ("http://blogs.law.harvard.edu/tech/rss", ""),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns", "rdf"),
    ("http://purl.org/dc/elements/", "dc"),
    ("http://purl.org/dc/terms", "dcterms"),
    ("http://wellformedweb.org/commentapi", "wfw"),
    ("http://purl.org/syndication/thread/", "thr"),
    ("http://www.itunes.com/dtds/podcast", "itunes"),
    ("http://search.yahoo.com/mrss", "media"),
    ("http://podcastindex.org/namespace", "podcast"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
    ("http://rssnamespace.org/feedburner", "feedburner"),
];

fn namespace(uri: &str) -> Option<&'static str> {
    let lower = uri.to_ascii_lowercase().replacen("https://", "http://", 1);
    PREFIXES.iter().find(|(beginning, _)| lower.starts_with(beginning)).map(|(_, prefix)| *prefix)
}

/// The usual spelling of names that are often written otherwise.
fn spelling(local: &str) -> &str {
    const NAMES: [&str; 10] = [
        "pubDate",
        "lastBuildDate",
        "managingEditor",
        "commentRss",
        "updatePeriod",
        "updateFrequency",
        "origLink",
        "item",
        "channel",
        "title",
    ];
    NAMES.iter().find(|name| name.eq_ignore_ascii_case(local)).map_or(local, |name| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_break_parsers_are_mended() {
        let root = read(
            "\u{feff} \n<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY x \"y\">]><rss><channel><title>A & B &auml; &nope; 1 < 2</title>\
             <item><title>eins<link>https://a.example/?a=1&b=2</link></item><item><title foo=bar>zwei</title><description><![CDATA[<b>x</b>]]>",
        );
        let channel = root.child("rss").unwrap().child("channel").unwrap();
        assert_eq!(channel.value("title").as_deref(), Some("A & B ä &nope; 1 < 2"));
        let items: Vec<&Element> = channel.all("item").collect();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].child("title").unwrap().value("link").as_deref(), Some("https://a.example/?a=1&b=2"));
        assert_eq!(items[1].value("description").as_deref(), Some("<b>x</b>"));
        assert_eq!((items[0].cut, items[1].cut), (false, true));
        assert_eq!(items[1].child("title").unwrap().attribute("foo"), Some("bar"));
    }

    #[test]
    fn elements_go_by_their_usual_prefix_whatever_is_declared() {
        let root = read(
            "<R:RDF xmlns:R='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' xmlns:c='http://purl.org/rss/1.0/modules/content/'>\
             <item><c:encoded>x</c:encoded><slash:comments>3</slash:comments><foo:bar/><PUBDATE>d</PUBDATE></item></R:RDF>",
        );
        let names: Vec<&str> = root.child("rdf:RDF").unwrap().child("item").unwrap().elements().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["content:encoded", "slash:comments", "x:bar", "pubDate"]);
        assert_eq!(read("<feed><entry/></feed>").child("atom:feed").unwrap().elements().next().unwrap().name, "atom:entry");
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let root = read(&"<a>".repeat(200_000));
        let mut depth = 0;
        let mut at = &root;
        while let Some(next) = at.elements().next() {
            at = next;
            depth += 1;
        }
        assert!(depth <= MAX_DEPTH);
        assert!(read(&"<a/>".repeat(MAX_ELEMENTS + 10)).children.len() <= MAX_ELEMENTS);
    }

    #[test]
    fn what_never_ends_takes_linear_time() {
        for text in ["<?x>", "<![x>", "<!--", "<a b='", "<a b=\">", "&amp", "</", "<a ", "<x xmlns:a='b'>", "<![CDATA[", "<a b=c"] {
            read(&text.repeat(400_000));
        }
    }

    #[test]
    fn inner_markup_comes_back_as_html() {
        let root = read("<d><p class=\"x\">Hi <br> &lt;b&gt;</p></d>");
        assert_eq!(root.child("d").unwrap().markup(false), "<p class=\"x\">Hi <br> &lt;b&gt;</p>");
        assert_eq!(root.child("d").unwrap().markup(true), "<p class=\"x\">Hi <br> <b></p>");
    }
}
