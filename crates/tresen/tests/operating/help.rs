use std::path::Path;

use crate::support::Place;

/// Every command that `--help` lists, with its help.
fn walk(place: &Place, command: &[&str], found: &mut Vec<(String, String)>) {
    let mut words = command.to_vec();
    words.push("--help");
    let ran = place.plain(&words, b"");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command:?}");
    let listed = ran.out.split_once("\nCommands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default().to_string());
    let names = listed.unwrap_or_default();
    let names =
        names.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        walk(place, &[command, &[name]].concat(), found);
    }
    found.push((command.join(" "), ran.out));
}

#[test]
fn every_command_explains_itself_and_each_of_its_words_within_80_columns() {
    let mut found = Vec::new();
    walk(&Place::sqlite(), &[], &mut found);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    for expected in [
        "serve",
        "demo",
        "backup",
        "restore",
        "doctor",
        "migrate",
        "channel try feed",
        "channel try mail",
        "user reset-link",
        "mail deliver",
        "config example",
    ] {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }
    for (name, text) in &found {
        assert!(text.lines().next().is_some_and(|line| line.len() > 8), "{name} does not say what it does:\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name} is wider than 80 columns:\n{text}");
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.ends_with(':') || line.starts_with(' ')).collect();
        for (at, line) in lines.iter().enumerate() {
            let entry = line.trim_start();
            let deep = line.len() - entry.len();
            if !(entry.starts_with('<') || entry.starts_with('-')) || deep > 6 {
                continue;
            }
            let beside = entry.split_once("  ").is_some_and(|(_, words)| !words.trim().is_empty());
            let below = lines.get(at + 1).is_some_and(|next| next.len() - next.trim_start().len() > deep + 2);
            assert!(beside || below || name.starts_with("bench"), "{name}: {entry} is not explained:\n{text}");
        }
    }
}

#[test]
fn the_example_settings_are_the_ones_in_the_repository_and_can_be_used_as_they_are() {
    let place = Place::sqlite();
    let ran = place.plain(&["config", "example"], b"");
    assert_eq!(ran.code, Some(0));
    let kept = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tresen.example.toml")).unwrap();
    assert!(ran.out == kept, "tresen.example.toml is stale: tresen config example > tresen.example.toml");
    let file = place.file("example.toml", &ran.out);
    let ran = place.run(&["--config", file.to_str().unwrap(), "migrate"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn a_misspelt_setting_is_named_instead_of_being_passed_over() {
    let place = Place::sqlite();
    let file = place.file("t.toml", "[server]\nlistne = \"127.0.0.1:1\"\n");
    let ran = place.run(&["--config", file.to_str().unwrap(), "migrate"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("server.listne"), "{}", ran.err);
}
