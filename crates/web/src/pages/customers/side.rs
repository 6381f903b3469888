//! The wall as it is drawn: shut, without a hint of what lies behind it, or open with its ground.

use askama::Template;
use domain::accounts::Permission;
use domain::crm::contacts::{self, Contact};
use domain::crm::profiles::{self, Profile};
use domain::privacy::links::{self, Proof};
use domain::privacy::wall::{self, Ground, Link, Side};
use i18n::Texts;

use super::{ContactId, ProfileId, icon};
use crate::Visit;
use crate::error::Fault;
use crate::page::initials;

/// Conversations shown of a contact beside one.
const TALKS: i64 = 5;

/// What may be shown of the other side, and the way there.
pub struct Wall {
    pub links: Vec<Door>,
    /// The form that opens a door stands there.
    pub may_link: bool,
    /// Messages of this side that may prove a ground.
    pub proofs: Vec<Proof>,
    pub from_profile: Option<ProfileId>,
    pub from_contact: Option<ContactId>,
    /// Where the person comes back to.
    pub back: String,
    pub action: String,
    /// `/slug/`
    pub base: String,
}

/// An open link with what lies behind it.
pub struct Door {
    pub link: Link,
    pub ground: String,
    pub close: String,
    pub proof: Option<String>,
    pub contact: Option<Contact>,
    pub profile: Option<Profile>,
}

impl Wall {
    pub async fn read(visit: &Visit, side: Side) -> Result<Self, Fault> {
        let (t, seat) = (visit.t(), &visit.seat);
        let mut conn = visit.read().await?;
        let mut links = Vec::new();
        for link in wall::across(&mut conn, seat, side).await? {
            let (mut contact, mut profile) = (None, None);
            match link.beyond(side) {
                Side::Contact(id) => contact = Some(contacts::open(&mut conn, seat, id, TALKS).await?),
                Side::Profile(id) => profile = Some(profiles::open(&mut conn, seat, id).await?),
            }
            let ground = match link.ground {
                Ground::Consent => t.ground_consent(),
                Ground::Disclosure => t.ground_disclosure(),
            };
            links.push(Door {
                ground: t.ground_line(t.date(link.linked_at, &seat.time_zone()), ground, &link.linked_by_name),
                close: visit.path(format!("customers/links/{}/close", link.id)),
                proof: link.proof_conversation_id.map(|id| visit.path(format!("inbox/{id}"))),
                contact,
                profile,
                link,
            });
        }
        let (from_profile, from_contact) = match side {
            Side::Profile(id) => (Some(id), None),
            Side::Contact(id) => (None, Some(id)),
        };
        let may_link = [Permission::ProfileLink, Permission::ContactRead, Permission::ListenRead].into_iter().all(|p| seat.can(p));
        let proofs = if may_link { links::proofs(&mut conn, seat, side).await? } else { Vec::new() };
        Ok(Self {
            links,
            may_link,
            proofs,
            from_profile,
            from_contact,
            back: back(visit, side),
            action: visit.path("customers/link"),
            base: visit.path(""),
        })
    }

    /// A message in a few words.
    pub fn proof_text(&self, proof: &Proof) -> String {
        model::text::excerpt(&proof.text, 60)
    }
    pub fn is_open(&self) -> bool {
        !self.links.is_empty()
    }
}

/// The page one is on, if it is one that can be come back to; else the side's own page.
fn back(visit: &Visit, side: Side) -> String {
    let path = visit.visitor.path.split('?').next().unwrap_or_default();
    let here = path.strip_prefix(&visit.path("")).filter(|rest| rest.starts_with("inbox/"));
    match (here, side) {
        (Some(here), _) => here.to_string(),
        (None, Side::Profile(id)) => format!("customers/profiles/{id}"),
        (None, Side::Contact(id)) => format!("customers/contacts/{id}"),
    }
}

#[derive(Template)]
#[template(path = "customers/panel.html")]
struct Panel {
    t: Texts,
    base: String,
    zone: i18n::TimeZone,
    now: model::Timestamp,
    profile: Option<Profile>,
    contact: Option<Contact>,
    wall: Option<Wall>,
}

impl Panel {
    fn href(&self, rest: &str) -> String {
        format!("{}{rest}", self.base)
    }
    fn initials(&self, name: &str) -> String {
        initials(name)
    }
    fn date(&self, at: &model::Timestamp) -> String {
        self.t.date(*at, &self.zone)
    }
    fn when(&self, at: &model::Timestamp) -> String {
        self.t.short_when(*at, self.now, &self.zone)
    }
    fn icon(&self, channel: &str) -> &'static str {
        icon(channel)
    }
}

/// The inbox's context panel: the side the conversation belongs to, and beyond the wall only what an open link shows. A conversation that
/// names both sides is looked at from the profile: of its contact nothing is shown without a link either.
pub async fn panel(visit: &Visit, profile: Option<ProfileId>, contact: Option<ContactId>) -> Result<String, Fault> {
    let seat = &visit.seat;
    let mut panel = Panel {
        t: visit.t(),
        base: visit.path(""),
        zone: seat.time_zone(),
        now: visit.app.now(),
        profile: None,
        contact: None,
        wall: None,
    };
    let side = match (profile, contact) {
        (Some(id), _) if seat.can(Permission::ListenRead) => {
            panel.profile = Some(profiles::open(&mut *visit.read().await?, seat, id).await?);
            Some(Side::Profile(id))
        }
        (None, Some(id)) if seat.can(Permission::ContactRead) => {
            panel.contact = Some(contacts::open(&mut *visit.read().await?, seat, id, TALKS).await?);
            Some(Side::Contact(id))
        }
        _ => None,
    };
    if let Some(side) = side {
        panel.wall = Some(Wall::read(visit, side).await?);
    }
    Ok(panel.render().map_err(|error| domain::Error::Internal(format!("template: {error}")))?)
}
