//! What `deny.toml` allows, checked with cargo alone, so that it also holds where `cargo-deny` is not installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How cargo names the one registry that is allowed (cargo-deny's default as well).
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

struct Policy {
    targets: Vec<String>,
    licences: BTreeSet<String>,
    /// Crate → licences allowed to it alone.
    exceptions: BTreeMap<String, BTreeSet<String>>,
    /// Crate → why not.
    banned: BTreeMap<String, String>,
}

impl Policy {
    fn read(text: &str) -> Policy {
        let deny: toml::Table = text.parse().expect("deny.toml is TOML");
        let licences = &deny["licenses"];
        let sources = &deny["sources"];
        for key in ["unknown-registry", "unknown-git"] {
            assert_eq!(sources[key].as_str(), Some("deny"), "this test knows no other setting of {key}");
        }
        Policy {
            targets: words(&deny["graph"]["targets"]).collect(),
            licences: words(&licences["allow"]).collect(),
            exceptions: rows(licences.get("exceptions")).map(|row| (text_of(row, "crate"), words(&row["allow"]).collect())).collect(),
            banned: rows(deny["bans"].get("deny")).map(|row| (text_of(row, "crate"), text_of(row, "reason"))).collect(),
        }
    }

    /// Everything about these packages that the policy refuses, one finding a line.
    fn findings(&self, packages: &[Package]) -> Vec<String> {
        let mut findings = Vec::new();
        for package in packages {
            let Package { name, version, licence, source } = package;
            if let Some(why) = self.banned.get(name) {
                findings.push(format!("{name} {version} is banned: {why}"));
            }
            match source.as_deref() {
                // Ours: a folder of the workspace.
                None => {}
                Some(CRATES_IO) => {}
                Some(other) => findings.push(format!("{name} {version} comes from {other}")),
            }
            let own = self.exceptions.get(name);
            let allowed = |id: &str| self.licences.contains(id) || own.is_some_and(|own| own.contains(id));
            match licence.as_deref().map(|expression| satisfied(expression, &allowed)) {
                None => findings.push(format!("{name} {version} names no licence")),
                Some(Err(why)) => findings.push(format!("{name} {version}: {why}")),
                Some(Ok(false)) => {
                    findings.push(format!("{name} {version} is under {}", licence.as_deref().unwrap_or_default()));
                }
                Some(Ok(true)) => {}
            }
        }
        findings
    }
}

fn words(value: &toml::Value) -> impl Iterator<Item = String> + '_ {
    value.as_array().into_iter().flatten().map(|word| word.as_str().expect("a list of texts").to_owned())
}

fn rows(value: Option<&toml::Value>) -> impl Iterator<Item = &toml::Value> {
    value.and_then(toml::Value::as_array).into_iter().flatten()
}

fn text_of(row: &toml::Value, key: &str) -> String {
    row.get(key).and_then(toml::Value::as_str).unwrap_or_else(|| panic!("deny.toml: {row} needs `{key}`")).to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    source: Option<String>,
}

fn packages(metadata: &serde_json::Value) -> Vec<Package> {
    let text = |package: &serde_json::Value, key: &str| package[key].as_str().map(str::to_owned);
    metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages")
        .iter()
        .map(|package| Package {
            name: text(package, "name").expect("a package has a name"),
            version: text(package, "version").expect("a package has a version"),
            licence: text(package, "license"),
            source: text(package, "source"),
        })
        .collect()
}

/// Whether a licence expression (SPDX 2.3 annex D, and the older `A/B` for `A OR B`) can be met with allowed licences. `A WITH B` counts as one
/// licence of that name.
///
/// # Errors
/// A sentence when it is no such expression.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let answer = any_of(&mut rest, allowed)?;
    if rest.is_empty() { Ok(answer) } else { Err(format!("`{}` follows a complete licence expression", rest.join(" "))) }
}

fn any_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut answer = all_of(rest, allowed)?;
    while take(rest, "OR") {
        answer |= all_of(rest, allowed)?;
    }
    Ok(answer)
}

fn all_of(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    let mut answer = one(rest, allowed)?;
    while take(rest, "AND") {
        answer &= one(rest, allowed)?;
    }
    Ok(answer)
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    if take(rest, "(") {
        let answer = any_of(rest, allowed)?;
        return if take(rest, ")") { Ok(answer) } else { Err("a bracket is not closed".to_owned()) };
    }
    let licence = word(rest)?;
    if take(rest, "WITH") {
        let exception = word(rest)?;
        return Ok(allowed(&format!("{licence} WITH {exception}")));
    }
    Ok(allowed(licence))
}

fn take(rest: &mut &[&str], wanted: &str) -> bool {
    match rest.split_first() {
        Some((first, others)) if *first == wanted => {
            *rest = others;
            true
        }
        _ => false,
    }
}

fn word<'a>(rest: &mut &[&'a str]) -> Result<&'a str, String> {
    match rest.split_first() {
        Some((first, others)) if !["OR", "AND", "WITH", "(", ")"].contains(first) => {
            *rest = others;
            Ok(first)
        }
        found => Err(format!("a licence was expected, found {:?}", found.map(|(first, _)| first))),
    }
}

/// Crates that are there in more than one version, with these.
fn duplicates(packages: &[Package]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

fn cargo_metadata(target: &str) -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--all-features", "--filter-platform", target])
        .current_dir(workspace_root())
        .output()
        .expect("cargo can be started");
    assert!(done.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn every_dependency_is_allowed_by_deny_toml() {
    let text = std::fs::read_to_string(workspace_root().join("deny.toml")).expect("deny.toml stands in the workspace");
    let policy = Policy::read(&text);
    assert!(!policy.targets.is_empty());
    let mut all = BTreeSet::new();
    for target in &policy.targets {
        all.extend(packages(&cargo_metadata(target)));
    }
    let all: Vec<Package> = all.into_iter().collect();
    assert!(all.iter().any(|package| package.source.is_some()), "a workspace without dependencies was not what this test was made for");

    println!("{} packages; in several versions: {:?}", all.len(), duplicates(&all));
    let findings = policy.findings(&all);
    assert!(findings.is_empty(), "{} finding(s):\n{}", findings.len(), findings.join("\n"));
}

// The rules on invented input: each must be able to say no.

const INVENTED: &str = r#"
    [graph]
    targets = ["x86_64-unknown-linux-gnu"]
    [licenses]
    allow = ["MIT", "Apache-2.0"]
    exceptions = [{ crate = "shapes", allow = ["Zlib"] }]
    [bans]
    deny = [{ crate = "openssl-sys", reason = "one TLS is enough" }]
    [sources]
    unknown-registry = "deny"
    unknown-git = "deny"
"#;

fn package(name: &str, licence: Option<&str>, source: Option<&str>) -> Package {
    Package { name: name.to_owned(), version: "1.0.0".to_owned(), licence: licence.map(str::to_owned), source: source.map(str::to_owned) }
}

#[test]
fn a_package_that_keeps_the_rules_is_no_finding() {
    let good = [package("ours", Some("Apache-2.0"), None), package("theirs", Some("MIT/GPL-3.0-only"), Some(CRATES_IO))];
    assert_eq!(Policy::read(INVENTED).findings(&good), Vec::<String>::new());
}

#[test]
fn a_banned_crate_is_refused_with_its_reason() {
    let found = Policy::read(INVENTED).findings(&[package("openssl-sys", Some("MIT"), Some(CRATES_IO))]);
    assert_eq!(found, ["openssl-sys 1.0.0 is banned: one TLS is enough"]);
}

#[test]
fn a_git_source_and_another_registry_are_refused() {
    let found = Policy::read(INVENTED).findings(&[
        package("forked", Some("MIT"), Some("git+https://code.example/forked")),
        package("bought", Some("MIT"), Some("sparse+https://registry.example/")),
    ]);
    assert_eq!(
        found,
        ["forked 1.0.0 comes from git+https://code.example/forked", "bought 1.0.0 comes from sparse+https://registry.example/"]
    );
}

#[test]
fn a_licence_that_is_missing_foreign_or_unreadable_is_refused() {
    let found = Policy::read(INVENTED).findings(&[
        package("silent", None, None),
        package("viral", Some("AGPL-3.0-only"), Some(CRATES_IO)),
        package("garbled", Some("MIT OR"), Some(CRATES_IO)),
    ]);
    assert_eq!(
        found,
        ["silent 1.0.0 names no licence", "viral 1.0.0 is under AGPL-3.0-only", "garbled 1.0.0: a licence was expected, found None"]
    );
}

#[test]
fn an_exception_holds_for_its_crate_alone() {
    let policy = Policy::read(INVENTED);
    assert!(policy.findings(&[package("shapes", Some("Zlib"), Some(CRATES_IO))]).is_empty());
    assert_eq!(policy.findings(&[package("colours", Some("Zlib"), Some(CRATES_IO))]), ["colours 1.0.0 is under Zlib"]);
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    let allowed = |id: &str| ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].contains(&id);
    for (expression, expected) in [
        ("MIT", Ok(true)),
        ("GPL-2.0-only", Ok(false)),
        ("GPL-2.0-only OR MIT", Ok(true)),
        ("GPL-2.0-only AND MIT", Ok(false)),
        ("GPL-2.0-only OR MIT AND Zlib", Ok(true)),
        ("MIT OR GPL-2.0-only AND Zlib", Ok(true)),
        ("(MIT OR Zlib) AND GPL-2.0-only", Ok(false)),
        ("(GPL-2.0-only OR (MIT)) AND Zlib", Ok(true)),
        ("Apache-2.0", Ok(false)),
        ("Apache-2.0 WITH LLVM-exception", Ok(true)),
        ("MIT WITH LLVM-exception", Ok(false)),
        ("GPL-2.0-only / MIT", Ok(true)),
        ("(MIT", Err(())),
        ("MIT MIT", Err(())),
        ("", Err(())),
    ] {
        assert_eq!(satisfied(expression, &allowed).map_err(|_| ()), expected, "{expression}");
    }
}

#[test]
fn several_versions_of_a_crate_are_reported() {
    let newer = Package { version: "2.0.0".to_owned(), ..package("rand", Some("MIT"), Some(CRATES_IO)) };
    let all = [package("rand", Some("MIT"), Some(CRATES_IO)), newer, package("serde", Some("MIT"), Some(CRATES_IO))];
    assert_eq!(duplicates(&all), BTreeMap::from([("rand", BTreeSet::from(["1.0.0", "2.0.0"]))]));
}
