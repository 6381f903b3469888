//! The one place where a domain error becomes an answer: a page, a fragment for a swap, or problem+json (RFC 9457).

use std::any::Any;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::accounts::{Permission, Person, sessions};
use domain::{App, Error};
use http::{HeaderValue, StatusCode, header};
use i18n::{Sentence, Texts};

use crate::Page;
use crate::pages::settings::permission_text;
use crate::router::Site;
use crate::visit::Visitor;

/// A domain error on its way out of a handler. [`render`] gives it words.
#[derive(Debug)]
pub struct Fault(pub Error);

impl<E: Into<Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault(error.into())
    }
}

/// What handlers return.
pub type Reply = Result<Response, Fault>;

/// What the answer says, kept for [`render`].
#[derive(Clone)]
struct Said {
    status: StatusCode,
    title: Sentence,
    detail: Sentence,
    field: Option<String>,
    rule: Option<&'static str>,
    /// What the visitor's roles do not hold.
    missing: Option<Permission>,
    reference: Option<String>,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, title, detail) = match &self.0 {
            Error::NotFound => (StatusCode::NOT_FOUND, "fault-not-found", Sentence::new("fault-not-found-detail")),
            Error::Invalid { why, .. } => (StatusCode::UNPROCESSABLE_ENTITY, "fault-invalid", why.clone()),
            Error::InvalidFields(fields) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "fault-invalid",
                fields.first().map_or_else(|| Sentence::new("fault-invalid"), |(_, why)| why.clone()),
            ),
            Error::Forbidden(_) => (StatusCode::FORBIDDEN, "fault-forbidden", Sentence::new("fault-forbidden")),
            Error::Conflict(why) => (StatusCode::CONFLICT, "fault-conflict", why.clone()),
            Error::Refused(refused) => (StatusCode::FORBIDDEN, "fault-refused", refused.why.clone()),
            Error::TooMany { seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "fault-too-many",
                Sentence::new("fault-too-many-detail").with("minutes", i64::try_from(seconds.div_ceil(60)).unwrap_or(15)),
            ),
            Error::Upstream(failure) => {
                (StatusCode::BAD_GATEWAY, "fault-upstream", Sentence::new("fault-upstream-detail").with("detail", failure.to_string()))
            }
            full if full.is_full() => (StatusCode::SERVICE_UNAVAILABLE, "fault-no-room", Sentence::new("fault-no-room-detail")),
            Error::Db(error) if error.is_temporary() => {
                (StatusCode::SERVICE_UNAVAILABLE, "fault-database", Sentence::new("fault-database-detail"))
            }
            Error::Db(_) | Error::NoRoom(_) | Error::Internal(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "fault-internal", Sentence::new("fault-internal-detail"))
            }
        };
        let mut said = Said { status, title: Sentence::new(title), detail, field: None, rule: None, missing: None, reference: None };
        match &self.0 {
            Error::Invalid { field, .. } => said.field = Some((*field).into()),
            Error::Refused(refused) => said.rule = Some(refused.rule),
            Error::Forbidden(name) => said.missing = Permission::ALL.iter().copied().find(|permission| permission.name() == *name),
            Error::Db(_) | Error::NoRoom(_) | Error::Internal(_) => {
                // The reference is what a person reads out on the phone; the cause stays in the log.
                let reference = format!("{:08x}", model::Random::u64(&model::SystemRandom) as u32);
                tracing::error!(%reference, error = %self.0, "request failed");
                said.reference = Some(reference);
            }
            _ => {}
        }
        let mut response = status.into_response();
        if let Error::TooMany { seconds } = self.0 {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(said);
        response
    }
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage {
    t: Texts,
    page: Page,
    status: u16,
    title: String,
    detail: String,
    reference: String,
}

#[derive(Template)]
#[template(path = "fault-part.html")]
struct FaultPart {
    t: Texts,
    detail: String,
    reference: String,
}

/// Gives faults their words in the visitor's language and in the form the visitor takes.
pub async fn render(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (cookie_headers, accept) = (request.headers().clone(), request.headers().get(header::ACCEPT).cloned());
    let path = request.uri().path().to_string();
    let response = next.run(request).await;
    let Some(said) = response.extensions().get::<Said>().cloned() else { return response };
    let jar = axum_extra::extract::CookieJar::from_headers(&cookie_headers);
    let text = |name: &str| cookie_headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
    let visitor = Visitor {
        accept_language: text("accept-language"),
        language_cookie: jar.get(crate::guard::LANGUAGE_COOKIE).map(|c| c.value().to_string()),
        is_htmx: text("hx-request") == "true",
        wants_json: accept.is_some_and(|a| a.to_str().is_ok_and(|a| a.contains("json"))),
        path,
        ..Visitor::default()
    };
    let person: Option<Person> = match jar.get(crate::guard::SESSION_COOKIE) {
        // Asking the database who it is would take as long again.
        Some(_) if said.status == StatusCode::SERVICE_UNAVAILABLE => None,
        Some(cookie) => who(&site.app, cookie.value()).await.ok().flatten(),
        None => None,
    };
    let t = Texts::new(person.as_ref().map_or_else(|| visitor.locale(), |p| p.locale));
    let (title, reference) = (said.title.render(t), said.reference.clone().unwrap_or_default());
    let detail = said.missing.map_or_else(|| said.detail.render(t), |permission| lacking(t, permission));
    let body = if visitor.wants_json {
        let problem = serde_json::json!({ "type": "about:blank", "status": said.status.as_u16(), "title": title, "detail": detail, "field": said.field, "rule": said.rule, "reference": said.reference });
        ([(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
    } else if visitor.is_htmx {
        Html(FaultPart { t, detail, reference }.render().unwrap_or_default()).into_response()
    } else {
        let page = Page::bare(&site.app, t, person.as_ref(), &visitor);
        Html(FaultPage { t, page, status: said.status.as_u16(), title, detail, reference }.render().unwrap_or_default()).into_response()
    };
    let (mut parts, body) = body.into_parts();
    parts.status = said.status;
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        parts.headers.insert(header::RETRY_AFTER, wait.clone());
    }
    Response::from_parts(parts, body)
}

/// What is missing in words, and which of the built-in roles have it.
async fn who(app: &App, token: &str) -> domain::Result<Option<Person>> {
    sessions::person(&app.db, &mut app.db.read().await?, token).await
}

fn lacking(t: Texts, permission: Permission) -> String {
    let roles: Vec<String> = permission.roles().iter().filter_map(|role| t.by_key(&format!("role-{}", role.name()), &[])).collect();
    t.fault_forbidden_detail(permission_text(t, permission, ""), roles.join(", "))
}

pub async fn not_found() -> Fault {
    Fault(Error::NotFound)
}

pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
    Fault(Error::Internal(format!("panic: {what}"))).into_response()
}

/// A template as an answer.
pub fn html(template: &impl Template) -> Reply {
    let body = template.render().map_err(|error| Error::Internal(format!("template: {error}")))?;
    Ok(Html(body).into_response())
}

/// A template with another status: forms that come back with errors.
pub fn html_as(status: StatusCode, template: &impl Template) -> Reply {
    let mut response = html(template)?;
    *response.status_mut() = status;
    Ok(response)
}

/// "See other" after a form.
pub fn see(path: impl AsRef<str>) -> Reply {
    Ok(axum::response::Redirect::to(path.as_ref()).into_response())
}
