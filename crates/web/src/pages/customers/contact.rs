//! One contact: who they are, what was said, and the wall.

use askama::Template;
use domain::accounts::Permission;
use domain::crm::contacts::{self, Contact, Talk};
use domain::privacy::wall::Side;
use i18n::Texts;

use super::side::Wall;
use super::{ContactId, icon, status_text};
use crate::error::{Reply, html};
use crate::{Page, Place, Visit};

const TALKS: i64 = 100;

#[derive(Template)]
#[template(path = "customers/contact.html")]
struct ContactPage {
    t: Texts,
    page: Page,
    contact: Contact,
    may_edit: bool,
    wall: Wall,
}

impl ContactPage {
    fn icon(&self, talk: &Talk) -> &'static str {
        icon(&talk.channel)
    }
    fn status(&self, talk: &Talk) -> &'static str {
        status_text(self.t, talk.status)
    }
}

/// `GET /{workspace}/customers/contacts/{contact}`
pub async fn page(visit: Visit, Place((_, id)): Place<(String, ContactId)>) -> Reply {
    let contact = contacts::open(&mut *visit.read().await?, &visit.seat, id, TALKS).await?;
    let wall = Wall::read(&visit, Side::Contact(id)).await?;
    let may_edit = visit.seat.can(Permission::ContactEdit);
    html(&ContactPage { t: visit.t(), page: visit.page("customers").await?, contact, may_edit, wall })
}
