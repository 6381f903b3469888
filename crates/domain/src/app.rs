use std::sync::Arc;

use db::Db;
use model::{Clock, Random, Timestamp};

use crate::desk::people::ChoicesRead;
use crate::desk::reads::Reads;
use crate::listening::matcher::WatchSet;
use crate::{Blobs, Sealer, events};

/// What every verb may need; made once in the binary, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>, WatchSet, Reads, ChoicesRead);

pub struct Parts {
    pub db: Db,
    pub sealer: Sealer,
    pub blobs: Blobs,
    pub channels: channels::Context,
    pub feed: events::Feed,
    pub presence: crate::desk::presence::Presence,
    pub config: Config,
}

/// What the installation decides; see `tresen.example.toml`.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The address people reach Tresen at, without a slash at the end: links in mails begin with it.
    pub public_url: String,
    /// How invitations and resets leave. Without it `tresen user reset-link` prints links.
    pub system_mail: Option<SystemMail>,
    /// The demo: conveniences, marks, loopback only (invariant 11).
    pub demo: bool,
}

/// The installation's own mailbox for sending: settings and secret as the mail channel takes them.
#[derive(Debug, Clone)]
pub struct SystemMail {
    pub connection: channels::Connection,
    pub from: channels::Mailbox,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts), WatchSet::default(), Reads::default(), ChoicesRead::default())
    }
    /// The watches of every workspace, compiled.
    pub fn watches(&self) -> &WatchSet {
        &self.1
    }
    /// What people have read and is not written yet.
    pub fn reads(&self) -> &Reads {
        &self.2
    }
    pub(crate) fn choices_read(&self) -> &ChoicesRead {
        &self.3
    }
    pub fn clock(&self) -> &dyn Clock {
        &*self.db.env().clock
    }
    pub fn random(&self) -> &dyn Random {
        &*self.db.env().random
    }
    pub fn now(&self) -> Timestamp {
        self.db.now()
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
