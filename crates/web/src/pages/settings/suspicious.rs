//! Contact forms that were set apart: let through or throw away.

use askama::Template;
use domain::accounts::Permission;
use domain::sources::suspects::{self, Suspect};
use i18n::Texts;
use model::{Id, Timestamp, kinds};

use crate::error::{Reply, html, see};
use crate::{Page, Place, Visit};

type SuspectId = Id<kinds::FormSubmission>;

#[derive(Template)]
#[template(path = "settings/suspicious.html")]
struct SuspiciousPage {
    t: Texts,
    page: Page,
    section: &'static str,
    suspects: Vec<Shown>,
    may_decide: bool,
}

/// One of them as it is shown, here and on its form's own page.
pub struct Shown {
    pub id: SuspectId,
    pub account: String,
    pub name: String,
    pub address: String,
    pub subject: Option<String>,
    pub text: String,
    pub why: Vec<String>,
    pub received_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Shown {
    pub fn new(t: Texts, suspect: Suspect) -> Self {
        let why = suspect.why().into_iter().map(|why| why.render(t)).collect();
        let item = suspect.item.0;
        Self {
            id: suspect.id,
            account: suspect.account_name,
            name: item.author.name,
            address: item.author.address.unwrap_or_default(),
            subject: item.title,
            text: item.text,
            why,
            received_at: suspect.received_at,
            expires_at: suspect.expires_at,
        }
    }
}

/// `GET /{workspace}/settings/suspicious`
pub async fn page(visit: Visit) -> Reply {
    let t = visit.t();
    let suspects = suspects::list(&mut *visit.read().await?, &visit.seat, None).await?;
    let page = visit.page("settings").await?;
    let may_decide = visit.seat.can(Permission::InboxOrganise);
    let suspects = suspects.into_iter().map(|suspect| Shown::new(t, suspect)).collect();
    html(&SuspiciousPage { t, page, section: "suspicious", suspects, may_decide })
}

/// `POST …/{suspect}/release`
pub async fn release(visit: Visit, Place((_, id)): Place<(String, SuspectId)>) -> Reply {
    match suspects::release(&visit.app, &visit.seat, id).await? {
        Some(conversation) => see(visit.path(format!("inbox/{conversation}?view=all&said=said-form-released"))),
        None => see(visit.path("settings/suspicious?said=said-form-released")),
    }
}

/// `POST …/{suspect}/delete`
pub async fn delete(visit: Visit, Place((_, id)): Place<(String, SuspectId)>) -> Reply {
    suspects::delete(&visit.app, &visit.seat, id).await?;
    see(visit.path("settings/suspicious?said=said-form-deleted"))
}
