//! One watch: what it found, the back-fill, and making conversations of hits.

use askama::Template;
use axum::extract::Query;
use domain::accounts::Permission;
use domain::listening::backfill::{self, Backfill};
use domain::listening::hits::{self, Hit};
use domain::listening::watches::{self, Watch};
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use super::{Shown, Side, WatchId, keyset, kind_text};
use crate::error::{Reply, html, see};
use crate::{Page, Place, Visit};

const PAGE: usize = 30;

#[derive(Template)]
#[template(path = "listen/hits.html")]
struct HitsPage {
    t: Texts,
    page: Page,
    side: Side,
    watch: Watch,
    kind: String,
    lines: Vec<Line>,
    older: Option<String>,
    is_first_page: bool,
    backfill: Option<Backfill>,
    is_running: bool,
    may_edit: bool,
    may_resume: bool,
    may_convert: bool,
}

struct Line {
    id: Id<kinds::Hit>,
    shown: Shown,
    conversation: Option<Id<kinds::Conversation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: String,
}

/// `GET /{workspace}/listen/{watch}?before=`
pub async fn page(visit: Visit, Place((_, id)): Place<(String, WatchId)>, Query(asked): Query<Asked>) -> Reply {
    let t = visit.t();
    let before = keyset(&asked.before);
    let mut conn = visit.read().await?;
    let watch = watches::open(&mut conn, &visit.seat, id).await?;
    let mut found = hits::list(&mut conn, &visit.seat, id, before, PAGE as i64 + 1).await?;
    let backfill = backfill::newest(&mut conn, &visit.seat, id).await?;
    drop(conn);
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let older =
        found.last().filter(|_| more).map(|last| visit.path(format!("listen/{id}?before={}-{}", last.post.sort_at.micros(), last.id)));
    let line = |Hit { id, post, marks, conversation }| Line { id, shown: Shown::new(post, &marks), conversation };
    let page = HitsPage {
        t,
        page: visit.page("listen").await?,
        side: Side::read(&visit, Some(id)).await?,
        kind: kind_text(t, &watch.kind),
        lines: found.into_iter().map(line).collect(),
        older,
        is_first_page: before.is_none(),
        is_running: backfill.as_ref().is_some_and(Backfill::is_running),
        backfill,
        may_edit: watch.archived_at.is_none() && visit.seat.can(Permission::WatchEdit),
        may_resume: watch.archived_at.is_some() && visit.seat.can(Permission::WatchEdit),
        may_convert: visit.seat.can(Permission::HitConvert),
        watch,
    };
    html(&page)
}

/// `POST …/{watch}/backfill`
pub async fn start(visit: Visit, Place((_, id)): Place<(String, WatchId)>) -> Reply {
    backfill::start(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("listen/{id}?said=said-backfill-started")))
}

/// `POST /{workspace}/listen/hits/{hit}/conversation`
pub async fn converse(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Hit>)>) -> Reply {
    let conversation = hits::converse(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("inbox/{conversation}?view=all&said=said-hit-converted")))
}
