//! Who did what.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Query;
use domain::accounts::members;
use domain::audit::{self, AuditRow, Filter, Subject};
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
    place: Option<String>,
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
    let mut conn = visit.read().await?;
    let mut rows = audit::list(&mut conn, ws, &filter, PAGE + 1).await?;
    let members = members::list(&mut conn, ws).await?;
    let subjects = audit::subjects(&mut conn, &visit.seat, &rows).await?;
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
    let lines = rows.into_iter().map(|row| line(&visit, &subjects, row)).collect();
    let areas =
        AREAS.into_iter().map(|area| (area, t.by_key(&format!("audit-area-{area}"), &[]).unwrap_or_else(|| area.to_string()))).collect();
    let people = members.into_iter().map(|m| (m.user_id, m.name)).collect();
    let page = visit.page("settings").await?;
    html(&AuditPage { t, page, section: "audit", areas, area: area.unwrap_or_default().to_string(), people, person, lines, older })
}

fn line(visit: &Visit, subjects: &HashMap<(String, i64), Subject>, row: AuditRow) -> Line {
    let t = visit.t();
    let key = format!("audit-action-{}", row.action.replace(['.', '_'], "-"));
    let who = match (row.actor_id, row.actor_name) {
        (_, Some(name)) => name,
        (Some(_), None) => t.audit_somebody().to_string(),
        (None, None) => t.audit_program().to_string(),
    };
    let kind = row.subject_kind.unwrap_or_default();
    let known = row.subject_id.and_then(|id| subjects.get(&(kind.clone(), id)));
    let subject = match (known, kind.as_str()) {
        (Some(subject), "role") => role_text(t, &subject.name, Some(&subject.name)),
        (Some(subject), _) => subject.name.clone(),
        (None, "watch" | "contact" | "channel_account" | "team" | "role" | "user" | "profile_link") => t.audit_gone().to_string(),
        // The action's own words say it already.
        (None, _) => String::new(),
    };
    Line {
        at: row.at,
        who,
        what: t.by_key(&key, &[]).unwrap_or(row.action),
        subject,
        place: known.and_then(|subject| subject.place.as_ref()).map(|place| visit.path(place)),
    }
}
