//! The search document: a text as the tokens that the database indexes.

use std::collections::HashSet;

use super::encode;
use crate::text::stem::{Language, stem};
use crate::text::token::{TokenKind, scan};

/// Longest search document in bytes.
pub const MAX_DOCUMENT: usize = 64 * 1024;

/// What the database indexes of a text: each token once, blanks between them, only `a`–`z` and `0`–`9`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchDocument {
    pub text: String,
    /// Tokens were left out because of [`MAX_DOCUMENT`]: the row may match what its document does not hold.
    pub truncated: bool,
}

/// Makes the search document of a title, a text … of one language, if it is known: words, their stems, tags, handles and emoji.
pub fn search_document(parts: &[&str], lang: Option<&str>) -> SearchDocument {
    search_document_within(parts, lang, MAX_DOCUMENT)
}

/// [`search_document`] with another limit in bytes.
pub fn search_document_within(parts: &[&str], lang: Option<&str>, limit: usize) -> SearchDocument {
    let languages = Language::of_code(lang);
    let mut document = SearchDocument::default();
    let mut seen = HashSet::new();
    for part in parts {
        let scan = scan(part);
        for literal in &scan.literals {
            document.push(encode::literal(&literal.folded), &mut seen, limit);
        }
        for token in &scan.tokens {
            match token.kind {
                TokenKind::Word => {
                    document.push(encode::word(&token.folded), &mut seen, limit);
                    for &language in languages {
                        if let Some(stem) = stem(&token.folded, language) {
                            document.push(encode::stem(&stem, language), &mut seen, limit);
                        }
                    }
                }
                TokenKind::Emoji => document.push(encode::emoji(&token.folded), &mut seen, limit),
                TokenKind::Opaque => {}
            }
            if document.truncated {
                return document;
            }
        }
    }
    document
}

impl SearchDocument {
    fn push(&mut self, token: String, seen: &mut HashSet<String>, limit: usize) {
        if self.truncated || seen.contains(&token) {
            return;
        }
        let blank = usize::from(!self.text.is_empty());
        if self.text.len() + blank + token.len() > limit {
            self.truncated = true;
            return;
        }
        if blank > 0 {
            self.text.push(' ');
        }
        self.text.push_str(&token);
        seen.insert(token);
    }

    /// The tokens.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.text.split(' ').filter(|token| !token.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_holds_words_stems_and_signs_once_each() {
        let document = search_document(&["Lieferungen, Lieferungen!", "#Bahn"], Some("de-DE"));
        assert_eq!(
            document.text,
            "lieferungen xqdlief xqtcdgcgbgigo bahn xqdbahn"
                .replace("xqdlief ", &format!("xqd{} ", stem("lieferungen", Language::German).unwrap()))
        );
        assert!(!document.truncated);
    }

    #[test]
    fn a_post_of_unknown_language_has_the_stems_of_both() {
        let document = search_document(&["deliveries"], None);
        assert!(document.tokens().any(|token| token.starts_with("xqd")) && document.tokens().any(|token| token.starts_with("xqe")));
    }

    #[test]
    fn a_document_never_passes_its_limit_and_says_when_it_was_cut() {
        let text: String = (0..40_000).map(|n| format!("wort{n} ")).collect();
        let document = search_document(&[&text], None);
        assert!(document.truncated && document.text.len() <= MAX_DOCUMENT);
        assert!(document.tokens().next_back_is_whole());
    }

    trait Whole {
        fn next_back_is_whole(self) -> bool;
    }

    impl<'a, I: Iterator<Item = &'a str>> Whole for I {
        fn next_back_is_whole(self) -> bool {
            self.last().is_some_and(|token| token.len() > 3)
        }
    }

    proptest! {
        #[test]
        fn a_document_is_made_of_letters_digits_and_single_blanks(text in "(\\PC|[#@_ ä👍]){0,40}") {
            let document = search_document(&[&text], None);
            prop_assert!(document.text.split(' ').all(|token| token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())));
            prop_assert!(document.text.is_empty() || document.text.split(' ').all(|token| !token.is_empty()));
        }
    }
}
