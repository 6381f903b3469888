//! Text to tokens, tokens to comparable form.

pub mod fold;
pub mod stem;
pub mod token;
