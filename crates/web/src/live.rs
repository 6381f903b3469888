//! The event stream (SSE): what happened in a workspace, as ids and codes. Screens fetch what they show; nothing confidential travels here.
//! A stream carries one [`Topic`]: whoever listens to the public web does not even learn when something happens to a customer (the wall,
//! invariant 4).

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Query;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::accounts::Permission;
use domain::events::{self, Position};
use futures::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use model::{Id, Timestamp, kinds};
use serde::Deserialize;
use tokio::sync::broadcast;

use crate::Visit;
use crate::error::Fault;

/// What a screen waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Inbox,
    Listen,
    Channels,
}

impl Topic {
    const ALL: [Topic; 3] = [Self::Inbox, Self::Listen, Self::Channels];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Listen => "listen",
            Self::Channels => "channels",
        }
    }

    /// Without it nothing of the topic is told.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Inbox => Permission::InboxRead,
            Self::Listen => Permission::ListenRead,
            Self::Channels => Permission::ChannelRead,
        }
    }

    /// What the pages behind an entry of the rail wait for.
    pub fn of_area(area: &str) -> Option<Self> {
        match area {
            "inbox" | "mentions" => Some(Self::Inbox),
            "listen" => Some(Self::Listen),
            "settings" => Some(Self::Channels),
            _ => None,
        }
    }

    fn tells(self, kind: &str) -> bool {
        let starts: &[&str] = match self {
            Self::Inbox => &["conversation.", "message.", "mention"],
            Self::Listen => &["hit.", "backfill.", "watch."],
            Self::Channels => &["account.", "channel."],
        };
        starts.iter().any(|start| kind.starts_with(start))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct From {
    r#for: String,
    after: String,
    since: Option<i64>,
}

/// `GET /{workspace}/live?for=TOPIC&after=PLACE&since=MOMENT`: continues behind `Last-Event-ID` (a broken connection), `after` (what the page
/// has heard), or the moment at which the page was made (microseconds since 1970).
pub async fn stream(visit: Visit, Query(from): Query<From>, headers: HeaderMap) -> Result<Response, Fault> {
    let topic = Topic::ALL.into_iter().find(|topic| topic.name() == from.r#for).unwrap_or(Topic::Inbox);
    visit.seat.require(topic.permission())?;
    let mut conn = visit.read().await?;
    let resumed = headers.get("last-event-id").and_then(|v| v.to_str().ok()).filter(|v| !v.is_empty()).unwrap_or(&from.after);
    let after = match (resumed.parse::<Position>(), resumed.parse::<Id<kinds::Event>>(), from.since) {
        (Ok(position), ..) => position,
        (_, Ok(id), _) => events::from_id(&mut conn, id).await?,
        (.., Some(since)) => events::from_moment(&mut conn, Timestamp::from_micros(since)).await?,
        _ => events::newest(&mut conn).await?,
    };
    drop(conn);
    // Listening begins before the table is read, so nothing falls between.
    let receiver = visit.app.feed.listen();
    let state =
        Reader { app: visit.app.clone(), workspace: visit.seat.ws(), topic, at: after, receiver, pending: Vec::new(), caught_up: false };
    let stream: std::pin::Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>> = Box::pin(
        stream::once(async { Ok(Event::default().retry(Duration::from_secs(2)).comment("tresen")) })
            .chain(stream::unfold(state, Reader::next)),
    );
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response();
    // Reverse proxies (nginx) must not gather the stream.
    response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    Ok(response)
}

struct Reader {
    app: domain::App,
    workspace: Id<kinds::Workspace>,
    topic: Topic,
    at: Position,
    receiver: broadcast::Receiver<std::sync::Arc<events::Event>>,
    /// Newest first: taken from the end.
    pending: Vec<events::Event>,
    caught_up: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.pending.pop() {
                self.at = event.place();
                if self.topic.tells(&event.kind) {
                    return Some((Ok(self.say(&event)), self));
                }
                continue;
            }
            if !self.caught_up {
                let read = async {
                    let mut conn = self.app.db.read().await?;
                    events::behind(&mut conn, Some(self.workspace), self.at, 200).await
                };
                match read.await {
                    Ok(events) => {
                        self.caught_up = events.len() < 200;
                        self.pending = events.into_iter().rev().collect();
                    }
                    // The browser comes back with its Last-Event-ID.
                    Err(_) => return None,
                }
                continue;
            }
            let told = tokio::select! {
                () = self.app.feed.ended() => return None,
                told = self.receiver.recv() => told,
            };
            match told {
                Ok(event) if event.workspace_id == self.workspace && event.place() > self.at => {
                    self.at = event.place();
                    if self.topic.tells(&event.kind) {
                        return Some((Ok(self.say(&event)), self));
                    }
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => self.caught_up = false,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    fn say(&self, event: &events::Event) -> Event {
        let data = serde_json::json!({
            "kind": event.kind,
            "subject": event.subject_id.map(|id| Id::<()>::from_i64(id).to_string()),
            "actor": event.actor_id,
            "detail": event.detail.0,
        });
        // Positions count what happened everywhere: a gap between two of them would tell of the other side.
        let id = if self.topic == Topic::Inbox { event.place().to_string() } else { event.id.to_string() };
        Event::default().id(id).data(data.to_string())
    }
}
