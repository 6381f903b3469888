//! Every text on screen, in German and English, as typed functions made from `texts/{de,en}/*.ftl`.
//!
//! A message `common-save` becomes the method [`Texts::common_save`]; a message with variables takes them as arguments **in alphabetical
//! order of their names**, whatever their order in the sentence. A variable that selects a plural form is an `i64` and is printed with the
//! locale's digit grouping; every other variable is anything that implements `Display` and is printed as it is. Texts are plain text:
//! escaping is the template's business, and there are no Unicode isolation marks (names stand in `<bdi>`).
//!
//! Supported Fluent: text over one or several lines, `{ $variable }`, `{ "literal" }`, `{ message-without-variables }`, `{ -term }`, and
//! selects: by number (`[zero]`, `[one]`, `[42]`, default `*[other]`) or by word (any other keys). `build/` refuses the rest, and refuses
//! languages that differ in keys or variables.

mod date;
mod pattern;
mod sentence;
mod texts {
    use crate::pattern::Value;
    use crate::{Entry, Texts};
    include!(concat!(env!("OUT_DIR"), "/texts.rs"));
}

pub use jiff::tz::TimeZone;
pub use model::{Language, Locale};
pub use sentence::{Arg, Sentence};
pub use texts::KEYS;

use pattern::{Pattern, Value, write_pieces};

/// All texts in the words and habits of one locale. As cheap to copy as the locale itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Texts {
    pub locale: Locale,
}

/// A message as the table behind [`Texts::by_key`] holds it, at the same place as its key in [`KEYS`].
pub(crate) enum Entry {
    /// German, English.
    Plain(&'static str, &'static str),
    Filled(&'static Pattern),
}

impl Texts {
    pub const fn new(locale: Locale) -> Self {
        Self { locale }
    }

    pub const fn language(self) -> Language {
        self.locale.language()
    }

    /// The message `key` with `args`, for sentences that were stored as key and arguments. `None` if there is no such message.
    ///
    /// An argument that is missing appears as its name in braces, one too many is ignored. Unlike the typed methods, which print what they
    /// are given, every [`Arg::Number`] is printed with the locale's grouping: the locale was unknown when the sentence was stored. What
    /// must not be grouped (a year, a number that is a name) is stored as [`Arg::Text`].
    pub fn by_key(&self, key: &str, args: &[(&str, Arg)]) -> Option<String> {
        let find = |name: &str| args.iter().find(|(given, _)| *given == name).map(|(_, arg)| arg);
        self.look_up(key, find)
    }

    pub(crate) fn look_up<'a>(self, key: &str, find: impl Fn(&str) -> Option<&'a Arg>) -> Option<String> {
        match texts::ENTRIES.get(KEYS.binary_search(&key).ok()?)? {
            Entry::Plain(de, en) => Some(self.pick(de, en).to_owned()),
            Entry::Filled(pattern) => {
                let value = |name: &&str| match find(name) {
                    Some(Arg::Number(n)) => Value::Number(*n),
                    Some(Arg::Text(text)) => Value::Shown(text),
                    None => Value::Missing,
                };
                Some(self.fill(pattern, &pattern.arguments.iter().map(value).collect::<Vec<_>>()))
            }
        }
    }

    const fn pick(self, de: &'static str, en: &'static str) -> &'static str {
        match self.language() {
            Language::De => de,
            Language::En => en,
        }
    }

    fn fill(self, pattern: &Pattern, values: &[Value<'_>]) -> String {
        let pieces = match self.language() {
            Language::De => pattern.de,
            Language::En => pattern.en,
        };
        let mut out = String::new();
        write_pieces(&mut out, pieces, pattern.arguments, values, self.locale);
        out
    }
}
