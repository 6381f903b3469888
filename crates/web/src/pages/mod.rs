//! Pages by area; each file holds a template struct and its handlers.

pub mod customers;
pub mod demo;
pub mod door;
pub mod form;
pub mod inbox;

pub mod keys;
pub mod listen;
pub mod me;
pub mod settings;
