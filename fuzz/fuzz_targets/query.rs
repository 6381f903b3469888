//! Query parser: what is taken can be written down and read again as the same; what is refused says where. Matching never fails.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match matching::parse(text) {
        Ok(query) => {
            let canonical = query.canonical();
            let again = matching::parse(&canonical).expect("what was written down is read again");
            assert_eq!(again.canonical(), canonical);
            let post = matching::tokenise(&matching::Post { text: "Der Kaffee von #Nordwind schmeckt 20 % besser", ..Default::default() });
            let _ = query.highlights(&post);
            assert_eq!(query.matches(&post), again.matches(&post), "{canonical}");
        }
        Err(errors) => assert!(!errors.is_empty()),
    }
    let _ = matching::parse_archive(text);
});
