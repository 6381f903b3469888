//! The sanitiser: nothing hostile survives, and a second time changes nothing.
#![no_main]
use channels::html::{sanitise, to_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    let clean = sanitise(html);
    let lower = clean.to_ascii_lowercase();
    for hostile in ["<script", "<iframe", "<object", "<form", "<style", "<svg"] {
        assert!(!lower.contains(hostile), "{hostile} in {clean}");
    }
    assert_eq!(sanitise(&clean), clean, "a second time changes nothing");
    let _ = (to_text(html), to_text(&clean));
});
