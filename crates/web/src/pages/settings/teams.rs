//! Teams and who is in them.

use askama::Template;
use axum_extra::extract::Form;
use domain::Error;
use domain::accounts::teams::{self, Team};
use domain::accounts::{Permission, members};
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Page, Place, Visit};

const SECTION: &str = "teams";

#[derive(Template)]
#[template(path = "settings/teams.html")]
struct TeamsPage {
    t: Texts,
    page: Page,
    section: &'static str,
    teams: Vec<Line>,
    name: String,
    error: String,
    may_edit: bool,
}

struct Line {
    team: Team,
    names: Vec<String>,
}

async fn show(visit: &Visit, name: String, error: String) -> Reply {
    let mut conn = visit.read().await?;
    let teams = teams::list(&mut conn, visit.seat.ws()).await?;
    let people = members::list(&mut conn, visit.seat.ws()).await?;
    let belongs = teams::memberships(&mut conn, visit.seat.ws()).await?;
    drop(conn);
    let names = |team: &Team| people.iter().filter(|p| belongs.contains(&(team.id, p.id))).map(|p| p.name.clone()).collect();
    let teams = teams.into_iter().map(|team| Line { names: names(&team), team }).collect();
    let may_edit = visit.seat.can_everywhere(Permission::MemberEdit);
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    html_as(status, &TeamsPage { t: visit.t(), page: visit.page("settings").await?, section: SECTION, teams, name, error, may_edit })
}

/// `GET /{workspace}/settings/teams`
pub async fn page(visit: Visit) -> Reply {
    show(&visit, String::new(), String::new()).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamForm {
    name: String,
    member: Vec<String>,
}

/// `POST /{workspace}/settings/teams`
pub async fn create(visit: Visit, Form(form): Form<TeamForm>) -> Reply {
    match teams::create(&visit.app, &visit.seat, &form.name).await {
        Ok(id) => see(visit.path(format!("settings/teams/{id}?said=said-team-created"))),
        Err(Error::Invalid { why, .. }) => show(&visit, form.name, why.render(visit.t())).await,
        Err(error) => Err(Fault(error)),
    }
}

#[derive(Template)]
#[template(path = "settings/team.html")]
struct TeamPage {
    t: Texts,
    page: Page,
    section: &'static str,
    team: Team,
    name: String,
    error: String,
    people: Vec<Candidate>,
}

struct Candidate {
    id: Id<kinds::Membership>,
    name: String,
    chosen: bool,
}

/// `GET /{workspace}/settings/teams/{team}`
pub async fn edit(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Team>)>) -> Reply {
    let mut conn = visit.read().await?;
    let team = teams::one(&mut conn, visit.seat.ws(), id).await?;
    let chosen =
        teams::memberships(&mut conn, visit.seat.ws()).await?.into_iter().filter(|(team, _)| *team == id).map(|(_, m)| m).collect();
    drop(conn);
    let name = team.name.clone();
    html(&form_page(&visit, team, name, String::new(), chosen).await?)
}

async fn form_page(visit: &Visit, team: Team, name: String, error: String, chosen: Vec<Id<kinds::Membership>>) -> Result<TeamPage, Fault> {
    let people = members::list(&mut *visit.read().await?, visit.seat.ws()).await?;
    let people = people.into_iter().map(|m| Candidate { chosen: chosen.contains(&m.id), id: m.id, name: m.name }).collect();
    Ok(TeamPage { t: visit.t(), page: visit.page("settings").await?, section: SECTION, team, name, error, people })
}

/// `POST /{workspace}/settings/teams/{team}`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Team>)>, Form(form): Form<TeamForm>) -> Reply {
    let chosen: Vec<Id<kinds::Membership>> =
        form.member.iter().map(|id| id.parse().map_err(|_| Error::NotFound)).collect::<Result<_, _>>()?;
    match teams::save(&visit.app, &visit.seat, id, &form.name, &chosen).await {
        Ok(()) => see(visit.path("settings/teams?said=said-team-saved")),
        Err(Error::Invalid { why, .. }) => {
            let team = teams::one(&mut *visit.read().await?, visit.seat.ws(), id).await?;
            let page = form_page(&visit, team, form.name, why.render(visit.t()), chosen).await?;
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(Fault(error)),
    }
}

/// `POST /{workspace}/settings/teams/{team}/delete`
pub async fn delete(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Team>)>) -> Reply {
    teams::delete(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/teams?said=said-team-deleted"))
}
