//! `tresen match`: which searches match which posts, from files or pipes (QUERY.md, "`tresen match`", S40 to S45).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use matching::{Matcher, Post, Query};
use serde_json::{Map, Value};

/// What one thread takes at a time, in bytes: as much as is there, and no more than that.
const BATCH: usize = 64 * 1024;
/// A longer line is refused: one of them must not fill the memory.
const LONGEST_LINE: u64 = 32 * 1024 * 1024;
/// What some programs put before UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

pub struct Options {
    pub searches: PathBuf,
    pub posts: PathBuf,
    pub threads: usize,
    pub stats: bool,
}

/// Exit code 2 if a search or a post could not be read; everything else is done all the same.
pub fn run(options: &Options) -> Result<ExitCode> {
    if options.searches == Path::new("-") && options.posts == Path::new("-") {
        bail!("only one of the two can come from standard input");
    }
    let began = Instant::now();
    let mut text = Vec::new();
    open(&options.searches)?.read_to_end(&mut text).with_context(|| format!("reading {}", options.searches.display()))?;
    let (searches, errors) = Searches::read(&text);
    drop(text);
    let compiled = began.elapsed();
    errors.iter().for_each(|(line, column, what)| complain(&options.searches, *line, *column, what));

    let run = Run {
        searches: &searches,
        file: &options.posts,
        input: Mutex::new(Input { lines: open(&options.posts)?, next: 0, line: 0, began: None, ended: false }),
        output: Mutex::new(Output { to: Box::new(io::stdout()), turn: 0, gone: false }),
        turned: Condvar::new(),
        posts: AtomicU64::new(0),
        errors: AtomicU64::new(0),
    };
    let results: Vec<Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.threads).map(|_| scope.spawn(|| run.work())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread ended early"))).collect()
    });
    let ended = Instant::now();
    results.into_iter().collect::<Result<()>>()?;

    let (posts, errors) = (run.posts.into_inner(), errors.len() as u64 + run.errors.into_inner());
    if options.stats {
        let began = run.input.into_inner().unwrap_or_else(PoisonError::into_inner).began;
        let seconds = began.map_or(0.0, |began| ended.duration_since(began).as_secs_f64());
        let per_second = if seconds > 0.0 { posts as f64 / seconds / options.threads as f64 } else { 0.0 };
        // In the order in which QUERY.md names them.
        eprintln!(
            "{{\"searches\":{},\"errors\":{errors},\"compile_ms\":{:.1},\"posts\":{posts},\"seconds\":{seconds:.3},\"posts_per_second_per_thread\":{per_second:.0},\"peak_mb\":{:.1}}}",
            searches.matcher.len(),
            compiled.as_secs_f64() * 1000.0,
            super::memory_mb("VmHWM:"),
        );
    }
    Ok(if errors > 0 { 2.into() } else { ExitCode::SUCCESS })
}

type Reader = BufReader<Box<dyn Read + Send>>;

fn open(path: &Path) -> Result<Reader> {
    let from: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?)
    };
    Ok(BufReader::with_capacity(BATCH, from))
}

/// `FILE:LINE:COLUMN: message` (S42).
fn complain(file: &Path, line: u64, column: usize, what: &str) {
    let what: String = what.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(io::stderr(), "{}:{line}:{column}: {what}", file.display());
}

/// The searches of a file, ready to match.
struct Searches {
    /// Each id as JSON, sorted by the bytes of what it names (S41): what the matcher gives in its order is in order.
    ids: Vec<String>,
    matcher: Matcher<u32>,
}

/// Line, column, what is wrong there.
type Wrong = (u64, usize, String);

struct Line<'a> {
    number: u64,
    id: &'a str,
    query: Option<Query>,
}

impl Searches {
    /// Reads what can be read; the errors come in order of their lines.
    fn read(text: &[u8]) -> (Self, Vec<Wrong>) {
        let mut errors: Vec<Wrong> = Vec::new();
        let mut wrong = |line: u64, column: usize, what: &str| errors.push((line, column, what.to_owned()));
        let text = text.strip_prefix(BOM).unwrap_or(text);
        let mut lines: Vec<Line> = Vec::new();
        let mut seen = HashMap::new();
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            let Ok(line) = std::str::from_utf8(line) else {
                wrong(number, 1, "This line is not UTF-8.");
                continue;
            };
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((id, query)) = line.split_once('\t') else {
                wrong(number, 1, "There is no tab between id and query.");
                continue;
            };
            if id.trim().is_empty() {
                wrong(number, 1, "The id is empty.");
            } else if query.trim().is_empty() {
                wrong(number, 1, "The query is empty; it needs at least one word or field.");
            } else if let Some(first) = seen.get(id) {
                wrong(number, 1, &format!("The id “{id}” stands in line {first} already."));
            } else {
                seen.insert(id, number);
                let query = match matching::parse(query) {
                    Ok(query) => Some(query),
                    Err(problems) => {
                        problems.iter().for_each(|problem| wrong(number, problem.column, &in_words(problem)));
                        None
                    }
                };
                lines.push(Line { number, id, query });
            }
        }
        lines.sort_unstable_by_key(|line| line.id.as_bytes());
        let named: Vec<(&str, Option<&Query>)> = lines.iter().map(|line| (line.id, line.query.as_ref())).collect();
        let mut matcher = Matcher::new();
        for ((rank, line), linked) in (0..).zip(&lines).zip(matching::link(&named)) {
            match linked {
                Ok(query) => matcher.set(rank, query),
                Err(problems) => problems.iter().for_each(|problem| wrong(line.number, problem.column, &in_words(problem))),
            }
        }
        errors.sort();
        (Searches { ids: lines.iter().map(|line| Value::from(line.id).to_string()).collect(), matcher }, errors)
    }
}

fn in_words(problem: &matching::QueryError) -> String {
    match &problem.fix {
        Some(fix) => format!("{} Write: {fix}", problem.problem),
        None => problem.problem.to_string(),
    }
}

/// Threads take lines in turn and write what came of them in the same order; nobody but them reads or writes (S45). What waits to be written
/// is at most one batch a thread.
struct Run<'a> {
    searches: &'a Searches,
    file: &'a Path,
    input: Mutex<Input>,
    output: Mutex<Output>,
    turned: Condvar,
    posts: AtomicU64,
    errors: AtomicU64,
}

struct Input {
    lines: Reader,
    /// Number of the next batch.
    next: u64,
    line: u64,
    began: Option<Instant>,
    ended: bool,
}

struct Output {
    to: Box<dyn Write + Send>,
    /// Whose turn it is.
    turn: u64,
    /// Whoever read has seen enough, or a thread was lost.
    gone: bool,
}

/// Lines with their numbers; `Err` holds what is wrong with one.
type Batch = Vec<(u64, Result<Vec<u8>, &'static str>)>;

impl Run<'_> {
    fn work(&self) -> Result<()> {
        loop {
            let (number, batch) = {
                let mut input = lock(&self.input);
                let batch = input.batch().with_context(|| format!("reading {}", self.file.display()))?;
                if batch.is_empty() {
                    return Ok(());
                }
                let number = input.next;
                input.next += 1;
                (number, batch)
            };
            // Whoever ends before its turn would leave the others waiting.
            let turn = Turn(self);
            let mut out = Vec::with_capacity(BATCH / 4);
            let (mut posts, mut problems) = (0, Vec::new());
            for (line, bytes) in batch {
                match bytes.and_then(|bytes| self.searches.answer(&bytes, &mut out)) {
                    Ok(true) => posts += 1,
                    Ok(false) => {}
                    Err(what) => problems.push((line, what)),
                }
            }
            let mut output = lock(&self.output);
            while output.turn != number && !output.gone {
                output = self.turned.wait(output).unwrap_or_else(PoisonError::into_inner);
            }
            problems.iter().for_each(|(line, what)| complain(self.file, *line, 1, what));
            let written = if output.gone { Ok(()) } else { output.to.write_all(&out).and_then(|()| output.to.flush()) };
            output.turn += 1;
            output.gone |= written.is_err();
            let gone = output.gone;
            drop(output);
            std::mem::forget(turn);
            self.turned.notify_all();
            self.posts.fetch_add(posts, Ordering::Relaxed);
            self.errors.fetch_add(problems.len() as u64, Ordering::Relaxed);
            match written {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error).context("writing to standard output"),
                _ if gone => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Dropped only by a panic: then nothing more is written, and everybody goes home.
struct Turn<'a>(&'a Run<'a>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.0.output).gone = true;
        self.0.turned.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Input {
    /// The next lines: one at least, and what is there already, so that a slow pipe is answered line by line. Empty at the end.
    fn batch(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::new();
        let mut bytes = 0;
        while !self.ended && bytes < BATCH {
            let mut line = Vec::new();
            let read = self.lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            if read == 0 {
                self.ended = true;
                break;
            }
            self.began.get_or_insert_with(Instant::now);
            self.line += 1;
            bytes += read;
            if self.line == 1 && line.starts_with(BOM) {
                line.drain(..BOM.len());
            }
            if read as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                self.lines.skip_until(b'\n')?;
                batch.push((self.line, Err("This line is longer than 32 MB.")));
            } else {
                batch.push((self.line, Ok(line)));
            }
            // Reading on might wait.
            if !self.lines.buffer().contains(&b'\n') {
                break;
            }
        }
        Ok(batch)
    }
}

impl Searches {
    /// Writes the answer to one line. `false`: it is blank.
    fn answer(&self, line: &[u8], out: &mut Vec<u8>) -> Result<bool, &'static str> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(false);
        }
        let given: Value = serde_json::from_slice(line).map_err(|_| "This line is no JSON object.")?;
        let Value::Object(given) = given else { return Err("This line is no JSON object.") };
        let id = match given.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err("There is no id: a text or a number."),
        };
        let (topics, media) = (texts(&given, "topic"), texts(&given, "media"));
        let post = Post {
            id: &id,
            text: text(&given, "text").unwrap_or_default(),
            title: text(&given, "title"),
            author: text(&given, "author"),
            lang: text(&given, "lang"),
            channel: text(&given, "channel"),
            kind: text(&given, "kind"),
            url: text(&given, "url"),
            account: text(&given, "account"),
            followers: number(&given, "followers"),
            reach: number(&given, "reach"),
            urgency: number(&given, "urgency").and_then(|n| u8::try_from(n).ok()),
            sentiment: text(&given, "sentiment"),
            intent: text(&given, "intent"),
            country: text(&given, "country"),
            topics: &topics,
            media: &media,
            own: given.get("own").and_then(Value::as_bool),
        };
        let matches = self.matcher.matches(&matching::tokenise(&post));
        out.extend_from_slice(b"{\"post\":");
        out.extend_from_slice(Value::from(id.as_str()).to_string().as_bytes());
        out.extend_from_slice(b",\"matches\":[");
        for (n, rank) in matches.into_iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(self.ids[rank as usize].as_bytes());
        }
        out.extend_from_slice(b"]}\n");
        Ok(true)
    }
}

/// What is of another kind than it should be is missing.
fn text<'a>(given: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    given.get(key).and_then(Value::as_str)
}

fn number(given: &Map<String, Value>, key: &str) -> Option<u64> {
    given.get(key).and_then(Value::as_u64)
}

/// A text or a list of them.
fn texts<'a>(given: &'a Map<String, Value>, key: &str) -> Vec<&'a str> {
    match given.get(key) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
