use proptest::prelude::*;

use super::*;

/// Folded tokens; URLs as `<url>`.
fn tokens(text: &str) -> Vec<String> {
    let show = |token: Token| if token.kind == TokenKind::Opaque { "<url>".to_owned() } else { token.folded.into() };
    scan(text).tokens.into_iter().map(show).collect()
}

fn literals(text: &str) -> Vec<String> {
    scan(text).literals.into_iter().map(|literal| literal.folded.into()).collect()
}

#[test]
fn words_are_runs_of_letters_digits_and_marks() {
    for (text, expected) in [
        ("3,5 1.000,50 24/7", "3 5 1 000 50 24 7"),
        ("5G Covid19 Covid-19", "5g covid19 covid 19"),
        ("O'Neill E-Mail H&M foo_bar a:b", "o neill e mail h m foo bar a b"),
        ("C++ & ... !", "c"),
        ("\u{301}abc", "abc"),
        ("½ m²", "1 2 m2"),
        ("example.com anna@firma.de", "example com anna firma de"),
    ] {
        assert_eq!(tokens(text).join(" "), expected, "{text}");
    }
}

#[test]
fn scripts_without_blanks_split_as_uax_29_does() {
    for (text, expected) in [
        ("東京タワー", "東 京 タワー"),
        ("ひらが", "ひ ら か\u{3099}"),
        ("한국어", "한국어"),
        ("ไทย", "ไ ท ย"),
        ("東Tokyo京", "東 tokyo 京"),
    ] {
        let expected: Vec<String> = expected.split(' ').map(crate::text::fold::fold).collect();
        assert_eq!(tokens(text), expected, "{text}");
    }
}

#[test]
fn a_mark_newer_than_the_tables_of_word_breaks_stays_with_its_word() {
    assert_eq!(scan("b\u{5C9}").tokens.len(), 1);
    for text in ["b\u{5C9}", "ab\u{5C9}cd"] {
        let query = crate::parse(text).unwrap();
        assert_eq!(crate::parse(&query.canonical()).unwrap().canonical(), query.canonical());
    }
}

#[test]
fn invisible_characters_join_and_a_zero_width_space_separates() {
    for text in [
        "Liefer\u{AD}dienst",
        "Liefer\u{200C}dienst",
        "Liefer\u{200D}dienst",
        "\u{FEFF}Liefer\u{2060}dienst\u{FE0F}",
        "Lie\u{202A}ferdienst",
    ] {
        assert_eq!(tokens(text), ["lieferdienst"], "{text:?}");
    }
    assert_eq!(tokens("Liefer\u{200B}dienst"), ["liefer", "dienst"]);
}

#[test]
fn an_emoji_sequence_is_one_token() {
    for text in ["👨‍👩‍👧", "🇩🇪", "1️⃣", "❤️", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"] {
        let scan = scan(text);
        assert_eq!(scan.tokens.len(), 1, "{text}");
        assert_eq!(scan.tokens[0].kind, TokenKind::Emoji, "{text}");
        assert_eq!(scan.tokens[0].range, 0..text.len(), "{text}");
    }
    assert_eq!(scan("👍👍").tokens.len(), 2);
    assert_eq!(scan("❤️").tokens[0].exact, scan("❤").tokens[0].exact);
    assert_eq!(scan("👍🏽").tokens[0].folded, "👍");
    assert_eq!(scan("👍🏽").tokens[0].exact, "👍🏽");
    assert_eq!(tokens("gut👍sehr"), ["gut", "👍", "sehr"]);
}

#[test]
fn trade_marks_separate_like_blanks() {
    assert_eq!(tokens("Nordwind® Kaffee™"), ["nordwind", "kaffee"]);
    assert_eq!(tokens("Nordwind™Kaffee℠x©️y"), ["nordwind", "kaffee", "x", "y"]);
}

#[test]
fn tags_give_their_words_and_a_literal() {
    for (text, words, signs) in [
        ("#Bahn", "bahn", "#bahn"),
        ("#black_friday", "black friday", "#black_friday"),
        ("#Bahn-Streik", "bahn streik", "#bahn"),
        ("@anna-Fans", "anna fans", "@anna"),
        ("@anna.b", "anna b", "@anna.b"),
        ("@anna.", "anna", "@anna"),
        ("@anna..b", "anna b", "@anna"),
        ("@anna@chaos.social.", "anna", "@anna@chaos.social @anna"),
        ("C# a#b anna@firma.de _#x", "c a b anna firma de x", ""),
        ("#müller ##x", "mueller x", "#mueller #x"),
        ("＃Bahn", "bahn", "#bahn"),
        ("# a @ b", "a b", ""),
    ] {
        assert_eq!(tokens(text).join(" "), words, "{text}");
        assert_eq!(literals(text).join(" "), signs, "{text}");
    }
    assert_eq!(
        scan("x #black_friday").literals[0],
        Literal { first: 1, width: 2, folded: "#black_friday".into(), exact: "#black_friday".into(), range: 2..15 }
    );
    assert_eq!(scan("#_").literals[0].width, 1);
}

#[test]
fn a_url_is_one_position_without_its_closing_punctuation() {
    for (text, expected, url) in [
        ("siehe https://a.de/x?y=1, dann", "siehe <url> dann", "https://a.de/x?y=1"),
        ("(WWW.Example.com).", "<url>", "WWW.Example.com"),
        ("„http://a.de/“ gut", "<url> gut", "http://a.de/"),
        ("<https://a.de>b", "<url> b", "https://a.de"),
        ("https://a.de/👍 x", "<url> x", "https://a.de/👍"),
    ] {
        assert_eq!(tokens(text).join(" "), expected, "{text}");
        assert_eq!(scan(text).urls().collect::<Vec<_>>(), [url], "{text}");
    }
    assert_eq!(tokens("awww.de https:// www."), ["awww", "de", "https", "www"]);
}

#[test]
fn a_question_mark_counts_only_outside_urls() {
    assert!(scan("Wirklich?").question);
    assert!(scan("本当？").question);
    assert!(scan("حقا؟").question);
    assert!(scan("https://a.de?").question);
    assert!(!scan("https://a.de/?x=1 gut").question);
}

#[test]
fn full_width_and_ligatures_are_their_plain_letters_with_their_own_bytes() {
    let scan = scan("x ﬁnal Ｃａｆｅ\u{301}!");
    assert_eq!(scan.tokens.iter().map(|t| t.exact.as_str()).collect::<Vec<_>>(), ["x", "final", "Café"]);
    assert_eq!(&"x ﬁnal Ｃａｆｅ\u{301}!"[scan.tokens[2].range.clone()], "Ｃａｆｅ\u{301}");
}

proptest! {
    #[test]
    fn any_text_gives_ordered_ranges_on_character_borders(text in "(\\PC|[#@_?. ]|https://|👍|🏽|\u{200D}|\u{301}|東|ä){0,24}") {
        let scan = scan(&text);
        let mut last = 0;
        for token in &scan.tokens {
            prop_assert!(token.range.start >= last || token.range.end >= last);
            prop_assert!(text.get(token.range.clone()).is_some());
            last = token.range.start;
        }
        for literal in &scan.literals {
            prop_assert!(literal.first + literal.width <= scan.tokens.len());
            prop_assert!(text.get(literal.range.clone()).is_some());
        }
    }

    #[test]
    fn a_word_is_its_own_only_token(text in "(\\PC|[a-zäöüßÀ-ſЀ-я0-9 ]){0,24}") {
        for token in scan(&text).tokens.into_iter().filter(|t| t.kind == TokenKind::Word) {
            let again = scan(&token.exact);
            prop_assert_eq!(again.tokens.len(), 1);
            prop_assert_eq!(&again.tokens[0].exact, &token.exact);
            let folded = scan(&token.folded);
            prop_assert_eq!(folded.tokens.len(), 1, "{:?}", token);
            prop_assert_eq!(&folded.tokens[0].folded, &token.folded);
        }
    }

    #[test]
    fn the_quick_way_changes_nothing(text in "([ -~]|[À-ž]|[-–—‘’“”„…€§°·«»\u{a0}×÷]|[#@_?. h]|https://|WWW\\.|@anna\\.b@chaos\\.social|[a-z]{2,5}){0,24}") {
        if let Some(quick) = super::quick::scan(&text, true) {
            prop_assert_eq!(quick, scan_generally(&text, true));
        }
        if let Some(quick) = super::quick::scan(&text, false) {
            prop_assert_eq!(quick, scan_generally(&text, false));
        }
    }
}

#[test]
fn western_text_goes_the_quick_way() {
    for text in ["Der Kaffee bei „Nordwind“ war schön – 3,50 €! #Müller @anna@chaos.social https://a.de/x?", "Čeština, Łódź, Ægir"]
    {
        assert!(super::quick::scan(text, true).is_some(), "{text}");
    }
    for text in ["👍", "ﬁn", "東京", "Ｃ", "e\u{301}", "Kaffee™", "a\u{ad}b"] {
        assert!(super::quick::scan(text, true).is_none(), "{text}");
    }
}
