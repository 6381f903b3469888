//! The CRM's two stores, which never meet here: *contacts* (what the company knows) and *profiles* (what the public web shows). What may be
//! shown of both together is decided in `privacy/wall.rs` alone.

pub mod addresses;
pub mod contacts;
pub mod profiles;
mod trigrams;
