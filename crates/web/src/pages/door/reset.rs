use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use domain::Error;
use domain::accounts::resets;
use http::StatusCode;
use i18n::Texts;
use serde::Deserialize;

use super::session_cookie;
use crate::error::{Fault, Reply, html, html_as};
use crate::{Door, Page, Place};

#[derive(Template)]
#[template(path = "door/reset.html")]
struct ResetPage {
    t: Texts,
    page: Page,
    email: String,
    error: String,
    sent: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ResetForm {
    email: String,
}

/// `GET /reset`
pub async fn page(door: Door, Query(asked): Query<ResetForm>) -> Reply {
    html(&ResetPage { t: door.t(), page: door.page(), email: asked.email, error: String::new(), sent: false })
}

/// `POST /reset`: the same answer whether or not there is such a user.
pub async fn request(door: Door, Form(form): Form<ResetForm>) -> Reply {
    let (status, error) = match resets::request(&door.app, &form.email, &door.visitor.for_sessions()).await {
        Ok(()) => return html(&ResetPage { t: door.t(), page: door.page(), email: form.email, error: String::new(), sent: true }),
        Err(Error::Invalid { why, .. }) => (StatusCode::UNPROCESSABLE_ENTITY, why.render(door.t())),
        Err(Error::TooMany { seconds }) => {
            (StatusCode::TOO_MANY_REQUESTS, door.t().error_sign_in_wait(i64::try_from(seconds.div_ceil(60)).unwrap_or(15)))
        }
        Err(error) => return Err(Fault(error)),
    };
    html_as(status, &ResetPage { t: door.t(), page: door.page(), email: form.email, error, sent: false })
}

#[derive(Template)]
#[template(path = "door/reset-set.html")]
struct SetPage {
    t: Texts,
    page: Page,
    token: String,
    error: String,
}

/// `GET /reset/{token}`
pub async fn set_page(door: Door, Place(token): Place<String>) -> Reply {
    resets::check(&door.app, &token).await?;
    html(&SetPage { t: door.t(), page: door.page(), token, error: String::new() })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SetForm {
    password: String,
}

/// `POST /reset/{token}`
pub async fn set(door: Door, jar: CookieJar, Place(token): Place<String>, Form(form): Form<SetForm>) -> Reply {
    match resets::finish(&door.app, &token, &form.password, &door.visitor.for_sessions()).await {
        Ok(session) => Ok((jar.add(session_cookie(&door.site, session)), Redirect::to("/")).into_response()),
        Err(Error::Invalid { why, .. }) => {
            let error = why.render(door.t());
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &SetPage { t: door.t(), page: door.page(), token, error })
        }
        Err(error) => Err(Fault(error)),
    }
}
