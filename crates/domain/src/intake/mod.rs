//! The one door: whatever a network brings comes in here, a batch at a time. Pure steps first (language, search document, watches), then one
//! short transaction with everything that follows from the item, and with the cursor that covers it (invariant 1).

pub(crate) mod expired;
mod index;
mod ingest;
mod message;
mod post;

pub use index::{index_message, reindex};
pub use ingest::{Lot, Report, deliver, ingest};
pub(crate) use post::{Hit, hit};
