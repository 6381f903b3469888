//! All keys on one page; the overlay `?` shows the same table.

use askama::Template;
use i18n::Texts;

use crate::error::{Reply, html};
use crate::keys::{Group, TABLE};
use crate::{Page, Visit};

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    t: Texts,
    page: Page,
}

/// `GET /{workspace}/keys`
pub async fn page(visit: Visit) -> Reply {
    html(&KeysPage { t: visit.t(), page: visit.page("").await? })
}
