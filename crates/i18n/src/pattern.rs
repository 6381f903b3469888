//! What the generated tables are made of, and how they become sentences.

use std::fmt::{Display, Write};

use model::Locale;

/// A message with variables, in both languages.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Names of the variables, in alphabetical order; pieces refer to them by place.
    pub arguments: &'static [&'static str],
    pub de: &'static [Piece],
    pub en: &'static [Piece],
}

#[derive(Debug)]
#[allow(dead_code, reason = "which kinds occur is up to the texts")]
pub(crate) enum Piece {
    Text(&'static str),
    Argument(usize),
    /// Argument, exact numbers, everything else.
    Plural(usize, &'static [(i64, &'static [Piece])], &'static [Piece]),
    /// Argument, words, everything else.
    Choice(usize, &'static [(&'static str, &'static [Piece])], &'static [Piece]),
}

/// An argument at the moment of writing.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Number(i64),
    Shown(&'a dyn Display),
    Missing,
}

/// Appends `pieces` to `out`. A missing argument appears as its name in braces, which a reader can report and a log can be searched for.
pub(crate) fn write_pieces(out: &mut String, pieces: &[Piece], names: &[&str], values: &[Value<'_>], locale: Locale) {
    let value_at = |place: usize| values.get(place).copied().unwrap_or(Value::Missing);
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Argument(place) => match value_at(*place) {
                Value::Number(n) => out.push_str(&locale.number(n)),
                Value::Shown(shown) => {
                    // A Display that reports an error has nothing to say; the rest of the sentence still has.
                    let _ = write!(out, "{shown}");
                }
                Value::Missing => {
                    let _ = write!(out, "{{{}}}", names.get(*place).copied().unwrap_or_default());
                }
            },
            Piece::Plural(place, cases, other) => {
                let chosen = match value_at(*place) {
                    Value::Number(n) => cases.iter().find(|(case, _)| *case == n).map(|(_, pieces)| *pieces),
                    Value::Shown(_) | Value::Missing => None,
                };
                write_pieces(out, chosen.unwrap_or(other), names, values, locale);
            }
            Piece::Choice(place, cases, default) => {
                let word = match value_at(*place) {
                    Value::Number(n) => n.to_string(),
                    Value::Shown(shown) => shown.to_string(),
                    Value::Missing => String::new(),
                };
                let chosen = cases.iter().find(|(case, _)| *case == word).map(|(_, pieces)| *pieces);
                write_pieces(out, chosen.unwrap_or(default), names, values, locale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Piece::*;
    use super::*;

    fn written(pieces: &[Piece], values: &[Value<'_>]) -> String {
        let mut out = String::new();
        write_pieces(&mut out, pieces, &["count", "state"], values, Locale::DeDe);
        out
    }

    #[test]
    fn a_word_chooses_its_variant_and_an_unknown_word_the_default() {
        let pieces = [Choice(1, &[("open", &[Text("offen")]), ("7", &[Text("sieben")])], &[Text("zu: "), Argument(1)])];
        assert_eq!(written(&pieces, &[Value::Missing, Value::Shown(&"open")]), "offen");
        assert_eq!(written(&pieces, &[Value::Missing, Value::Number(7)]), "sieben");
        assert_eq!(written(&pieces, &[Value::Missing, Value::Shown(&"shut")]), "zu: shut");
        assert_eq!(written(&pieces, &[Value::Missing, Value::Missing]), "zu: {state}");
    }

    #[test]
    fn a_number_chooses_its_exact_variant_and_is_grouped() {
        let pieces = [Plural(0, &[(0, &[Text("nichts")]), (1, &[Text("eins")])], &[Argument(0), Text(" Stück")])];
        assert_eq!(written(&pieces, &[Value::Number(0)]), "nichts");
        assert_eq!(written(&pieces, &[Value::Number(1)]), "eins");
        assert_eq!(written(&pieces, &[Value::Number(-1)]), "−1 Stück");
        assert_eq!(written(&pieces, &[Value::Number(12_345)]), "12.345 Stück");
        assert_eq!(written(&pieces, &[Value::Shown(&"viele")]), "viele Stück");
        assert_eq!(written(&pieces, &[]), "{count} Stück");
    }
}
