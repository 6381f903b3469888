//! The two extractors handlers take: [`Visit`] in a workspace, [`Door`] outside of one.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use db::Conn;
use domain::accounts::{Person, Seat};
use domain::{App, Error};
use http::request::Parts;
use i18n::Texts;
use model::{Language, Locale};
use tokio::sync::{Mutex, MutexGuard};

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

/// The connection a page reads with. The guard takes it from the pool, whoever reads a part of the page borrows it, and it goes back once:
/// each return to the pool costs a question to the database (sqlx asks whether the connection still answers).
#[derive(Clone)]
pub struct Shelf(Arc<Mutex<Conn>>);

impl Shelf {
    pub fn holding(conn: Conn) -> Self {
        Self(Arc::new(Mutex::new(conn)))
    }
}

/// A borrowed connection: the request's own, or for parts of a page that are read side by side one more.
pub enum Borrowed<'s> {
    Own(MutexGuard<'s, Conn>),
    Further(Conn),
}

impl Deref for Borrowed<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        match self {
            Self::Own(conn) => conn,
            Self::Further(conn) => conn,
        }
    }
}
impl DerefMut for Borrowed<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        match self {
            Self::Own(conn) => conn,
            Self::Further(conn) => conn,
        }
    }
}

/// A request in a workspace, by somebody whose permission has been checked by the router.
pub struct Visit {
    pub app: App,
    pub seat: Seat,
    pub visitor: Visitor,
    /// With requests that only read: whoever sends something may wait for another server, and must not hold a connection meanwhile.
    shelf: Option<Shelf>,
}

impl Visit {
    pub fn t(&self) -> Texts {
        self.seat.texts()
    }
    /// A connection to read with: the request's own, or while that is in use one more, whichever is there first.
    pub async fn read(&self) -> Result<Borrowed<'_>, domain::Error> {
        let further = self.app.db.read();
        let Some(Shelf(own)) = &self.shelf else { return Ok(Borrowed::Further(further.await?)) };
        if let Ok(own) = own.try_lock() {
            return Ok(Borrowed::Own(own));
        }
        tokio::select! {
            biased;
            further = further => Ok(Borrowed::Further(further?)),
            own = own.lock() => Ok(Borrowed::Own(own)),
        }
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
        let shelf = parts.extensions.remove();
        Ok(Self { app: site.app.clone(), seat, visitor: parts.extensions.get().cloned().unwrap_or_default(), shelf })
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
