//! The desk: conversations, what people do with them, and how answers leave the house.

pub mod deliver;
pub mod drafts;
pub mod files;
pub mod list;
pub mod log;
pub mod mentions;
pub mod notes;
pub mod organise;
pub mod people;
pub mod presence;
pub mod reads;
pub mod reply;
pub mod search;
mod store;
pub mod thread;
mod types;
pub mod undo;

pub use store::Conversation;
pub(crate) use store::reach;
pub use types::{Direction, MessageState, Priority, Status, View};
