//! Listening: watches over public posts, what they hit, and the archive. A watch is a query of the watch language (QUERY.md) with a name;
//! arriving posts meet the compiled set in `matcher.rs`, older ones are tried in `preview.rs` and taken in by `backfill.rs`.

pub mod archive;
pub mod backfill;
pub mod hits;
pub mod matcher;
pub mod posts;
pub mod preview;
pub mod watches;

use model::{Id, kinds};

use crate::accounts::{Permission, Scope, Seat};

/// Errors of a query are data for the editor, not failures: each with its position.
pub type Checked<T> = std::result::Result<T, Vec<matching::QueryError>>;

/// Whose posts a seat may see: everything, or those of some accounts.
fn reach(seat: &Seat) -> (bool, Vec<Id<kinds::ChannelAccount>>) {
    match seat.scope(Permission::ListenRead) {
        Scope::Everything => (true, Vec::new()),
        Scope::Only { accounts, .. } => (false, accounts),
    }
}
