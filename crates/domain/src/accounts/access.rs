use std::str::FromStr;

use db::{Conn, Json, args, row};
use i18n::Texts;
use model::{Id, Locale, kinds};

use super::{Permission, PermissionSet};
use crate::{Error, Result};

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: Id<kinds::User>,
    pub session: Id<kinds::Session>,
    pub name: String,
    pub email: String,
    pub locale: Locale,
    /// IANA name; the workspace's when absent.
    pub time_zone: Option<String>,
    /// `system`, `light`, `dark`, `contrast`.
    pub theme: String,
    /// Single-key shortcuts (WCAG 2.1.4 lets people switch them off).
    pub shortcuts: bool,
    pub next_after_answer: bool,
    pub is_installation_admin: bool,
}

impl Person {
    pub fn texts(&self) -> Texts {
        Texts::new(self.locale)
    }
}

row! {
    pub struct WorkspaceInfo {
        pub id: Id<kinds::Workspace>,
        pub slug: String,
        pub name: String,
        pub locale: String,
        pub time_zone: String,
        pub is_demo: bool,
    }
    struct SeatRow {
        id: Id<kinds::Workspace>,
        slug: String,
        name: String,
        locale: String,
        time_zone: String,
        is_demo: bool,
        membership: Id<kinds::Membership>,
        permissions: Option<Json<Vec<String>>>,
        team_id: Option<Id<kinds::Team>>,
        account_id: Option<Id<kinds::ChannelAccount>>,
    }
}

impl WorkspaceInfo {
    pub fn locale(&self) -> Locale {
        Locale::from_str(&self.locale).unwrap_or_default()
    }
}

/// One role of a membership, perhaps limited to a team or a channel account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub permissions: PermissionSet,
    pub team: Option<Id<kinds::Team>>,
    pub account: Option<Id<kinds::ChannelAccount>>,
}

/// How far a permission reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// Conversations of these teams or accounts, posts of these accounts.
    Only {
        teams: Vec<Id<kinds::Team>>,
        accounts: Vec<Id<kinds::ChannelAccount>>,
    },
}

/// A person in one workspace with what they may do there: what every workspace verb takes.
#[derive(Debug, Clone)]
pub struct Seat {
    pub person: Person,
    pub workspace: WorkspaceInfo,
    pub membership: Id<kinds::Membership>,
    pub grants: Vec<Grant>,
}

impl Seat {
    pub fn ws(&self) -> Id<kinds::Workspace> {
        self.workspace.id
    }
    pub fn user(&self) -> Id<kinds::User> {
        self.person.id
    }
    /// Whether any of the roles holds it, however limited.
    pub fn can(&self, permission: Permission) -> bool {
        self.grants.iter().any(|grant| grant.permissions.contains(permission))
    }
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.can(permission) { Ok(()) } else { Err(Error::Forbidden(permission.name())) }
    }
    /// Whether it holds without limits: what concerns the whole workspace needs this.
    pub fn can_everywhere(&self, permission: Permission) -> bool {
        self.scope(permission) == Scope::Everything
    }
    pub fn scope(&self, permission: Permission) -> Scope {
        let (mut teams, mut accounts) = (Vec::new(), Vec::new());
        for grant in self.grants.iter().filter(|grant| grant.permissions.contains(permission)) {
            match (grant.team, grant.account) {
                (None, None) => return Scope::Everything,
                (Some(team), _) => teams.push(team),
                (None, Some(account)) => accounts.push(account),
            }
        }
        Scope::Only { teams, accounts }
    }
    /// Whether a conversation of this team and account is within reach.
    pub fn reaches(&self, permission: Permission, team: Option<Id<kinds::Team>>, account: Id<kinds::ChannelAccount>) -> bool {
        match self.scope(permission) {
            Scope::Everything => true,
            Scope::Only { teams, accounts } => team.is_some_and(|team| teams.contains(&team)) || accounts.contains(&account),
        }
    }
    pub fn texts(&self) -> Texts {
        self.person.texts()
    }
    /// The person's time zone, else the workspace's, else UTC.
    pub fn time_zone(&self) -> i18n::TimeZone {
        let named = |name: &str| i18n::TimeZone::get(name).ok();
        self.person.time_zone.as_deref().and_then(named).or_else(|| named(&self.workspace.time_zone)).unwrap_or(i18n::TimeZone::UTC)
    }
}

/// The seat of a person in the workspace with this slug. `NotFound` for workspaces that do not exist and for those the person is no member of.
pub async fn seat(conn: &mut Conn, person: Person, slug: &str) -> Result<Seat> {
    let rows: Vec<SeatRow> = conn
        .all(
            "SELECT w.id, w.slug, w.name, w.locale, w.time_zone, w.is_demo, m.id AS membership, r.permissions, g.team_id, g.account_id FROM workspaces w
             JOIN memberships m ON m.workspace_id = w.id
             LEFT JOIN membership_roles g ON g.workspace_id = m.workspace_id AND g.membership_id = m.id
             LEFT JOIN roles r ON r.workspace_id = g.workspace_id AND r.id = g.role_id
             WHERE w.slug = $1 AND m.user_id = $2",
            args![slug, person.id],
        )
        .await?;
    let grants = rows
        .iter()
        .filter_map(|r| {
            let permissions = PermissionSet::from_names(&r.permissions.as_ref()?.0);
            Some(Grant { permissions, team: r.team_id, account: r.account_id })
        })
        .collect();
    let SeatRow { id, slug, name, locale, time_zone, is_demo, membership, .. } = rows.into_iter().next().ok_or(Error::NotFound)?;
    let workspace = WorkspaceInfo { id, slug, name, locale, time_zone, is_demo };
    Ok(Seat { person, workspace, membership, grants })
}
