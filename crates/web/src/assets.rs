//! Style sheets, scripts and icons inside the binary, under addresses that change with their content and may be cached for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use domain::Error;
use http::header;
use sha2::{Digest, Sha256};

use crate::error::{Fault, Reply};

macro_rules! files { ($($name:literal),* $(,)?) => { &[$(($name, include_bytes!(concat!("../assets/", $name)) as &[u8])),*] } }
const FILES: &[(&str, &[u8])] =
    files!["tokens.css", "components.css", "app.css", "icons.svg", "lib.js", "app.js", "inbox.js", "keys.js", "vendor/htmx-2.0.11.min.js"];

/// One hash over all files: a page never mixes releases.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, bytes) in FILES {
        hash.update(name);
        hash.update(bytes);
    }
    hash.finalize()[..6].iter().map(|b| format!("{b:02x}")).collect()
});

/// `/assets/<version>/<name>`.
pub fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

pub async fn serve(Path((version, name)): Path<(String, String)>) -> Reply {
    let (_, bytes) = FILES.iter().find(|(file, _)| *file == name).ok_or(Fault(Error::NotFound))?;
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // An old page may ask with an old version: it gets today's file, but may not keep it.
    let cache = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(respond(kind, cache, bytes))
}

fn respond(kind: &'static str, cache: &'static str, bytes: &'static [u8]) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response()
}
