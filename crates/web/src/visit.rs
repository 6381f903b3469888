//! The two extractors handlers take: [`Visit`] in a workspace, [`Door`] outside of one.

use axum::extract::FromRequestParts;
use domain::accounts::{Person, Seat};
use domain::{App, Error};
use http::request::Parts;
use i18n::Texts;
use model::{Language, Locale};

use crate::Page;
use crate::error::Fault;
use crate::router::Site;

/// What the request itself tells.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// IP address, behind trusted proxies the one they saw.
    pub address: String,
    pub user_agent: String,
    /// A swap inside a page: a part of it is enough.
    pub is_htmx: bool,
    /// Fetched ahead by our own script: nobody looks at it yet.
    pub is_prefetch: bool,
    pub wants_json: bool,
    pub accept_language: String,
    pub language_cookie: Option<String>,
    /// Path and query.
    pub path: String,
}

impl Visitor {
    /// The language before anybody has signed in: the switch's cookie, else what the browser prefers, else German.
    pub fn locale(&self) -> Locale {
        let wanted = self.language_cookie.as_deref().unwrap_or(&self.accept_language);
        for tag in wanted.split(',') {
            let tag = tag.split(';').next().unwrap_or_default().trim();
            if let Ok(locale) = tag.parse::<Locale>() {
                return locale;
            }
            match tag.split('-').next() {
                Some("de") => return Locale::DeDe,
                Some("en") => return Locale::En,
                _ => {}
            }
        }
        Locale::DeDe
    }
    pub fn for_sessions(&self) -> domain::accounts::sessions::Visitor {
        domain::accounts::sessions::Visitor { address: self.address.clone(), user_agent: self.user_agent.clone() }
    }
}

/// A request in a workspace, by somebody whose permission has been checked by the router.
pub struct Visit {
    pub app: App,
    pub seat: Seat,
    pub visitor: Visitor,
}

impl Visit {
    pub fn t(&self) -> Texts {
        self.seat.texts()
    }
    /// `/slug/rest`.
    pub fn path(&self, rest: impl std::fmt::Display) -> String {
        format!("/{}/{rest}", self.seat.workspace.slug)
    }
    /// What every page of a workspace shows around its content. `area` is the rail's entry that is lit.
    pub async fn page(&self, area: &'static str) -> Result<Page, Fault> {
        Page::in_workspace(self, area).await
    }
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Fault> {
        // The guard puts the seat here for routes that need one; a route without a workspace has none.
        let seat = parts.extensions.get::<Seat>().cloned().ok_or(Fault(Error::NotFound))?;
        Ok(Self { app: site.app.clone(), seat, visitor: parts.extensions.get().cloned().unwrap_or_default() })
    }
}

/// A request outside of any workspace.
pub struct Door {
    pub site: Site,
    pub app: App,
    pub person: Option<Person>,
    pub visitor: Visitor,
}

impl Door {
    pub fn t(&self) -> Texts {
        Texts::new(self.person.as_ref().map_or_else(|| self.visitor.locale(), |p| p.locale))
    }
    /// The person, on routes that need one.
    pub fn person(&self) -> Result<&Person, Fault> {
        self.person.as_ref().ok_or(Fault(Error::NotFound))
    }
    pub fn page(&self) -> Page {
        Page::outside(self)
    }
    pub fn language(&self) -> Language {
        self.t().language()
    }
}

impl FromRequestParts<Site> for Door {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Fault> {
        Ok(Self {
            app: site.app.clone(),
            site: site.clone(),
            person: parts.extensions.get().cloned(),
            visitor: parts.extensions.get().cloned().unwrap_or_default(),
        })
    }
}

/// The path's parameters. What does not parse does not exist: 404, not 400.
pub struct Place<T>(pub T);

impl<T: serde::de::DeserializeOwned + Send> FromRequestParts<Site> for Place<T> {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Fault> {
        let axum::extract::Path(value) =
            axum::extract::Path::<T>::from_request_parts(parts, site).await.map_err(|_| Fault(Error::NotFound))?;
        Ok(Self(value))
    }
}
