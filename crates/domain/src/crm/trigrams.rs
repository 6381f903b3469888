//! Names as sets of three letters, for finding people by a part of their name or a misspelt one.

use std::collections::BTreeSet;

use crate::fold_key;

/// The trigrams of a folded name, each word framed by blanks.
pub fn of(name: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for word in fold_key(name).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let framed: Vec<char> = std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')).collect();
        out.extend(framed.windows(3).map(|w| w.iter().collect::<String>()));
    }
    out.into_iter().take(200).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_framed_and_folded() {
        assert_eq!(super::of("Jo Ö").into_iter().collect::<Vec<_>>(), [" jo", " ö ", "jo "]);
    }
}
