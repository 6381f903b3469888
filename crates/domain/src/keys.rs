use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// What people search and sort by: case-folded, normalised (NFKC), blanks joined. `*_key` columns hold it.
pub fn fold_key(text: &str) -> String {
    let folded: String = caseless::default_case_fold_str(&text.nfkc().collect::<String>());
    folded.nfkc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tokens are stored as this and nothing else: they are 32 random bytes, so a plain hash is enough.
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_case_width_and_blanks() {
        assert_eq!(fold_key("  STRASSE\u{a0}Ä "), fold_key("straße ä"));
        assert_eq!(fold_key("Ｆｕｌｌ"), "full");
    }
}
