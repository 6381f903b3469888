//! Text to tokens, tokens to comparable form.

pub mod fold;
mod quick;
pub mod stem;
pub mod token;
