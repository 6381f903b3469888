//! A form that is answered before it was read, such as an upload of somebody whose session has ended, is read all the same. Closing instead
//! cuts off who still sends: behind nginx and Caddy they would see `502` in place of the answer (RFC 9112, section 9.6).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::{StreamExt, stream};

/// Bytes; somewhat above what the proxies of docs/operations let through.
const MOST: usize = 48 << 20;
/// Whoever needs longer is cut off.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // Lent, not given: what a handler lets go half read is read on here.
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let lend = || {
        let body = body.clone();
        stream::poll_fn(move |context| body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context))
    };
    let answer = next.run(Request::from_parts(parts, Body::from_stream(lend()))).await;
    let reading = async {
        let (mut rest, mut read) = (lend(), 0);
        while let Some(Ok(bytes)) = rest.next().await {
            read += bytes.len();
            if read > MOST {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
    answer
}
