//! A query tried on the archive while it is being written: what it would have found, at a bounded cost.

use std::ops::Range;
use std::time::{Duration, Instant};

use matching::{Query, QueryError};
use model::{Id, Timestamp, kinds};

use super::matcher;
use super::posts::{Place, Stored, Stretch};
use crate::accounts::{Permission, Seat};
use crate::{App, Result};

/// How far back the trial looks.
pub const DAYS: usize = 30;
const DAY: i64 = 24 * 3600 * 1_000_000;
/// Posts looked at in one step, and in all.
const PAGE: i64 = 200;
const MOST: usize = 5_000;
/// A person is waiting.
const PATIENCE: Duration = Duration::from_millis(600);

#[derive(Debug, Clone)]
pub struct Preview {
    /// The newest, at most as many as asked for.
    pub newest: Vec<(Stored, Vec<Range<usize>>)>,
    /// How many matched in the last [`DAYS`] days, as far as was looked.
    pub found: i64,
    /// By days of 24 hours that end now, oldest first.
    pub days: Vec<i64>,
    /// Whether all of the days were looked at. If not, up to here.
    pub looked_until: Option<Timestamp>,
    pub canonical: String,
}

/// Tries a query. `own`: the watch it will replace; `name`: as which other watches name it.
pub async fn preview(
    app: &App,
    seat: &Seat,
    own: Option<Id<kinds::Watch>>,
    name: &str,
    query: &str,
    newest: usize,
) -> Result<Result<Preview, Vec<QueryError>>> {
    seat.require(Permission::ListenRead)?;
    let mut conn = app.db.read().await?;
    let query: Query = match matcher::check(&mut conn, seat.ws(), own, name, query).await? {
        Ok(query) => query,
        Err(errors) => return Ok(Err(errors)),
    };
    let now = conn.now();
    let stretch = Stretch { since: Timestamp(now.micros() - DAYS as i64 * DAY), ..Stretch::of_seat(seat) };
    let narrow = query.required_terms();
    let mut preview = Preview { newest: Vec::new(), found: 0, days: vec![0; DAYS], looked_until: None, canonical: query.canonical() };
    let (started, mut looked, mut before): (_, _, Option<Place>) = (Instant::now(), 0, None);
    loop {
        let page = stretch.candidates(&mut conn, &narrow, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        let end = (last.sort_at, last.id);
        let full = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        looked += page.len();
        for post in page {
            let tokenised = post.tokenised();
            if !query.matches(&tokenised) {
                continue;
            }
            preview.found += 1;
            let ago = usize::try_from((now.micros() - post.sort_at.micros()).max(0) / DAY).unwrap_or(DAYS);
            if let Some(day) = (DAYS - 1).checked_sub(ago).and_then(|day| preview.days.get_mut(day)) {
                *day += 1;
            }
            if preview.newest.len() < newest {
                let marks = query.highlights(&tokenised);
                preview.newest.push((post, marks));
            }
        }
        if !full {
            break;
        }
        if looked >= MOST || started.elapsed() > PATIENCE {
            preview.looked_until = Some(end.0);
            break;
        }
        before = Some(end);
        // Other requests have their turn between two pages.
        tokio::task::yield_now().await;
    }
    Ok(Ok(preview))
}
