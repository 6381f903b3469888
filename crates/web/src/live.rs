//! The one event stream (SSE): what happened in a workspace, as ids and codes. Screens fetch what they show; nothing confidential travels here.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Query;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::events::{self, Position};
use futures::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use model::{Id, kinds};
use serde::Deserialize;
use tokio::sync::broadcast;

use crate::Visit;
use crate::error::Fault;

#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    after: String,
}

/// `GET /{workspace}/live?after=POSITION`: continues behind `Last-Event-ID` (a broken connection) or `after` (a page's own moment).
pub async fn stream(visit: Visit, Query(from): Query<From>, headers: HeaderMap) -> Result<Response, Fault> {
    let mut conn = visit.app.db.read().await?;
    let resumed = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<Position>().ok());
    let after = match resumed.or_else(|| from.after.parse().ok()) {
        Some(position) => position,
        None => events::newest(&mut conn).await?,
    };
    drop(conn);
    // Listening begins before the table is read, so nothing falls between.
    let receiver = visit.app.feed.listen();
    let state = Reader { app: visit.app.clone(), workspace: visit.seat.ws(), at: after, receiver, pending: Vec::new(), caught_up: false };
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
                return Some((Ok(say(&event)), self));
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
            match self.receiver.recv().await {
                Ok(event) if event.workspace_id == self.workspace && event.place() > self.at => {
                    self.at = event.place();
                    return Some((Ok(say(&event)), self));
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => self.caught_up = false,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

fn say(event: &events::Event) -> Event {
    let data = serde_json::json!({
        "kind": event.kind,
        "subject": event.subject_id.map(|id| Id::<()>::from_i64(id).to_string()),
        "actor": event.actor_id,
        "detail": event.detail.0,
    });
    Event::default().id(event.place().to_string()).data(data.to_string())
}
