//! The workspace itself, and another one beside it.

use askama::Template;
use axum::Form;
use domain::Error;
use domain::accounts::workspaces::{self, Changes};
use http::StatusCode;
use i18n::Texts;
use serde::Deserialize;

use crate::error::{Fault, Reply, html, html_as, see};
use crate::pages::door::setup::ZONES;
use crate::{Door, Page, Visit};

#[derive(Template)]
#[template(path = "settings/workspace.html")]
struct WorkspacePage {
    t: Texts,
    page: Page,
    section: &'static str,
    slug: String,
    form: WorkspaceForm,
    field: &'static str,
    error: String,
    zones: &'static [&'static str],
    may_add: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WorkspaceForm {
    name: String,
    locale: String,
    time_zone: String,
}

impl WorkspaceForm {
    fn changes(&self) -> Changes {
        Changes { name: self.name.clone(), locale: self.locale.parse().unwrap_or_default(), time_zone: self.time_zone.trim().to_string() }
    }
}

async fn show(visit: &Visit, status: StatusCode, form: WorkspaceForm, field: &'static str, error: String) -> Reply {
    let slug = visit.seat.workspace.slug.clone();
    let may_add = visit.seat.person.is_installation_admin;
    let page = visit.page("settings").await?;
    html_as(status, &WorkspacePage { t: visit.t(), page, section: "workspace", slug, form, field, error, zones: ZONES, may_add })
}

/// `GET /{workspace}/settings/workspace`
pub async fn page(visit: Visit) -> Reply {
    let w = &visit.seat.workspace;
    let form = WorkspaceForm { name: w.name.clone(), locale: w.locale.clone(), time_zone: w.time_zone.clone() };
    show(&visit, StatusCode::OK, form, "", String::new()).await
}

/// `POST /{workspace}/settings/workspace`
pub async fn save(visit: Visit, Form(form): Form<WorkspaceForm>) -> Reply {
    match workspaces::save(&visit.app, &visit.seat, form.changes()).await {
        Ok(()) => see(visit.path("settings/workspace?said=said-workspace-saved")),
        Err(Error::Invalid { field, why }) => show(&visit, StatusCode::UNPROCESSABLE_ENTITY, form, field, why.render(visit.t())).await,
        Err(error) => Err(Fault(error)),
    }
}

#[derive(Template)]
#[template(path = "door/workspace.html")]
struct NewPage {
    t: Texts,
    page: Page,
    form: WorkspaceForm,
    field: &'static str,
    error: String,
    zones: &'static [&'static str],
}

/// `GET /workspaces/new`
pub async fn new(door: Door) -> Reply {
    let form = WorkspaceForm { name: String::new(), locale: door.t().locale.tag().into(), time_zone: "Europe/Berlin".into() };
    html(&NewPage { t: door.t(), page: door.page(), form, field: "", error: String::new(), zones: ZONES })
}

/// `POST /workspaces/new`
pub async fn create(door: Door, Form(form): Form<WorkspaceForm>) -> Reply {
    match workspaces::create_another(&door.app, door.person()?, form.changes()).await {
        Ok(slug) => see(format!("/{slug}/settings")),
        Err(Error::Invalid { field, why }) => {
            let error = why.render(door.t());
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &NewPage { t: door.t(), page: door.page(), form, field, error, zones: ZONES })
        }
        Err(error) => Err(Fault(error)),
    }
}
