//! The language's sentences as tables of hand-written cases.

use matching::{Post, Query, parse, tokenise};

/// Lines that are neither empty nor comments, with their number.
fn lines(table: &'static str) -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    let used = |(_, line): &(usize, &str)| !line.is_empty() && !line.starts_with("# ") && !line.starts_with("## ");
    table.lines().enumerate().filter(used).map(|(at, line)| (at + 1, line.split('\t').collect()))
}

#[test]
fn every_case_of_the_table_of_queries_holds() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (line, cells) in lines(include_str!("queries.tsv")) {
        let (expected, written, text) = (cells[0], cells[1], cells[2]);
        let all: Vec<(&str, &str)> = cells[3..].iter().map(|cell| cell.split_once('=').expect("key=value")).collect();
        let one = |key: &str| all.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        let many = |key: &str| all.iter().filter(|(known, _)| *known == key).map(|(_, value)| *value).collect::<Vec<_>>();
        let number = |key: &str| one(key).map(|value| value.parse::<u64>().expect("number"));
        let (topics, media) = (many("topic"), many("media"));
        let post = Post {
            id: "1",
            text,
            title: one("title"),
            author: one("author"),
            lang: one("lang"),
            channel: one("channel"),
            kind: one("kind"),
            url: one("url"),
            account: one("account"),
            followers: number("followers"),
            reach: number("reach"),
            urgency: number("urgency").map(|n| n as u8),
            sentiment: one("sentiment"),
            intent: one("intent"),
            country: one("country"),
            topics: &topics,
            media: &media,
            own: one("own").map(|own| own == "true"),
        };
        match parse(written) {
            Ok(query) if query.matches(&tokenise(&post)) == (expected == "yes") => {}
            Ok(query) => wrong.push(format!("line {line}: {written} = {} on {text} should be {expected}", query.canonical())),
            Err(errors) => wrong.push(format!("line {line}: {written}: {}", errors[0])),
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 150, "{cases}");
}

#[test]
fn every_case_of_the_table_of_errors_gives_all_errors_at_their_columns() {
    let mut wrong = Vec::new();
    for (line, cells) in lines(include_str!("errors.tsv")) {
        let found: Vec<String> = match parse(cells[0]) {
            Ok(query) => vec![format!("parsed as {}", query.canonical())],
            Err(errors) => errors.iter().map(|error| format!("{}:{}", error.column, error.problem.key())).collect(),
        };
        if found.join(" ") != cells[1] {
            wrong.push(format!("line {line}: {}: {} and not {}", cells[0], found.join(" "), cells[1]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_canonical_form_of_every_query_of_the_table_is_stable() {
    for (line, cells) in lines(include_str!("queries.tsv")) {
        let Ok(query) = parse(cells[1]) else { continue };
        let again = parse(&query.canonical());
        assert_eq!(again.as_ref(), Ok(&query), "line {line}: {}", query.canonical());
        assert_eq!(again.as_ref().map(Query::canonical), Ok(query.canonical()), "line {line}");
    }
}

#[test]
fn a_mark_on_a_question_mark_makes_no_wildcard() {
    for text in ["OEAR????\u{34b}", "kaffee?\u{301} tee", "kaf?\u{301}ee"] {
        let once = matching::parse(text).unwrap().canonical();
        assert_eq!(matching::parse(&once).unwrap().canonical(), once, "{text:?}");
    }
}
