use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The two languages every text on screen exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    De,
    En,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::De, Language::En];
    /// ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Language::De => "de",
            Language::En => "en",
        }
    }
    pub const fn other(self) -> Language {
        match self {
            Language::De => Language::En,
            Language::En => Language::De,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Language plus country: how numbers, dates and money are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Locale {
    #[default]
    #[serde(rename = "de-DE")]
    DeDe,
    #[serde(rename = "de-AT")]
    DeAt,
    #[serde(rename = "de-CH")]
    DeCh,
    #[serde(rename = "en")]
    En,
}

impl Locale {
    pub const ALL: [Locale; 4] = [Locale::DeDe, Locale::DeAt, Locale::DeCh, Locale::En];
    /// BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Locale::DeDe => "de-DE",
            Locale::DeAt => "de-AT",
            Locale::DeCh => "de-CH",
            Locale::En => "en",
        }
    }
    pub const fn language(self) -> Language {
        match self {
            Locale::En => Language::En,
            _ => Language::De,
        }
    }
    /// 12345 → `12.345` (DE), `12 345` with a narrow space (AT), `12’345` (CH), `12,345` (en).
    pub fn number(self, n: i64) -> String {
        let separator = match self {
            Locale::DeDe => ".",
            Locale::DeAt => "\u{a0}",
            Locale::DeCh => "’",
            Locale::En => ",",
        };
        let digits = n.unsigned_abs().to_string();
        let mut out = String::from(if n < 0 { "−" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push_str(separator);
            }
            out.push(digit);
        }
        out
    }
}

impl FromStr for Locale {
    type Err = ();
    fn from_str(tag: &str) -> Result<Self, ()> {
        Locale::ALL.into_iter().find(|l| l.tag().eq_ignore_ascii_case(tag)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_each_country_does() {
        assert_eq!(Locale::DeDe.number(1_234_567), "1.234.567");
        assert_eq!(Locale::DeCh.number(-12_345), "−12’345");
        assert_eq!(Locale::En.number(999), "999");
        assert_eq!(Locale::DeAt.number(1_000), "1\u{a0}000");
    }
}
