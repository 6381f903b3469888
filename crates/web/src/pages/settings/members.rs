//! Members and invitations.

use askama::Template;
use axum_extra::extract::Form;
use domain::Error;
use domain::accounts::invitations::{self, Invitation, Invited};
use domain::accounts::members::{self, HeldRole, Member, RoleChoice};
use domain::accounts::roles::{self, Role};
use domain::accounts::{Permission, teams};
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use super::role_text;
use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Page, Place, Visit};

const SECTION: &str = "members";

#[derive(Template)]
#[template(path = "settings/members.html")]
struct MembersPage {
    t: Texts,
    page: Page,
    section: &'static str,
    total: i64,
    members: Vec<Member>,
    invitations: Vec<Invitation>,
    roles: Vec<Role>,
    me: Id<kinds::User>,
    may_edit: bool,
}

impl MembersPage {
    fn held(&self, role: &HeldRole) -> String {
        let name = role_text(self.t, &role.name, role.builtin.as_deref());
        let limits = [&role.team_name, &role.account_name].into_iter().flatten().cloned().collect::<Vec<_>>();
        if limits.is_empty() { name } else { format!("{name} ({})", limits.join(", ")) }
    }
    fn offered(&self, invitation: &Invitation) -> String {
        let mut names: Vec<String> = Vec::new();
        for role in self.roles.iter().filter(|role| invitation.roles.iter().any(|choice| choice.role == role.id)) {
            names.push(role_text(self.t, &role.name, role.builtin.as_deref()));
        }
        names.join(", ")
    }
    fn is_me(&self, member: &Member) -> bool {
        member.user_id == self.me
    }
}

/// `GET /{workspace}/settings/members`
pub async fn page(visit: Visit) -> Reply {
    let may_edit = visit.seat.can_everywhere(Permission::MemberEdit);
    let mut conn = visit.read().await?;
    let members = members::list(&mut conn, visit.seat.ws()).await?;
    let roles = roles::list(&mut conn, visit.seat.ws()).await?;
    let invitations = if may_edit { invitations::list(&mut conn, visit.seat.ws()).await? } else { Vec::new() };
    drop(conn);
    let total = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let page = visit.page("settings").await?;
    html(&MembersPage { t: visit.t(), page, section: SECTION, total, members, invitations, roles, me: visit.seat.user(), may_edit })
}

/// Roles to tick, each for the whole workspace or for teams and accounts only.
struct Grants {
    lines: Vec<GrantLine>,
    /// The owner's role of a member, kept by an editor who may neither give nor take it.
    kept: Option<Id<kinds::Role>>,
    error: String,
}

struct GrantLine {
    role: Id<kinds::Role>,
    name: String,
    hint: String,
    everywhere: bool,
    limits: Vec<Limit>,
}

impl GrantLine {
    fn is_limited(&self) -> bool {
        self.limits.iter().any(|limit| limit.chosen)
    }
}

struct Limit {
    value: String,
    label: String,
    chosen: bool,
}

/// A choice as a form sends it: `ROLE`, `ROLE:team:TEAM` or `ROLE:account:ACCOUNT`.
fn grant_value(choice: &RoleChoice) -> String {
    match (choice.team, choice.account) {
        (Some(team), _) => format!("{}:team:{team}", choice.role),
        (None, Some(account)) => format!("{}:account:{account}", choice.role),
        (None, None) => choice.role.to_string(),
    }
}

/// What was ticked. A role for the whole workspace takes in its limited forms. What is no id is nobody's: `NotFound`.
fn choices(grants: &[String]) -> Result<Vec<RoleChoice>, Fault> {
    let mut choices = Vec::new();
    for grant in grants {
        let mut parts = grant.splitn(3, ':');
        let role = parts.next().and_then(|id| id.parse().ok()).ok_or(Error::NotFound)?;
        let (team, account) = match (parts.next(), parts.next()) {
            (None, _) => (None, None),
            (Some("team"), Some(id)) => (Some(id.parse().map_err(|_| Error::NotFound)?), None),
            (Some("account"), Some(id)) => (None, Some(id.parse().map_err(|_| Error::NotFound)?)),
            _ => return Err(Fault(Error::NotFound)),
        };
        choices.push(RoleChoice { role, team, account });
    }
    let everywhere: Vec<_> = choices.iter().filter(|c| c.team.is_none() && c.account.is_none()).map(|c| c.role).collect();
    choices.retain(|c| (c.team.is_none() && c.account.is_none()) || !everywhere.contains(&c.role));
    Ok(choices)
}

async fn grants(visit: &Visit, chosen: &[RoleChoice], error: String) -> Result<Grants, Fault> {
    let (t, ws) = (visit.t(), visit.seat.ws());
    let mut conn = visit.read().await?;
    let roles = roles::list(&mut conn, ws).await?;
    let teams = teams::list(&mut conn, ws).await?;
    let accounts = members::accounts(&mut conn, ws).await?;
    drop(conn);
    let may_own = visit.seat.can_everywhere(Permission::OwnerEdit);
    let mut kept = None;
    let mut lines = Vec::new();
    for role in roles {
        let holds = |team, account| chosen.contains(&RoleChoice { role: role.id, team, account });
        if role.is_owner() && !may_own {
            kept = holds(None, None).then_some(role.id);
            continue;
        }
        let mut limits = Vec::new();
        if !role.is_owner() {
            for team in &teams {
                let choice = RoleChoice { role: role.id, team: Some(team.id), account: None };
                limits.push(Limit {
                    value: grant_value(&choice),
                    label: t.members_limit_team(&team.name),
                    chosen: chosen.contains(&choice),
                });
            }
            for (id, name) in &accounts {
                let choice = RoleChoice { role: role.id, team: None, account: Some(*id) };
                limits.push(Limit { value: grant_value(&choice), label: t.members_limit_account(name), chosen: chosen.contains(&choice) });
            }
        }
        let hint = role.builtin.as_deref().and_then(|builtin| t.by_key(&format!("role-{builtin}-hint"), &[]));
        lines.push(GrantLine {
            role: role.id,
            name: role_text(t, &role.name, role.builtin.as_deref()),
            hint: hint.unwrap_or_else(|| t.role_own_hint().to_string()),
            everywhere: holds(None, None),
            limits,
        });
    }
    Ok(Grants { lines, kept, error })
}

#[derive(Template)]
#[template(path = "settings/invite.html")]
struct InvitePage {
    t: Texts,
    page: Page,
    section: &'static str,
    email: String,
    email_error: String,
    grants: Grants,
}

/// `GET /{workspace}/settings/members/new`
pub async fn invite(visit: Visit) -> Reply {
    let grants = grants(&visit, &[], String::new()).await?;
    html(&InvitePage {
        t: visit.t(),
        page: visit.page("settings").await?,
        section: SECTION,
        email: String::new(),
        email_error: String::new(),
        grants,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    email: String,
    grant: Vec<String>,
}

#[derive(Template)]
#[template(path = "settings/invited.html")]
struct InvitedPage {
    t: Texts,
    page: Page,
    section: &'static str,
    email: String,
    link: String,
}

/// `POST /{workspace}/settings/members/new`
pub async fn send_invitation(visit: Visit, Form(form): Form<InviteForm>) -> Reply {
    let choices = choices(&form.grant)?;
    let (field, why) = match invitations::invite(&visit.app, &visit.seat, &form.email, &choices).await {
        Ok(Invited::Mailed) => return see(visit.path("settings/members?said=said-invited")),
        Ok(Invited::Link(link)) => {
            let page = visit.page("settings").await?;
            return html(&InvitedPage { t: visit.t(), page, section: SECTION, email: form.email, link });
        }
        Err(Error::Invalid { field, why }) => (field, why.render(visit.t())),
        Err(error) => return Err(Fault(error)),
    };
    let (email_error, roles_error) = if field == "email" { (why, String::new()) } else { (String::new(), why) };
    let grants = grants(&visit, &choices, roles_error).await?;
    let page = visit.page("settings").await?;
    html_as(StatusCode::UNPROCESSABLE_ENTITY, &InvitePage { t: visit.t(), page, section: SECTION, email: form.email, email_error, grants })
}

/// `POST /{workspace}/settings/members/invitations/{invitation}/revoke`
pub async fn revoke(visit: Visit, Place((_, invitation)): Place<(String, Id<()>)>) -> Reply {
    invitations::revoke(&visit.app, &visit.seat, invitation).await?;
    see(visit.path("settings/members?said=said-invitation-revoked"))
}

#[derive(Template)]
#[template(path = "settings/member.html")]
struct MemberPage {
    t: Texts,
    page: Page,
    section: &'static str,
    member: Member,
    grants: Grants,
}

async fn member(visit: &Visit, id: Id<kinds::Membership>) -> Result<Member, Fault> {
    Ok(members::one(&mut *visit.read().await?, visit.seat.ws(), id).await?)
}

/// `GET /{workspace}/settings/members/{membership}`
pub async fn edit(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Membership>)>) -> Reply {
    let member = member(&visit, id).await?;
    let held: Vec<RoleChoice> =
        member.roles.iter().map(|role| RoleChoice { role: role.role_id, team: role.team_id, account: role.account_id }).collect();
    let grants = grants(&visit, &held, String::new()).await?;
    html(&MemberPage { t: visit.t(), page: visit.page("settings").await?, section: SECTION, member, grants })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrantForm {
    grant: Vec<String>,
}

/// `POST /{workspace}/settings/members/{membership}`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Membership>)>, Form(form): Form<GrantForm>) -> Reply {
    let choices = choices(&form.grant)?;
    match members::change_roles(&visit.app, &visit.seat, id, &choices).await {
        Ok(()) => see(visit.path("settings/members?said=said-member-saved")),
        Err(Error::Invalid { why, .. }) => {
            let member = member(&visit, id).await?;
            let grants = grants(&visit, &choices, why.render(visit.t())).await?;
            let page = visit.page("settings").await?;
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &MemberPage { t: visit.t(), page, section: SECTION, member, grants })
        }
        Err(error) => Err(Fault(error)),
    }
}

#[derive(Template)]
#[template(path = "settings/member-remove.html")]
struct RemovePage {
    t: Texts,
    page: Page,
    section: &'static str,
    member: Member,
    open: i64,
}

/// `GET /{workspace}/settings/members/{membership}/remove`: the second step, with what it means.
pub async fn ask_remove(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Membership>)>) -> Reply {
    let member = member(&visit, id).await?;
    let open = members::open_conversations(&mut *visit.read().await?, visit.seat.ws(), member.user_id).await?;
    html(&RemovePage { t: visit.t(), page: visit.page("settings").await?, section: SECTION, member, open })
}

/// `POST /{workspace}/settings/members/{membership}/remove`
pub async fn remove(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Membership>)>) -> Reply {
    let is_me = id == visit.seat.membership;
    members::remove(&visit.app, &visit.seat, id).await?;
    // Who removed themselves has no seat here any more.
    if is_me { see("/") } else { see(visit.path("settings/members?said=said-member-removed")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_with_their_limits_and_the_whole_workspace_takes_in_the_parts() {
        let id = |n| Id::<()>::from_i64(n).to_string();
        let team = format!("{}:team:{}", id(1), id(7));
        let account = format!("{}:account:{}", id(2), id(8));
        let read = choices(&[team.clone(), account.clone()]).unwrap();
        assert_eq!(read.iter().map(grant_value).collect::<Vec<_>>(), [team.clone(), account.clone()]);
        let read = choices(&[team, account.clone(), id(1)]).unwrap();
        assert_eq!(read.iter().map(grant_value).collect::<Vec<_>>(), [account, id(1)]);
        for bad in ["", "x", "0000000000001:team", "0000000000001:team:x", "0000000000001:group:0000000000001"] {
            assert!(choices(&[bad.to_string()]).is_err(), "{bad}");
        }
    }
}
