//! Before one is in: set-up, log-in, language, the way to a workspace.

pub mod invitation;
pub mod login;
pub mod reset;
pub mod setup;

use std::time::Duration;

use axum::Form;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use domain::accounts::{sessions, users, workspaces};
use model::Locale;
use serde::Deserialize;

use crate::error::{Reply, see};
use crate::guard::{LANGUAGE_COOKIE, SESSION_COOKIE};
use crate::router::Site;
use crate::{Door, Visit};

/// How long a browser remembers the language.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// `/`: into the first workspace, or to log in.
pub async fn home(door: Door) -> Reply {
    let Some(person) = &door.person else { return see("/login") };
    let mut conn = door.app.db.read().await?;
    let mine = workspaces::of_user(&mut conn, person.id).await?;
    match mine.first() {
        Some(workspace) => see(format!("/{}/inbox", workspace.slug)),
        None => see("/me"),
    }
}

/// `/{workspace}`.
pub async fn workspace(visit: Visit) -> Reply {
    see(visit.path("inbox"))
}

#[derive(Deserialize)]
pub struct LanguageForm {
    locale: String,
    #[serde(default)]
    back: String,
}

/// The language switch: kept in the person's preferences, or in a cookie before anybody has signed in.
pub async fn language(door: Door, jar: CookieJar, Form(form): Form<LanguageForm>) -> Reply {
    let locale: Locale = form.locale.parse().unwrap_or_default();
    let back = Redirect::to(local(&form.back));
    if let Some(person) = &door.person {
        let mut tx = door.app.db.write().await?;
        let p = users::Preferences {
            name: person.name.clone(),
            locale,
            time_zone: person.time_zone.clone(),
            theme: person.theme.clone(),
            shortcuts: person.shortcuts,
            next_after_answer: person.next_after_answer,
        };
        users::save_preferences(&mut tx, person.id, p).await?;
        tx.commit().await?;
    }
    Ok((jar.add(cookie(&door.site, LANGUAGE_COOKIE, locale.tag().into(), YEAR)), back).into_response())
}

/// A path of our own, or `/`: redirects never leave the house.
pub(crate) fn local(path: &str) -> &str {
    let mut chars = path.chars();
    match (chars.next(), chars.next()) {
        (Some('/'), second) if !matches!(second, Some('/' | '\\')) && !path.contains(['\r', '\n', '\\']) => path,
        _ => "/",
    }
}

fn cookie(site: &Site, name: &'static str, value: String, age: Duration) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_path("/");
    cookie.set_same_site(SameSite::Lax);
    cookie.set_http_only(true);
    cookie.set_secure(site.trust.secure_cookies);
    cookie.set_max_age(cookie::time::Duration::try_from(age).ok());
    cookie
}

pub(crate) fn session_cookie(site: &Site, token: String) -> Cookie<'static> {
    cookie(site, SESSION_COOKIE, token, sessions::LONGEST)
}

#[cfg(test)]
mod tests {
    #[test]
    fn redirects_stay_in_the_house() {
        use super::local;
        assert_eq!(local("/nordwind/inbox?x=1"), "/nordwind/inbox?x=1");
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\r\nb"] {
            assert_eq!(local(bad), "/", "{bad}");
        }
    }
}
