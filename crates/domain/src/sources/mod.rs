//! Channel accounts and the sources behind them. A workspace connects *accounts*; what is read from the network is a *source*, and a public
//! one is read once for all workspaces that listen to it. A credentialed account has a source of its own, which keeps its sealed secret.
//! What is handed in (form, by hand, delivery door) needs no polling.
//!
//! `revision` grows with every change of a source, so its listener starts anew; `fence` grows whenever somebody takes the source or changes
//! what its cursor covers, so a look that is under way stores nothing any more.

mod change;
mod connect;
mod fields;
pub mod forms;
pub mod health;
mod list;
pub mod lmtp;
mod manual;
mod outgoing;
mod pause;
mod remove;
pub mod runner;
mod store;
pub mod suspects;
mod test;

pub use change::{Change, change};
pub use connect::{NewAccount, connect, connect_in};
pub use fields::Values;
pub use health::{Health, Level};
pub use list::{Account, list, one, settings_of, teams};
pub use manual::manual_account;
pub use outgoing::{sender, through};
pub use pause::{pause, resume};
pub use remove::remove;
pub(crate) use remove::take_away;
pub use store::{connection, look_now, source_of};
pub use test::{Kept, keep_secret, test_account, test_new};

/// Adds this area's jobs.
pub fn jobs(registry: ::jobs::Registry, app: &crate::App) -> ::jobs::Registry {
    let app = app.clone();
    registry.on(forms::CONFIRMATION, 2, move |job| {
        let app = app.clone();
        async move { forms::confirm(&app, job).await }
    })
}

#[cfg(test)]
mod tests;
