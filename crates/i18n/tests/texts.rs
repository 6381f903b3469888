//! The generated methods, texts by key, and stored sentences.

use i18n::{Arg, KEYS, Language, Locale, Sentence, Texts};

const DE: Texts = Texts::new(Locale::DeDe);
const EN: Texts = Texts::new(Locale::En);

#[test]
fn a_text_is_there_in_both_languages() {
    assert_eq!((DE.app_name(), EN.app_name()), ("Tresen", "Tresen"));
    assert_eq!((DE.common_save(), EN.common_save()), ("Speichern", "Save"));
    assert_eq!((DE.common_close(), EN.common_close()), ("Schließen", "Close"));
}

#[test]
fn austria_and_switzerland_read_german() {
    for locale in [Locale::DeAt, Locale::DeCh] {
        assert_eq!(Texts::new(locale).language(), Language::De);
        assert_eq!(Texts::new(locale).common_undo(), "Rückgängig");
    }
}

#[test]
fn plural_forms_follow_the_number() {
    let of = |texts: Texts| [0, 1, 2, -1, 1_234].map(|n| texts.time_days_ago(n));
    assert_eq!(of(DE), ["heute", "gestern", "vor 2 Tagen", "vor −1 Tagen", "vor 1.234 Tagen"]);
    assert_eq!(of(EN), ["today", "yesterday", "2 days ago", "−1 days ago", "1,234 days ago"]);
    assert_eq!(Texts::new(Locale::DeCh).time_days_ago(1_234), "vor 1’234 Tagen");
}

#[test]
fn arguments_come_in_alphabetical_order() {
    assert_eq!(DE.time_weekday_date_and_time("20.11.", "16:41", DE.time_weekday_short(5)), "Fr., 20.11., 16:41");
    assert_eq!(EN.time_weekday_date_and_time("20 Nov", "16:41", EN.time_weekday_short(5)), "Fri 20 Nov, 16:41");
}

#[test]
fn every_key_can_be_looked_up_in_every_locale() {
    assert!(KEYS.is_sorted() && KEYS.contains(&"common-save"));
    for locale in Locale::ALL {
        for key in KEYS {
            let text = Texts::new(locale).by_key(key, &[]);
            assert!(text.is_some_and(|text| !text.is_empty()), "{key} in {locale:?}");
        }
    }
}

#[test]
fn a_text_by_key_is_the_text_of_its_method() {
    assert_eq!(DE.by_key("common-save", &[]).as_deref(), Some("Speichern"));
    assert_eq!(EN.by_key("time-days-ago", &[("count", Arg::Number(1_234))]), Some(EN.time_days_ago(1_234)));
    assert_eq!(EN.by_key("time-today", &[("time", "11:20".into())]), Some(EN.time_today("11:20")));
    assert_eq!(DE.by_key("no-such-key", &[]), None);
    assert_eq!(DE.by_key("", &[]), None);
}

#[test]
fn a_missing_argument_shows_as_its_name_in_braces() {
    assert_eq!(DE.by_key("time-days-ago", &[("cuont", Arg::Number(1))]).as_deref(), Some("vor {count} Tagen"));
    assert_eq!(EN.by_key("time-date-and-time", &[("date", "20 Nov".into())]).as_deref(), Some("20 Nov, {time}"));
}

#[test]
fn a_stored_sentence_is_read_in_the_readers_language() {
    let sentence = Sentence::new("time-days-ago").with("count", 3);
    assert_eq!(sentence.render(DE), "vor 3 Tagen");
    assert_eq!(sentence.render(EN), "3 days ago");
    assert_eq!(Sentence::new("gone-since-version-2").render(DE), "gone-since-version-2");
}

#[test]
fn a_sentence_survives_json() {
    let sentence = Sentence::new("m").with("count", 3_u64).with("name", "3");
    let json = serde_json::to_string(&sentence).expect("a sentence is JSON");
    assert_eq!(json, r#"{"key":"m","args":[["count",3],["name","3"]]}"#);
    assert_eq!(serde_json::from_str::<Sentence>(&json).expect("reads its own JSON"), sentence);
    assert_eq!(serde_json::from_str::<Sentence>(r#"{"key":"m"}"#).expect("args may be absent"), Sentence::new("m"));
}

#[test]
fn a_number_too_large_for_an_argument_is_capped() {
    assert_eq!(Arg::from(u64::MAX), Arg::Number(i64::MAX));
}
