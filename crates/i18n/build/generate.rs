//! From Fluent sources to Rust code. Pure: strings in, code or problems out, so that the tests can include it by path.
//!
//! Of Fluent we take what our sentences need: text, variables, literals, references to messages without variables, terms, and selects by
//! number or by word. Attributes, functions and term arguments are refused: each would need a second way to call a message.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Resource, Variant, VariantKey};
use fluent_syntax::parser;
use fluent_syntax::unicode::unescape_unicode_to_string;

/// The folders under `texts/`, in the order in which the generated code stores its texts.
pub const LANGUAGES: [&str; 2] = ["de", "en"];

/// Methods of `Texts` written by hand; a key must not take their names.
const TAKEN_METHODS: [&str; 12] =
    ["by_key", "bytes", "clone", "date", "date_time", "duration_short", "fill", "language", "new", "pick", "short_when", "time"];

const RUST_WORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
    "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// One `.ftl` file.
pub struct Source {
    /// One of [`LANGUAGES`].
    pub language: &'static str,
    /// As shown in problems.
    pub file: String,
    pub text: String,
}

/// Why the texts cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// The message's key; the line number where no key could be read.
    pub key: String,
    pub sentence: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.key, self.sentence)
    }
}

/// The content of `texts.rs`, or everything that is wrong with the sources (all of it, not the first only).
pub fn generate(sources: &[Source]) -> Result<String, Vec<Problem>> {
    let mut problems = Vec::new();
    let resources: Vec<(&Source, Resource<&str>)> = sources.iter().map(|source| (source, parse(source, &mut problems))).collect();
    let [german, english] = LANGUAGES.map(|language| {
        let book = Book::collect(language, &resources, &mut problems);
        book.lower(&mut problems)
    });
    let messages = pair(&german, &english, &mut problems);
    check_method_names(&messages, &mut problems);
    if problems.is_empty() {
        return Ok(emit(&messages));
    }
    problems.sort_by(|a, b| (&a.file, &a.key).cmp(&(&b.file, &b.key)));
    problems.dedup();
    Err(problems)
}

// ---------------------------------------------------------------------------------------------------------------- reading

fn parse<'s>(source: &'s Source, problems: &mut Vec<Problem>) -> Resource<&'s str> {
    match parser::parse(source.text.as_str()) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            for error in errors {
                let start = error.slice.as_ref().map_or(error.pos.start, |slice| slice.start);
                let line = |at: usize| source.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
                let entry = source.text.get(start..).unwrap_or_default().trim_start();
                let key = entry.split(|c: char| c.is_whitespace() || c == '=').next().filter(|key| !key.is_empty());
                problems.push(Problem {
                    file: source.file.clone(),
                    key: key.map_or_else(|| format!("line {}", line(start)), str::to_owned),
                    sentence: format!("not readable as Fluent at line {} (begun at line {}): {error}", line(error.pos.start), line(start)),
                });
            }
            resource
        }
    }
}

/// A message or a term as it stands in its file.
struct Raw<'s> {
    file: &'s str,
    pattern: &'s Pattern<&'s str>,
}

/// All of one language.
struct Book<'s> {
    language: &'static str,
    messages: BTreeMap<&'s str, Raw<'s>>,
    terms: BTreeMap<&'s str, Raw<'s>>,
}

impl<'s> Book<'s> {
    fn collect(language: &'static str, resources: &'s [(&'s Source, Resource<&'s str>)], problems: &mut Vec<Problem>) -> Self {
        let mut book = Book { language, messages: BTreeMap::new(), terms: BTreeMap::new() };
        for (source, resource) in resources.iter().filter(|(source, _)| source.language == language) {
            for entry in &resource.body {
                let (shown, key, pattern, attributes, shelf) = match entry {
                    Entry::Message(m) => (m.id.name.to_owned(), m.id.name, m.value.as_ref(), &m.attributes, &mut book.messages),
                    Entry::Term(t) => (format!("-{}", t.id.name), t.id.name, Some(&t.value), &t.attributes, &mut book.terms),
                    // Comments say nothing to the program; junk has been reported as a parse error.
                    Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) | Entry::Junk { .. } => continue,
                };
                let mut refuse = |sentence: String| problems.push(Problem { file: source.file.clone(), key: shown.clone(), sentence });
                if let Some(attribute) = attributes.first() {
                    refuse(format!(
                        "has the attribute .{}, but attributes are not supported; make it a message of its own",
                        attribute.id.name
                    ));
                }
                match (pattern, shelf.get(key)) {
                    (None, _) => refuse("has no text of its own".into()),
                    (Some(_), Some(first)) => refuse(format!("stands twice in {language}, first in {}", first.file)),
                    (Some(pattern), None) => {
                        shelf.insert(key, Raw { file: &source.file, pattern });
                    }
                }
            }
        }
        book
    }

    fn lower(&self, problems: &mut Vec<Problem>) -> BTreeMap<String, Lowered> {
        for (name, term) in &self.terms {
            if let Err(sentence) = pieces(self, term.pattern, true, &mut vec![format!("-{name}")]) {
                problems.push(Problem { file: term.file.to_owned(), key: format!("-{name}"), sentence });
            }
        }
        let mut lowered = BTreeMap::new();
        for (key, raw) in &self.messages {
            let read = pieces(self, raw.pattern, false, &mut vec![(*key).to_owned()]).and_then(|pieces| {
                let mut variables = BTreeMap::new();
                collect_variables(&pieces, &mut variables)?;
                Ok((Some(pieces), variables))
            });
            // A message that failed keeps its place, or its key would be reported as absent too.
            let (pieces, variables) = read.unwrap_or_else(|sentence| {
                problems.push(Problem { file: raw.file.to_owned(), key: (*key).to_owned(), sentence });
                (None, BTreeMap::new())
            });
            lowered.insert((*key).to_owned(), Lowered { file: raw.file.to_owned(), pieces, variables });
        }
        lowered
    }
}

/// A message of one language, references resolved. `pieces` is absent when it could not be read (and was reported).
struct Lowered {
    file: String,
    pieces: Option<Vec<Piece>>,
    variables: BTreeMap<String, Use>,
}

#[derive(Clone)]
enum Piece {
    Text(String),
    Variable(String),
    Plural { variable: String, cases: Vec<(i64, Vec<Piece>)>, other: Vec<Piece> },
    Choice { variable: String, cases: Vec<(String, Vec<Piece>)>, default: Vec<Piece> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Shown,
    Plural,
    Choice,
}

/// `chain` holds the messages and terms being resolved, the outermost first; it finds references that go in circles.
fn pieces(book: &Book<'_>, pattern: &Pattern<&str>, in_term: bool, chain: &mut Vec<String>) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => push(&mut out, Piece::Text((*value).to_owned())),
            PatternElement::Placeable { expression } => {
                for piece in placeable(book, expression, in_term, chain)? {
                    push(&mut out, piece);
                }
            }
        }
    }
    Ok(out)
}

/// Neighbouring texts become one.
fn push(out: &mut Vec<Piece>, piece: Piece) {
    match (out.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
        (_, piece) => out.push(piece),
    }
}

fn placeable(book: &Book<'_>, expression: &Expression<&str>, in_term: bool, chain: &mut Vec<String>) -> Result<Vec<Piece>, String> {
    match expression {
        Expression::Select { selector: InlineExpression::VariableReference { id }, variants } => {
            let variable = variable_name(id.name, in_term)?;
            Ok(vec![select(book, variable, variants, in_term, chain)?])
        }
        Expression::Select { .. } => Err("selects on something that is not a variable; only { $name -> … } is supported".into()),
        Expression::Inline(inline) => match inline {
            InlineExpression::StringLiteral { value } => Ok(vec![Piece::Text(unescape_unicode_to_string(value).into_owned())]),
            InlineExpression::NumberLiteral { value } => Err(format!("holds the number {{ {value} }}; write it as plain text")),
            InlineExpression::FunctionReference { id, .. } => Err(format!("calls the function {}(); functions are not supported", id.name)),
            InlineExpression::VariableReference { id } => Ok(vec![Piece::Variable(variable_name(id.name, in_term)?)]),
            InlineExpression::Placeable { expression } => placeable(book, expression, in_term, chain),
            InlineExpression::MessageReference { id, attribute } => {
                refuse_attribute(id.name, attribute.is_some())?;
                let raw = book.messages.get(id.name).ok_or_else(|| unknown(book, id.name))?;
                let referred = follow(book, id.name.to_owned(), raw, in_term, chain)?;
                if referred.iter().any(|piece| !matches!(piece, Piece::Text(_))) {
                    return Err(format!("refers to {}, which has variables; only messages without variables can be referred to", id.name));
                }
                Ok(referred)
            }
            InlineExpression::TermReference { id, attribute, arguments } => {
                let name = format!("-{}", id.name);
                refuse_attribute(&name, attribute.is_some())?;
                if arguments.is_some() {
                    return Err(format!("passes arguments to {name}; term arguments are not supported"));
                }
                let raw = book.terms.get(id.name).ok_or_else(|| unknown(book, &name))?;
                follow(book, name, raw, true, chain)
            }
        },
    }
}

fn unknown(book: &Book<'_>, name: &str) -> String {
    format!("refers to {name}, which does not exist in {}", book.language)
}

fn refuse_attribute(name: &str, has_attribute: bool) -> Result<(), String> {
    if has_attribute { Err(format!("refers to an attribute of {name}; attributes are not supported")) } else { Ok(()) }
}

fn follow(book: &Book<'_>, name: String, raw: &Raw<'_>, in_term: bool, chain: &mut Vec<String>) -> Result<Vec<Piece>, String> {
    if chain.contains(&name) {
        return Err(format!("refers to itself: {} → {name}", chain.join(" → ")));
    }
    chain.push(name);
    let referred = pieces(book, raw.pattern, in_term, chain);
    chain.pop();
    referred
}

fn variable_name(name: &str, in_term: bool) -> Result<String, String> {
    if in_term {
        return Err(format!("a term cannot hold the variable ${name}"));
    }
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !plain || ["self", "super", "crate"].contains(&name) || name.contains("__") {
        return Err(format!("the variable ${name} must be lower-case letters, digits and single _ (it names a Rust argument)"));
    }
    Ok(name.to_owned())
}

// ---------------------------------------------------------------------------------------------------------------- selects

fn select(book: &Book<'_>, variable: String, variants: &[Variant<&str>], in_term: bool, chain: &mut Vec<String>) -> Result<Piece, String> {
    let by_number = variants.iter().any(|variant| match variant.key {
        VariantKey::NumberLiteral { .. } => true,
        VariantKey::Identifier { name } => name == "zero" || name == "one",
    });
    let mut cases = Vec::new();
    let mut default = None;
    for variant in variants {
        let key = match variant.key {
            VariantKey::NumberLiteral { value } | VariantKey::Identifier { name: value } => value,
        };
        if ["two", "few", "many"].contains(&key) {
            return Err(format!("selects [{key}] by ${variable}, but German and English know only one and other (and zero for 0)"));
        }
        let value = pieces(book, &variant.value, in_term, chain)?;
        if variant.default {
            default = Some((key, value));
        } else {
            cases.push((key, value));
        }
    }
    let (default_key, default) = default.ok_or_else(|| format!("has no default [*] for ${variable}"))?;
    if cases.is_empty() {
        return Err(format!("selects by ${variable} but has the default only"));
    }
    if !by_number {
        let mut seen = BTreeSet::from([default_key]);
        if let Some((key, _)) = cases.iter().find(|(key, _)| !seen.insert(key)) {
            return Err(format!("has two variants [{key}] for ${variable}"));
        }
        let cases = cases.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        return Ok(Piece::Choice { variable, cases, default });
    }
    if default_key != "other" {
        return Err(format!("selects by the number ${variable}; its default must be *[other], not *[{default_key}]"));
    }
    let mut seen = BTreeSet::new();
    let mut numbered = Vec::new();
    for (key, value) in cases {
        let number = match key {
            "zero" => 0,
            "one" => 1,
            _ => key
                .parse::<i64>()
                .map_err(|_| format!("selects by the number ${variable}; [{key}] is neither a whole number nor zero, one, other"))?,
        };
        if !seen.insert(number) {
            return Err(format!("has two variants for ${variable} = {number} (zero is 0, one is 1)"));
        }
        numbered.push((number, value));
    }
    Ok(Piece::Plural { variable, cases: numbered, other: default })
}

fn collect_variables(pieces: &[Piece], uses: &mut BTreeMap<String, Use>) -> Result<(), String> {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Variable(variable) => note(uses, variable, Use::Shown)?,
            Piece::Plural { variable, cases, other } => {
                note(uses, variable, Use::Plural)?;
                cases.iter().try_for_each(|(_, value)| collect_variables(value, uses))?;
                collect_variables(other, uses)?;
            }
            Piece::Choice { variable, cases, default } => {
                note(uses, variable, Use::Choice)?;
                cases.iter().try_for_each(|(_, value)| collect_variables(value, uses))?;
                collect_variables(default, uses)?;
            }
        }
    }
    Ok(())
}

fn note(uses: &mut BTreeMap<String, Use>, variable: &str, new: Use) -> Result<(), String> {
    let known = uses.entry(variable.to_owned()).or_insert(new);
    match (*known, new) {
        (Use::Shown, new) => *known = new,
        (Use::Plural, Use::Choice) | (Use::Choice, Use::Plural) => {
            return Err(format!("selects by ${variable} once as a number and once as a word"));
        }
        _ => {}
    }
    Ok(())
}

// --------------------------------------------------------------------------------------------------------------- comparing

/// A message in both languages.
struct Message<'l> {
    key: &'l str,
    file: &'l str,
    de: &'l [Piece],
    en: &'l [Piece],
    /// Name and whether it is a number, in alphabetical order: the order of the arguments.
    arguments: Vec<(&'l str, bool)>,
}

fn pair<'l>(
    german: &'l BTreeMap<String, Lowered>,
    english: &'l BTreeMap<String, Lowered>,
    problems: &mut Vec<Problem>,
) -> Vec<Message<'l>> {
    let [de, en] = LANGUAGES;
    for (here, there, language, missing_in) in [(german, english, de, en), (english, german, en, de)] {
        for (key, lowered) in here.iter().filter(|(key, _)| !there.contains_key(*key)) {
            let sentence = format!("exists in {language} but not in {missing_in}");
            problems.push(Problem { file: lowered.file.clone(), key: key.clone(), sentence });
        }
    }
    let mut messages = Vec::new();
    for (key, g) in german {
        let Some(e) = english.get(key) else { continue };
        let (Some(de_pieces), Some(en_pieces)) = (&g.pieces, &e.pieces) else { continue };
        let mut refuse = |sentence: String| problems.push(Problem { file: g.file.clone(), key: key.clone(), sentence });
        for (here, there, language, missing_in) in [(g, e, de, en), (e, g, en, de)] {
            for variable in here.variables.keys().filter(|variable| !there.variables.contains_key(*variable)) {
                refuse(format!("uses ${variable} in {language} but not in {missing_in} ({} and {})", g.file, e.file));
            }
        }
        let mut uses = g.variables.clone();
        if let Err(sentence) = e.variables.iter().try_for_each(|(variable, used)| note(&mut uses, variable, *used)) {
            refuse(format!("{sentence} (in {} and {})", g.file, e.file));
        }
        let arguments = g.variables.keys().map(|variable| (variable.as_str(), uses.get(variable) == Some(&Use::Plural))).collect();
        messages.push(Message { key, file: &g.file, de: de_pieces, en: en_pieces, arguments });
    }
    messages
}

fn check_method_names(messages: &[Message<'_>], problems: &mut Vec<Problem>) {
    for Message { key, file, .. } in messages {
        let method = method_name(key);
        let plain = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let sentence = if !plain || key.contains("--") || key.ends_with('-') {
            "a key must be lower-case letters, digits and single hyphens (it names a Rust method)"
        } else if RUST_WORDS.contains(&method.as_str()) {
            "is a reserved word of Rust and cannot name a method; choose a longer key"
        } else if TAKEN_METHODS.contains(&method.as_str()) {
            "is the name of a method that Texts has already; choose a longer key"
        } else {
            continue;
        };
        problems.push(Problem { file: (*file).to_owned(), key: (*key).to_owned(), sentence: sentence.to_owned() });
    }
}

fn method_name(key: &str) -> String {
    key.replace('-', "_")
}

// ---------------------------------------------------------------------------------------------------------------- writing

/// Texts become constant tables and every method a single call: little to compile, and one place that writes sentences.
fn emit(messages: &[Message<'_>]) -> String {
    let (mut methods, mut keys, mut entries, mut patterns) = (String::new(), String::new(), String::new(), String::new());
    for message in messages {
        let method = method_name(message.key);
        let doc = format!("de: {}\n\nen: {}", readable(message.de), readable(message.en));
        // Writing to a String cannot fail.
        let _ = writeln!(keys, "    {:?},", message.key);
        let _ = writeln!(methods, "    #[doc = {doc:?}]");
        if message.arguments.is_empty() {
            let (de, en) = (plain_text(message.de), plain_text(message.en));
            let _ = writeln!(methods, "    pub const fn {method}(self) -> &'static str {{ self.pick({de:?}, {en:?}) }}");
            let _ = writeln!(entries, "    Entry::Plain({de:?}, {en:?}),");
            continue;
        }
        let (mut parameters, mut values, mut names) = (String::new(), String::new(), String::new());
        for (name, is_number) in &message.arguments {
            let argument = if RUST_WORDS.contains(name) { format!("r#{name}") } else { (*name).to_owned() };
            let (kind, value) = if *is_number { ("i64", "Value::Number(") } else { ("impl std::fmt::Display", "Value::Shown(&") };
            let _ = write!(parameters, ", {argument}: {kind}");
            let _ = write!(values, "{value}{argument}), ");
            let _ = write!(names, "{name:?}, ");
        }
        let table = method.to_uppercase();
        let _ = writeln!(methods, "    pub fn {method}(self{parameters}) -> String {{ self.fill(&patterns::{table}, &[{values}]) }}");
        let _ = writeln!(entries, "    Entry::Filled(&patterns::{table}),");
        let _ = write!(patterns, "    pub static {table}: Pattern = Pattern {{ arguments: &[{names}], de: ");
        table_of(message.de, &message.arguments, &mut patterns);
        patterns.push_str(", en: ");
        table_of(message.en, &message.arguments, &mut patterns);
        patterns.push_str(" };\n");
    }
    format!(
        "// Generated from texts/*/*.ftl.\n\
         /// Every key, sorted.\npub const KEYS: &[&str] = &[\n{keys}];\n\n\
         pub(crate) static ENTRIES: &[Entry] = &[\n{entries}];\n\n\
         #[allow(clippy::too_many_arguments, clippy::wrong_self_convention, clippy::should_implement_trait)]\n\
         impl Texts {{\n{methods}}}\n\n\
         mod patterns {{\n    use crate::pattern::{{Pattern, Piece::*}};\n\n{patterns}}}\n"
    )
}

fn table_of(pieces: &[Piece], arguments: &[(&str, bool)], out: &mut String) {
    let place = |variable: &str| arguments.iter().position(|(name, _)| *name == variable).unwrap_or(arguments.len());
    out.push_str("&[");
    for piece in pieces {
        let _ = match piece {
            Piece::Text(text) => write!(out, "Text({text:?})"),
            Piece::Variable(variable) => write!(out, "Argument({})", place(variable)),
            Piece::Plural { variable, .. } => write!(out, "Plural({}, &[", place(variable)),
            Piece::Choice { variable, .. } => write!(out, "Choice({}, &[", place(variable)),
        };
        match piece {
            Piece::Text(_) | Piece::Variable(_) => {}
            Piece::Plural { cases, other, .. } => cases_of(cases, other, arguments, out),
            Piece::Choice { cases, default, .. } => cases_of(cases, default, arguments, out),
        }
        out.push_str(", ");
    }
    out.push(']');
}

fn cases_of<K: fmt::Debug>(cases: &[(K, Vec<Piece>)], default: &[Piece], arguments: &[(&str, bool)], out: &mut String) {
    for (key, value) in cases {
        let _ = write!(out, "({key:?}, ");
        table_of(value, arguments, out);
        out.push_str("), ");
    }
    out.push_str("], ");
    table_of(default, arguments, out);
    out.push(')');
}

fn plain_text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.as_str() } else { "" }).collect()
}

/// For doc comments: a code span, because brackets, stars and tags in a text would else be read as Markdown.
fn readable(pieces: &[Piece]) -> String {
    let mut out = String::new();
    sketch(pieces, &mut out);
    format!("`{}`", out.replace('`', "'").replace('\n', " ⏎ "))
}

fn sketch(pieces: &[Piece], out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Variable(variable) => {
                let _ = write!(out, "{{{variable}}}");
            }
            Piece::Plural { variable, cases, other } => sketch_cases(variable, cases, other, out),
            Piece::Choice { variable, cases, default } => sketch_cases(variable, cases, default, out),
        }
    }
}

fn sketch_cases<K: fmt::Display>(variable: &str, cases: &[(K, Vec<Piece>)], default: &[Piece], out: &mut String) {
    let _ = write!(out, "{{{variable}:");
    for (key, value) in cases {
        let _ = write!(out, " [{key}] ");
        sketch(value, out);
    }
    out.push_str(" [else] ");
    sketch(default, out);
    out.push('}');
}
