//! The CRM's two stores, which never meet here: *contacts* (what the company knows) and *profiles* (what the public web shows).

pub mod contacts;
pub mod profiles;
mod trigrams;
