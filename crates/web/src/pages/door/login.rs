use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use domain::Error;
use domain::accounts::sessions;
use http::StatusCode;
use i18n::Texts;
use serde::Deserialize;

use super::{local, session_cookie};
use crate::error::{Fault, Reply, html, html_as};
use crate::{Door, Page};

#[derive(Template)]
#[template(path = "door/login.html")]
struct LoginPage {
    t: Texts,
    page: Page,
    email: String,
    next: String,
    error: Option<String>,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

pub async fn page(door: Door, Query(next): Query<Next>) -> Reply {
    if door.person.is_some() {
        return crate::error::see(local(&next.next));
    }
    html(&LoginPage { t: door.t(), page: door.page(), email: String::new(), next: next.next, error: None })
}

#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

pub async fn submit(door: Door, jar: CookieJar, Form(form): Form<LoginForm>) -> Reply {
    match sessions::sign_in(&door.app, &form.email, &form.password, &door.visitor.for_sessions()).await {
        Ok(token) => Ok((jar.add(session_cookie(&door.site, token)), Redirect::to(local(&form.next))).into_response()),
        Err(Error::Invalid { why, .. }) => {
            let error = Some(why.render(door.t()));
            html_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &LoginPage { t: door.t(), page: door.page(), email: form.email, next: form.next, error },
            )
        }
        Err(Error::TooMany { seconds }) => {
            let error = Some(door.t().error_sign_in_wait(i64::try_from(seconds.div_ceil(60)).unwrap_or(15)));
            html_as(StatusCode::TOO_MANY_REQUESTS, &LoginPage { t: door.t(), page: door.page(), email: form.email, next: form.next, error })
        }
        Err(error) => Err(Fault(error)),
    }
}

pub async fn out(door: Door, jar: CookieJar) -> Reply {
    let person = door.person()?;
    sessions::revoke(&door.app.db, person.id, person.session).await?;
    let mut gone = session_cookie(&door.site, String::new());
    gone.make_removal();
    Ok((jar.add(gone), Redirect::to("/login")).into_response())
}
