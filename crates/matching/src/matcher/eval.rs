//! Whether a compiled query matches a tokenised post, and where.

use std::ops::Range;

use super::compile::{How, Node, Phrase, Test};
use crate::language::ast::AtomKind;
use crate::language::fields::FieldName;
use crate::post::{Entry, Fields, Stream, TokenisedPost};
use crate::text::stem::{Language, stem};
use crate::text::token::TokenKind;

/// Positions of a match: from, to (behind the last).
type Span = (usize, usize);

pub(crate) fn matches(node: &Node, post: &TokenisedPost) -> bool {
    match node {
        Node::And(parts) => parts.iter().all(|part| matches(part, post)),
        Node::Or(parts) => parts.iter().any(|part| matches(part, post)),
        Node::Not(inner) => !matches(inner, post),
        Node::Find(phrase) => both(post).any(|stream| found(phrase, stream, post)),
        Node::Near { ordered, distance, left, right } => both(post).any(|stream| {
            let left = side_spans(left, stream, post);
            !left.is_empty() && !near_pairs(&left, &side_spans(right, stream, post), *ordered, *distance, true).is_empty()
        }),
        Node::AtLeast { n, members } => members.iter().filter(|member| matches(member, post)).take(*n).count() == *n,
        Node::Count { phrase, comparison, n } => {
            let count: usize = both(post).map(|stream| distinct_starts(&spans(phrase, stream, post))).sum();
            comparison.holds(count as u64, *n)
        }
        Node::Title(phrases) => phrases.iter().any(|phrase| found(phrase, &post.title, post)),
        Node::Link(phrases) => phrases.iter().any(|phrase| post.links.iter().any(|link| found(phrase, link, post))),
        Node::Field(name, values) => values.iter().any(|value| field_is(*name, value, &post.fields)),
        Node::Number(name, tests) => {
            let number = match name {
                FieldName::Urgency => post.fields.urgency,
                FieldName::Followers => post.fields.followers,
                _ => post.fields.reach,
            };
            number.is_some_and(|number| tests.iter().any(|(comparison, n)| comparison.holds(number, *n)))
        }
        Node::Watch(watches) => watches.iter().any(|watch| matches(watch, post)),
        Node::Elsewhere => true,
    }
}

fn both(post: &TokenisedPost) -> impl Iterator<Item = &Stream> {
    [&post.title, &post.text].into_iter()
}

fn field_is(name: FieldName, value: &str, fields: &Fields) -> bool {
    let is = |field: &Option<String>| field.as_deref() == Some(value);
    match name {
        FieldName::Author => {
            let name_of = |author: &str| author.split('@').next() == Some(value);
            is(&fields.author) || !value.contains('@') && fields.author.as_deref().is_some_and(name_of)
        }
        FieldName::Lang if value == "unknown" => fields.lang.as_deref().is_none_or(|lang| lang.is_empty() || lang == "und"),
        FieldName::Lang => is(&fields.lang),
        FieldName::Channel => is(&fields.channel),
        FieldName::Account => is(&fields.account),
        FieldName::Kind => is(&fields.kind),
        FieldName::Country => is(&fields.country),
        FieldName::Sentiment => is(&fields.sentiment),
        FieldName::Intent => is(&fields.intent),
        FieldName::Topic => fields.topics.iter().any(|topic| topic == value),
        FieldName::Site => fields
            .host
            .as_deref()
            .is_some_and(|host| host.strip_suffix(value).is_some_and(|below| below.is_empty() || below.ends_with('.'))),
        FieldName::Has => match value {
            "link" => fields.has_link,
            "question" => fields.has_question,
            media => fields.media.iter().any(|known| known == media),
        },
        FieldName::Is => {
            let kind = fields.kind.as_deref();
            let (reply, share) = (matches!(kind, Some("reply" | "comment")), kind == Some("share"));
            match value {
                "reply" => reply,
                "share" => share,
                "original" => !reply && !share,
                _ => fields.own,
            }
        }
        _ => false,
    }
}

/// The width of the match that begins at a position.
fn width_at(test: &Test, stream: &Stream, position: usize, post: &TokenisedPost) -> Option<usize> {
    if test.kind == AtomKind::Literal {
        let index = stream.literals_at(position).find(|&index| {
            let literal = &stream.scan.literals[index];
            compares(test, &literal.folded, &literal.exact, post)
        })?;
        return Some(stream.scan.literals[index].width);
    }
    let token = stream.scan.tokens.get(position)?;
    let kind = if test.kind == AtomKind::Emoji { TokenKind::Emoji } else { TokenKind::Word };
    (token.kind == kind && compares(test, &token.folded, &token.exact, post)).then_some(1)
}

fn compares(test: &Test, folded: &str, exact: &str, post: &TokenisedPost) -> bool {
    match &test.how {
        How::Folded => folded == test.folded,
        How::Exact(text) => exact == text,
        How::Pattern(pattern) => pattern.matches(folded),
        How::Stemmed(stems) => folded == test.folded || stems.iter().any(|(language, wanted)| has_stem(folded, *language, wanted, post)),
    }
}

fn has_stem(folded: &str, language: Language, wanted: &str, post: &TokenisedPost) -> bool {
    post.fields.languages.contains(&language) && stem(folded, language).is_some_and(|stem| stem == wanted)
}

/// Positions at which a test holds, in order.
fn starts(test: &Test, stream: &Stream, post: &TokenisedPost) -> Vec<usize> {
    match &test.how {
        How::Folded | How::Exact(_) => {
            let mut positions: Vec<usize> = stream.find(test.hash).map(Entry::position).collect();
            positions.sort_unstable();
            positions.dedup();
            positions.retain(|&position| width_at(test, stream, position, post).is_some());
            positions
        }
        How::Pattern(_) | How::Stemmed(_) => {
            (0..stream.scan.tokens.len()).filter(|&position| width_at(test, stream, position, post).is_some()).collect()
        }
    }
}

/// The end of the match of a phrase that begins at a position.
fn phrase_end(phrase: &Phrase, start: usize, stream: &Stream, post: &TokenisedPost) -> Option<usize> {
    let mut at = start;
    for member in &phrase.members {
        at += member.gap;
        at += width_at(&member.test, stream, at, post)?;
    }
    Some(at)
}

fn found(phrase: &Phrase, stream: &Stream, post: &TokenisedPost) -> bool {
    let Some(first) = phrase.members.first() else { return false };
    match &first.test.how {
        // A position may be met twice, for two literals that begin there; that changes nothing.
        How::Folded | How::Exact(_) => {
            stream.find(first.test.hash).any(|entry| phrase_end(phrase, entry.position(), stream, post).is_some())
        }
        How::Pattern(_) | How::Stemmed(_) => (0..stream.scan.tokens.len()).any(|start| phrase_end(phrase, start, stream, post).is_some()),
    }
}

/// Matches in order of their starts.
fn spans(phrase: &Phrase, stream: &Stream, post: &TokenisedPost) -> Vec<Span> {
    let Some(first) = phrase.members.first() else { return Vec::new() };
    let starts = starts(&first.test, stream, post);
    starts.into_iter().filter_map(|start| phrase_end(phrase, start, stream, post).map(|end| (start, end))).collect()
}

fn side_spans(side: &[Phrase], stream: &Stream, post: &TokenisedPost) -> Vec<Span> {
    let mut all: Vec<Span> = side.iter().flat_map(|phrase| spans(phrase, stream, post)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn distinct_starts(spans: &[Span]) -> usize {
    let mut starts: Vec<usize> = spans.iter().map(|span| span.0).collect();
    starts.dedup();
    starts.len()
}

/// Pairs with at most `distance` positions between them and no overlap (S19); only one when that is enough.
fn near_pairs(left: &[Span], right: &[Span], ordered: bool, distance: usize, one: bool) -> Vec<(Span, Span)> {
    let mut pairs = Vec::new();
    let mut follow = |first: &[Span], second: &[Span]| {
        for &a in first {
            let from = second.partition_point(|b| b.0 < a.1);
            for &b in second[from..].iter().take_while(|b| b.0 - a.1 <= distance) {
                pairs.push((a, b));
                if one {
                    return;
                }
            }
        }
    };
    follow(left, right);
    if !ordered {
        follow(right, left);
    }
    pairs
}

/// Bytes of the post's text that matched, in order and without overlaps; negated parts mark nothing.
pub(crate) fn highlights(node: &Node, post: &TokenisedPost) -> Vec<Range<usize>> {
    let mut marks = Vec::new();
    mark(node, post, &mut marks);
    marks.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in marks {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn mark(node: &Node, post: &TokenisedPost, marks: &mut Vec<Range<usize>>) {
    let stream = &post.text;
    match node {
        Node::And(parts) | Node::Or(parts) | Node::AtLeast { members: parts, .. } => {
            parts.iter().filter(|part| matches(part, post)).for_each(|part| mark(part, post, marks));
        }
        Node::Find(phrase) | Node::Count { phrase, .. } => {
            marks.extend(spans(phrase, stream, post).into_iter().map(|span| bytes(span, std::slice::from_ref(phrase), stream)));
        }
        Node::Near { ordered, distance, left, right } => {
            for (a, b) in near_pairs(&side_spans(left, stream, post), &side_spans(right, stream, post), *ordered, *distance, false) {
                marks.push(bytes(a, left, stream));
                marks.push(bytes(b, left, stream));
            }
        }
        Node::Watch(watches) => watches.iter().filter(|watch| matches(watch, post)).for_each(|watch| mark(watch, post, marks)),
        Node::Not(_) | Node::Title(_) | Node::Link(_) | Node::Field(..) | Node::Number(..) | Node::Elsewhere => {}
    }
}

/// The bytes of a span, with the signs of tags that begin or end it.
fn bytes((start, end): Span, phrases: &[Phrase], stream: &Stream) -> Range<usize> {
    let tokens = &stream.scan.tokens;
    let (mut from, mut to) = (tokens[start].range.start, tokens[end - 1].range.end);
    let literal = phrases.iter().flat_map(|phrase| &phrase.members).any(|member| member.test.kind == AtomKind::Literal);
    if literal {
        for literal in &stream.scan.literals[stream.literals_at(start)] {
            from = from.min(literal.range.start);
        }
        let inside = stream.literals_at(start).start..stream.literals_at(end).start;
        for literal in stream.scan.literals[inside].iter().filter(|literal| literal.first + literal.width == end) {
            to = to.max(literal.range.end);
        }
    }
    from..to.max(from)
}
