use proptest::prelude::*;

use super::*;
use crate::query::{parse, parse_archive};
use crate::search::document::search_document;

fn finds(search: &str, text: &str, lang: Option<&str>) -> bool {
    search_query(search).holds(&search_document(&[text], lang))
}

#[test]
fn the_search_box_finds_other_forms_of_a_word_unless_it_is_quoted() {
    assert!(finds("Lieferungen", "Die Lieferung kam spät", Some("de")));
    assert!(finds("Lieferung", "Alle Lieferungen", None));
    assert!(!finds("\"Lieferungen\"", "Die Lieferung kam spät", Some("de")));
    assert!(finds("\"Lieferung\"", "Die Lieferung kam spät", Some("de")));
    assert!(finds("delivery", "late deliveries", Some("en")));
    assert!(finds("Haus", "viele Häuser", Some("de")));
}

#[test]
fn the_search_box_knows_umlauts_both_ways_prefixes_tags_and_emoji() {
    assert!(finds("Mueller", "Herr Müller", None));
    assert!(finds("müller", "MUELLER", None));
    assert!(!finds("\"muller\"", "Herr Müller", None));
    assert!(finds("liefer*", "Lieferdienst", None));
    assert!(finds("covi*", "Covid19", None));
    assert!(finds("#bahn", "#Bahn!", None));
    assert!(!finds("#bahn", "Bahn", None));
    assert!(finds("bahn", "#Bahn", None));
    assert!(finds("#nord*", "#Nordwind", None));
    assert!(finds("👍", "gut 👍🏽", None));
    assert!(finds("Слово", "слово", None));
    assert!(!finds("kaffee tee", "kaffee", None));
}

#[test]
fn what_holds_no_word_asks_nothing() {
    for text in ["", "  ", "\"", "***", "https://example.com", "&"] {
        assert_eq!(search_query(text), Narrow::All, "{text}");
        assert_eq!(search_query(text).to_fts5(), None);
        assert_eq!(search_query(text).to_tsquery(), None);
    }
}

#[test]
fn each_engine_gets_its_own_quoted_syntax() {
    let narrow = search_query("5 schö*");
    assert_eq!(
        narrow.to_fts5().as_deref(),
        Some("(\"5\" AND (\"schoe\"* OR \"xqwhdgdgiggpgf\"*))".replace("xqwhdgdgiggpgf", "xqwhdgdgigpgf").as_str())
    );
    assert_eq!(narrow.to_tsquery().as_deref(), Some("('5' & ('schoe':* | 'xqwhdgdgigpgf':*))"));
}

#[test]
fn a_hand_made_token_cannot_leave_its_quotes() {
    let evil = Narrow::Token("a' | b\" OR x:*".to_owned());
    assert_eq!(evil.to_tsquery().as_deref(), Some("'abORx'"));
    assert_eq!(evil.to_fts5().as_deref(), Some("\"abORx\""));
    let or = Narrow::Or(vec![Narrow::All, Narrow::Token("a".into())]);
    assert_eq!(or.to_fts5(), None);
    let and = Narrow::And(vec![Narrow::All, Narrow::Token("a".into())]);
    assert_eq!(and.to_fts5().as_deref(), Some("(\"a\")"));
}

#[test]
fn a_watch_asks_for_what_must_be_there_and_not_for_negations_or_fields() {
    let fts = |query: &str| parse(query).unwrap().required_terms().to_fts5();
    assert_eq!(fts("kaffee teuer -jobs lang:de").as_deref(), Some("(\"kaffee\" AND \"teuer\")"));
    assert_eq!(fts("kaffee OR lang:de"), None);
    assert_eq!(fts("kaffee NEAR/3 (preis OR teuer)").as_deref(), Some("(\"kaffee\" AND (\"preis\" OR \"teuer\"))"));
    assert_eq!(fts("={GER}").as_deref(), Some("\"ger\""));
    assert_eq!(fts("AT LEAST 2 (a, b)").as_deref(), Some("(\"a\" AND \"b\")"));
    assert_eq!(fts("AT LEAST 1 (a, b)").as_deref(), Some("(\"a\" OR \"b\")"));
    assert_eq!(fts("m?ller"), None);
}

#[test]
fn a_question_has_a_bounded_number_of_tokens() {
    let many: Vec<String> = (0..1000).map(|n| format!("wort{n}")).collect();
    assert!(search_query(&many.join(" ")).size() <= MAX_TOKENS);
    assert_eq!(parse(&many.join(" OR ")).unwrap().required_terms(), Narrow::All);
    assert!(parse_archive(&many.join(" ")).unwrap().required_terms().size() <= MAX_TOKENS);
}

proptest! {
    #[test]
    fn no_search_can_leave_the_syntax_of_an_engine(text in "(\\PC|[a-z'\"*:&|!()<>\\\\ #@]){0,30}") {
        let narrow = search_query(&text);
        if let Some(query) = narrow.to_fts5() {
            let bare = query.replace(" AND ", "").replace(" OR ", "");
            prop_assert!(bare.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"()\"*".contains(&b)), "{}", query);
        }
        if let Some(query) = narrow.to_tsquery() {
            prop_assert!(query.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"()':*&| ".contains(&b)), "{}", query);
        }
    }

    #[test]
    fn a_text_is_found_by_its_own_words(text in "(\\PC|[a-zäöüß #@_]){1,20}") {
        let document = search_document(&[&text], None);
        prop_assert!(search_query(&text.replace(['"', '„', '“', '”', '«', '»', '*'], " ")).holds(&document));
    }
}
