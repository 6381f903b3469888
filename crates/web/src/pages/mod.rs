//! Pages by area; each file holds a template struct and its handlers.

pub mod door;
pub mod form;

pub mod me;
pub mod settings;
