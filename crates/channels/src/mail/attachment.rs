//! Names and kinds of files that came along: both are the sender's claims until checked.

use super::addresses::is_invisible;

const MAX_NAME: usize = 120;

/// A file name that is one name: no path, no control or direction-turning characters, nothing a file system reserves; never empty.
pub(super) fn safe_name(claimed: Option<&str>, mime: &str) -> String {
    let claimed = claimed.unwrap_or_default();
    let last = claimed.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let cleaned: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c })
        .collect();
    let cleaned = cleaned.split_whitespace().collect::<Vec<_>>().join(" ");
    let cleaned = cleaned.trim_matches(['.', ' ']);
    if cleaned.is_empty() {
        return format!("attachment.{}", extension(mime));
    }
    shorten(cleaned)
}

/// Keeps the extension, which says more than the middle of the name.
fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= 10 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let keep = MAX_NAME - ending.chars().count();
    stem.chars().take(keep).chain(ending.chars()).collect()
}

fn extension(mime: &str) -> &'static str {
    match mime {
        "text/plain" => "txt",
        "text/html" => "html",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/vcard" | "text/x-vcard" => "vcf",
        "message/rfc822" => "eml",
        "message/delivery-status" | "message/disposition-notification" | "text/rfc822-headers" => "txt",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "application/ms-tnef" => "dat",
        "application/pgp-signature" => "asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        _ => "bin",
    }
}

/// The kind of a file: what its bytes say, else what the mail claims, else `application/octet-stream`.
pub(super) fn kind(claimed: Option<&str>, bytes: &[u8]) -> String {
    let claimed = claimed.map(|c| c.trim().to_ascii_lowercase()).filter(|c| is_mime(c));
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        // Office files and e-books are ZIP or OLE inside: the claim is the more exact of two true ones.
        Some(found @ ("application/zip" | "application/x-ole-storage")) => {
            claimed.filter(|c| is_container(c)).unwrap_or_else(|| found.to_owned())
        }
        Some(found) => found.to_owned(),
        None => claimed.unwrap_or_else(|| "application/octet-stream".to_owned()),
    }
}

fn is_container(mime: &str) -> bool {
    mime.starts_with("application/vnd.") || matches!(mime, "application/epub+zip" | "application/msword" | "application/java-archive")
}

fn is_mime(text: &str) -> bool {
    let token =
        |part: &str| !part.is_empty() && part.len() <= 100 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    text.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_paths_and_signs_that_turn_them() {
        assert_eq!(safe_name(Some("../../etc/passwd"), ""), "passwd");
        assert_eq!(safe_name(Some("C:\\Users\\eva\\Rechnung.pdf"), ""), "Rechnung.pdf");
        assert_eq!(safe_name(Some("Rechnung\u{202e}fdp.exe"), ""), "Rechnungfdp.exe");
        assert_eq!(safe_name(Some("a\r\nb\0.txt"), ""), "ab.txt");
        assert_eq!(safe_name(Some("..."), "image/png"), "attachment.png");
        assert_eq!(safe_name(None, "message/rfc822"), "attachment.eml");
    }

    #[test]
    fn long_names_keep_their_ending() {
        let name = safe_name(Some(&format!("{}.pdf", "ä".repeat(300))), "");
        assert_eq!(name.chars().count(), 120);
        assert!(name.ends_with(".pdf"));
    }

    #[test]
    fn bytes_outweigh_the_claim() {
        assert_eq!(kind(Some("text/plain"), b"%PDF-1.7 rest"), "application/pdf");
        assert_eq!(kind(Some("image/png"), b"no picture"), "image/png");
        assert_eq!(kind(Some("no mime at all"), b"no picture"), "application/octet-stream");
        let zip = b"PK\x03\x04\x14\x00\x00\x00\x08\x00aaaaaaaaaaaaaaaaaaaaaaaa";
        assert_eq!(kind(Some("application/vnd.oasis.opendocument.text"), zip), "application/vnd.oasis.opendocument.text");
        assert_eq!(kind(Some("image/png"), zip), "application/zip");
    }
}
