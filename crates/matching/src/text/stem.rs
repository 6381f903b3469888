//! German and English stems for the search box (QUERY.md rule 4). Stems are taken of *folded* words, in posts and in queries alike.

use rust_stemmers::{Algorithm, Stemmer};

/// A language whose words are stemmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    German,
    English,
}

impl Language {
    /// Both languages unless the code names one of them: a post of unknown or foreign language may hold words of either.
    pub fn of_code(lang: Option<&str>) -> &'static [Language] {
        let code = lang.unwrap_or_default().split(['-', '_']).next().unwrap_or_default();
        if code.eq_ignore_ascii_case("de") {
            &[Language::German]
        } else if code.eq_ignore_ascii_case("en") {
            &[Language::English]
        } else {
            &[Language::German, Language::English]
        }
    }
}

/// The stem of a folded word; `None` when it holds anything but ASCII letters or is too short to have an ending.
pub fn stem(folded: &str, language: Language) -> Option<String> {
    if folded.len() < 3 || folded.len() > 64 || !folded.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let stem = match language {
        Language::English => Stemmer::create(Algorithm::English).stem(folded).into_owned(),
        // The fold wrote ae for ä; the algorithm wants the umlaut back, drops it in the end, and so brings Häuser and Haus together.
        Language::German => Stemmer::create(Algorithm::German).stem(&with_umlauts(folded)).into_owned(),
    };
    // The algorithms put vowels they protect in upper case and may leave one behind.
    Some(stem.to_lowercase()).filter(|stem| !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_lowercase()))
}

/// `ae oe ue` as umlauts, except where the `u` belongs to the vowel or the `q` before it (neue, Quelle).
fn with_umlauts(folded: &str) -> String {
    let mut written = String::with_capacity(folded.len());
    let mut previous = ' ';
    let mut chars = folded.chars().peekable();
    while let Some(c) = chars.next() {
        let umlaut = match c {
            'a' => Some('ä'),
            'o' => Some('ö'),
            'u' if !matches!(previous, 'a' | 'e' | 'i' | 'o' | 'u' | 'q') => Some('ü'),
            _ => None,
        };
        match umlaut {
            Some(umlaut) if chars.next_if_eq(&'e').is_some() => written.push(umlaut),
            _ => written.push(c),
        }
        previous = c;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;

    #[test]
    fn german_forms_of_a_word_share_their_stem() {
        for (a, b) in
            [("Lieferungen", "Lieferung"), ("Häuser", "Haus"), ("Kaffees", "Kaffee"), ("MÜLLERS", "Mueller"), ("schöne", "schönes")]
        {
            assert_eq!(stem(&fold(a), Language::German), stem(&fold(b), Language::German), "{a} {b}");
        }
        assert_ne!(stem("kaffee", Language::German), stem("tee", Language::German));
    }

    #[test]
    fn english_forms_of_a_word_share_their_stem() {
        assert_eq!(stem("deliveries", Language::English), stem("delivery", Language::English));
        assert_eq!(stem("running", Language::English), stem("runs", Language::English));
    }

    #[test]
    fn what_is_no_plain_word_has_no_stem() {
        for word in ["5g", "ab", "東京", "", "слово"] {
            assert_eq!(stem(word, Language::German), None, "{word}");
        }
    }

    #[test]
    fn a_region_does_not_hide_the_language() {
        assert_eq!(Language::of_code(Some("de-AT")), [Language::German]);
        assert_eq!(Language::of_code(Some("EN_gb")), [Language::English]);
        assert_eq!(Language::of_code(None).len(), 2);
    }
}
