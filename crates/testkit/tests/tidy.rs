//! The shape of the workspace: which crate may use which, what the map names, and that nothing is left half done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each crate of ours and the crates of ours that it may use: `tresen → web → domain → {channels, matching, understanding, jobs} → db → model`,
/// where `channels`, `matching` and `understanding` store nothing and so reach for `model` alone.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("i18n", &["model"]),
    ("db", &["model"]),
    ("channels", &["model"]),
    ("matching", &["model"]),
    ("understanding", &["model"]),
    ("jobs", &["db", "model"]),
    ("domain", &["channels", "matching", "understanding", "jobs", "db", "i18n", "model"]),
    ("web", &["domain", "channels", "matching", "understanding", "jobs", "db", "i18n", "model"]),
    ("tresen", &["web", "domain", "channels", "matching", "understanding", "jobs", "db", "i18n", "model"]),
    ("testkit", &["tresen", "web", "domain", "channels", "matching", "understanding", "jobs", "db", "i18n", "model"]),
];

/// A crate's manifest, reduced to what the rules ask about.
struct Manifest {
    name: String,
    /// (section, crate): sections as `dependencies`, `dev-dependencies`, `target.'cfg(unix)'.dependencies`.
    uses: Vec<(String, String)>,
}

impl Manifest {
    fn read(text: &str) -> Manifest {
        let manifest: toml::Table = text.parse().expect("a Cargo.toml is TOML");
        let mut uses = Vec::new();
        collect(&manifest, "", &mut uses);
        for (target, table) in manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
            collect(table.as_table().expect("a target is a table"), &format!("target.'{target}'."), &mut uses);
        }
        Manifest { name: manifest["package"]["name"].as_str().expect("a package has a name").to_owned(), uses }
    }
}

fn collect(table: &toml::Table, prefix: &str, uses: &mut Vec<(String, String)>) {
    for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
        for (key, value) in table.get(section).and_then(toml::Value::as_table).into_iter().flatten() {
            // `alias = { package = "name" }` uses the crate `name`.
            let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
            uses.push((format!("{prefix}{section}"), name.to_owned()));
        }
    }
}

/// Every arrow that points the wrong way.
fn wrong_directions(manifests: &[Manifest]) -> Vec<String> {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut findings = Vec::new();
    for Manifest { name, uses } in manifests {
        let Some(may_use) = rules.get(name.as_str()) else {
            findings.push(format!("{name} has no place in the order of crates: give it one in this test and in ARCHITECTURE.md"));
            continue;
        };
        for (section, used) in uses {
            let ours = rules.contains_key(used.as_str()) || manifests.iter().any(|other| &other.name == used);
            let helps_tests = used == "testkit" && section.ends_with("dev-dependencies");
            if ours && !may_use.contains(&used.as_str()) && !helps_tests {
                findings.push(format!("{name} may not use {used} ([{section}])"));
            }
        }
    }
    findings
}

/// Every crate but `db` whose manifest names the database library.
fn foreign_engines(manifests: &[Manifest]) -> Vec<String> {
    let mut findings = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.name != "db") {
        for (section, used) in manifest.uses.iter().filter(|(_, used)| used.starts_with("sqlx") || used == "libsqlite3-sys") {
            findings.push(format!("{} names {used} in [{section}]; only db may", manifest.name));
        }
    }
    findings
}

/// Crate folders that the code map leaves out, and crates it names that are not there.
fn stale_map(architecture: &str, folders: &[String]) -> Vec<String> {
    let Some(map) = architecture.split("\n## Code map").nth(1) else {
        return vec!["ARCHITECTURE.md has no section `## Code map`".to_owned()];
    };
    let map = map.split("\n## ").next().unwrap_or_default();
    let in_map = |folder: &str| {
        map.split(|sign: char| !(sign.is_alphanumeric() || "_-/".contains(sign))).any(|word| {
            let path = word.trim_end_matches('/');
            word.ends_with('/') && path == folder || path == format!("crates/{folder}")
        })
    };
    let mut findings: Vec<String> =
        folders.iter().filter(|folder| !in_map(folder)).map(|folder| format!("the code map does not name crates/{folder}")).collect();
    for rest in architecture.split("crates/").skip(1) {
        let named: String = rest.chars().take_while(|sign| sign.is_alphanumeric() || "_-".contains(*sign)).collect();
        if !named.is_empty() && !folders.contains(&named) {
            findings.push(format!("ARCHITECTURE.md names crates/{named}, which is not there"));
        }
    }
    findings
}

/// Lines that say something is still to be done.
fn unfinished(file: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not find itself.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["X", "XX"].concat()];
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|word| words.iter().any(|bad| bad == word)))
        .map(|(number, line)| format!("{file}:{}: {}", number + 1, line.trim()))
        .collect()
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

fn crate_folders() -> Vec<String> {
    let mut folders: Vec<String> = std::fs::read_dir(workspace_root().join("crates"))
        .expect("the crates are there")
        .map(|entry| entry.expect("a folder can be read"))
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    folders
}

fn manifests() -> Vec<Manifest> {
    let root = workspace_root();
    let read = |folder: &String| {
        let path = root.join("crates").join(folder).join("Cargo.toml");
        Manifest::read(&std::fs::read_to_string(path).expect("a manifest can be read"))
    };
    crate_folders().iter().map(read).collect()
}

fn files_below(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() { files_below(&path, visit) } else { visit(&path) }
    }
}

fn assert_none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} finding(s):\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn crates_use_only_what_lies_below_them() {
    assert_none(wrong_directions(&manifests()));
}

#[test]
fn only_db_names_the_database_library() {
    let manifests = manifests();
    assert!(manifests.iter().any(|manifest| manifest.name == "db" && manifest.uses.iter().any(|(_, used)| used == "sqlx")));
    assert_none(foreign_engines(&manifests));
}

#[test]
fn the_code_map_names_every_crate() {
    match std::fs::read_to_string(workspace_root().join("ARCHITECTURE.md")) {
        Ok(text) => assert_none(stale_map(&text, &crate_folders())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => println!("there is no ARCHITECTURE.md yet: nothing to compare"),
        Err(error) => panic!("ARCHITECTURE.md: {error}"),
    }
}

#[test]
fn no_source_file_is_left_unfinished() {
    let root = workspace_root();
    let (mut seen, mut findings) = (0, Vec::new());
    for folder in crate_folders() {
        files_below(&root.join("crates").join(&folder).join("src"), &mut |path| {
            // What is not text (pictures, models) has no remarks.
            let Ok(text) = std::fs::read_to_string(path) else { return };
            seen += 1;
            let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
            findings.extend(unfinished(&name, &text));
        });
    }
    assert!(seen > 10, "only {seen} source files were found");
    assert_none(findings);
}

// The rules on invented input: each must be able to say no.

fn manifest(name: &str, rest: &str) -> Manifest {
    Manifest::read(&format!("[package]\nname = \"{name}\"\n{rest}"))
}

#[test]
fn an_arrow_that_points_back_is_found_in_every_section() {
    for (section, text) in [
        ("dependencies", "[dependencies]\nweb.workspace = true"),
        ("build-dependencies", "[build-dependencies]\nweb = { path = \"../web\" }"),
        ("dev-dependencies", "[dev-dependencies]\nweb.workspace = true"),
        ("target.'cfg(unix)'.dependencies", "[target.'cfg(unix)'.dependencies]\nweb.workspace = true"),
        ("dependencies", "[dependencies]\npages = { package = \"web\", path = \"../web\" }"),
    ] {
        assert_eq!(wrong_directions(&[manifest("db", text)]), [format!("db may not use web ([{section}])")]);
    }
}

#[test]
fn the_four_crates_beside_each_other_do_not_use_each_other() {
    assert_eq!(
        wrong_directions(&[manifest("channels", "[dependencies]\nmatching.workspace = true\nmodel.workspace = true")]),
        ["channels may not use matching ([dependencies])"]
    );
}

#[test]
fn testkit_helps_tests_and_nothing_else() {
    assert!(wrong_directions(&[manifest("db", "[dev-dependencies]\ntestkit.workspace = true")]).is_empty());
    assert_eq!(
        wrong_directions(&[manifest("web", "[dependencies]\ntestkit.workspace = true")]),
        ["web may not use testkit ([dependencies])"]
    );
}

#[test]
fn a_crate_without_a_place_in_the_order_is_found() {
    let found = wrong_directions(&[manifest("helpers", ""), manifest("db", "[dependencies]\nhelpers.workspace = true")]);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("helpers has no place"), "{found:?}");
    assert_eq!(found[1], "db may not use helpers ([dependencies])");
}

#[test]
fn the_table_of_crates_has_no_circle() {
    for (place, (name, may_use)) in MAY_USE.iter().enumerate() {
        for used in *may_use {
            let below = MAY_USE.iter().position(|(other, _)| other == used);
            assert!(below.is_some_and(|below| below < place), "{name} uses {used}, which does not stand above it in the table");
        }
    }
}

#[test]
fn the_database_library_is_found_outside_db() {
    let all = [
        manifest("db", "[dependencies]\nsqlx.workspace = true"),
        manifest("web", "[dev-dependencies]\nsqlx.workspace = true\nserde.workspace = true"),
        manifest("jobs", "[dependencies]\nstore = { package = \"sqlx-core\", version = \"1\" }"),
    ];
    assert_eq!(
        foreign_engines(&all),
        ["web names sqlx in [dev-dependencies]; only db may", "jobs names sqlx-core in [dependencies]; only db may"]
    );
}

#[test]
fn a_map_that_went_stale_is_found() {
    let folders = ["db", "web"].map(str::to_owned);
    let map = "# A\n\n## Code map\n```\ncrates/\n  web/   HTTP.   db/  engines\n```\n\n## Storage\n";
    assert_eq!(stale_map(map, &folders), Vec::<String>::new());
    assert_eq!(stale_map("# A\n\n## Code map\n- `crates/web` and crates/db: all\n", &folders), Vec::<String>::new());
    assert_eq!(stale_map("# A\n\n## Code map\n  web/  the db\n\n## Storage\ndb/\n", &folders), ["the code map does not name crates/db"]);
    assert_eq!(stale_map(&format!("{map}see crates/gone/src"), &folders), ["ARCHITECTURE.md names crates/gone, which is not there"]);
    assert_eq!(stale_map("# A\n", &folders), ["ARCHITECTURE.md has no section `## Code map`"]);
}

#[test]
fn a_remark_that_something_is_left_to_do_is_found() {
    let text = format!(
        "fn a() {{}}\n  // {}: later\nlet to = \"{}S\";\n// {}(me)\n",
        ["TO", "DO"].concat(),
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat()
    );
    let lines: Vec<String> =
        unfinished("a.rs", &text).iter().map(|finding| finding.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(lines, ["a.rs:2:", "a.rs:4:"]);
}
