use serde::{Deserialize, Serialize};

use crate::Texts;

/// A message to be shown later, to somebody whose language is not known yet: stored as key and arguments, never as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    pub key: String,
    #[serde(default)]
    pub args: Vec<(String, Arg)>,
}

/// An argument of a [`Sentence`]. In JSON a plain string or a plain whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    Number(i64),
    Text(String),
}

impl Sentence {
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), args: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Arg>) -> Self {
        self.args.push((name.into(), value.into()));
        self
    }

    /// The sentence in the reader's language. A key that no longer exists (the sentence may be older than the program) is shown itself.
    pub fn render(&self, texts: Texts) -> String {
        let find = |name: &str| self.args.iter().find(|(given, _)| given == name).map(|(_, arg)| arg);
        texts.look_up(&self.key, find).unwrap_or_else(|| self.key.clone())
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Arg::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Arg::Text(text)
    }
}

impl From<&String> for Arg {
    fn from(text: &String) -> Self {
        Arg::Text(text.clone())
    }
}

macro_rules! from_whole_numbers {
    ($($number:ty),*) => { $(
        impl From<$number> for Arg {
            /// Beyond the range of `i64`: its largest value.
            fn from(n: $number) -> Self {
                Arg::Number(i64::try_from(n).unwrap_or(i64::MAX))
            }
        }
    )* };
}
from_whole_numbers!(u64, usize);

macro_rules! from_small_numbers {
    ($($number:ty),*) => { $(
        impl From<$number> for Arg {
            fn from(n: $number) -> Self {
                Arg::Number(i64::from(n))
            }
        }
    )* };
}
from_small_numbers!(i16, i32, i64, u8, u16, u32);
