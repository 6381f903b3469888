//! Pages by area; each file holds a template struct and its handlers.

pub mod door;

pub mod me;
