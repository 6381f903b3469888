//! Opening and closing the door in the wall. The page for choosing shows the other side's people alone: nothing of where one came from but
//! its id stands in the form, so that it, too, depends on one side only.

use askama::Template;
use axum_extra::extract::Form;
use domain::accounts::Permission;
use domain::crm::{contacts, profiles};
use domain::privacy::links::{self, Proof, Reason};
use domain::privacy::wall::{Ground, Side};
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use super::{ContactId, Errors, ProfileId, error_of, errors_of};
use crate::error::{Reply, html_as, see};
use crate::{Page, Place, Visit};

const CHOICES: i64 = 20;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    /// Where one came from; the other of the two is chosen.
    from: String,
    profile: String,
    contact: String,
    ground: String,
    wording: String,
    proof: String,
    q: String,
    back: String,
    /// `search` or `link`.
    step: String,
}

#[derive(Template)]
#[template(path = "customers/link.html")]
struct LinkPage {
    t: Texts,
    page: Page,
    form: LinkForm,
    choices: Vec<Choice>,
    /// Messages of the person that was chosen: the side one came from shows its own, before this page.
    proofs: Vec<Proof>,
    asked: bool,
    choice_error: String,
    wording_error: String,
    proof_error: String,
}

struct Choice {
    id: String,
    name: String,
    detail: String,
}

impl LinkPage {
    fn is_consent(&self) -> bool {
        self.form.ground != Ground::Disclosure.name()
    }
    fn chooses_contact(&self) -> bool {
        self.form.from == "profile"
    }
    fn proof_text(&self, proof: &Proof) -> String {
        model::text::excerpt(&proof.text, 90)
    }
    fn may_choose_proof(&self) -> bool {
        !self.proofs.is_empty() && self.form.proof.is_empty()
    }
    fn back_path(&self) -> &str {
        back(&self.form.back)
    }
    fn chosen(&self, id: &str) -> bool {
        id == if self.chooses_contact() { &self.form.contact } else { &self.form.profile }
    }
}

/// `POST /{workspace}/customers/link`: the search for the other side, and the link itself.
pub async fn link(visit: Visit, Form(form): Form<LinkForm>) -> Reply {
    if form.step != "link" {
        return show(&visit, form, &Vec::new()).await;
    }
    let (profile, contact) = (form.profile.parse::<ProfileId>(), form.contact.parse::<ContactId>());
    let (Ok(profile), Ok(contact)) = (profile, contact) else {
        return show(&visit, form, &vec![("choice".into(), i18n::Sentence::new("link-choose"))]).await;
    };
    let reason =
        Reason { ground: form.ground.parse().unwrap_or(Ground::Consent), wording: form.wording.clone(), proof: form.proof.parse().ok() };
    match links::open(&visit.app, &visit.seat, profile, contact, reason).await {
        Ok(_) => see(visit.path(format!("{}?said=said-link-opened", back(&form.back)))),
        Err(error) => show(&visit, form, &errors_of(error)?).await,
    }
}

async fn show(visit: &Visit, mut form: LinkForm, errors: &Errors) -> Reply {
    for permission in [Permission::ContactRead, Permission::ListenRead] {
        visit.seat.require(permission)?;
    }
    let (t, q) = (visit.t(), form.q.trim().to_string());
    let mut conn = visit.read().await?;
    let choices: Vec<Choice> = if form.from == "profile" {
        let rows = contacts::find(&mut conn, &visit.seat, &q, CHOICES).await?;
        let choice = |row: contacts::Row| Choice {
            id: row.id.to_string(),
            name: row.name,
            detail: [row.company, row.address].into_iter().flatten().collect::<Vec<_>>().join(", "),
        };
        rows.into_iter().map(choice).collect()
    } else {
        let rows = profiles::find(&mut conn, &visit.seat, &q, CHOICES).await?;
        let choice =
            |row: profiles::Row| Choice { id: row.id.to_string(), name: row.name, detail: format!("{}, {}", row.handle, row.network) };
        rows.into_iter().map(choice).collect()
    };
    let chosen = match form.from.as_str() {
        "profile" => form.contact.parse().ok().map(Side::Contact),
        _ => form.profile.parse().ok().map(Side::Profile),
    };
    let proofs = match chosen {
        Some(side) => links::proofs(&mut conn, &visit.seat, side).await?,
        None => Vec::new(),
    };
    drop(conn);
    let error = |field: &str| error_of(t, errors, field);
    if !error("proof").is_empty() {
        form.proof.clear();
    }
    let page = LinkPage {
        t,
        page: visit.page("customers").await?,
        asked: !q.is_empty(),
        choices,
        proofs,
        choice_error: error("choice"),
        wording_error: error("wording"),
        proof_error: error("proof"),
        form,
    };
    html_as(if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    back: String,
}

/// `POST /{workspace}/customers/links/{link}/close`
pub async fn close(visit: Visit, Place((_, id)): Place<(String, Id<kinds::ProfileLink>)>, Form(form): Form<Back>) -> Reply {
    links::close(&visit.app, &visit.seat, id).await?;
    see(visit.path(format!("{}?said=said-link-closed", back(&form.back))))
}

/// Only pages of this workspace that show the wall.
fn back(asked: &str) -> &str {
    let is_plain = asked.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-'));
    let known = ["inbox/", "customers/profiles/", "customers/contacts/"].iter().any(|start| asked.starts_with(start));
    if is_plain && known && !asked.contains("//") { asked } else { "customers" }
}
