//! Searching the archive of public posts: the watch language with the archive's own fields, where a plain word finds its other forms too.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use db::{args, row, sql};
use jiff::civil::Date;
use matching::{FieldName, Filter, Query, QueryError};
use model::{Id, Timestamp, kinds};

use super::matcher;
use super::posts::{Place, Stored, Stretch};
use crate::accounts::{Permission, Scope, Seat};
use crate::{App, Result, fold_key};

/// Posts looked at in one step, and for one page of results.
const PAGE: i64 = 200;
const MOST: usize = 10_000;
const PATIENCE: Duration = Duration::from_millis(1500);

#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Newest first, with the marks in their text.
    pub posts: Vec<(Stored, Vec<Range<usize>>)>,
    /// Where the next page begins; `None`: there is nothing older.
    pub next: Option<Place>,
    /// The page is short because looking took too long, not because nothing is left.
    pub cut: bool,
    pub canonical: String,
}

row! {
    struct Handling { post_id: Id<kinds::Post>, status: String, assignee_id: Option<Id<kinds::User>>, assignee: Option<String>, label_key: Option<String> }
}

/// One page of what matches.
pub async fn find(app: &App, seat: &Seat, query: &str, before: Option<Place>, limit: usize) -> Result<Result<Found, Vec<QueryError>>> {
    seat.require(Permission::ListenRead)?;
    let mut conn = app.db.read().await?;
    let query: Query = match matcher::check_archive(&mut conn, seat.ws(), query).await? {
        Ok(query) => query,
        Err(errors) => return Ok(Err(errors)),
    };
    let filters = Filters::new(seat, query.filters());
    let (since, until) = filters.bounds();
    let stretch = Stretch { since, until, ..Stretch::of_seat(seat) };
    let narrow = query.required_terms();
    let mut found = Found { canonical: query.canonical(), ..Found::default() };
    let (started, mut looked, mut before) = (Instant::now(), 0, before);
    loop {
        let page = stretch.candidates(&mut conn, &narrow, before, PAGE).await?;
        let full = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        looked += page.len();
        let mut hits: Vec<(Stored, Vec<Range<usize>>)> = Vec::new();
        let mut end = before;
        for post in page {
            end = Some((post.sort_at, post.id));
            let tokenised = post.tokenised();
            // A query of archive fields alone has nothing left to ask.
            if filters.fits_day(post.sort_at) && query.matches(&tokenised) {
                let marks = query.highlights(&tokenised);
                hits.push((post, marks));
            }
        }
        if filters.asks_desk() && !hits.is_empty() {
            let ids: Vec<Id<kinds::Post>> = hits.iter().map(|(post, _)| post.id).collect();
            let handled = handling(&mut conn, seat, &ids).await?;
            hits.retain(|(post, _)| filters.fits_desk(seat, handled.get(&post.id).map_or(&[], Vec::as_slice)));
        }
        for hit in hits {
            if found.posts.len() == limit {
                found.next = found.posts.last().map(|(post, _)| (post.sort_at, post.id));
                return Ok(Ok(found));
            }
            found.posts.push(hit);
        }
        if !full {
            return Ok(Ok(found));
        }
        if looked >= MOST || started.elapsed() > PATIENCE {
            (found.cut, found.next) = (true, end);
            return Ok(Ok(found));
        }
        before = end;
        tokio::task::yield_now().await;
    }
}

/// What the desk did with posts: the public conversations made of them, within the seat's reach.
async fn handling(conn: &mut db::Conn, seat: &Seat, posts: &[Id<kinds::Post>]) -> Result<HashMap<Id<kinds::Post>, Vec<Handling>>> {
    let mut by_post: HashMap<Id<kinds::Post>, Vec<Handling>> = HashMap::new();
    if !seat.can(Permission::InboxRead) {
        return Ok(by_post);
    }
    let (all, teams, accounts) = match seat.scope(Permission::InboxRead) {
        Scope::Everything => (true, Vec::new(), Vec::new()),
        Scope::Only { teams, accounts } => (false, teams, accounts),
    };
    let rows: Vec<Handling> = conn
        .all(
            sql!("SELECT m.post_id, c.status, c.assignee_id, u.name AS assignee, l.label_key FROM messages m
                  JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id LEFT JOIN users u ON u.id = c.assignee_id
                  LEFT JOIN conversation_labels l ON l.workspace_id = c.workspace_id AND l.conversation_id = c.id
                  WHERE m.workspace_id = $1 AND m.post_id IN " [ids "$2"] " AND c.is_public AND ($3 OR c.team_id IN " [ids "$4"] " OR c.account_id IN " [ids "$5"] ")"),
            args![seat.ws(), posts, all, teams.as_slice(), accounts.as_slice()],
        )
        .await?;
    for row in rows {
        by_post.entry(row.post_id).or_default().push(row);
    }
    Ok(by_post)
}

/// The archive's own fields.
struct Filters {
    /// Stretches of time: the post must (not) lie in one of them.
    days: Vec<(bool, Vec<(Timestamp, Timestamp)>)>,
    desk: Vec<Filter>,
}

impl Filters {
    fn new(seat: &Seat, filters: Vec<Filter>) -> Self {
        let zone = seat.time_zone();
        let start = |day: Date| day.to_zoned(zone.clone()).map_or(Timestamp(0), |z| Timestamp(z.timestamp().as_microsecond()));
        let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        let mut out = Self { days: Vec::new(), desk: Vec::new() };
        for filter in filters {
            let stretch = |value: &String| {
                let day: Date = value.parse().ok()?;
                let next = day.tomorrow().unwrap_or(day);
                Some(match filter.field {
                    FieldName::Since => (start(day), last),
                    FieldName::After => (start(next), last),
                    FieldName::Until => (first, start(next)),
                    _ => (first, start(day)),
                })
            };
            match filter.field {
                FieldName::Since | FieldName::After | FieldName::Until | FieldName::Before => {
                    out.days.push((filter.negated, filter.values.iter().filter_map(stretch).collect()));
                }
                _ => out.desk.push(filter),
            }
        }
        out
    }

    fn fits_day(&self, at: Timestamp) -> bool {
        self.days.iter().all(|(negated, stretches)| stretches.iter().any(|(from, to)| at >= *from && at < *to) != *negated)
    }

    /// What the database may leave out.
    fn bounds(&self) -> (Timestamp, Timestamp) {
        let wanted = || self.days.iter().filter(|(negated, _)| !negated);
        let since = wanted().filter_map(|(_, s)| s.iter().map(|(from, _)| *from).min()).max().unwrap_or(Timestamp(i64::MIN));
        let until = wanted().filter_map(|(_, s)| s.iter().map(|(_, to)| *to).max()).min().unwrap_or(Timestamp(i64::MAX));
        (since, until)
    }

    fn asks_desk(&self) -> bool {
        !self.desk.is_empty()
    }

    fn fits_desk(&self, seat: &Seat, handling: &[Handling]) -> bool {
        let holds = |filter: &Filter, value: &str| {
            handling.iter().any(|h| match filter.field {
                FieldName::Status => h.status == value,
                FieldName::Label => h.label_key.as_deref().is_some_and(|l| fold_key(l) == fold_key(value)),
                FieldName::Assignee if value == "me" => h.assignee_id == Some(seat.user()),
                FieldName::Assignee => h.assignee.as_deref().is_some_and(|name| fold_key(name) == fold_key(value)),
                _ => false,
            })
        };
        self.desk.iter().all(|filter| filter.values.iter().any(|value| holds(filter, value)) != filter.negated)
    }
}
