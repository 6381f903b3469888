use whatlang::{Lang, detect};

/// A language with the confidence it was found with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// ISO 639-1, or `und` where it cannot be known (ISO 639-2's code for "undetermined").
    pub code: &'static str,
    /// 0 to 1.
    pub confidence: f64,
}

impl Found {
    const UNKNOWN: Found = Found { code: "und", confidence: 0.0 };
}

/// Letters a text needs at least: below that, trigrams guess.
const MIN_LETTERS: usize = 12;

/// Words so frequent that two of them in a short text settle German or English, where trigrams are still unsure.
const GERMAN: &[&str] = &[
    "und", "der", "die", "das", "ist", "nicht", "ich", "sie", "mit", "für", "auf", "ein", "eine", "wir", "auch", "bei", "noch", "war",
    "sehr", "danke", "bitte", "kann", "wenn", "aber", "wie", "mir", "euch", "ihr", "zum", "vom", "nur", "schon", "heute", "kein", "keine",
    "wird", "haben", "habe", "hab", "gibt", "immer", "wieder",
];
const ENGLISH: &[&str] = &[
    "the", "and", "is", "not", "you", "with", "for", "this", "that", "was", "have", "are", "it", "my", "your", "from", "but", "what",
    "they", "very", "please", "thanks", "when", "how", "can", "just", "been", "would", "there",
];

/// Finds the language of a text: URLs, handles and tags taken out first.
pub fn language(text: &str) -> Found {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|w| !w.starts_with("http") && !w.starts_with("www.") && !w.starts_with(['@', '#']))
        .take(400)
        .collect();
    let text = words.join(" ");
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if letters < MIN_LETTERS && text.chars().all(|c| c.is_ascii() || !c.is_alphabetic()) {
        return Found::UNKNOWN;
    }
    let lowered: Vec<String> = words.iter().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect();
    let (german, english) = (Hits::of(GERMAN, &lowered), Hits::of(ENGLISH, &lowered));
    // Trigrams cost fifty times as much, and where a text is full of one language's small words they say nothing new.
    match (german.distinct, english.distinct) {
        (CERTAIN.., 0 | 1) => return Found { code: "de", confidence: 0.99 },
        (0 | 1, CERTAIN..) => return Found { code: "en", confidence: 0.99 },
        _ => {}
    }
    let (german, english) = (german.all, english.all);
    let found = detect(&text).and_then(|info| Some(Found { code: iso(info.lang())?, confidence: info.confidence() }));
    match found {
        Some(found) if found.confidence >= 0.9 && words.len() > 6 => found,
        _ if german >= 2 && german > english && german * 5 >= words.len() => Found { code: "de", confidence: 0.9 },
        _ if english >= 2 && english > german && english * 5 >= words.len() => Found { code: "en", confidence: 0.9 },
        Some(found) if letters >= MIN_LETTERS || found.confidence >= 0.9 => found,
        _ => Found::UNKNOWN,
    }
}

/// So many different small words of one language, and hardly one of the other, decide.
const CERTAIN: usize = 4;

#[derive(Default)]
struct Hits {
    all: usize,
    distinct: usize,
}

impl Hits {
    fn of(list: &[&str], words: &[String]) -> Hits {
        let mut seen = 0_u64;
        let mut all = 0;
        for at in words.iter().filter_map(|word| list.iter().position(|listed| listed == word)) {
            all += 1;
            seen |= 1 << at;
        }
        Hits { all, distinct: seen.count_ones() as usize }
    }
}

fn iso(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Nob => "nb",
        Lang::Fin => "fi",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Hrv => "hr",
        Lang::Slv => "sl",
        Lang::Srp => "sr",
        Lang::Bul => "bg",
        Lang::Ell => "el",
        Lang::Tur => "tr",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Cmn => "zh",
        Lang::Vie => "vi",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Cat => "ca",
        Lang::Hin => "hi",
        Lang::Pes => "fa",
        Lang::Tha => "th",
        Lang::Ind => "id",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_and_english_are_found_also_when_short_and_nothing_is_guessed_from_too_little() {
        let code = |text| language(text).code;
        assert_eq!(code("Mein Paket ist seit zwei Wochen nicht angekommen, bitte prüfen Sie das."), "de");
        assert_eq!(code("The coffee was lovely but the parcel arrived broken."), "en");
        assert_eq!(code("das ist nicht ok"), "de");
        assert_eq!(code("Ik heb die koffie niet gekregen en dat is echt jammer, want het was een cadeau."), "nl");
        assert!(matches!(code("Der er ikke kommet noget, og jeg har ventet på den i to uger."), "da" | "nb"));
        assert_eq!(code("ok"), "und");
        assert_eq!(code("👍👍"), "und");
        assert_eq!(code("https://example.com/der/die/das"), "und");
        assert_eq!(code("Le café était froid et personne n'a répondu à mes questions depuis lundi."), "fr");
        assert_eq!(code("Il caffè era buono, ma la spedizione è arrivata troppo tardi per il compleanno."), "it");
    }

    #[test]
    fn the_sample_set_is_recognised_where_it_is_there() {
        let path = std::env::var("TRESEN_DATA")
            .map_or_else(|_| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), Into::into);
        let Ok(table) = std::fs::read_to_string(path.join("langid_short/langid_short.tsv")) else {
            return eprintln!("skipped: no development data at {}", path.display());
        };
        let header: Vec<&str> = table.lines().next().unwrap().split('\t').collect();
        let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
        let (lang, kind, text) = (column("label"), column("kind"), column("text"));
        let (mut right, mut all, mut seen) = (0, 0, std::collections::BTreeSet::new());
        for line in table.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            if cells[kind].starts_with("sentence") {
                all += 1;
                if language(cells[text]).code == cells[lang] {
                    right += 1;
                    seen.insert(cells[lang].to_string());
                }
            }
        }
        println!("{right} of {all} sentences, {} languages", seen.len());
        assert!(seen.len() >= 20, "{seen:?}");
        assert!(right * 100 >= all * 85, "{right} of {all}");
    }
}
