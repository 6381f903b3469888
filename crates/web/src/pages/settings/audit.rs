//! Who did what.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use domain::accounts::{members, roles, teams};
use domain::audit::{self, AuditRow, Filter};
use i18n::Texts;
use model::{Id, Timestamp, kinds};
use serde::Deserialize;

use super::role_text;
use crate::error::{Reply, html};
use crate::{Page, Visit};

/// Beginnings of actions one can filter by; their texts are `audit-area-…`.
const AREAS: [&str; 10] = ["member", "team", "role", "workspace", "channel", "conversation", "watch", "contact", "profile", "job"];
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "settings/audit.html")]
struct AuditPage {
    t: Texts,
    page: Page,
    section: &'static str,
    areas: Vec<(&'static str, String)>,
    area: String,
    people: Vec<(Id<kinds::User>, String)>,
    person: Option<Id<kinds::User>>,
    lines: Vec<Line>,
    older: Option<String>,
}

struct Line {
    at: Timestamp,
    who: String,
    what: String,
    subject: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    area: String,
    person: String,
    before: String,
}

/// `GET /{workspace}/settings/audit?area=&person=&before=`
pub async fn page(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let (t, ws) = (visit.t(), visit.seat.ws());
    let area = AREAS.into_iter().find(|area| *area == asked.area);
    let person: Option<Id<kinds::User>> = asked.person.parse().ok();
    let filter = Filter { action: area.map(|area| format!("{area}.")), actor: person, before: asked.before.parse().ok() };
    let mut conn = visit.app.db.read().await?;
    let mut rows = audit::list(&mut conn, ws, &filter, PAGE + 1).await?;
    let members = members::list(&mut conn, ws).await?;
    // Names are looked up now: the log itself holds none.
    let mut names: HashMap<(&'static str, i64), String> = members.iter().map(|m| (("user", m.user_id.as_i64()), m.name.clone())).collect();
    names.extend(
        roles::list(&mut conn, ws).await?.into_iter().map(|r| (("role", r.id.as_i64()), role_text(t, &r.name, r.builtin.as_deref()))),
    );
    names.extend(teams::list(&mut conn, ws).await?.into_iter().map(|team| (("team", team.id.as_i64()), team.name)));
    names.extend(members::accounts(&mut conn, ws).await?.into_iter().map(|(id, name)| (("channel_account", id.as_i64()), name)));
    drop(conn);
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let older = rows.last().filter(|_| more).map(|last| {
        visit.path(format!(
            "settings/audit?area={}&person={}&before={}",
            area.unwrap_or_default(),
            person.map(|p| p.to_string()).unwrap_or_default(),
            last.id
        ))
    });
    let lines = rows.into_iter().map(|row| line(t, &names, row)).collect();
    let areas =
        AREAS.into_iter().map(|area| (area, t.by_key(&format!("audit-area-{area}"), &[]).unwrap_or_else(|| area.to_string()))).collect();
    let people = members.into_iter().map(|m| (m.user_id, m.name)).collect();
    let page = visit.page("settings").await?;
    html(&AuditPage { t, page, section: "audit", areas, area: area.unwrap_or_default().to_string(), people, person, lines, older })
}

fn line(t: Texts, names: &HashMap<(&'static str, i64), String>, row: AuditRow) -> Line {
    let key = format!("audit-action-{}", row.action.replace(['.', '_'], "-"));
    let who = match (row.actor_id, row.actor_name) {
        (_, Some(name)) => name,
        (Some(_), None) => t.audit_somebody().to_string(),
        (None, None) => t.audit_program().to_string(),
    };
    let subject = row.subject_id.map(|id| {
        let known = names.iter().find(|((kind, known), _)| Some(*kind) == row.subject_kind.as_deref() && *known == id);
        known.map_or_else(|| Id::<()>::from_i64(id).to_string(), |(_, name)| name.clone())
    });
    let is_itself = row.subject_kind.as_deref() == Some("workspace");
    Line { at: row.at, who, what: t.by_key(&key, &[]).unwrap_or(row.action), subject: subject.filter(|_| !is_itself).unwrap_or_default() }
}
