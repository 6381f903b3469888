//! Background work: what waits, what failed and why, try again or throw away.

use ::jobs::JobState;
use askama::Template;
use axum::extract::Query;
use domain::work::{self, Work};
use i18n::{Arg, Texts};
use model::{Id, Timestamp, kinds};
use serde::Deserialize;

use crate::error::{Reply, html, see};
use crate::{Page, Place, Visit};

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "settings/jobs.html")]
struct JobsPage {
    t: Texts,
    page: Page,
    section: &'static str,
    states: Vec<(&'static str, &'static str)>,
    state: &'static str,
    lines: Vec<Line>,
    older: Option<String>,
}

struct Line {
    kind: String,
    state: &'static str,
    class: &'static str,
    failure: String,
    at: Timestamp,
    is_failed: bool,
    work: Work,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    before: String,
}

/// `GET /{workspace}/settings/jobs?state=&before=`
pub async fn page(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let t = visit.t();
    let state: Option<JobState> = asked.state.parse().ok();
    let mut rows = work::list(&mut *visit.read().await?, &visit.seat, state, asked.before.parse().ok(), PAGE + 1).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let name = state.map_or("", JobState::name);
    let older = rows.last().filter(|_| more).map(|last| visit.path(format!("settings/jobs?state={name}&before={}", last.id)));
    let states = vec![
        ("", t.jobs_all()),
        (JobState::Failed.name(), t.jobs_state_failed()),
        (JobState::Ready.name(), t.jobs_state_ready()),
        (JobState::Running.name(), t.jobs_state_running()),
        (JobState::Done.name(), t.jobs_state_done()),
    ];
    let lines = rows.into_iter().map(|work| line(t, work)).collect();
    html(&JobsPage { t, page: visit.page("settings").await?, section: "jobs", states, state: name, lines, older })
}

fn line(t: Texts, work: Work) -> Line {
    let kind = t.by_key(&format!("job-kind-{}", work.kind), &[]).unwrap_or_else(|| work.kind.clone());
    let (state, class) = match work.state {
        JobState::Ready => (t.jobs_state_ready(), "quiet"),
        JobState::Running => (t.jobs_state_running(), ""),
        JobState::Done => (t.jobs_state_done(), "ok"),
        JobState::Failed => (t.jobs_state_failed(), "bad"),
    };
    let failure = work.failure.as_ref().filter(|_| work.state != JobState::Done).map(|failure| why(t, &failure.0)).unwrap_or_default();
    let at = work.finished_at.unwrap_or(work.run_at);
    Line { kind, state, class, failure, at, is_failed: work.state == JobState::Failed, work }
}

/// The reason in words; one written by a newer release is shown as its code.
fn why(t: Texts, failure: &::jobs::Failure) -> String {
    let args: Vec<(&str, Arg)> = failure.args.iter().map(|(name, value)| (name.as_str(), Arg::Text(value.clone()))).collect();
    t.by_key(&failure.key, &args).unwrap_or_else(|| t.job_failure_unknown(&failure.key))
}

/// `POST /{workspace}/settings/jobs/{job}/retry`
pub async fn retry(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Job>)>) -> Reply {
    work::retry(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/jobs?said=said-job-retried"))
}

/// `POST /{workspace}/settings/jobs/{job}/discard`
pub async fn discard(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Job>)>) -> Reply {
    work::discard(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/jobs?said=said-job-discarded"))
}
