//! What happened away from the screen, written down in seconds.

use askama::Template;
use channels::ItemKind;
use domain::Error;
use domain::desk::log::{self, Log};
use http::StatusCode;
use i18n::Texts;

use super::compose::Composed;
use crate::error::{Fault, Reply, html_as, see};
use crate::{Page, Visit};

/// The kinds a person writes down, with their symbols.
const KINDS: [(ItemKind, &str); 4] =
    [(ItemKind::Call, "phone"), (ItemKind::Letter, "mail"), (ItemKind::Visit, "walk"), (ItemKind::Fair, "people")];

#[derive(Default)]
struct Entered {
    kind: String,
    name: String,
    address: String,
    subject: String,
    text: String,
    is_done: bool,
}

#[derive(Template)]
#[template(path = "inbox/log.html")]
struct LogPage {
    t: Texts,
    page: Page,
    kinds: Vec<(&'static str, &'static str, &'static str)>,
    entered: Entered,
    /// The field that is wrong, and why.
    field: &'static str,
    error: String,
}

fn kind_word(t: Texts, kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Letter => t.thread_kind_letter(),
        ItemKind::Visit => t.thread_kind_visit(),
        ItemKind::Fair => t.thread_kind_fair(),
        _ => t.thread_kind_call(),
    }
}

async fn show(visit: &Visit, entered: Entered, field: &'static str, error: String) -> Reply {
    let t = visit.t();
    let kinds = KINDS.iter().map(|(kind, icon)| (kind.name(), kind_word(t, *kind), *icon)).collect();
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    html_as(status, &LogPage { t, page: visit.page("inbox").await?, kinds, entered, field, error })
}

/// `GET /{workspace}/log`
pub async fn page(visit: Visit) -> Reply {
    show(&visit, Entered { kind: ItemKind::Call.name().into(), ..Entered::default() }, "", String::new()).await
}

/// `POST /{workspace}/log`
pub async fn add(visit: Visit, mut form: Composed) -> Reply {
    let entered = Entered {
        kind: form.field("kind").into(),
        name: form.field("name").into(),
        address: form.field("address").into(),
        subject: form.field("subject").into(),
        text: form.field("text").into(),
        is_done: !form.field("done").is_empty(),
    };
    let added = match (form.problem.take(), KINDS.iter().find(|(kind, _)| kind.name() == entered.kind)) {
        (Some(problem), _) => Err(problem),
        (None, None) => Err(Error::invalid("kind", "error-choice")),
        (None, Some((kind, _))) => {
            let log = Log {
                kind: *kind,
                name: entered.name.clone(),
                address: entered.address.clone(),
                subject: entered.subject.clone(),
                text: entered.text.clone(),
                files: std::mem::take(&mut form.files),
                done: entered.is_done,
            };
            log::add(&visit.app, &visit.seat, log).await
        }
    };
    match added {
        Ok(conversation) => see(visit.path(format!("inbox/{conversation}?said=said-logged"))),
        Err(Error::Invalid { field, why }) => show(&visit, entered, field, why.render(visit.t())).await,
        Err(error) => Err(Fault(error)),
    }
}
