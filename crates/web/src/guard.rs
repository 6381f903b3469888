//! What stands before every handler: who is it, may they, does the request come from our own pages.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use domain::Error;
use domain::accounts::{self, sessions};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::error::Fault;
use crate::router::{Need, Site, Trust};
use crate::visit::{Shelf, Visitor};

pub const SESSION_COOKIE: &str = "tresen_session";
/// How long a page may take before people are told that the database does not answer.
const PATIENCE: Duration = Duration::from_secs(20);
pub const LANGUAGE_COOKIE: &str = "tresen_language";

pub async fn guard(State((site, need)): State<(Site, Need)>, mut request: Request, next: Next) -> Response {
    let blind = matches!(need, Need::NoCookies | Need::Framed);
    if !blind && !is_safe(request.method()) && !is_ours(request.headers()) {
        return Fault(Error::refused("csrf", "error-csrf")).into_response();
    }
    let visitor = visitor(&request, &site.trust);
    request.extensions_mut().insert(visitor);
    if blind {
        return next.run(request).await;
    }
    let is_safe = is_safe(request.method());
    let answer = async {
        match enter(&site, need, &mut request).await {
            Ok(()) => next.run(request).await,
            Err(Denied::SignIn) => to_login(&request),
            Err(Denied::Fault(error)) => Fault(error).into_response(),
        }
    };
    // Who reads may be told to come again; who sends something, perhaps a large file over a slow line, gets an answer that is one.
    if !is_safe {
        return answer.await;
    }
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Fault(Error::Db(db::Error::Silent)).into_response())
}

enum Denied {
    SignIn,
    Fault(Error),
}

impl<E: Into<Error>> From<E> for Denied {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

async fn enter(site: &Site, need: Need, request: &mut Request) -> Result<(), Denied> {
    let token = CookieJar::from_headers(request.headers()).get(SESSION_COOKIE).map(|cookie| cookie.value().to_string());
    let Some(token) = token else {
        return if need == Need::Anyone { Ok(()) } else { Err(Denied::SignIn) };
    };
    let mut conn = site.app.db.read().await?;
    let person = sessions::person(&site.app.db, &mut conn, &token).await?;
    match (need, person) {
        (Need::Anyone, person) => {
            if let Some(person) = person {
                request.extensions_mut().insert(person);
            }
        }
        (_, None) => return Err(Denied::SignIn),
        (Need::Person, Some(person)) => {
            request.extensions_mut().insert(person);
        }
        (Need::Installation, Some(person)) => {
            if !person.is_installation_admin {
                return Err(Denied::Fault(Error::NotFound));
            }
            request.extensions_mut().insert(person);
        }
        (Need::In(permission), Some(person)) => {
            request.extensions_mut().insert(person.clone());
            let slug = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default().to_string();
            let seat = accounts::seat(&mut conn, person, &slug).await?;
            request.extensions_mut().insert(seat.clone());
            seat.require(permission)?;
            // Not while somebody sends: their line may be slow.
            if is_safe(request.method()) {
                request.extensions_mut().insert(Shelf::holding(conn));
            }
        }
        (Need::NoCookies | Need::Framed, Some(_)) => {}
    }
    Ok(())
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether an unsafe request was sent by one of our own pages: `Sec-Fetch-Site` where the browser has it, else `Origin` against `Host`
/// (OWASP, "CSRF prevention": Fetch Metadata with a fallback). A request with neither is refused.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

/// The far end, and what a trusted proxy says of it.
fn visitor(request: &Request, trust: &Trust) -> Visitor {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let believed = peer.is_some_and(|peer| trust.proxies.contains(&peer.to_canonical()));
    // Each proxy appends what it saw, to the line or as another line, so the last entry is the trusted proxy's own word.
    let seen = headers.get_all("x-forwarded-for").iter().next_back().and_then(|line| line.to_str().ok()).unwrap_or_default();
    let forwarded = believed.then(|| seen.rsplit(',').next().and_then(|last| last.trim().parse::<IpAddr>().ok())).flatten();
    Visitor {
        address: forwarded.or(peer).map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
        user_agent: text("user-agent").to_string(),
        is_htmx: text("hx-request") == "true" && text("hx-history-restore-request") != "true",
        is_prefetch: text("x-prefetch") == "1",
        wants_json: text("accept").contains("application/json"),
        accept_language: text("accept-language").to_string(),
        language_cookie: CookieJar::from_headers(headers).get(LANGUAGE_COOKIE).map(|c| c.value().to_string()),
        path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
    }
}

/// To the log-in page and back again afterwards. A swap in a page that lost its session reloads the whole page.
fn to_login(request: &Request) -> Response {
    let back = if is_safe(request.method()) { request.uri().path_and_query().map(ToString::to_string) } else { None };
    let target = match back {
        Some(back) if back != "/" => format!("/login?next={}", url::form_urlencoded::byte_serialize(back.as_bytes()).collect::<String>()),
        _ => "/login".into(),
    };
    if request.headers().contains_key("hx-request") {
        return (http::StatusCode::UNAUTHORIZED, [("hx-redirect", target)]).into_response();
    }
    axum::response::Redirect::to(&target).into_response()
}

/// Headers of every answer. Framed pages say so themselves before this runs.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    };
    set(
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
    set("cache-control", "no-store");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        assert!(is_ours(&headers_of(&[("sec-fetch-site", "same-origin")])));
        assert!(!is_ours(&headers_of(&[("sec-fetch-site", "cross-site")])));
        assert!(!is_ours(&headers_of(&[("sec-fetch-site", "same-site")])));
        assert!(is_ours(&headers_of(&[("origin", "https://t.example"), ("host", "t.example")])));
        assert!(!is_ours(&headers_of(&[("origin", "https://evil.example"), ("host", "t.example")])));
        assert!(!is_ours(&headers_of(&[("origin", "null"), ("host", "t.example")])));
        assert!(!is_ours(&headers_of(&[("host", "t.example")])), "no word at all is no proof");
    }

    #[test]
    fn only_the_last_word_of_a_trusted_proxy_says_who_comes() {
        let trust = Trust { proxies: vec![IpAddr::from([127, 0, 0, 1])], ..Trust::default() };
        let address = |peer: [u8; 4], lines: &[&'static str]| {
            let mut request = Request::new(axum::body::Body::empty());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 1))));
            for line in lines {
                request.headers_mut().append("x-forwarded-for", HeaderValue::from_static(line));
            }
            visitor(&request, &trust).address
        };
        assert_eq!(address([127, 0, 0, 1], &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(address([127, 0, 0, 1], &["203.0.113.9, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(address([127, 0, 0, 1], &["203.0.113.9", "192.0.2.7"]), "192.0.2.7", "HAProxy adds a line");
        assert_eq!(address([127, 0, 0, 1], &["nonsense"]), "127.0.0.1");
        assert_eq!(address([192, 0, 2, 8], &["203.0.113.9"]), "192.0.2.8", "a stranger says what they like");
    }
}
