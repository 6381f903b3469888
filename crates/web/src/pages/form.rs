//! The public contact form: a page of its own and a page for another site's frame. No cookies, no script.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::Response;
use domain::Error;
use domain::sources::forms::{self, PublicForm, Submission};
use http::{HeaderValue, StatusCode, header};
use i18n::{Sentence, Texts};
use model::{Id, Locale, kinds};
use serde::Deserialize;

use crate::error::{Fault, Reply, html, html_as, see};
use crate::visit::Visitor;
use crate::{Door, Page, Place};

type AccountId = Id<kinds::ChannelAccount>;

#[derive(Template)]
#[template(path = "form/form.html")]
struct FormPage {
    t: Texts,
    page: Page,
    form: PublicForm,
    action: String,
    framed: bool,
    token: String,
    filled: Filled,
    name_error: String,
    email_error: String,
    subject_error: String,
    phone_error: String,
    message_error: String,
    /// Why it was not sent, beside the fields' own errors.
    refused: String,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "form/sent.html")]
struct SentPage {
    t: Texts,
    page: Page,
    form: PublicForm,
    action: String,
    framed: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    name: String,
    email: String,
    subject: String,
    phone: String,
    message: String,
    /// The field people do not see; its name is one that machines like.
    website: String,
    token: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    lang: String,
    sent: String,
}

/// What the browser prefers, or what the link says. Cookies are not looked at here.
fn locale(form: &PublicForm, door: &Door, asked: &Asked) -> Locale {
    let visitor = Visitor { language_cookie: None, ..door.visitor.clone() };
    let preferred = match asked.lang.as_str() {
        "de" => Locale::DeDe,
        "en" => Locale::En,
        _ => visitor.locale(),
    };
    form.settings.locale(preferred)
}

fn bare(door: &Door, t: Texts) -> Page {
    Page::bare(&door.app, t, None, &Visitor::default())
}

fn action(id: AccountId, framed: bool) -> String {
    if framed { format!("/form/{id}/embed") } else { format!("/form/{id}") }
}

/// `GET /form/{account}`
pub async fn page(door: Door, Place(id): Place<AccountId>, Query(asked): Query<Asked>) -> Reply {
    show(&door, id, &asked, false).await
}

/// `GET /form/{account}/embed`
pub async fn embedded(door: Door, Place(id): Place<AccountId>, Query(asked): Query<Asked>) -> Reply {
    let form = forms::open(&mut door.app.db.read().await?, id).await?;
    Ok(framed(show(&door, id, &asked, true).await?, &form))
}

/// `POST /form/{account}`
pub async fn submit(door: Door, Place(id): Place<AccountId>, Query(asked): Query<Asked>, Form(filled): Form<Filled>) -> Reply {
    send(&door, id, &asked, filled, false).await
}

/// `POST /form/{account}/embed`
pub async fn submit_embedded(door: Door, Place(id): Place<AccountId>, Query(asked): Query<Asked>, Form(filled): Form<Filled>) -> Reply {
    let form = forms::open(&mut door.app.db.read().await?, id).await?;
    Ok(framed(send(&door, id, &asked, filled, true).await?, &form))
}

/// Lets the sites of the form's settings hold the answer in a frame, and nobody else.
fn framed(mut response: Response, form: &PublicForm) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {}",
        form.settings.ancestors()
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

async fn show(door: &Door, id: AccountId, asked: &Asked, framed: bool) -> Reply {
    let form = forms::open(&mut door.app.db.read().await?, id).await?;
    let t = Texts::new(locale(&form, door, asked));
    if !asked.sent.is_empty() {
        return html(&SentPage { t, page: bare(door, t), form, action: action(id, framed), framed });
    }
    let token = forms::token(&door.app, id);
    html(&filled_page(door, form, t, framed, token, Filled::default(), &[], String::new()))
}

#[expect(clippy::too_many_arguments, reason = "everything a form is made of, once")]
fn filled_page(
    door: &Door,
    form: PublicForm,
    t: Texts,
    framed: bool,
    token: String,
    filled: Filled,
    errors: &[(String, Sentence)],
    refused: String,
) -> FormPage {
    let error = |field: &str| errors.iter().find(|(name, _)| name == field).map(|(_, why)| why.render(t)).unwrap_or_default();
    FormPage {
        t,
        page: bare(door, t),
        action: action(form.account, framed),
        framed,
        token,
        name_error: error("name"),
        email_error: error("email"),
        subject_error: error("subject"),
        phone_error: error("phone"),
        message_error: error("message"),
        wrong: !errors.is_empty(),
        refused,
        form,
        filled,
    }
}

async fn send(door: &Door, id: AccountId, asked: &Asked, filled: Filled, framed: bool) -> Reply {
    let form = forms::open(&mut door.app.db.read().await?, id).await?;
    let locale = locale(&form, door, asked);
    let t = Texts::new(locale);
    let submission = Submission {
        name: filled.name.clone(),
        email: filled.email.clone(),
        subject: filled.subject.clone(),
        phone: filled.phone.clone(),
        message: filled.message.clone(),
        honeypot: filled.website.clone(),
        token: filled.token.clone(),
        visitor: door.visitor.address.clone(),
    };
    let (status, errors, refused, keep_token) = match forms::submit(&door.app, id, locale, submission).await {
        // "See other", so that a reload does not send it again.
        Ok(()) => {
            return see(format!(
                "{}?sent=1{}",
                action(id, framed),
                if asked.lang.is_empty() { String::new() } else { format!("&lang={}", locale.language().code()) }
            ));
        }
        Err(Error::InvalidFields(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors, String::new(), true),
        // Too fast is only a matter of time: with a new token it would be too fast again.
        Err(Error::Refused(refused)) => (StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), refused.why.render(t), refused.rule == "form.fast"),
        Err(Error::TooMany { seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, Vec::new(), t.form_error_wait(i64::try_from(seconds.div_ceil(60)).unwrap_or(15)), true)
        }
        Err(error) => return Err(Fault(error)),
    };
    let token = if keep_token { filled.token.clone() } else { forms::token(&door.app, id) };
    html_as(status, &filled_page(door, form, t, framed, token, filled, &errors, refused))
}
