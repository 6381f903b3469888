//! Law as code: what may leave, and what may be seen together.

pub mod links;
pub mod outreach;
pub mod retention;
pub mod tombstones;
pub mod wall;
