//! What a person sets for themselves, and where they are signed in.

use askama::Template;
use axum::Form;
use domain::Error;
use domain::accounts::Person;
use domain::accounts::resets;
use domain::accounts::sessions::{self, SessionInfo};
use domain::accounts::users::{self, Preferences};
use domain::accounts::workspaces::{self, MyWorkspace};
use http::StatusCode;
use i18n::{Texts, TimeZone};
use model::{Id, kinds};
use serde::Deserialize;

use crate::error::{Fault, Reply, html_as, see};
use crate::pages::door::setup::ZONES;
use crate::{Door, Page, Place};

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    t: Texts,
    page: Page,
    person: Person,
    sessions: Vec<SessionInfo>,
    workspaces: Vec<MyWorkspace>,
    zones: &'static [&'static str],
    saved: bool,
    password_changed: bool,
    /// What is wrong with the new password: field and words.
    field: &'static str,
    error: String,
}

impl MePage {
    /// "Chrome, Linux", as far as the program's own words tell; else those words.
    fn device(&self, user_agent: &str) -> String {
        let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
        // Most say that they are Chrome or Safari, too: the most special mark first.
        let browser = first(&[
            ("Firefox/", "Firefox"),
            ("Edg", "Edge"),
            ("OPR/", "Opera"),
            ("Vivaldi/", "Vivaldi"),
            ("Chrom", "Chrome"),
            ("CriOS/", "Chrome"),
            ("Safari/", "Safari"),
        ]);
        let system = first(&[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser}, {system}"),
            (Some(one), None) | (None, Some(one)) => one.into(),
            (None, None) => user_agent.into(),
        }
    }
}

pub async fn page(door: Door) -> Reply {
    show(&door, StatusCode::OK, "", String::new()).await
}

async fn show(door: &Door, status: StatusCode, field: &'static str, error: String) -> Reply {
    let person = door.person()?.clone();
    let mut conn = door.app.db.read().await?;
    let sessions = sessions::list(&mut conn, person.id).await?;
    let workspaces = workspaces::of_user(&mut conn, person.id).await?;
    drop(conn);
    let (saved, password_changed) = (door.visitor.path.ends_with("?saved"), door.visitor.path.ends_with("?password"));
    let mut page = door.page();
    // Who has chosen none lives in the workspace's.
    if let (None, Some(workspace)) = (&person.time_zone, workspaces.first()) {
        page.zone = TimeZone::get(&workspace.time_zone).unwrap_or(page.zone);
    }
    let page = MePage { t: door.t(), page, person, sessions, workspaces, zones: ZONES, saved, password_changed, field, error };
    html_as(status, &page)
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct MeForm {
    name: String,
    locale: String,
    time_zone: String,
    theme: String,
    shortcuts: Option<String>,
    next_after_answer: Option<String>,
}

pub async fn save(door: Door, Form(form): Form<MeForm>) -> Reply {
    let preferences = Preferences {
        name: form.name,
        locale: form.locale.parse().unwrap_or_default(),
        time_zone: Some(form.time_zone).filter(|zone| !zone.is_empty()),
        theme: form.theme,
        shortcuts: form.shortcuts.is_some(),
        next_after_answer: form.next_after_answer.is_some(),
    };
    let mut tx = door.app.db.write().await?;
    users::save_preferences(&mut tx, door.person()?.id, preferences).await?;
    tx.commit().await?;
    see("/me?saved")
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PasswordForm {
    old: String,
    password: String,
}

/// `POST /me/password`
pub async fn change_password(door: Door, Form(form): Form<PasswordForm>) -> Reply {
    match resets::change(&door.app, door.person()?, &form.old, &form.password).await {
        Ok(()) => see("/me?password"),
        Err(Error::Invalid { field, why }) => show(&door, StatusCode::UNPROCESSABLE_ENTITY, field, why.render(door.t())).await,
        Err(error) => Err(Fault(error)),
    }
}

pub async fn revoke(door: Door, Place(session): Place<Id<kinds::Session>>) -> Reply {
    sessions::revoke(&door.app.db, door.person()?.id, session).await?;
    see("/me")
}
