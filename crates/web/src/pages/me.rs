//! What a person sets for themselves, and where they are signed in.

use askama::Template;
use axum::Form;

use domain::accounts::sessions::{self, SessionInfo};
use domain::accounts::users::{self, Preferences};
use domain::accounts::workspaces::{self, MyWorkspace};
use domain::accounts::Person;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use crate::error::{Reply, html, see};
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
}

pub async fn page(door: Door) -> Reply {
    let person = door.person()?.clone();
    let mut conn = door.app.db.read().await?;
    let sessions = sessions::list(&mut conn, person.id).await?;
    let workspaces = workspaces::of_user(&mut conn, person.id).await?;
    drop(conn);
    let saved = door.visitor.path.ends_with("?saved");
    html(&MePage { t: door.t(), page: door.page(), person, sessions, workspaces, zones: ZONES, saved })
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

pub async fn revoke(door: Door, Place(session): Place<Id<kinds::Session>>) -> Reply {
    sessions::revoke(&door.app.db, door.person()?.id, session).await?;
    see("/me")
}
