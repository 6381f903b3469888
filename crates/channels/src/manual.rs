//! What happens away from the screen: calls, letters, visits and fairs, written down by a person. Nothing is fetched, nothing is sent.

use futures::future::BoxFuture;

use crate::{Capabilities, Channel, Connection, Context, Failure, Listener};

/// Items logged by hand.
pub struct Manual;

static CAPABILITIES: Capabilities = Capabilities {
    name: "manual",
    icon: "phone",
    can_send: false,
    public: false,
    threads: false,
    attachments: true,
    max_length: None,
    can_look_up_sent: false,
    settings: &[],
};

impl Channel for Manual {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, _connection: &Connection) -> Vec<Failure> {
        Vec::new()
    }

    fn test<'a>(&'a self, _ctx: &'a Context, _connection: &'a Connection) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async { Ok(String::new()) })
    }

    fn listen(&self, _ctx: &Context, _connection: &Connection) -> Option<Box<dyn Listener>> {
        None
    }
}
