//! Text with the statistics of text: a vocabulary of made-up words, half German-like and half English-like, drawn after Zipf's law
//! (the n-th most frequent word with a weight of 1/n).

use model::{Random, SeededRandom};

const SIZE: usize = 50_000;
/// The most frequent words of real text are small and few; by them languages are told apart.
const SMALL: (&[&str], &[&str]) = (
    &[
        "der", "die", "und", "in", "das", "ist", "nicht", "ich", "zu", "es", "mit", "sie", "auf", "für", "ein", "eine", "wir", "auch",
        "war", "noch",
    ],
    &[
        "the", "and", "to", "of", "a", "is", "in", "it", "you", "that", "for", "was", "with", "on", "this", "have", "not", "but", "are",
        "my",
    ],
);
const GERMAN: (&[&str], &[&str], &[&str]) = (
    &["ge", "ver", "be", "schl", "kr", "w", "m", "st", "r", "l", "zw", "pf", "tr", "k", "sch", "fr", "h", "b", "d"],
    &["a", "e", "i", "o", "u", "ä", "ö", "ü", "ei", "au", "ie", "eu"],
    &["n", "ung", "lich", "cht", "ß", "tten", "rer", "ng", "mmer", "keit", "chen", "st", "tz", "r", "l", "nd"],
);
const ENGLISH: (&[&str], &[&str], &[&str]) = (
    &["th", "wh", "st", "b", "c", "pl", "sh", "gr", "f", "h", "l", "m", "qu", "r", "t", "w", "cr", "sp", "n"],
    &["a", "e", "i", "o", "u", "ea", "oo", "ou", "ai", "ee"],
    &["ing", "tion", "ed", "ly", "ck", "ght", "ss", "ll", "n", "t", "r", "ment", "sh", "p", "ble", "ve"],
);

pub struct Words {
    random: SeededRandom,
    /// Most frequent first, languages in turns.
    words: Vec<String>,
    /// Sums of the weights up to each rank.
    sums: Vec<f64>,
}

impl Words {
    pub fn new(seed: u64) -> Self {
        let random = SeededRandom::new(seed);
        let pick = |from: &[&'static str]| from[random.below(u32::try_from(from.len()).unwrap_or(1)) as usize];
        let mut seen = std::collections::HashSet::new();
        let mut words = Vec::with_capacity(SIZE);
        for (german, english) in SMALL.0.iter().zip(SMALL.1) {
            words.extend([german.to_string(), english.to_string()]);
        }
        while words.len() < SIZE {
            let (starts, vowels, ends) = if words.len().is_multiple_of(2) { GERMAN } else { ENGLISH };
            // Frequent words are short.
            let syllables = 1 + (words.len() + 1).ilog10() as usize / 2 + random.below(2) as usize;
            let mut word: String = (0..syllables).flat_map(|_| [pick(starts), pick(vowels)]).collect();
            word.push_str(pick(ends));
            if seen.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut sum = 0.0;
        let sums = (1..=SIZE)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self { random, words, sums }
    }

    pub fn below(&self, n: usize) -> usize {
        self.random.below(u32::try_from(n).unwrap_or(u32::MAX)) as usize
    }

    /// One word of the language that `german` names.
    pub fn word(&self, german: bool) -> &str {
        let total = self.sums.last().copied().unwrap_or(1.0);
        let at = (self.random.u64() >> 11) as f64 / (1_u64 << 53) as f64 * total;
        let rank = self.sums.partition_point(|sum| *sum < at).min(SIZE - 1);
        &self.words[rank & !1 | usize::from(!german)]
    }

    /// A word that stands in many texts and says something: not one of the smallest.
    pub fn common(&self, german: bool) -> &str {
        let rank = 60 + self.below(2_000);
        &self.words[rank & !1 | usize::from(!german)]
    }

    /// The n-th made-up name; no two are the same, and none is a word of the vocabulary but by chance.
    pub fn compound(&self, n: usize) -> String {
        format!("{}{}", self.words[300 + n % 997], self.words[3_000 + n / 997 % 40_000])
    }

    /// The n-th name of two words.
    pub fn pair(&self, n: usize) -> String {
        format!("{} {}", self.words[5_000 + n * 7 % 40_000], self.words[2_000 + n * 13 % 40_000])
    }

    /// Sentences of `least` to `most` characters together.
    pub fn text(&self, least: usize, most: usize) -> String {
        self.text_in(least, most).0
    }

    /// As [`text`](Self::text), and whether it is the German-like half.
    pub fn text_in(&self, least: usize, most: usize) -> (String, bool) {
        let german = self.below(10) < 7;
        let length = least + self.below(most - least);
        let mut text = String::with_capacity(length + 20);
        while text.len() < length {
            let begins = text.is_empty() || text.ends_with(". ");
            let word = self.word(german);
            if begins {
                text.extend(word.chars().take(1).flat_map(char::to_uppercase));
                text.extend(word.chars().skip(1));
            } else {
                text.push_str(word);
            }
            text.push_str(if self.below(9) == 0 { ". " } else { " " });
        }
        text.truncate(text.trim_end().len());
        (text, german)
    }

    /// First and family name; `n` people have different ones.
    pub fn name(&self, n: usize) -> String {
        let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
        format!("{} {}", capital(&self.words[200 + n % 400]), capital(&self.words[1000 + (n / 7) % 20_000]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_and_frequent_words_are_frequent() {
        assert_eq!(Words::new(3).text(200, 300), Words::new(3).text(200, 300));
        let words = Words::new(1);
        let first = words.words[0].clone();
        let count = (0..20_000).filter(|_| words.word(true) == first).count();
        // Half the weight of ranks 1 and 2 together: (1 + 1/2) / H(50,000) = 13 %.
        assert!((1_800..3_600).contains(&count), "{count}");
    }
}
