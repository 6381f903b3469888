//! Searching the archive of public posts.

use askama::Template;
use axum::extract::Query;
use domain::accounts::Permission;
use domain::listening::archive;
use http::StatusCode;
use i18n::Texts;
use serde::Deserialize;

use super::{Check, Shown, keyset};
use crate::error::{Reply, html_as};
use crate::{Page, Visit};

const PAGE: usize = 30;

#[derive(Template)]
#[template(path = "listen/archive.html")]
struct ArchivePage {
    t: Texts,
    page: Page,
    q: String,
    check: Check,
    is_swap: bool,
    lines: Vec<Shown>,
    older: Option<String>,
    /// Looking took too long; the next page goes on from there.
    cut: bool,
    /// A watch can be made of this search.
    new_watch: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    before: String,
}

/// `GET /{workspace}/listen/archive?q=&before=`
pub async fn page(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let (t, q) = (visit.t(), asked.q.trim().to_string());
    let mut page = ArchivePage {
        t,
        page: visit.page("listen").await?,
        check: Check::new(t, "", &[]),
        is_swap: false,
        lines: Vec::new(),
        older: None,
        cut: false,
        new_watch: visit.seat.can(Permission::WatchEdit),
        q,
    };
    if page.q.is_empty() {
        return html_as(StatusCode::OK, &page);
    }
    match archive::find(&visit.app, &visit.seat, &page.q, keyset(&asked.before), PAGE).await? {
        Ok(found) => {
            let q: String = url::form_urlencoded::byte_serialize(page.q.as_bytes()).collect();
            page.older = found.next.map(|(at, id)| visit.path(format!("listen/archive?q={q}&before={}-{id}", at.micros())));
            page.cut = found.cut;
            page.lines = found.posts.into_iter().map(|(post, marks)| Shown::new(post, &marks)).collect();
            html_as(StatusCode::OK, &page)
        }
        Err(errors) => {
            page.check = Check::new(t, &page.q, &errors);
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}
