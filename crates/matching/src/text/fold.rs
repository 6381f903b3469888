//! Folding: the form in which words are compared (QUERY.md S11).

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Folds a text that may be in any normal form; what is no letter stays as it is.
///
/// `Müller`, `MUELLER` and `mueller` fold to the same text, `Muller` does not.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    fold_normalised(&text.nfkc().collect::<String>())
}

/// Folds a text that is already in NFKC.
pub(crate) fn fold_normalised(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len() + 4);
    let mut chars = caseless::default_case_fold_str(text).nfd().collect::<Vec<_>>().into_iter().peekable();
    let mut marks = Vec::new();
    while let Some(base) = chars.next() {
        marks.clear();
        while let Some(mark) = chars.next_if(|&c| is_mark(c)) {
            marks.push(mark);
        }
        match base {
            'a' | 'o' | 'u' => {
                folded.push(base);
                if marks.contains(&'\u{308}') {
                    folded.push('e');
                }
            }
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            _ if is_dropped(base) => {}
            _ => folded.push(base),
        }
        folded.extend(marks.iter().filter(|&&mark| !is_dropped(mark)));
    }
    if folded.is_ascii() { folded } else { folded.nfc().collect() }
}

/// A whole field value: folded, blanks at the ends removed and inner ones made single.
pub(crate) fn fold_value(text: &str) -> String {
    fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn is_mark(c: char) -> bool {
    c >= '\u{300}' && c.general_category_group() == GeneralCategoryGroup::Mark
}

/// Marks that distinguish nothing: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel signs.
/// Other scripts' marks are letters in all but name (Japanese dakuten, Indic and Thai vowels) and stay.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}'
        | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}'
        | '\u{64B}'..='\u{65F}' | '\u{670}')
}

#[cfg(test)]
mod tests {
    use super::fold;
    use proptest::prelude::*;

    #[test]
    fn umlauts_become_two_letters_in_every_language_and_never_the_plain_vowel() {
        assert_eq!(fold("schön"), "schoen");
        assert_eq!(fold("SCHÖN"), fold("schoen"));
        assert_ne!(fold("schön"), fold("schon"));
        assert_eq!(fold("pingüino"), "pingueino");
        assert_eq!(fold("u\u{308}ber"), "ueber");
        assert_eq!(fold("ǖ"), "ue");
    }

    #[test]
    fn sharp_s_in_all_spellings_is_double_s() {
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("STRAẞE"), fold("straße"));
    }

    #[test]
    fn other_diacritics_and_letters_fold_to_their_base() {
        for (written, folded) in [
            ("café", "cafe"),
            ("Citroën", "citroen"),
            ("Æther", "aether"),
            ("Œuvre", "oeuvre"),
            ("Øre", "ore"),
            ("Łódź", "lodz"),
            ("Đorđe", "dorde"),
            ("Þór", "thor"),
            ("Ħal", "hal"),
            ("İI\u{131}", "iii"),
            ("Ｆｕｌｌ１", "full1"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
        ] {
            assert_eq!(fold(written), folded, "{written}");
        }
    }

    #[test]
    fn marks_that_are_letters_in_their_script_stay() {
        assert_ne!(fold("が"), fold("か"));
        assert_ne!(fold("कि"), fold("क"));
        assert_eq!(fold("٣"), "٣");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,12}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
