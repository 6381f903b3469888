//! The inbox: the list at the side, one conversation, who it is with.

pub mod compose;
pub mod html;
pub mod list;
pub mod log;
pub mod mentions;
pub mod messages;
pub mod organise;
pub mod search;
pub mod thread;

use askama::Template;
use axum::extract::Query;
use domain::desk::View;
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use crate::error::{Fault, Reply, html, html_as};
use crate::{Page, Place, Visit};
use list::ListPane;
use thread::{Entered, Item, Work};

/// List and conversation together: what a browser gets.
#[derive(Template)]
#[template(path = "inbox/page.html")]
struct InboxPage {
    t: Texts,
    page: Page,
    list: ListPane,
    work: Option<Work>,
}

/// The conversation alone: what a swap gets.
#[derive(Template)]
#[template(path = "inbox/work-part.html")]
struct WorkPart {
    t: Texts,
    page: Page,
    work: Option<Work>,
}

#[derive(Template)]
#[template(path = "inbox/rows-part.html")]
struct RowsPart {
    t: Texts,
    page: Page,
    list: ListPane,
}

#[derive(Template)]
#[template(path = "inbox/thread.html")]
struct ThreadPart {
    t: Texts,
    page: Page,
    work: Work,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub view: String,
    pub part: String,
    pub before: String,
    /// Only conversations with this label, of this account.
    pub label: String,
    pub account: String,
    /// `answer`, `all` (an answer to everybody), or `note`.
    pub compose: String,
}

impl Asked {
    /// What the query of an address asks for.
    pub fn in_path(path: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(path.split_once('?').map_or("", |(_, query)| query).as_bytes()) {
            let field = match &*name {
                "view" => &mut asked.view,
                "before" => &mut asked.before,
                "label" => &mut asked.label,
                "account" => &mut asked.account,
                _ => continue,
            };
            *field = value.into_owned();
        }
        asked
    }
    /// The query that shows the same part of the list again.
    pub fn place(&self, view: View) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("view", &view.to_string());
        for (name, value) in [("label", self.label.trim()), ("account", &self.account), ("before", &self.before)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// `GET /{workspace}/inbox?view=&before=&part=`
pub async fn page(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let view = asked.view.parse().unwrap_or_default();
    // First the place where the page's events go on, then what the page shows: nothing falls between the two.
    let (t, page) = (visit.t(), visit.page("inbox").await?);
    let list = ListPane::read(&visit, view, &asked, None).await?;
    if asked.part == "rows" {
        return html(&RowsPart { t, page, list });
    }
    html(&InboxPage { t, page, list, work: None })
}

/// `GET /{workspace}/inbox/{conversation}?view=&compose=&part=`
pub async fn open(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Conversation>)>, Query(asked): Query<Asked>) -> Reply {
    if asked.part == "thread" {
        let mut page = visit.page("inbox").await?;
        let work = Work::read(&visit, &mut page, id, &asked, Entered::default()).await?;
        return html(&ThreadPart { t: visit.t(), page, work });
    }
    let entered = Entered { kind: asked.compose.clone(), ..Entered::default() };
    show(&visit, id, asked, StatusCode::OK, entered).await
}

/// The conversation, with what was entered if a form comes back.
pub(super) async fn show(visit: &Visit, id: Id<kinds::Conversation>, asked: Asked, status: StatusCode, entered: Entered) -> Reply {
    // As above.
    let (t, mut page) = (visit.t(), visit.page("inbox").await?);
    if visit.visitor.is_htmx {
        let work = Work::read(visit, &mut page, id, &asked, entered).await?;
        // Swaps take 422 as a form that came back; other error codes are not swapped in.
        let status = if status.is_success() { status } else { StatusCode::UNPROCESSABLE_ENTITY };
        return html_as(status, &WorkPart { t, page, work: Some(work) });
    }
    // The list beside it, where the address says which.
    let beside = async {
        match asked.view.parse() {
            Ok(view) => ListPane::read(visit, view, &asked, Some(id)).await.map(Some),
            Err(_) => Ok(None),
        }
    };
    let (work, list) = tokio::try_join!(Work::read(visit, &mut page, id, &asked, entered), beside)?;
    let list = match list {
        Some(list) => list,
        None => ListPane::read(visit, work.view, &asked, Some(id)).await?,
    };
    html_as(status, &InboxPage { t, page, list, work: Some(work) })
}

/// A channel's symbol.
pub(super) fn icon(channel: &str) -> &'static str {
    match channel {
        "manual" => "phone",
        _ => channels::by_name(channel).map_or("inbox", |channel| channel.capabilities().icon),
    }
}

/// A channel in one word.
pub(super) fn word(t: Texts, channel: &str) -> String {
    t.by_key(&format!("channel-{channel}"), &[]).unwrap_or_else(|| channel.to_string())
}

/// The address of a conversation, at the place in the list that stood in the address of the request, with what is to be said about it.
pub(super) fn back(visit: &Visit, id: Id<kinds::Conversation>, rest: &str) -> String {
    visit.path(format!("inbox/{id}?{}", joined(&place_in(&visit.visitor.path), rest)))
}

pub(super) fn joined(place: &str, rest: &str) -> String {
    [place, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&")
}

/// The place in the list that an address names, as a query; empty without a view. Every form and link of a conversation carries it on.
pub fn place_in(path: &str) -> String {
    let asked = Asked::in_path(path);
    asked.view.parse().map_or(String::new(), |view| asked.place(view))
}

/// Errors a form answers itself, the others go their way.
pub(super) fn words(t: Texts, error: domain::Error) -> Result<(StatusCode, String), Fault> {
    use domain::Error;
    match error {
        Error::Invalid { why, .. } => Ok((StatusCode::UNPROCESSABLE_ENTITY, why.render(t))),
        Error::Conflict(why) => Ok((StatusCode::CONFLICT, why.render(t))),
        Error::Refused(refused) => Ok((StatusCode::FORBIDDEN, refused.why.render(t))),
        error => Err(Fault(error)),
    }
}
