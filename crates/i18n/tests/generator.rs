//! What the generator accepts, what it makes of it, and what it refuses in which words.

#[path = "../build/generate.rs"]
mod generate;

use generate::{Problem, Source, generate as run};

fn source(language: &'static str, text: &str) -> Source {
    Source { language, file: format!("texts/{language}/test.ftl"), text: text.to_owned() }
}

fn accept(de: &str, en: &str) -> String {
    run(&[source("de", de), source("en", en)]).unwrap_or_else(|problems| panic!("refused: {problems:?}"))
}

fn refuse(de: &str, en: &str) -> Vec<String> {
    match run(&[source("de", de), source("en", en)]) {
        Ok(code) => panic!("accepted:\n{code}"),
        Err(problems) => problems.iter().map(Problem::to_string).collect(),
    }
}

/// Refused for the same reason in both languages; returns the German sentence without file and key.
fn refuse_both(text: &str) -> String {
    let problems = refuse(text, text);
    let prefix = "texts/de/test.ftl: ";
    let first =
        problems.iter().find_map(|problem| problem.strip_prefix(prefix)).unwrap_or_else(|| panic!("no German problem: {problems:?}"));
    first.to_owned()
}

#[test]
fn a_key_that_one_language_lacks_is_refused() {
    assert_eq!(
        refuse("save = Speichern\ngreet = Hallo\n", "save = Save\nleave = Bye\n"),
        ["texts/de/test.ftl: greet: exists in de but not in en", "texts/en/test.ftl: leave: exists in en but not in de"]
    );
}

#[test]
fn a_variable_that_one_language_lacks_is_refused() {
    assert_eq!(
        refuse("greet = Hallo { $name }\n", "greet = Hello { $user }\n"),
        [
            "texts/de/test.ftl: greet: uses $name in de but not in en (texts/de/test.ftl and texts/en/test.ftl)",
            "texts/de/test.ftl: greet: uses $user in en but not in de (texts/de/test.ftl and texts/en/test.ftl)",
        ]
    );
}

#[test]
fn a_variable_used_in_one_variant_only_counts_as_used() {
    accept("m = { $n ->\n [one] { $a }\n *[other] x\n}\n", "m = { $a } { $n }\n");
}

#[test]
fn a_key_that_stands_twice_in_a_language_is_refused_with_both_files() {
    let mut other = source("de", "save = Sichern\n");
    other.file = "texts/de/zzz.ftl".to_owned();
    let problems = run(&[source("de", "save = Speichern\n"), other, source("en", "save = Save\n")]).expect_err("accepted");
    assert_eq!(
        problems.iter().map(Problem::to_string).collect::<Vec<_>>(),
        ["texts/de/zzz.ftl: save: stands twice in de, first in texts/de/test.ftl"]
    );
}

#[test]
fn what_is_not_fluent_is_refused_with_its_line() {
    let problem = refuse_both("save = Speichern\n\ngreet = Hallo { $name\n");
    assert!(problem.starts_with("greet: not readable as Fluent at line 4 (begun at line 3): Expected a token"), "{problem}");
}

#[test]
fn every_problem_is_reported_and_not_the_first_only() {
    assert_eq!(refuse("a = A\nb = { NUMBER($x) }\nc = { 5 }\n", "b = B\nc = C\n").len(), 3);
}

#[test]
fn unknown_constructs_are_refused_by_name() {
    for (text, expected) in [
        ("a = A\n    .title = T\n", "a: has the attribute .title, but attributes are not supported; make it a message of its own"),
        ("a = { NUMBER($x) }\n", "a: calls the function NUMBER(); functions are not supported"),
        ("a = { 5 }\n", "a: holds the number { 5 }; write it as plain text"),
        ("-t = T\na = { -t(case: \"x\") }\n", "a: passes arguments to -t; term arguments are not supported"),
        ("-t = { $x }\na = A\n", "-t: a term cannot hold the variable $x"),
        ("a = { b.title }\nb = B\n", "a: refers to an attribute of b; attributes are not supported"),
        ("a = { nowhere }\n", "a: refers to nowhere, which does not exist in de"),
        ("a = { -nowhere }\n", "a: refers to -nowhere, which does not exist in de"),
        ("a = { b }\nb = B { $x }\n", "a: refers to b, which has variables; only messages without variables can be referred to"),
        ("a = { b }\nb = { a }\n", "a: refers to itself: a → b → a"),
        ("a = { \"x\" ->\n [x] X\n *[y] Y\n}\n", "a: selects on something that is not a variable; only { $name -> … } is supported"),
    ] {
        assert_eq!(refuse_both(text), expected);
    }
}

#[test]
fn selects_that_cannot_be_meant_are_refused() {
    for (variants, expected) in [
        ("[one] A\n *[rest] B", "a: selects by the number $n; its default must be *[other], not *[rest]"),
        ("[one] A\n [1] B\n *[other] C", "a: has two variants for $n = 1 (zero is 0, one is 1)"),
        ("[one] A\n [open] B\n *[other] C", "a: selects by the number $n; [open] is neither a whole number nor zero, one, other"),
        ("[1.5] A\n *[other] C", "a: selects by the number $n; [1.5] is neither a whole number nor zero, one, other"),
        ("[few] A\n *[other] C", "a: selects [few] by $n, but German and English know only one and other (and zero for 0)"),
        ("[x] A\n [x] B\n *[y] C", "a: has two variants [x] for $n"),
        ("*[other] C", "a: selects by $n but has the default only"),
    ] {
        assert_eq!(refuse_both(&format!("a = {{ $n ->\n {variants}\n}}\n")), expected);
    }
}

#[test]
fn a_variable_is_a_number_or_a_word_but_not_both() {
    let number = "a = { $n ->\n [one] A\n *[other] B\n}\n";
    let word = "a = { $n ->\n [open] A\n *[shut] B\n}\n";
    assert_eq!(
        refuse(number, word),
        ["texts/de/test.ftl: a: selects by $n once as a number and once as a word (in texts/de/test.ftl and texts/en/test.ftl)"]
    );
}

#[test]
fn names_that_rust_or_the_crate_has_taken_are_refused() {
    for (text, expected) in [
        ("type = T\n", "type: is a reserved word of Rust and cannot name a method; choose a longer key"),
        ("date-time = T\n", "date-time: is the name of a method that Texts has already; choose a longer key"),
        ("Save = T\n", "Save: a key must be lower-case letters, digits and single hyphens (it names a Rust method)"),
        ("a_b = T\n", "a_b: a key must be lower-case letters, digits and single hyphens (it names a Rust method)"),
        ("a = { $userName }\n", "a: the variable $userName must be lower-case letters, digits and single _ (it names a Rust argument)"),
    ] {
        assert_eq!(refuse_both(text), expected);
    }
}

#[test]
fn a_message_without_variables_becomes_a_static_text() {
    let code = accept("-brand = Tresen\nname = Das ist { -brand }\nsay = { name }{ \"\\u00a0\" }!\n", "name = N\nsay = S\n");
    assert!(code.contains(r#"pub const fn name(self) -> &'static str { self.pick("Das ist Tresen", "N") }"#), "{code}");
    assert!(code.contains(r#"pub const fn say(self) -> &'static str { self.pick("Das ist Tresen\u{a0}!", "S") }"#), "{code}");
    assert!(code.contains(r##"#[doc = "de: `Das ist Tresen`\n\nen: `N`"]"##), "{code}");
}

#[test]
fn lines_are_kept_and_common_indentation_is_not() {
    let code = accept("a =\n    eins\n      zwei\n    drei\n", "a = x\n");
    assert!(code.contains(r#"self.pick("eins\n  zwei\ndrei", "x")"#), "{code}");
}

#[test]
fn arguments_are_in_alphabetical_order_and_plural_selectors_are_numbers_in_both_languages() {
    let code = accept(
        "m = { $who }: { $count } mal { $type }\n",
        "m = { $type }, { $count ->\n [one] once\n *[other] { $count } times\n}, { $who }\n",
    );
    let signature = "pub fn m(self, count: i64, r#type: impl std::fmt::Display, who: impl std::fmt::Display) -> String";
    assert!(code.contains(signature), "{code}");
    assert!(code.contains(r#"de: &[Argument(2), Text(": "), Argument(0), Text(" mal "), Argument(1), ]"#), "{code}");
    assert!(code.contains(r#"Plural(0, &[(1, &[Text("once"), ]), ], &[Argument(0), Text(" times"), ])"#), "{code}");
    assert!(code.contains("{count: [1] once [else] {count} times}"), "{code}");
}

#[test]
fn a_select_by_words_takes_anything_that_can_be_shown() {
    let text = "m = { $state ->\n [open] o\n *[other] x\n}\n";
    let code = accept(text, text);
    assert!(code.contains("pub fn m(self, state: impl std::fmt::Display) -> String"), "{code}");
    assert!(code.contains(r#"Choice(0, &[("open", &[Text("o"), ]), ], &[Text("x"), ])"#), "{code}");
}
