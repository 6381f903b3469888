//! Mail mapping: any bytes become a message with clean texts.
#![no_main]
use channels::mail::map::{Origin, parse, parse_headers_only};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let origin = Origin { folder: "INBOX", ..Origin::default() };
    for mail in [parse(bytes, &origin), parse_headers_only(bytes, "note", &origin)] {
        assert!(mail.external_id.contains('#'));
        assert!(!mail.text.contains('\0'));
        if let Some(html) = &mail.html {
            assert!(!html.to_ascii_lowercase().contains("<script"));
        }
        for file in &mail.attachments {
            assert!(!file.name.is_empty() && !file.name.contains(['/', '\\', '\0']));
        }
    }
});
