use proptest::prelude::*;

use super::error::{MAX_BYTES, MAX_DEPTH, MAX_TERMS};
use crate::query::{parse, parse_archive};

fn keys(query: &str) -> Vec<&'static str> {
    parse(query).err().unwrap_or_default().iter().map(|error| error.problem.key()).collect()
}

#[test]
fn a_column_counts_characters_and_not_bytes() {
    let errors = parse("größe 👍 ö*").unwrap_err();
    assert_eq!((errors[0].column, errors[0].word.as_str()), (10, "ö*"));
}

#[test]
fn an_error_says_what_is_wrong_and_what_would_do() {
    let say = |query: &str| parse(query).unwrap_err()[0].to_string();
    assert_eq!(
        say("NOT a NEAR/5 b"),
        "A side of NEAR is a word, phrase or OR-group of these, not NOT; negate the whole. Try: NOT (a NEAR/5 b)"
    );
    assert_eq!(
        say("lie*ung"),
        "A star stands only at a word's end; for one character inside use ?, for endings name the words with OR. Try: lie*"
    );
    assert!(say("sentiment:negatve").ends_with("the nearest is negative. Try: sentiment:negative"));
    assert!(say("COUNT(a) < 3").ends_with("Try: NOT COUNT(a) >= 3"));
    assert!(say("COUNT(a) <= 3").ends_with("Try: NOT COUNT(a) >= 4"));
    assert!(say("(a b) NEAR/5 c").ends_with("Try: a NEAR/5 c AND b NEAR/5 c"));
}

#[test]
fn what_is_suggested_parses() {
    for query in
        ["NOT a NEAR/5 b", "(a b) NEAR/5 c", "lie*ung", "COUNT(a) < 3", "COUNT(a b) > 1", "sentiment:gut", "lief**", "www.example.com"]
    {
        let errors = parse(query).unwrap_err();
        let fix = errors[0].fix.clone().unwrap();
        let beside = if fix.starts_with("NOT") { format!("x {fix}") } else { fix };
        let beside = if beside.starts_with("COUNT") { format!("{beside} > 1") } else { beside };
        assert!(parse(&beside).is_ok(), "{query}: {beside}");
    }
}

#[test]
fn the_limits_are_legal_and_one_more_is_refused() {
    let terms = |n: usize| vec!["a"; n].join(" ");
    assert!(parse(&terms(MAX_TERMS)).is_ok());
    assert_eq!(keys(&terms(MAX_TERMS + 1)), ["too-many-terms"]);
    let nested = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(keys(&nested(MAX_DEPTH + 1)), ["too-deep"]);
    let inner = |n: usize| format!("{}lang:(de){}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&inner(MAX_DEPTH - 1)).is_ok());
    assert_eq!(keys(&inner(MAX_DEPTH)), ["too-deep"]);
    let long = |n: usize| "a".repeat(n);
    assert!(parse(&long(MAX_BYTES)).is_ok());
    assert_eq!(keys(&long(MAX_BYTES + 1)), ["too-long"]);
}

#[test]
fn only_parentheses_and_dashes_in_masses_are_refused_quickly_and_without_a_deep_stack() {
    for piece in [
        "(",
        ")",
        "-",
        "\"",
        "NOT ",
        "={",
        "AT LEAST 1 (",
        "COUNT(",
        "lang:(",
        "a NEAR ",
        "*",
        "?",
        "a:",
        "#",
        "@a",
        "-(",
        "a*",
        "a*-",
        "#a-",
        "a-",
        "_*",
        "OR ",
    ] {
        let query = piece.repeat(MAX_BYTES / piece.len());
        assert!(parse(&query).is_err() || matches!(piece, "@a" | "#a-" | "a-"), "{piece}");
    }
}

#[test]
fn upper_case_operators_are_words_only_in_quotes() {
    assert_eq!(parse("\"AND\" or \"NEAR\"").unwrap().canonical(), "and or near");
    assert_eq!(parse("COUNT tisch").unwrap().canonical(), "count tisch");
    assert_eq!(parse("AT home").unwrap().canonical(), "at home");
}

#[test]
fn the_canonical_form_is_short_and_folded() {
    for (written, canonical) in [
        ("Kaffee  UND (Tee)", "kaffee tee"),
        ("(a OR (b OR c)) NICHT d", "(a OR b OR c) -d"),
        ("a b OR c", "a AND b OR c"),
        ("H&M", "\"h m\""),
        ("„schöner Tag“", "\"schoener tag\""),
        ("a NEAR b", "a NEAR/10 b"),
        ("NOT (a ONEAR/3 b) c", "-(a ONEAR/3 b) c"),
        ("LANG:(DE OR de)", "lang:de"),
        ("topic:\"Freie Lieferung\"", "topic:\"freie lieferung\""),
        ("followers:=5 urgency:>=2", "followers:5 urgency:>=2"),
        ("AT  LEAST 2(a,b  c,a)", "AT LEAST 2 (a, b c)"),
        ("COUNT (\"a  b\")>=3", "COUNT(\"a b\") >= 3"),
        ("={H&M} #Müller* ❤️", "={H M} #mueller* ❤"),
        ("\"a * * B\"", "\"a * * b\""),
        ("title:\"Die Bahn\" watch:\"Mein Name\"", "title:\"die bahn\" watch:\"Mein Name\""),
    ] {
        assert_eq!(parse(written).map(|query| query.canonical()), Ok(canonical.to_owned()), "{written}");
    }
}

#[test]
fn a_quoted_word_keeps_its_quotes_in_the_archive_because_they_mean_something_there() {
    let query = parse_archive("Lieferungen \"Häuser\" schö*").unwrap();
    assert_eq!(query.canonical(), "lieferungen \"haeuser\" schoe*");
    assert_eq!(parse_archive(&query.canonical()).as_ref(), Ok(&query));
}

const PIECES: &str = "(\\PC|[a-zA-Zäöß]{1,3}| |\\(|\\)|\"|-|\\*|\\?|#|@|:|,|=\\{|\\}|AND |OR |NOT |NEAR/[0-9x]{0,3} |AT LEAST |[0-9]|COUNT\\(|\\) >= |lang:|title:|url:|author:|watch:|since:2026-01-01|👍|\u{AD}|\u{200D}|http://|www.|東|à){0,24}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_makes_the_parser_panic_and_every_error_has_its_place(text in PIECES) {
        for result in [parse(&text), parse_archive(&text)] {
            match result {
                Ok(query) => {
                    let canonical = query.canonical();
                    let again = if query == parse(&text).unwrap_or_else(|_| query.clone()) { parse(&canonical) } else { parse_archive(&canonical) };
                    let again = again.or_else(|_| parse_archive(&canonical));
                    prop_assert_eq!(again.as_ref().map(|q| q.canonical()), Ok(canonical), "{:?}", text);
                }
                Err(errors) => {
                    prop_assert!(!errors.is_empty());
                    prop_assert!(errors.windows(2).all(|pair| pair[0].column <= pair[1].column));
                    for error in &errors {
                        prop_assert!(error.column >= 1 && error.column <= text.chars().count().max(1), "{:?} {:?}", text, error);
                        prop_assert!(!error.to_string().is_empty() && !error.problem.key().is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn parsing_what_was_printed_gives_the_same_query(text in PIECES) {
        if let Ok(query) = parse(&text) {
            prop_assert_eq!(parse(&query.canonical()), Ok(query), "{:?}", text);
        }
        if let Ok(query) = parse_archive(&text) {
            prop_assert_eq!(parse_archive(&query.canonical()), Ok(query), "{:?}", text);
        }
    }
}
