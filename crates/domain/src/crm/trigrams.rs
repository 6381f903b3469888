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

/// The trigrams to look for, and how many of them a name must share: half, so that the beginning of a word and a wrong letter still find.
pub fn wanted(text: &str) -> (Vec<String>, i64) {
    let all: Vec<String> = of(text).into_iter().collect();
    let least = i64::try_from(all.len().div_ceil(2)).unwrap_or(i64::MAX).max(1);
    (all, least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_framed_and_folded() {
        assert_eq!(of("Jo Ö").into_iter().collect::<Vec<_>>(), [" jo", " ö ", "jo "]);
    }

    #[test]
    fn a_beginning_and_a_wrong_letter_share_enough() {
        let shares = |asked: &str, name: &str| {
            let (wanted, least) = wanted(asked);
            let name = of(name);
            wanted.iter().filter(|t| name.contains(*t)).count() as i64 >= least
        };
        assert!(shares("Ber", "Anna Berger"));
        assert!(shares("Bergr", "Anna Berger"));
        assert!(!shares("Schmidt", "Anna Berger"));
    }
}
