use askama::Template;
use axum::Form;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use domain::Error;
use domain::accounts::invitations::{self, NewPerson, Offer};
use http::StatusCode;
use i18n::Texts;
use serde::Deserialize;

use super::session_cookie;
use crate::error::{Fault, Reply, html, html_as, see};
use crate::{Door, Page, Place};

#[derive(Template)]
#[template(path = "door/invitation.html")]
struct InvitationPage {
    t: Texts,
    page: Page,
    token: String,
    offer: Offer,
    signed_in: bool,
    form: InvitationForm,
    field: &'static str,
    error: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct InvitationForm {
    name: String,
    password: String,
    locale: String,
}

/// `GET /invitation/{token}`
pub async fn page(door: Door, Place(token): Place<String>) -> Reply {
    let offer = invitations::look(&door.app, &token).await?;
    let form = InvitationForm { locale: door.t().locale.tag().into(), ..InvitationForm::default() };
    let signed_in = door.person.is_some();
    html(&InvitationPage { t: door.t(), page: door.page(), token, offer, signed_in, form, field: "", error: String::new() })
}

/// `POST /invitation/{token}`: whoever has a user joins with it, everybody else becomes one.
pub async fn accept(door: Door, jar: CookieJar, Place(token): Place<String>, Form(form): Form<InvitationForm>) -> Reply {
    let offer = invitations::look(&door.app, &token).await?;
    if let (true, Some(person)) = (offer.has_user, &door.person) {
        let slug = invitations::accept(&door.app, &token, person).await?;
        return see(format!("/{slug}/inbox?said=said-joined"));
    }
    if offer.has_user {
        return see(format!("/login?next=/invitation/{token}"));
    }
    let person = NewPerson { name: form.name.clone(), password: form.password.clone(), locale: form.locale.parse().unwrap_or_default() };
    match invitations::accept_new(&door.app, &token, person, &door.visitor.for_sessions()).await {
        Ok((session, slug)) => {
            Ok((jar.add(session_cookie(&door.site, session)), Redirect::to(&format!("/{slug}/inbox?said=said-joined"))).into_response())
        }
        Err(Error::Invalid { field, why }) => {
            let (form, error) = (InvitationForm { password: String::new(), ..form }, why.render(door.t()));
            let page = InvitationPage { t: door.t(), page: door.page(), token, offer, signed_in: false, form, field, error };
            html_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(Fault(error)),
    }
}
