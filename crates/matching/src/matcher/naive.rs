//! The language's meaning once more, as plainly as possible and sharing nothing with the fast way but the parser: own splitting,
//! own folding, every position tried, every pair compared. It knows only the characters that the property test writes.

use crate::language::ast::{Atom, AtomKind, Expr, Form, Operand, Term, Value};
use crate::language::fields::FieldName;
use crate::post::Post;

const EMOJI: [&str; 5] = ["👍🏽", "👍", "❤️", "❤", "🇩🇪"];

#[derive(Debug, Default, Clone)]
struct Place {
    folded: Option<String>,
    exact: Option<String>,
    emoji: Option<String>,
    /// Sign and name, folded and exact, with the number of positions.
    signs: Vec<(String, String, usize)>,
    url: Option<String>,
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss").replace('é', "e")
}

fn name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// S1, S4, S6, S7, S9.
fn places(text: &str, urls: bool) -> Vec<Place> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if let Some(emoji) = EMOJI.iter().find(|emoji| rest.starts_with(**emoji)) {
            out.push(Place { emoji: Some(emoji.replace('\u{FE0F}', "")), ..Place::default() });
            rest = &rest[emoji.len()..];
            before = ' ';
            continue;
        }
        let lower = rest.to_lowercase();
        let is_url = ["http://", "https://", "www."].iter().any(|start| lower.starts_with(start));
        let mut eaten = c.len_utf8();
        if urls && is_url && !before.is_alphanumeric() {
            let url = rest.split(|c: char| c.is_whitespace() || "<>\"".contains(c)).next().unwrap();
            let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']', '}', '“', '”']);
            eaten = url.len();
            out.push(Place { url: Some(url.to_owned()), ..Place::default() });
        } else if "#@".contains(c) && !name_char(before) && rest.chars().nth(1).is_some_and(name_char) {
            let mut name: String = rest[1..].chars().take_while(|&c| name_char(c)).collect();
            while c == '@' && rest[1 + name.len()..].starts_with('.') {
                let more: String = rest[2 + name.len()..].chars().take_while(|&c| name_char(c)).collect();
                if more.is_empty() {
                    break;
                }
                name = format!("{name}.{more}");
            }
            let behind = &rest[1 + name.len()..];
            let host: String = match behind.strip_prefix('@') {
                Some(host) if c == '@' && host.starts_with(char::is_alphanumeric) => {
                    host.chars().take_while(|&c| c.is_alphanumeric() || ".-".contains(c)).collect()
                }
                _ => String::new(),
            };
            let host = host.trim_end_matches(['.', '-']);
            let words: Vec<&str> = name.split(['_', '.']).filter(|word| !word.is_empty()).collect();
            let mut signs = vec![format!("{c}{name}")];
            eaten = signs[0].len();
            if !host.is_empty() {
                signs.insert(0, format!("{c}{name}@{host}"));
                eaten = signs[0].len();
            }
            for (i, word) in words.iter().enumerate() {
                let signs = if i == 0 { signs.iter().map(|s| (fold(s), s.clone(), words.len())).collect() } else { Vec::new() };
                out.push(Place { folded: Some(fold(word)), exact: Some((*word).to_owned()), signs, ..Place::default() });
            }
        } else if c.is_alphanumeric() {
            let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            eaten = word.len();
            out.push(Place { folded: Some(fold(&word)), exact: Some(word), ..Place::default() });
        }
        before = rest[..eaten].chars().next_back().unwrap();
        rest = &rest[eaten..];
    }
    out
}

/// S13: all spellings of a word, with ä, ö, ü, ß for the pairs or without.
fn spellings(word: &[char]) -> Vec<Vec<char>> {
    let Some((&first, tail)) = word.split_first() else { return vec![Vec::new()] };
    let with = |c: char, tail: &[char]| spellings(tail).into_iter().map(move |s| [vec![c], s].concat());
    let mut all: Vec<Vec<char>> = with(first, tail).collect();
    let single = match (first, tail.first()) {
        ('a', Some('e')) => Some('ä'),
        ('o', Some('e')) => Some('ö'),
        ('u', Some('e')) => Some('ü'),
        ('s', Some('s')) => Some('ß'),
        _ => None,
    };
    if let Some(single) = single {
        all.extend(with(single, &tail[1..]));
    }
    all
}

fn wild(pattern: &str, word: &str) -> bool {
    let (body, rest) = pattern.strip_suffix('*').map_or((pattern, false), |body| (body, true));
    let same = |pattern: &[char], word: &[char]| {
        (if rest { word.len() >= pattern.len() } else { word.len() == pattern.len() })
            && pattern.iter().zip(word).all(|(p, c)| *p == '?' || p == c)
    };
    let patterns = spellings(&body.chars().collect::<Vec<_>>());
    let words = spellings(&word.chars().collect::<Vec<_>>());
    patterns.iter().any(|pattern| words.iter().any(|word| same(pattern, word)))
}

/// The width of an atom's match at a place.
fn width(atom: &Atom, place: &Place) -> Option<usize> {
    let is = |folded: &str, exact: &str| match atom.form {
        Form::Exact => exact == atom.text,
        _ if atom.text.contains(['?', '*']) => wild(&atom.text, folded),
        _ => folded == atom.text,
    };
    match atom.kind {
        AtomKind::Word => place.folded.as_ref().filter(|folded| is(folded, place.exact.as_ref().unwrap())).map(|_| 1),
        AtomKind::Literal => place.signs.iter().find(|(folded, exact, _)| is(folded, exact)).map(|sign| sign.2),
        AtomKind::Emoji => place
            .emoji
            .as_ref()
            .filter(|emoji| **emoji == atom.text || emoji.replace('🏽', "") == atom.text && atom.form == Form::Folded)
            .map(|_| 1),
    }
}

fn ends(term: &Term, places: &[Place], start: usize) -> Option<usize> {
    let mut at = start;
    for member in &term.members {
        at += member.gap;
        at += width(&member.atom, places.get(at)?)?;
    }
    Some(at)
}

fn spans(term: &Term, places: &[Place]) -> Vec<(usize, usize)> {
    (0..places.len()).filter_map(|start| ends(term, places, start).map(|end| (start, end))).collect()
}

fn operand(side: &Operand, places: &[Place]) -> Vec<(usize, usize)> {
    match side {
        Operand::Term(term) => spans(term, places),
        Operand::Any(sides) => sides.iter().flat_map(|side| operand(side, places)).collect(),
    }
}

pub(super) fn matches(expr: &Expr, post: &Post) -> bool {
    let texts = [places(post.title.unwrap_or(""), true), places(post.text, true)];
    match expr {
        Expr::And(parts) => !parts.iter().any(|part| !matches(part, post)),
        Expr::Or(parts) => parts.iter().any(|part| matches(part, post)),
        Expr::Not(inner, _) => !matches(inner, post),
        Expr::Term(term) => texts.iter().any(|places| !spans(term, places).is_empty()),
        Expr::Near(near) => texts.iter().any(|places| {
            let (left, right) = (operand(&near.left, places), operand(&near.right, places));
            left.iter().any(|a| {
                right.iter().any(|b| {
                    let after = b.0 >= a.1 && b.0 - a.1 <= near.distance;
                    let before = a.0 >= b.1 && a.0 - b.1 <= near.distance;
                    after || before && !near.ordered
                })
            })
        }),
        Expr::AtLeast { n, members } => members.iter().filter(|member| matches(member, post)).count() >= *n,
        Expr::Count { term, comparison, n } => comparison.holds(texts.iter().map(|places| spans(term, places).len() as u64).sum(), *n),
        Expr::Field { name, values, .. } => values.iter().any(|value| field(*name, value, post, &texts)),
        Expr::Broken => false,
    }
}

fn field(name: FieldName, value: &Value, post: &Post, texts: &[Vec<Place>; 2]) -> bool {
    let urls = || texts.iter().flatten().filter_map(|place| place.url.as_deref());
    let text = match value {
        Value::Term(term) if name == FieldName::Title => return !spans(term, &texts[0]).is_empty(),
        Value::Term(term) => {
            return urls().chain(post.url).any(|url| {
                let rest = url.split("://").last().unwrap().split(['?', '#']).next().unwrap().to_owned();
                !spans(term, &places(&rest.replacen('/', " ", 1), false)).is_empty()
            });
        }
        Value::Number(comparison, n) => {
            let number = match name {
                FieldName::Urgency => post.urgency.map(u64::from),
                FieldName::Followers => post.followers,
                _ => post.reach,
            };
            return number.is_some_and(|number| comparison.holds(number, *n));
        }
        Value::Text(text) => text.as_str(),
    };
    let is = |field: Option<&str>| field.is_some_and(|field| fold(field) == text);
    match name {
        FieldName::Author => is(post.author) || post.author.is_some_and(|author| fold(author.split('@').next().unwrap()) == text),
        FieldName::Lang if text == "unknown" => post.lang.is_none_or(|lang| lang == "und"),
        FieldName::Lang => post.lang.is_some_and(|lang| lang.split('-').next() == Some(text)),
        FieldName::Channel => is(post.channel),
        FieldName::Kind => is(post.kind),
        FieldName::Topic => post.topics.iter().any(|topic| fold(topic) == text),
        FieldName::Site => post.url.is_some_and(|url| {
            let host = url.split('/').nth(2).unwrap_or("");
            host == text || host.ends_with(&format!(".{text}"))
        }),
        FieldName::Has => match text {
            "link" => urls().next().is_some(),
            "question" => [post.title.unwrap_or(""), post.text].iter().any(|text| {
                let mut text = (*text).to_owned();
                urls().for_each(|url| text = text.replace(url, " "));
                text.contains('?')
            }),
            media => post.media.contains(&media),
        },
        FieldName::Is => match text {
            "reply" => matches!(post.kind, Some("reply" | "comment")),
            "share" => post.kind == Some("share"),
            "original" => !matches!(post.kind, Some("reply" | "comment" | "share")),
            _ => post.own == Some(true),
        },
        other => unreachable!("the property test does not write {other:?}"),
    }
}
