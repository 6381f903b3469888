//! Customers: contacts and public profiles, each side on pages of its own. What of the other side may stand beside it is decided by
//! `domain::privacy::wall`; [`panel`] draws it for the inbox.

pub mod contact;
pub mod edit;
pub mod links;
pub mod profiles;
mod side;

use askama::Template;
use axum::extract::Query;
use domain::Error;
use domain::accounts::Permission;
use domain::crm::contacts::{self, Row};
use i18n::{Sentence, Texts};
use model::{Id, kinds};
use serde::Deserialize;

use crate::error::{Fault, Reply, html};
use crate::{Page, Visit};

pub use side::panel;

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "customers/contacts.html")]
struct ContactsPage {
    t: Texts,
    page: Page,
    tab: &'static str,
    q: String,
    count: i64,
    rows: Vec<Row>,
    further: Option<String>,
    may_edit: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    /// `ID-NAME` of the last row on screen.
    after: String,
}

/// `GET /{workspace}/customers?q=&after=`
pub async fn page(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let q = asked.q.trim().to_string();
    let mut conn = visit.read().await?;
    let (rows, further) = if q.is_empty() {
        let after = asked.after.split_once('-').and_then(|(id, key)| Some((key.to_string(), id.parse().ok()?)));
        let mut rows = contacts::list(&mut conn, &visit.seat, after.as_ref(), PAGE + 1).await?;
        let more = rows.len() > PAGE as usize;
        rows.truncate(PAGE as usize);
        let further = rows
            .last()
            .filter(|_| more)
            .map(|last| visit.path(format!("customers?after={}", in_query(&format!("{}-{}", last.id, last.name_key)))));
        (rows, further)
    } else {
        (contacts::find(&mut conn, &visit.seat, &q, PAGE).await?, None)
    };
    drop(conn);
    let may_edit = visit.seat.can(Permission::ContactEdit);
    html(&ContactsPage {
        t: visit.t(),
        page: visit.page("customers").await?,
        tab: "contacts",
        q,
        count: rows.len() as i64,
        rows,
        further,
        may_edit,
    })
}

/// A value in an address' query.
fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

type Errors = Vec<(String, Sentence)>;

/// Errors a form shows beside its fields; the others go their way.
fn errors_of(error: Error) -> Result<Errors, Fault> {
    match error {
        Error::InvalidFields(fields) => Ok(fields),
        Error::Invalid { field, why } => Ok(vec![(field.to_string(), why)]),
        error => Err(Fault(error)),
    }
}

fn error_of(t: Texts, errors: &[(String, Sentence)], field: &str) -> String {
    errors.iter().find(|(name, _)| name == field).map(|(_, why)| why.render(t)).unwrap_or_default()
}

/// A conversation's state in a word.
fn status_text(t: Texts, status: domain::desk::Status) -> &'static str {
    match status {
        domain::desk::Status::Open => t.talk_open(),
        domain::desk::Status::Snoozed => t.talk_snoozed(),
        domain::desk::Status::Done => t.talk_done(),
    }
}

fn icon(channel: &str) -> &'static str {
    match channel {
        "manual" => "phone",
        _ => channels::by_name(channel).map_or("inbox", |channel| channel.capabilities().icon),
    }
}

type ContactId = Id<kinds::Contact>;
type ProfileId = Id<kinds::Profile>;
