//! The query language: text to tree, tree to canonical text, and every error with its place.

pub mod ast;
mod check;
pub mod error;
pub mod fields;
mod lex;
mod parse;
mod print;
mod words;

pub(crate) use fields::{after_scheme, host_of, nearest};
pub(crate) use parse::parse;
pub(crate) use print::print;

#[cfg(test)]
mod error_tests;
