//! What the archive, the screen and other watches ask of a query.

use matching::{FieldName, Filter, Post, Problem, Query, link, parse, parse_archive, tokenise};

fn post(text: &str) -> Post<'_> {
    Post { id: "1", text, lang: Some("de"), ..Post::default() }
}

#[test]
fn the_archive_finds_other_forms_of_an_unquoted_word_and_a_watch_does_not() {
    let text = tokenise(&post("Die Lieferung kam in die Häuser"));
    assert!(parse_archive("Lieferungen").unwrap().matches(&text));
    assert!(parse_archive("Haus").unwrap().matches(&text));
    assert!(!parse_archive("\"Lieferungen\"").unwrap().matches(&text));
    assert!(!parse("Lieferungen").unwrap().matches(&text));
}

#[test]
fn archive_fields_become_filters_of_the_store_with_their_sign() {
    let query = parse_archive("kaffee since:2026-01-01 -label:(VIP OR \"Freie Zeit\") assignee:me").unwrap();
    assert_eq!(
        query.filters(),
        [
            Filter { field: FieldName::Since, negated: false, values: vec!["2026-01-01".into()] },
            Filter { field: FieldName::Label, negated: true, values: vec!["vip".into(), "freie zeit".into()] },
            Filter { field: FieldName::Assignee, negated: false, values: vec!["me".into()] },
        ]
    );
    assert!(query.matches(&tokenise(&post("Kaffee"))));
}

#[test]
fn an_archive_field_that_could_not_be_a_filter_is_an_error_and_never_silently_true() {
    for query in ["kaffee OR since:2026-01-01", "kaffee -(tee label:vip)", "AT LEAST 1 (label:vip, tee)"] {
        let errors = parse_archive(query).unwrap_err();
        assert!(errors.iter().any(|error| matches!(error.problem, Problem::ArchiveNotAtTop { .. })), "{query}");
    }
    assert_eq!(parse_archive("since:2026-02-30").unwrap_err()[0].problem.key(), "bad-value-date");
    assert!(matches!(parse("a since:2026-01-01").unwrap_err()[0].problem, Problem::ArchiveOnly { field: FieldName::Since }));
}

#[test]
fn marks_are_the_bytes_that_matched_and_negations_mark_nothing() {
    let marked = |query: &str, text: &str| {
        let query = parse(query).unwrap();
        query.highlights(&tokenise(&post(text))).into_iter().map(|range| text[range].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(marked("schoen -tee", "Sehr schön, SCHÖN"), ["schön", "SCHÖN"]);
    assert_eq!(marked("\"kalter kaffee\"", "Ein kalter, kalter Kaffee"), ["kalter Kaffee"]);
    assert_eq!(marked("#bahn OR bus", "Die #Bahn! Bahn"), ["#Bahn"]);
    assert_eq!(marked("bahn", "Die #Bahn!"), ["Bahn"]);
    assert_eq!(marked("a NEAR/1 b", "a x y z b a"), ["b", "a"]);
    assert_eq!(marked("👍", "gut 👍🏽!"), ["👍🏽"]);
    assert_eq!(marked("@anna", "Hallo @anna@chaos.social!"), ["@anna@chaos.social"]);
    assert_eq!(marked("kaffee tee", "nur Kaffee"), Vec::<String>::new());
}

fn linked(searches: &[(&str, &str)]) -> Vec<Result<Query, Vec<String>>> {
    let parsed: Vec<Option<Query>> = searches.iter().map(|(_, query)| parse(query).ok()).collect();
    let named: Vec<(&str, Option<&Query>)> = searches.iter().zip(&parsed).map(|((name, _), query)| (*name, query.as_ref())).collect();
    let words = |error: &matching::QueryError| format!("{}:{}:{}", error.column, error.problem.key(), error.word);
    link(&named).into_iter().map(|result| result.map_err(|errors| errors.iter().map(words).collect())).collect()
}

#[test]
fn a_watch_may_name_watches_before_and_after_it() {
    let results = linked(&[("a", "kaffee watch:c"), ("b", "heiß"), ("c", "watch:b OR kalt")]);
    assert!(results[0].as_ref().unwrap().matches(&tokenise(&post("heißer Kaffee, sehr heiß"))));
    assert!(!results[0].as_ref().unwrap().matches(&tokenise(&post("Kaffee"))));
}

#[test]
fn unknown_cyclic_and_broken_watches_are_errors_of_all_that_use_them() {
    let results = linked(&[
        ("a", "x watch:b"),
        ("b", "x watch:a"),
        ("c", "x watch:a"),
        ("d", "x watch:nirgends"),
        ("e", "x watch:kaputt watch:gut"),
        ("kaputt", "*x"),
        ("gut", "x"),
        ("selbst", "x -watch:selbst"),
        ("f", "x watch:d"),
    ]);
    let errors: Vec<String> = results.iter().map(|result| result.as_ref().err().map(|e| e.join(" ")).unwrap_or("fine".into())).collect();
    assert_eq!(
        errors,
        [
            "3:cyclic-watch:b",
            "3:cyclic-watch:a",
            "3:broken-watch:a",
            "3:unknown-watch:nirgends",
            "3:broken-watch:kaputt",
            "",
            "fine",
            "4:cyclic-watch:selbst",
            "3:broken-watch:d",
        ]
    );
}

#[test]
fn a_chain_of_watches_that_doubles_at_every_step_is_refused_before_it_grows() {
    let names: Vec<(String, String)> = (0..60)
        .map(|n| (format!("w{n}"), if n == 0 { "x y".into() } else { format!("watch:w{} OR (z watch:w{})", n - 1, n - 1) }))
        .collect();
    let results = linked(&names.iter().map(|(name, query)| (name.as_str(), query.as_str())).collect::<Vec<_>>());
    assert!(results[5].is_ok());
    assert!(results[59].is_err());
    assert!(results.iter().any(|result| result.as_ref().is_err_and(|errors| errors[0].contains("watch-too-large"))));
}
