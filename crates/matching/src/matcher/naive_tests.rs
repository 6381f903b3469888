use proptest::prelude::*;
use proptest::sample::select;

use super::{Matcher, naive};
use crate::post::{Post, tokenise};
use crate::query::{Query, parse};
use crate::search::document::search_document;

const WORDS: &[&str] = &["bahn", "Müller", "mueller", "schon", "schön", "Straße", "la", "friday", "Black", "café"];
const TERMS: &[&str] = &[
    "bahn",
    "BAHN",
    "müller",
    "schön",
    "schon",
    "strasse",
    "la",
    "#bahn",
    "#black_friday",
    "#la*",
    "@anna",
    "@anna@chaos.social",
    "@anna.b",
    "👍",
    "👍🏽",
    "❤",
    "🇩🇪",
    "={Bahn}",
    "={bahn}",
    "={#Bahn}",
    "={la la}",
    "schö*",
    "sch*",
    "ba*",
    "M?ller",
    "m??ller",
    "sch?n",
    "s?ra?e",
    "M?l*",
    "Bahn-La",
    "\"la la\"",
    "\"black friday\"",
    "\"la * bahn\"",
    "\"#bahn la\"",
    "\"schon * * la\"",
    "\"sch* bahn\"",
    "\"👍 la\"",
    "café",
    "H&M",
];
const FIELDS: &[&str] = &[
    "lang:de",
    "lang:(de OR en)",
    "lang:unknown",
    "author:anna",
    "author:anna@chaos.social",
    "channel:mastodon",
    "kind:comment",
    "is:reply",
    "is:original",
    "is:own",
    "is:share",
    "has:link",
    "has:question",
    "has:image",
    "followers:>10",
    "urgency:<=1",
    "reach:5",
    "topic:bahn",
    "site:example.com",
    "title:bahn",
    "title:\"la la\"",
    "title:(sch* OR #bahn)",
    "url:bahn",
    "url:\"example com\"",
    "url:ba*",
];
const FRAGMENTS: &[&str] = &[
    "#Bahn",
    "#bahn",
    "#black_friday",
    "#la",
    "#lala",
    "@anna",
    "@anna.b",
    "@anna@chaos.social",
    "👍",
    "👍🏽",
    "❤️",
    "🇩🇪",
    "https://example.com/bahn/la?x=1",
    "www.bahn.de.",
    "?",
    "-",
    "Bahn",
    "SCHÖN",
    "Mueller",
    "Miller",
    "H&M",
    "la,la",
];

fn term() -> impl Strategy<Value = String> {
    select(TERMS).prop_map(str::to_owned)
}

/// A side of NEAR.
fn side() -> impl Strategy<Value = String> {
    prop_oneof![3 => term(), 1 => (term(), term(), term()).prop_map(|(a, b, c)| format!("({a} OR ({b} OR {c}))"))]
}

fn query() -> impl Strategy<Value = String> {
    let near = (side(), side(), 0..6usize, any::<bool>());
    let leaf = prop_oneof![
        6 => term(),
        2 => select(FIELDS).prop_map(str::to_owned),
        3 => near.prop_map(|(a, b, n, ordered)| format!("{a} {}NEAR/{n} {b}", if ordered { "O" } else { "" })),
        1 => (term(), 1..4u8, select(&[">=", ">", "="][..])).prop_map(|(t, n, sign)| format!("COUNT({t}) {sign} {n}")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} OR {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} -({b})")),
            (inner.clone(), inner.clone(), inner, 1..3u8).prop_map(|(a, b, c, n)| format!("AT LEAST {n} ({a}, {b}, {c})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![select(WORDS), select(FRAGMENTS)], 0..9).prop_map(|parts| parts.join(" "))
}

#[derive(Debug, Clone)]
struct Sample {
    title: Option<String>,
    text: String,
    lang: Option<&'static str>,
    author: Option<&'static str>,
    kind: Option<&'static str>,
    channel: Option<&'static str>,
    url: Option<&'static str>,
    followers: Option<u64>,
    urgency: Option<u8>,
    own: Option<bool>,
    topics: Vec<&'static str>,
    media: Vec<&'static str>,
}

fn maybe(values: &'static [&'static str]) -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::of(select(values))
}

fn sample() -> impl Strategy<Value = Sample> {
    let texts = (proptest::option::of(text()), text());
    let names = (
        maybe(&["de", "de-AT", "en", "und"]),
        maybe(&["anna", "anna@chaos.social", "Berta"]),
        maybe(&["post", "reply", "comment", "share"]),
    );
    let places = (maybe(&["mastodon", "Mastodon", "blog"]), maybe(&["https://www.example.com/bahn", "https://badexample.com/la"]));
    let numbers = (proptest::option::of(0..20u64), proptest::option::of(0..4u8), proptest::option::of(any::<bool>()));
    let lists = (proptest::sample::subsequence(vec!["bahn", "Preis"], 0..=2), proptest::sample::subsequence(vec!["image", "video"], 0..=2));
    (texts, names, places, numbers, lists).prop_map(
        |((title, text), (lang, author, kind), (channel, url), (followers, urgency, own), (topics, media))| Sample {
            title,
            text,
            lang,
            author,
            kind,
            channel,
            url,
            followers,
            urgency,
            own,
            topics,
            media,
        },
    )
}

impl Sample {
    fn post(&self) -> Post<'_> {
        Post {
            id: "1",
            text: &self.text,
            title: self.title.as_deref(),
            author: self.author,
            lang: self.lang,
            channel: self.channel,
            kind: self.kind,
            url: self.url,
            followers: self.followers,
            reach: self.followers,
            urgency: self.urgency,
            topics: &self.topics,
            media: &self.media,
            own: self.own,
            ..Post::default()
        }
    }
}

proptest! {
    #[test]
    fn the_fast_way_and_the_plain_way_agree(texts in proptest::collection::vec(query(), 1..6), samples in proptest::collection::vec(sample(), 4..9)) {
        // Members of AT LEAST can turn out equal, which is an error of the query.
        let queries: Vec<Query> = texts.iter().filter_map(|text| parse(text).ok()).collect();
        let mut matcher = Matcher::new();
        for (id, query) in queries.iter().enumerate() {
            matcher.set(id, query.clone());
        }
        for sample in &samples {
            let post = sample.post();
            let tokenised = tokenise(&post);
            let expected: Vec<usize> = (0..queries.len()).filter(|&id| naive::matches(queries[id].expr(), &post)).collect();
            prop_assert_eq!(matcher.matches(&tokenised), expected.clone(), "{:?} {:?}", queries.iter().map(Query::canonical).collect::<Vec<_>>(), post);
            let document = search_document(&[post.title.unwrap_or_default(), post.text], post.lang);
            for &id in &expected {
                prop_assert!(queries[id].required_terms().holds(&document), "{} {:?}", queries[id].canonical(), document);
            }
            for query in &queries {
                let marks = query.highlights(&tokenised);
                prop_assert!(marks.windows(2).all(|pair| pair[0].end <= pair[1].start));
                prop_assert!(marks.iter().all(|mark| !post.text[mark.clone()].is_empty()));
            }
        }
    }

    #[test]
    fn printing_and_parsing_a_query_gives_it_back(text in query()) {
        if let Ok(query) = parse(&text) {
            let canonical = query.canonical();
            let again = parse(&canonical);
            prop_assert_eq!(again.as_ref().map(Query::canonical), Ok(canonical.clone()), "{}", text);
            prop_assert_eq!(again.as_ref(), Ok(&query), "{}", canonical);
        }
    }

    #[test]
    fn nearly_every_written_query_parses(text in query()) {
        if let Err(errors) = parse(&text) {
            prop_assert!(errors.iter().all(|error| error.problem.key() == "at-least-number"), "{} {:?}", text, errors);
        }
    }

    #[test]
    fn removing_searches_leaves_the_others_as_they_were(texts in proptest::collection::vec(query(), 2..8), sample in sample()) {
        let queries: Vec<Query> = texts.iter().filter_map(|text| parse(text).ok()).collect();
        let tokenised = tokenise(&sample.post());
        let (mut all, mut odd) = (Matcher::new(), Matcher::new());
        for (id, query) in queries.iter().enumerate() {
            all.set(id, query.clone());
            if id % 2 == 1 {
                odd.set(id, query.clone());
            }
        }
        let snapshot = all.clone();
        let before = snapshot.matches(&tokenised);
        (0..queries.len()).step_by(2).for_each(|id| all.remove(id));
        prop_assert_eq!(all.matches(&tokenised), odd.matches(&tokenised));
        prop_assert_eq!(all.len(), odd.len());
        prop_assert_eq!(snapshot.matches(&tokenised), before);
    }
}
