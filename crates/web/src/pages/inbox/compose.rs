//! Writing: answers, notes, drafts, and who else is writing.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::response::IntoResponse;
use axum_extra::extract::Form;
use domain::accounts::Permission;
use domain::desk::presence::Somebody;
use domain::desk::reply::{Reply as Answer, Upload};
use domain::desk::{drafts, notes, reply, thread};
use domain::{Error, desk};
use http::{StatusCode, header};
use i18n::Texts;
use model::{Id, Timestamp, kinds};
use serde::Deserialize;

use super::thread::Entered;
use super::{Asked, back, list, show, words};
use crate::error::{Fault, Reply, html, see};
use crate::router::Site;
use crate::{Page, Place, Visit};

/// Bytes of a whole form: 20 MB of files, the text, and what multipart adds.
const BODY_MAX: usize = 22 << 20;

/// A form with text and perhaps files, as multipart or urlencoded.
#[derive(Default)]
pub struct Composed {
    fields: Vec<(String, String)>,
    pub files: Vec<Upload>,
    /// What came in was too large or broken; fields before that are there.
    pub problem: Option<Error>,
}

impl Composed {
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
    /// Everybody who gets a copy: the ticked participants, then the addresses that were typed.
    fn copies(&self) -> Vec<String> {
        let fields = self.fields.iter().filter(|(name, _)| name == "also" || name == "cc");
        let mut copies: Vec<String> = Vec::new();
        for address in fields.flat_map(|(_, value)| value.split([',', ';'])).map(str::trim).filter(|a| !a.is_empty()) {
            if !copies.iter().any(|known| known.eq_ignore_ascii_case(address)) {
                copies.push(address.to_string());
            }
        }
        copies
    }
}

impl FromRequest<Site> for Composed {
    type Rejection = Fault;
    async fn from_request(mut request: Request, site: &Site) -> Result<Self, Fault> {
        DefaultBodyLimit::max(BODY_MAX).apply(&mut request);
        let is_multipart = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.to_ascii_lowercase().starts_with("multipart/form-data"));
        let too_large = || Error::invalid("files", "error-files-too-large");
        let mut form = Self::default();
        if !is_multipart {
            let body = Bytes::from_request(request, site).await.map_err(|_| Fault(Error::invalid("text", "error-text-too-long")))?;
            form.fields = url::form_urlencoded::parse(&body).into_owned().collect();
            return Ok(form);
        }
        let mut parts = Multipart::from_request(request, site).await.map_err(|_| Fault(Error::invalid("text", "error-choice")))?;
        loop {
            let part = match parts.next_field().await {
                Ok(Some(part)) => part,
                Ok(None) => return Ok(form),
                Err(_) => break,
            };
            let name = part.name().unwrap_or_default().to_string();
            match part.file_name().map(str::to_string) {
                Some(file) => match part.bytes().await {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => form.files.push(Upload { name: file, bytes: bytes.to_vec() }),
                    Err(_) => break,
                },
                None => match part.bytes().await {
                    // A browser sends what the page's encoding says; anything else is shown with replacement characters, never lost.
                    Ok(bytes) => form.fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
                    Err(_) => break,
                },
            }
        }
        form.problem = Some(too_large());
        Ok(form)
    }
}

/// `POST /{workspace}/inbox/{conversation}/reply`
pub async fn send(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Conversation>)>, mut form: Composed) -> Reply {
    let answer = Answer {
        text: form.field("text").to_string(),
        cc: form.copies(),
        files: std::mem::take(&mut form.files),
        // What cannot be read was not seen: id 0 is nobody's, so the writer is asked instead of the check being skipped.
        seen: Some(form.field("seen")).filter(|seen| !seen.is_empty()).map(|seen| seen.parse().unwrap_or(Id::from_i64(0))),
        anyway: !form.field("anyway").is_empty(),
        resolve: form.field("do") == "resolve",
    };
    let next = list::following(&visit, id).await?;
    let sent = match form.problem.take() {
        Some(problem) => Err(problem),
        None => reply::send(&visit.app, &visit.seat, id, answer).await,
    };
    match sent {
        Ok(message) => {
            visit.app.presence.note(id, visit.seat.user(), &visit.seat.person.name, false, visit.app.now());
            see(back(&visit, next.unwrap_or(id), &format!("said=said-sent&take_back={message}")))
        }
        Err(error) => come_back(&visit, id, "answer", &form, error).await,
    }
}

/// `POST /{workspace}/inbox/{conversation}/note`
pub async fn note(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Conversation>)>, mut form: Composed) -> Reply {
    let added = match form.problem.take() {
        Some(problem) => Err(problem),
        None => notes::add(&visit.app, &visit.seat, id, form.field("text")).await,
    };
    match added {
        Ok(_) => see(back(&visit, id, "said=said-note-added")),
        Err(error) => come_back(&visit, id, "note", &form, error).await,
    }
}

/// The page again, with the text and the reason; the text is kept as a draft besides.
async fn come_back(visit: &Visit, id: Id<kinds::Conversation>, kind: &'static str, form: &Composed, error: Error) -> Reply {
    let is_conflict = matches!(error, Error::Conflict(_));
    let field = match &error {
        Error::Invalid { field, .. } => field,
        _ => "",
    };
    let (status, error) = words(visit.t(), error)?;
    let (text, cc) = (form.field("text").to_string(), form.copies().join(", "));
    // What cannot be kept (too long, no permission) is still in the form.
    if let Err(error) = drafts::save(&visit.app, &visit.seat, id, kind, &text, &cc).await {
        tracing::debug!(%error, "the draft of a refused answer was not kept");
    }
    let entered = Entered { kind: kind.into(), text: Some(text), cc, error, field, is_conflict };
    show(visit, id, Asked::in_path(&visit.visitor.path), status, entered).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DraftForm {
    kind: String,
    text: String,
    cc: String,
}

/// `POST /{workspace}/inbox/{conversation}/draft`: 204, and when it was saved.
pub async fn draft(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Conversation>)>, Form(form): Form<DraftForm>) -> Reply {
    if form.kind == "answer" {
        visit.seat.require(Permission::InboxAnswer)?;
    }
    drafts::save(&visit.app, &visit.seat, id, &form.kind, &form.text, &form.cc).await?;
    let at = visit.t().time(visit.app.now(), &visit.seat.time_zone());
    Ok((StatusCode::NO_CONTENT, [("x-saved", at)]).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PresenceForm {
    writing: String,
    /// Shown from what was fetched ahead: only now it has been read, as it stood then (microseconds since 1970).
    seen: Option<i64>,
}

#[derive(Template)]
#[template(path = "inbox/collision-part.html")]
struct CollisionPart {
    t: Texts,
    page: Page,
    work: Others,
}

struct Others {
    here: Vec<Somebody>,
}

impl Others {
    fn since(&self, page: &Page, at: &Timestamp) -> String {
        page.t.time(*at, &page.zone)
    }
}

/// `POST /{workspace}/inbox/{conversation}/presence`: says that one is here, and learns who else is.
pub async fn presence(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Conversation>)>, Form(form): Form<PresenceForm>) -> Reply {
    let mut conn = visit.read().await?;
    let conversation = thread::head(&mut conn, &visit.seat, id).await?;
    drop(conn);
    if let Some(seen) = form.seen {
        let at = Timestamp::from_micros(seen).min(visit.app.now().max(conversation.last_message_at));
        desk::reads::note_now(&visit.app, &visit.seat, id, at).await?;
    }
    let (presence, now): (&desk::presence::Presence, _) = (&visit.app.presence, visit.app.now());
    presence.note(id, visit.seat.user(), &visit.seat.person.name, form.writing == "1", now);
    let here = presence.who(id, visit.seat.user(), now);
    if here.is_empty() {
        return Ok(axum::response::Html("").into_response());
    }
    let mut page = Page::bare(&visit.app, visit.t(), Some(&visit.seat.person), &visit.visitor);
    page.zone = visit.seat.time_zone();
    html(&CollisionPart { t: visit.t(), page, work: Others { here } })
}
