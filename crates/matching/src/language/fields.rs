//! The fields of the language, their values, and what is said about a value that does not fit.

use super::ast::Value;
use super::error::{Expected, Problem};
use crate::text::fold::{fold, fold_value};

/// A field of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldName {
    Author,
    Lang,
    Channel,
    Account,
    Kind,
    Site,
    Url,
    Title,
    Sentiment,
    Intent,
    Topic,
    Urgency,
    Followers,
    Reach,
    Has,
    Is,
    Country,
    Watch,
    // Only in the archive:
    Since,
    Until,
    Before,
    After,
    Label,
    Status,
    Assignee,
}

use FieldName as F;

/// Every field with its name, in the order in which the docs name them.
pub const FIELDS: [(FieldName, &str); 25] = [
    (F::Author, "author"),
    (F::Lang, "lang"),
    (F::Channel, "channel"),
    (F::Account, "account"),
    (F::Kind, "kind"),
    (F::Site, "site"),
    (F::Url, "url"),
    (F::Title, "title"),
    (F::Sentiment, "sentiment"),
    (F::Intent, "intent"),
    (F::Topic, "topic"),
    (F::Urgency, "urgency"),
    (F::Followers, "followers"),
    (F::Reach, "reach"),
    (F::Has, "has"),
    (F::Is, "is"),
    (F::Country, "country"),
    (F::Watch, "watch"),
    (F::Since, "since"),
    (F::Until, "until"),
    (F::Before, "before"),
    (F::After, "after"),
    (F::Label, "label"),
    (F::Status, "status"),
    (F::Assignee, "assignee"),
];

/// German names people try, for the suggestion.
const TRANSLATIONS: [(&str, &str); 14] = [
    ("autor", "author"),
    ("sprache", "lang"),
    ("kanal", "channel"),
    ("konto", "account"),
    ("art", "kind"),
    ("seite", "site"),
    ("titel", "title"),
    ("stimmung", "sentiment"),
    ("absicht", "intent"),
    ("thema", "topic"),
    ("dringlichkeit", "urgency"),
    ("reichweite", "reach"),
    ("land", "country"),
    ("seit", "since"),
];

const SENTIMENTS: &[&str] = &["positive", "neutral", "negative", "mixed"];
const INTENTS: &[&str] = &["complaint", "question", "praise", "idea", "purchase", "review", "application", "cancellation", "spam", "other"];
const HAS: &[&str] = &["link", "image", "video", "question"];
const IS: &[&str] = &["reply", "share", "original", "own"];

impl FieldName {
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    /// The field of that name, in any case.
    pub fn of(name: &str) -> Option<FieldName> {
        FIELDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(field, _)| *field)
    }

    /// Whether only the archive knows what the field asks for.
    pub fn is_archive(self) -> bool {
        matches!(self, F::Since | F::Until | F::Before | F::After | F::Label | F::Status | F::Assignee)
    }

    /// Whether values are words, phrases and prefixes as in text.
    pub(crate) fn takes_terms(self) -> bool {
        matches!(self, F::Title | F::Url)
    }

    /// The values that exist, when the list is closed.
    pub fn closed_list(self) -> Option<&'static [&'static str]> {
        match self {
            F::Sentiment => Some(SENTIMENTS),
            F::Intent => Some(INTENTS),
            F::Has => Some(HAS),
            F::Is => Some(IS),
            _ => None,
        }
    }
}

/// The known field whose name is nearest to an unknown one.
pub(crate) fn nearest_field(name: &str) -> &'static str {
    let name = fold(name);
    let translated = TRANSLATIONS.iter().find(|(german, _)| *german == name).map(|(_, field)| *field);
    translated.unwrap_or_else(|| nearest(&name, FIELDS.iter().map(|(_, known)| *known)).unwrap_or("title"))
}

/// The candidate with the smallest edit distance; the first of equals.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(64).collect();
    candidates.min_by_key(|candidate| edit_distance(&word, &candidate.chars().take(64).collect::<Vec<_>>()))
}

/// Levenshtein distance.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    AtLeast,
    More,
    Equal,
    Less,
    AtMost,
}

impl Comparison {
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::AtLeast => ">=",
            Comparison::More => ">",
            Comparison::Equal => "=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
        }
    }

    pub fn holds(self, number: u64, than: u64) -> bool {
        match self {
            Comparison::AtLeast => number >= than,
            Comparison::More => number > than,
            Comparison::Equal => number == than,
            Comparison::Less => number < than,
            Comparison::AtMost => number <= than,
        }
    }

    /// Splits a comparison sign off the front; the longest one that is there.
    pub(crate) fn split(text: &str) -> (Option<Comparison>, &str) {
        use Comparison::*;
        for comparison in [AtLeast, AtMost, More, Less, Equal] {
            if let Some(rest) = text.strip_prefix(comparison.sign()) {
                return (Some(comparison), rest);
            }
        }
        (None, text)
    }
}

/// Reads a value that is no term of text.
pub(crate) fn value(field: FieldName, written: &str) -> Result<Value, Problem> {
    let text = written.trim();
    let bad = |expected: Expected, nearest: Option<&str>| {
        Err(Problem::BadValue { field, value: text.to_owned(), expected, nearest: nearest.map(str::to_owned) })
    };
    if let Some(list) = field.closed_list() {
        let folded = fold(text);
        if list.contains(&folded.as_str()) {
            return Ok(Value::Text(folded));
        }
        return bad(Expected::OneOf(list), nearest(&folded, list.iter().copied()));
    }
    match field {
        F::Lang | F::Country => {
            let code = text.to_ascii_lowercase();
            let two_letters = code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
            if two_letters || field == F::Lang && code == "unknown" {
                return Ok(Value::Text(code));
            }
            bad(if field == F::Lang { Expected::LanguageCode } else { Expected::CountryCode }, None)
        }
        F::Urgency | F::Followers | F::Reach => {
            let (comparison, digits) = Comparison::split(text);
            let number = Some(digits).filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
            match number.and_then(|digits| digits.parse::<u64>().ok()) {
                Some(n) if field != F::Urgency || n <= 3 => Ok(Value::Number(comparison.unwrap_or(Comparison::Equal), n)),
                _ => bad(if field == F::Urgency { Expected::Urgency } else { Expected::Number }, None),
            }
        }
        F::Site => {
            let host = text.trim_end_matches('.').to_lowercase();
            let of_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
            if !host.is_empty() && host.chars().all(of_host) && host.split('.').all(|label| !label.is_empty()) {
                return Ok(Value::Text(host));
            }
            bad(Expected::Host, host_of(text).as_deref())
        }
        F::Since | F::Until | F::Before | F::After => {
            if is_date(text) {
                return Ok(Value::Text(text.to_owned()));
            }
            bad(Expected::Date, None)
        }
        F::Watch => match text {
            "" => bad(Expected::Text, None),
            _ => Ok(Value::Text(text.to_owned())),
        },
        _ => {
            let folded = fold_value(if field == F::Author { text.trim_start_matches(['@', '＠']) } else { text });
            if folded.is_empty() { bad(Expected::Text, None) } else { Ok(Value::Text(folded)) }
        }
    }
}

/// The host of a URL: without scheme, user, port and final dot, in lower case (S33).
pub(crate) fn host_of(url: &str) -> Option<String> {
    let authority = authority_of(url)?;
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, after)| port(after)).map_or(host, |(before, _)| before);
    let host = host.trim_end_matches('.').to_lowercase();
    Some(host).filter(|host| !host.is_empty())
}

fn authority_of(url: &str) -> Option<&str> {
    let rest = after_scheme(url);
    rest.split(['/', '?', '#', '\\']).next()
}

/// What stands behind `scheme://`, or the whole when there is none.
pub(crate) fn after_scheme(url: &str) -> &str {
    let url = url.trim();
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')) => rest,
        _ => url.strip_prefix("//").unwrap_or(url),
    }
}

/// `YYYY-MM-DD`, and the day exists.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, digits: usize| {
        Some(part).filter(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse::<u32>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Whether two values of a list say the same.
pub(crate) fn push_value(values: &mut Vec<Value>, value: Value) {
    if !values.contains(&value) {
        values.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_for_slips_and_for_german_names() {
        assert_eq!(nearest_field("autor"), "author");
        assert_eq!(nearest_field("lnag"), "lang");
        assert_eq!(nearest_field("Sprache"), "lang");
        assert_eq!(nearest_field("sentimant"), "sentiment");
    }

    #[test]
    fn a_host_loses_scheme_user_port_and_final_dot() {
        for (url, host) in [
            ("https://Example.com:8080/a?b", "example.com"),
            ("http://user:pw@sub.example.com./", "sub.example.com"),
            ("www.example.com/x", "www.example.com"),
            ("//example.com", "example.com"),
        ] {
            assert_eq!(host_of(url).as_deref(), Some(host), "{url}");
        }
        assert_eq!(host_of(""), None);
    }

    #[test]
    fn a_date_must_exist() {
        assert!(is_date("2024-02-29"));
        for text in ["2026-02-29", "2026-13-01", "2026-1-01", "01.02.2026", "2026-00-10", "2026-01-00", ""] {
            assert!(!is_date(text), "{text}");
        }
    }
}
