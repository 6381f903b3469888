//! Full text search by the database: the document it indexes and the question it is asked. Both are made of the same tokens.

pub mod document;
pub mod encode;
pub mod narrow;
