//! What tests over HTTP share: the application on a database of the test's own, and personas who ask it things.
#![allow(dead_code, reason = "every test file uses its part")]

pub mod rows;
pub mod world;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use channels::net::{Net, NetPolicy};
use domain::accounts::sessions::{self, Visitor};
use domain::accounts::{BuiltinRole, users, workspaces};
use domain::{App, Sealer};
use futures::StreamExt;
use http::{HeaderMap, Request, StatusCode, header};
use model::{Id, Locale, Random, SeededRandom, kinds};
use scraper::{Html, Selector};
use testkit::TestDb;
use tower::ServiceExt;
use web::{Site, Trust};

/// The application: fixed clock, seeded randomness, blobs in a folder that goes with the test, no way to private addresses, no system mail.
pub struct TestApp {
    pub app: App,
    pub router: Router,
    _blobs: tempfile::TempDir,
}

impl TestApp {
    pub fn on(db: &TestDb) -> Self {
        Self::with(db, domain::Config { public_url: "https://tresen.firma.example".into(), ..domain::Config::default() })
    }

    pub fn with(db: &TestDb, config: domain::Config) -> Self {
        let blobs = tempfile::tempdir().expect("a folder for blobs");
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(11));
        let net = Net::new(NetPolicy::default());
        let app = App::new(domain::Parts {
            db: (**db).clone(),
            sealer: Sealer::new([7; 32]),
            blobs: domain::Blobs::in_folder(blobs.path()),
            channels: channels::Context { clock: Arc::new(db.clock.clone()), random, net, limits: channels::Limits::default() },
            feed: domain::events::Feed::default(),
            presence: Default::default(),
            config,
        });
        let router = web::router(Site { app: app.clone(), trust: Arc::new(Trust::default()) });
        Self { app, router, _blobs: blobs }
    }

    pub async fn user(&self, email: &str, name: &str) -> Id<kinds::User> {
        let mut tx = self.app.db.write().await.unwrap();
        let new = users::NewUser { email, name, password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
        let id = users::create(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn workspace(&self, slug: &str, name: &str, owner: Id<kinds::User>) -> Id<kinds::Workspace> {
        let mut tx = self.app.db.write().await.unwrap();
        let new = workspaces::NewWorkspace { name, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
        let id = workspaces::create(&mut tx, new, owner).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn join(&self, workspace: Id<kinds::Workspace>, user: Id<kinds::User>, role: BuiltinRole) -> Id<kinds::Membership> {
        let mut tx = self.app.db.write().await.unwrap();
        let id = workspaces::join(&mut tx, workspace, user, &[(role, None)]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), session: None }
    }

    /// Somebody with a fresh session.
    pub async fn as_user(&self, user: Id<kinds::User>) -> Client {
        let mut tx = self.app.db.write_reread().await.unwrap();
        let token = sessions::open(&mut tx, user, &Visitor::default()).await.unwrap();
        tx.commit().await.unwrap();
        Client { router: self.router.clone(), session: Some(token) }
    }
}

/// A browser, as far as the server can tell.
#[derive(Clone)]
pub struct Client {
    pub router: Router,
    pub session: Option<String>,
}

impl Client {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: Vec<(String, String)> = fields.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        self.send("POST", path, &fields).await
    }

    /// A request of our own page; fields of a POST as a form, as multipart when the page takes nothing else.
    pub async fn send(&self, method: &str, path: &str, fields: &[(String, String)]) -> Answer {
        if method == "GET" {
            return self.ask(self.request(method, path).body(Body::empty()).unwrap()).await;
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.ask(request.body(Body::from(body)).unwrap()).await;
        if answer.status != StatusCode::BAD_REQUEST && answer.status != StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return answer;
        }
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!("--grenze\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
        }
        body.push_str("--grenze--\r\n");
        let request = self.request(method, path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=grenze");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let request =
            Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin").header(header::ACCEPT_LANGUAGE, "de");
        match &self.session {
            Some(token) => request.header(header::COOKIE, format!("tresen_session={token}")),
            None => request,
        }
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let endless = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let mut bytes = Vec::new();
        let mut chunks = body.into_data_stream();
        // An event stream does not end; what it says of the past comes at once.
        let wait = if endless { Duration::from_millis(150) } else { Duration::from_secs(30) };
        while let Ok(Some(chunk)) = tokio::time::timeout(wait, chunks.next()).await {
            bytes.extend_from_slice(&chunk.expect("a body without faults"));
        }
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
    pub fn location(&self) -> &str {
        self.header(header::LOCATION)
    }
    pub fn is_to_login(&self) -> bool {
        self.status.is_redirection() && self.location().starts_with("/login")
    }
    /// All words inside the elements.
    pub fn text(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.body);
        let words: Vec<&str> = page.select(&Selector::parse(selector).unwrap()).flat_map(|element| element.text()).collect();
        words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let page = Html::parse_document(&self.body);
        let element = page.select(&Selector::parse(selector).unwrap()).next();
        element.and_then(|element| element.value().attr(name).map(str::to_string))
    }
    /// Ids are unique, references lead somewhere, nothing that the content security policy forbids.
    pub fn assert_sound(&self) {
        let page = Html::parse_document(&self.body);
        let mut ids = std::collections::HashSet::new();
        for element in page.select(&Selector::parse("[id]").unwrap()) {
            let id = element.value().attr("id").unwrap_or_default();
            assert!(ids.insert(id.to_string()), "id {id} twice");
        }
        for name in ["aria-describedby", "aria-labelledby", "for"] {
            for element in page.select(&Selector::parse(&format!("[{name}]")).unwrap()) {
                for id in element.value().attr(name).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(id), "{name}={id} leads nowhere");
                }
            }
        }
        assert!(
            page.select(&Selector::parse("[style], [onclick], script:not([src], [type=\"application/json\"])").unwrap()).next().is_none(),
            "the policy forbids it"
        );
    }
}
