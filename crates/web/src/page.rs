use domain::App;
use domain::accounts::workspaces::{self, MyWorkspace};
use domain::accounts::{Permission, Person, Seat};
use i18n::{Texts, TimeZone};
use model::Timestamp;

use crate::assets;
use crate::error::Fault;
use crate::live::Topic;
use crate::visit::{Door, Visit, Visitor};

/// What every page shows around its content, and what templates format with.
pub struct Page {
    pub t: Texts,
    pub seat: Option<Seat>,
    pub workspaces: Vec<MyWorkspace>,
    /// The lit entry of the rail: `inbox`, `listen`, `customers`, `settings`, `me`, or nothing.
    pub area: &'static str,
    pub theme: String,
    pub shortcuts: bool,
    pub is_demo: bool,
    /// Path and query of this page: the language switch comes back to it.
    pub path: String,
    pub now: Timestamp,
    pub zone: TimeZone,
    /// Where live updates come from; nothing where no screen waits for any.
    pub live: String,
    pub toast: Option<Toast>,
    /// Notes that mention the person and were not seen yet.
    pub mentions: i64,
}

/// What was done, and how to take it back.
pub struct Toast {
    pub text: String,
    /// Where an undo is posted.
    pub undo: Option<String>,
    /// Where an answer that has not left yet is taken back.
    pub take_back: Option<String>,
}

impl Page {
    /// A page without a workspace: log-in, set-up, faults.
    pub fn bare(app: &App, t: Texts, person: Option<&Person>, visitor: &Visitor) -> Self {
        let zone = person.and_then(|p| p.time_zone.as_deref()).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Self {
            t,
            seat: None,
            workspaces: Vec::new(),
            area: "",
            theme: person.map_or_else(|| "system".into(), |p| p.theme.clone()),
            shortcuts: person.is_none_or(|p| p.shortcuts),
            is_demo: app.config.demo,
            path: visitor.path.clone(),
            now: app.now(),
            zone,
            live: String::new(),
            toast: None,
            mentions: 0,
        }
    }

    pub fn outside(door: &Door) -> Self {
        Self::bare(&door.app, door.t(), door.person.as_ref(), &door.visitor)
    }

    pub async fn in_workspace(visit: &Visit, area: &'static str) -> Result<Self, Fault> {
        let mut conn = visit.read().await?;
        let workspaces = workspaces::of_user(&mut conn, visit.seat.user()).await?;
        let live = match Topic::of_area(area).filter(|topic| visit.seat.can(topic.permission())) {
            None => String::new(),
            Some(topic) => {
                // The inbox continues exactly where it was read. That place moves with whatever happens anywhere, on either side of the
                // wall, so the other pages name nothing but their own moment.
                let from = match topic {
                    Topic::Inbox => format!("after={}", domain::events::newest(&mut conn).await?),
                    _ => format!("since={}", visit.app.now().micros()),
                };
                visit.path(format!("live?for={}&{from}", topic.name()))
            }
        };
        // A note stands in a conversation, and so on one side of the wall: pages that show one side count none (invariant 4).
        let mentions = match area {
            "listen" | "customers" => 0,
            _ => domain::desk::mentions::unseen(&mut conn, &visit.seat, None).await?,
        };
        drop(conn);
        let mut page = Self::bare(&visit.app, visit.t(), Some(&visit.seat.person), &visit.visitor);
        page.zone = visit.seat.time_zone();
        page.toast = toast(visit);
        page.mentions = mentions;
        Ok(Self { seat: Some(visit.seat.clone()), workspaces, area, live, ..page })
    }

    /// `/slug/rest`; without a workspace `/rest`.
    pub fn href(&self, rest: &str) -> String {
        match &self.seat {
            Some(seat) => format!("/{}/{rest}", seat.workspace.slug),
            None => format!("/{rest}"),
        }
    }
    pub fn can(&self, permission: &str) -> bool {
        self.seat.as_ref().is_some_and(|seat| Permission::ALL.iter().any(|p| p.name() == permission && seat.can(*p)))
    }
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }
    pub fn language(&self) -> &'static str {
        self.t.language().code()
    }
    pub fn user_name(&self) -> &str {
        self.seat.as_ref().map_or("", |seat| &seat.person.name)
    }
    /// "heute, 11:20".
    pub fn when(&self, at: &Timestamp) -> String {
        self.t.short_when(*at, self.now, &self.zone)
    }
    /// The exact instant for titles.
    pub fn exact(&self, at: &Timestamp) -> String {
        self.t.date_time(*at, &self.zone)
    }
    /// Grouped digits.
    pub fn number(&self, n: &i64) -> String {
        self.t.locale.number(*n)
    }
    pub fn theme_name(&self, theme: &str) -> &'static str {
        match theme {
            "light" => self.t.me_theme_light(),
            "dark" => self.t.me_theme_dark(),
            "contrast" => self.t.me_theme_contrast(),
            _ => self.t.me_theme_system(),
        }
    }
    /// Built-in roles, joined by blanks, in the reader's words.
    pub fn role_names(&self, roles: &str) -> String {
        roles
            .split(' ')
            .map(|role| self.t.by_key(&format!("role-{role}"), &[]).unwrap_or_else(|| role.into()))
            .collect::<Vec<_>>()
            .join(", ")
    }
    /// Up to two letters for an avatar.
    pub fn initials(&self, name: &str) -> String {
        initials(name)
    }
}

/// `Sabine Wirth` → `SW`.
pub fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let first = words.next().and_then(|w| w.chars().next());
    let last = words.next_back().and_then(|w| w.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// `?said=KEY&undo=ID&take_back=ID` after an action: the toast, with its way back.
fn toast(visit: &Visit) -> Option<Toast> {
    let query = visit.visitor.path.split_once('?')?.1;
    let (mut said, mut undo, mut take_back) = (None, None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "said" => said = Some(value.into_owned()),
            "undo" => undo = value.parse::<model::Id<model::kinds::Event>>().ok(),
            "take_back" => take_back = value.parse::<model::Id<model::kinds::Message>>().ok(),
            _ => {}
        }
    }
    // Only texts made for this may be shown: the query is anybody's.
    let key = said.filter(|key| key.starts_with("said-"))?;
    // The way back ends at the place in the list where it began.
    let place = crate::pages::inbox::place_in(&visit.visitor.path);
    Some(Toast {
        text: visit.t().by_key(&key, &[])?,
        undo: undo.map(|id| visit.path(format!("undo/{id}?{place}"))),
        take_back: take_back.map(|id| visit.path(format!("messages/{id}/take-back?{place}"))),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn initials_are_the_first_and_last_words() {
        assert_eq!(super::initials("Sabine Wirth"), "SW");
        assert_eq!(super::initials("Café Morgenrot, Graz"), "CG");
        assert_eq!(super::initials("änne"), "Ä");
        assert_eq!(super::initials("🙂"), "");
    }
}
