//! The demo's door: sign in as anybody with one click. Routed in the `demo` process only (invariant 11).

use askama::Template;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use domain::Error;
use domain::accounts::{demo, sessions};
use i18n::Texts;
use model::{Id, kinds};

use super::door::session_cookie;
use crate::error::{Fault, Reply, html};
use crate::{Door, Page, Place};

#[derive(Template)]
#[template(path = "door/demo.html")]
struct DemoPage {
    t: Texts,
    page: Page,
    people: Vec<demo::Somebody>,
}

pub async fn page(door: Door) -> Reply {
    let people = demo::people(&mut door.app.db.read().await?).await?;
    html(&DemoPage { t: door.t(), page: door.page(), people })
}

pub async fn enter(door: Door, jar: CookieJar, Place(user): Place<Id<kinds::User>>) -> Reply {
    if !door.app.config.demo {
        return Err(Fault(Error::NotFound));
    }
    let mut tx = door.app.db.write().await?;
    let somebody = demo::people(&mut tx).await?.into_iter().find(|p| p.id == user).ok_or(Fault(Error::NotFound))?;
    let token = sessions::open(&mut tx, somebody.id, &door.visitor.for_sessions()).await?;
    tx.commit().await?;
    Ok((jar.add(session_cookie(&door.site, token)), Redirect::to(&format!("/{}/inbox", somebody.slug))).into_response())
}
