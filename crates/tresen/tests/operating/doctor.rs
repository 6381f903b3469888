use std::time::{Duration, Instant};

use domain::Sealer;
use model::SystemRandom;

use crate::support::{Place, words};

/// Lines that begin with FAIL.
fn failures(out: &str) -> Vec<&str> {
    out.lines().filter(|line| line.starts_with("FAIL")).collect()
}

#[test]
fn a_healthy_installation_passes_and_what_is_only_advice_does_not_fail() {
    let place = Place::sqlite();
    assert_eq!(place.serve().stop().0, Some(0));
    let file =
        place.file("t.toml", "[server]\npublic_url = \"https://t.example\"\n[mail]\nhost = \"mail.example\"\nfrom = \"t@firma.example\"\n");
    let ran = place.run(&["--config", words(&file), "doctor"]);
    assert_eq!((ran.code, failures(&ran.out)), (Some(0), vec![]), "{}", ran.out);
    for line in ["OK    public address: https://t.example", "OK    the sealing key fits", "OK    no failed background work"] {
        assert!(ran.out.contains(line), "{line} is missing:\n{}", ran.out);
    }
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("WARN  server.public_url is not set\n      → "), "{}", ran.out);
}

#[test]
fn looking_makes_nothing() {
    let place = Place::sqlite();
    assert_eq!(place.run(&["doctor"]).code, Some(0));
    assert!(!place.data().exists());
}

#[test]
fn broken_settings_are_named() {
    let place = Place::sqlite();
    for (text, expected) in [
        ("[server]\nlisten = 7\n", "socket address"),
        ("[server\n", "TOML"),
        ("[server]\npublic_url = \"t.example\"\n", "no web address"),
        ("[network]\nallow_private = [\"local\"]\n", "network.allow_private"),
        ("[mail]\nhost = \"mail.example\"\n", "mail.from"),
    ] {
        let file = place.file("t.toml", text);
        // The variable would override the file's ranges.
        let ran = place.plain(&["--config", words(&file), "doctor"], b"");
        let ran = if text.contains("allow_private") { place.bare(&["--config", words(&file), "doctor"]) } else { ran };
        assert_eq!(ran.code, Some(1), "{text}\n{}", ran.out);
        assert!(failures(&ran.out).len() == 1 && ran.out.contains(expected), "{text}\n{}", ran.out);
    }
    let ran = place.run(&["--config", "nowhere.toml", "doctor"]);
    assert!(ran.code == Some(1) && ran.out.contains("FAIL  settings: the settings file nowhere.toml"), "{}", ran.out);
}

#[test]
fn another_sealing_key_is_seen_and_served_with_by_nobody() {
    let place = Place::sqlite();
    assert_eq!(place.serve().stop().0, Some(0));
    let key = place.data().join("sealing.key");
    std::fs::write(&key, Sealer::new_key(&SystemRandom)).unwrap();
    let ran = place.run(&["doctor"]);
    assert_eq!((ran.code, failures(&ran.out).len()), (Some(1), 1), "{}", ran.out);
    assert!(ran.out.contains("the credentials were sealed with key"), "{}", ran.out);
    let ran = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("key file"), "{}", ran.err);
    std::fs::remove_file(key).unwrap();
    let ran = place.run(&["doctor"]);
    assert!(ran.code == Some(1) && ran.out.contains("FAIL  sealing key"), "{}", ran.out);
}

#[test]
fn an_unreachable_database_is_told_at_once_with_its_reason_and_without_its_password() {
    let mut place = Place::sqlite();
    place.postgres = Some("postgres://tresen:geheim@127.0.0.1:1/tresen".into());
    let begun = Instant::now();
    let ran = place.run(&["doctor"]);
    assert_eq!((ran.code, failures(&ran.out).len()), (Some(1), 1), "{}", ran.out);
    assert!(ran.out.contains("FAIL  PostgreSQL could not be opened: ") && ran.out.contains("refused"), "{}", ran.out);
    assert!(!ran.out.contains("geheim") && !ran.err.contains("geheim"));
    assert!(begun.elapsed() < Duration::from_secs(8), "it waited {:?}", begun.elapsed());
}

#[test]
fn a_data_folder_that_cannot_be_written_fails() {
    let place = Place::sqlite();
    let file = place.file("a-file", "");
    let ran = place.plain(&["doctor", "--data", words(&file.join("data"))], b"");
    assert!(ran.code == Some(1) && ran.out.contains("a-file is no folder"), "{}", ran.out);
    // Nobody may write into /proc, not even root.
    let ran = place.plain(&["doctor", "--data", "/proc/tresen"], b"");
    assert_eq!((ran.code, failures(&ran.out).len()), (Some(1), 1), "{}", ran.out);
    assert!(ran.out.contains("FAIL  data folder /proc/tresen cannot be written"), "{}", ran.out);
}
