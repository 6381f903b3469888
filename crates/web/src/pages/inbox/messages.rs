//! One answer after it was sent, and files.

use std::fmt::Write as _;

use axum::response::IntoResponse;
use domain::desk::{files, reply};
use http::{HeaderValue, header};
use model::{Id, kinds};

use super::back;
use crate::error::{Reply, see};
use crate::{Place, Visit};

type Where = Place<(String, Id<kinds::Message>)>;

/// `POST /{workspace}/messages/{message}/take-back`
pub async fn take_back(visit: Visit, Place((_, id)): Where) -> Reply {
    let conversation = reply::take_back(&visit.app, &visit.seat, id).await?;
    see(back(&visit, conversation, "compose=answer&said=said-taken-back"))
}

/// `POST /{workspace}/messages/{message}/resend`
pub async fn resend(visit: Visit, Place((_, id)): Where) -> Reply {
    let conversation = reply::resend(&visit.app, &visit.seat, id).await?;
    see(back(&visit, conversation, "said=said-resent"))
}

/// `POST /{workspace}/messages/{message}/confirm`: somebody has looked, it did arrive.
pub async fn confirm(visit: Visit, Place((_, id)): Where) -> Reply {
    let conversation = reply::confirm_sent(&visit.app, &visit.seat, id).await?;
    see(back(&visit, conversation, "said=said-confirmed"))
}

/// `GET /{workspace}/files/{attachment}`: always a download, never shown: what a stranger sent must not run here.
pub async fn file(visit: Visit, Place((_, id)): Place<(String, Id<kinds::Attachment>)>) -> Reply {
    let file = files::open(&visit.app, &visit.seat, id).await?;
    // Only what a browser cannot take for a page or a script keeps its own type.
    let harmless = ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv"];
    let mime = if harmless.contains(&file.mime.as_str()) { file.mime.as_str() } else { "application/octet-stream" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_str(mime).unwrap_or(HeaderValue::from_static("application/octet-stream"))),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition(&file.name)).unwrap_or(HeaderValue::from_static("attachment"))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
    ];
    Ok((headers, file.bytes).into_response())
}

/// `Content-Disposition` with an ASCII name for old programs and the whole one as RFC 8187 writes it (RFC 6266 §4.3, appendix D).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')') { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_files_cannot_break_out_of_the_header() {
        assert_eq!(
            super::disposition("Rechnung März.pdf"),
            "attachment; filename=\"Rechnung M_rz.pdf\"; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf"
        );
        assert_eq!(super::disposition("a\"\r\nb: c"), "attachment; filename=\"a___b_ c\"; filename*=UTF-8''a%22%0D%0Ab%3A%20c");
    }
}
