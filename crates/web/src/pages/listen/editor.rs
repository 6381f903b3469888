//! Writing a watch: name, kind, query; everything wrong is said under the word, and the query is tried on the archive meanwhile.

use askama::Template;
use axum_extra::extract::Form;
use domain::Error;
use domain::accounts::Permission;
use domain::listening::preview::{self, Preview};
use domain::listening::watches::{self, Draft, Watch};
use http::StatusCode;
use i18n::Texts;
use matching::QueryError;
use serde::Deserialize;

use super::{Check, Shown, WatchId, kinds};
use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Page, Place, Visit};

/// Posts shown of a trial.
const NEWEST: usize = 8;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct WatchForm {
    /// The watch that is edited; only the trial asks for it.
    watch: String,
    name: String,
    kind: String,
    query: String,
}

impl WatchForm {
    fn draft(&self) -> Draft {
        Draft { name: self.name.clone(), query: self.query.clone(), kind: self.kind.clone() }
    }
    fn own(&self) -> Option<WatchId> {
        self.watch.parse().ok()
    }
}

#[derive(Template)]
#[template(path = "listen/editor.html")]
struct EditorPage {
    t: Texts,
    page: Page,
    watch: Option<Watch>,
    form: WatchForm,
    kinds: Vec<(&'static str, String)>,
    name_error: String,
    check: Check,
    is_swap: bool,
    trial: Option<Trial>,
}

/// What the editor gets back while one types.
#[derive(Template)]
#[template(path = "listen/trial-swap.html")]
struct TrialSwap {
    t: Texts,
    page: Page,
    check: Check,
    is_swap: bool,
    trial: Option<Trial>,
}

/// A query tried on the archive.
struct Trial {
    shown: Vec<Shown>,
    found: i64,
    /// Not all of the days were looked at.
    at_least: bool,
    per_day: i64,
    bars: Vec<Bar>,
    canonical: String,
}

struct Bar {
    x: String,
    y: String,
    height: String,
}

impl Trial {
    fn new(preview: Preview) -> Self {
        let most = preview.days.iter().copied().max().unwrap_or(0).max(1) as f64;
        let bar = |(at, n): (usize, &i64)| {
            let height = *n as f64 / most * 72.0;
            Bar {
                x: format!("{:.1}", at as f64 * 520.0 / preview::DAYS as f64),
                y: format!("{:.1}", 72.0 - height),
                height: format!("{height:.1}"),
            }
        };
        Self {
            bars: preview.days.iter().enumerate().map(bar).collect(),
            per_day: (preview.found + preview::DAYS as i64 / 2) / preview::DAYS as i64,
            found: preview.found,
            at_least: preview.looked_until.is_some(),
            canonical: preview.canonical,
            shown: preview.newest.into_iter().map(|(post, marks)| Shown::new(post, &marks)).collect(),
        }
    }
}

async fn try_out(visit: &Visit, form: &WatchForm) -> Result<Result<Trial, Vec<QueryError>>, Fault> {
    let tried = preview::preview(&visit.app, &visit.seat, form.own(), form.name.trim(), &form.query, NEWEST).await?;
    Ok(tried.map(Trial::new))
}

struct Said {
    name_error: String,
    errors: Vec<QueryError>,
    trial: Option<Trial>,
}

async fn show(visit: &Visit, watch: Option<Watch>, form: WatchForm, said: Said) -> Reply {
    let t = visit.t();
    let status = if said.name_error.is_empty() && said.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = EditorPage {
        t,
        page: visit.page("listen").await?,
        watch,
        kinds: kinds(t),
        name_error: said.name_error,
        check: Check::new(t, &form.query, &said.errors),
        is_swap: false,
        trial: said.trial,
        form,
    };
    html_as(status, &page)
}

/// With the trial of a query that is right.
async fn show_tried(visit: &Visit, watch: Option<Watch>, form: WatchForm) -> Reply {
    let (mut errors, mut trial) = (Vec::new(), None);
    if !form.query.trim().is_empty() {
        match try_out(visit, &form).await? {
            Ok(tried) => trial = Some(tried),
            Err(wrong) => errors = wrong,
        }
    }
    show(visit, watch, form, Said { name_error: String::new(), errors, trial }).await
}

/// `GET /{workspace}/listen/new`
pub async fn new(visit: Visit) -> Reply {
    let form = WatchForm { kind: watches::KINDS[0].into(), ..WatchForm::default() };
    show_tried(&visit, None, form).await
}

/// `POST /{workspace}/listen/new`
pub async fn create(visit: Visit, Form(form): Form<WatchForm>) -> Reply {
    match watches::create(&visit.app, &visit.seat, form.draft()).await {
        Ok(Ok(id)) => see(visit.path(format!("listen/{id}?said=said-watch-created"))),
        Ok(Err(errors)) => show(&visit, None, form, Said { name_error: String::new(), errors, trial: None }).await,
        Err(error) => again(&visit, None, form, error).await,
    }
}

/// `GET …/{watch}/edit`
pub async fn edit(visit: Visit, Place((_, id)): Place<(String, WatchId)>) -> Reply {
    let watch = open(&visit, id).await?;
    let form = WatchForm { watch: id.to_string(), name: watch.name.clone(), kind: watch.kind.clone(), query: watch.query.clone() };
    show_tried(&visit, Some(watch), form).await
}

/// `POST …/{watch}/edit`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, WatchId)>, Form(form): Form<WatchForm>) -> Reply {
    match watches::change(&visit.app, &visit.seat, id, form.draft()).await {
        Ok(Ok(())) => see(visit.path(format!("listen/{id}?said=said-watch-saved"))),
        Ok(Err(errors)) => {
            let watch = open(&visit, id).await?;
            show(&visit, Some(watch), form, Said { name_error: String::new(), errors, trial: None }).await
        }
        Err(error) => {
            let watch = open(&visit, id).await?;
            again(&visit, Some(watch), form, error).await
        }
    }
}

/// An archived watch is read, not edited.
async fn open(visit: &Visit, id: WatchId) -> Result<Watch, Error> {
    let watch = watches::open(&mut *visit.read().await?, &visit.seat, id).await?;
    if watch.archived_at.is_some() { Err(Error::NotFound) } else { Ok(watch) }
}

/// Errors of the name come back beside it, with the query's own ones.
async fn again(visit: &Visit, watch: Option<Watch>, form: WatchForm, error: Error) -> Reply {
    let why = match error {
        Error::Invalid { why, .. } | Error::Conflict(why) => why,
        error => return Err(Fault(error)),
    };
    let errors = try_out(visit, &form).await?.err().unwrap_or_default();
    show(visit, watch, form, Said { name_error: why.render(visit.t()), errors, trial: None }).await
}

/// `POST /{workspace}/listen/preview`: while one types, as a swap; without script as the whole editor.
pub async fn trial(visit: Visit, Form(form): Form<WatchForm>) -> Reply {
    if !visit.visitor.is_htmx {
        let watch = match form.own() {
            Some(id) => Some(open(&visit, id).await?),
            None => None,
        };
        return show_tried(&visit, watch, form).await;
    }
    let t = visit.t();
    let (mut errors, mut trial) = (Vec::new(), None);
    if !form.query.trim().is_empty() {
        match try_out(&visit, &form).await? {
            Ok(tried) => trial = Some(tried),
            Err(wrong) => errors = wrong,
        }
    }
    html(&TrialSwap { t, page: visit.page("listen").await?, check: Check::new(t, &form.query, &errors), is_swap: true, trial })
}

/// `POST …/{watch}/archive`
pub async fn archive(visit: Visit, Place((_, id)): Place<(String, WatchId)>) -> Reply {
    visit.seat.require(Permission::WatchEdit)?;
    watches::archive(&visit.app, &visit.seat, id).await?;
    see(visit.path("listen?said=said-watch-archived"))
}

/// `POST …/{watch}/resume`
pub async fn resume(visit: Visit, Place((_, id)): Place<(String, WatchId)>) -> Reply {
    watches::resume(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("listen/{id}?said=said-watch-resumed")))
}
