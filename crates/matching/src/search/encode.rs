//! Tokens that every database engine keeps as exactly one token: ASCII letters and digits, lower case.
//!
//! SQLite's `unicode61` and PostgreSQL's default parser disagree about most of Unicode, and PostgreSQL's answer depends on the
//! locale of the database. So only plain ASCII words stand as they are; everything else is written in letters behind a marker.
//! A word that begins with the marker itself is written in letters too, so that no two different things share a token.

use crate::text::stem::Language;

/// What no plain token begins with.
const MARKER: &str = "xq";

/// Longest token in bytes: far below PostgreSQL's 2,047, and nobody searches for the end of a longer word.
const LONGEST: usize = 240;

/// A folded word.
pub(super) fn word(folded: &str) -> String {
    if is_plain(folded) { cut(folded.to_owned()) } else { letters('w', folded) }
}

/// A tag or handle with its sign.
pub(super) fn literal(folded: &str) -> String {
    letters('t', folded)
}

/// An emoji without skin tone.
pub(super) fn emoji(base: &str) -> String {
    letters('m', base)
}

/// The stem of a word; it never equals a word's token.
pub(super) fn stem(stem: &str, language: Language) -> String {
    let kind = if language == Language::German { 'd' } else { 'e' };
    cut(format!("{MARKER}{kind}{stem}"))
}

/// The beginnings of the tokens of all words that begin with this.
pub(super) fn word_prefixes(folded: &str) -> Vec<String> {
    let encoded = letters('w', folded);
    // A word can begin with plain letters and be written in letters because of what follows.
    if is_plain(folded) { vec![cut(folded.to_owned()), encoded] } else { vec![encoded] }
}

fn is_plain(folded: &str) -> bool {
    // Digits are left to themselves only without letters: PostgreSQL reads signs of numbers into mixtures (1e5).
    let letters = folded.bytes().all(|b| b.is_ascii_lowercase());
    let digits = folded.bytes().all(|b| b.is_ascii_digit());
    !folded.is_empty() && (letters || digits) && !folded.starts_with(MARKER)
}

/// The UTF-8 bytes as two letters a to p each, so that beginnings stay beginnings.
fn letters(kind: char, text: &str) -> String {
    let mut out = format!("{MARKER}{kind}");
    for byte in text.bytes().take(LONGEST / 2) {
        out.push(char::from(b'a' + (byte >> 4)));
        out.push(char::from(b'a' + (byte & 15)));
    }
    cut(out)
}

fn cut(mut token: String) -> String {
    token.truncate(LONGEST); // ASCII only
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_a_stem_a_tag_and_an_emoji_never_share_a_token() {
        let tokens = [
            word("liefer"),
            stem("liefer", Language::German),
            stem("liefer", Language::English),
            word("xqdliefer"),
            literal("#liefer"),
            literal("@liefer"),
            word("лифер"),
            emoji("👍"),
        ];
        let distinct: std::collections::BTreeSet<&String> = tokens.iter().collect();
        assert_eq!(distinct.len(), tokens.len());
        assert!(tokens.iter().all(|token| token.bytes().all(|b| b.is_ascii_lowercase())));
    }

    #[test]
    fn the_beginning_of_a_word_is_the_beginning_of_a_token() {
        for (whole, start) in [("слово", "сл"), ("covid19", "covi"), ("liefern", "lie"), ("xqabc", "xq"), ("12345", "123"), ("東京", "東")]
        {
            assert!(word_prefixes(start).iter().any(|prefix| word(whole).starts_with(prefix)), "{whole}");
        }
    }

    #[test]
    fn tokens_are_cut_to_a_length_every_engine_takes() {
        assert_eq!(word(&"a".repeat(9000)).len(), LONGEST);
        assert_eq!(word(&"ж".repeat(9000)).len(), LONGEST);
    }
}
