use askama::Template;
use axum::Form;

use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use domain::Error;
use domain::accounts::first_run::{self, FirstRun};
use http::StatusCode;
use i18n::Texts;
use model::Locale;
use serde::Deserialize;

use super::session_cookie;
use crate::error::{Fault, Reply, html, html_as};
use crate::{Door, Page, Place};

#[derive(Template)]
#[template(path = "door/setup.html")]
struct SetupPage {
    t: Texts,
    page: Page,
    token: String,
    form: SetupForm,
    field: String,
    error: String,
    zones: &'static [&'static str],
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub struct SetupForm {
    name: String,
    email: String,
    password: String,
    workspace: String,
    locale: String,
    time_zone: String,
}

/// Offered first; any IANA name can be set later.
pub(crate) const ZONES: &[&str] = &["Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "UTC"];

pub async fn page(door: Door, Place(token): Place<String>) -> Reply {
    first_run::check(&door.app, &token).await?;
    let form = SetupForm { locale: door.t().locale.tag().into(), time_zone: "Europe/Berlin".into(), ..SetupForm::default() };
    html(&SetupPage { t: door.t(), page: door.page(), token, form, field: String::new(), error: String::new(), zones: ZONES })
}

pub async fn submit(door: Door, jar: CookieJar, Place(token): Place<String>, Form(form): Form<SetupForm>) -> Reply {
    let filled = FirstRun {
        name: form.name.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        workspace: form.workspace.clone(),
        locale: form.locale.parse::<Locale>().unwrap_or_default(),
        time_zone: form.time_zone.clone(),
    };
    match first_run::set_up(&door.app, &token, filled, &door.visitor.for_sessions()).await {
        Ok((session, slug)) => Ok((jar.add(session_cookie(&door.site, session)), Redirect::to(&format!("/{slug}/inbox"))).into_response()),
        Err(Error::Invalid { field, why }) => {
            let form = SetupForm { password: String::new(), ..form };
            let error = why.render(door.t());
            html_as(
                StatusCode::UNPROCESSABLE_ENTITY,
                &SetupPage { t: door.t(), page: door.page(), token, form, field: field.into(), error, zones: ZONES },
            )
        }
        Err(error) => Err(Fault(error)),
    }
}
