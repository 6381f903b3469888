//! `tresen match` as an analyst runs it: files, pipes, mistakes (QUERY.md S40 to S45).

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::support::Place;

/// With a BOM, CR, a comment, a blank line, and everything that can be wrong with a line.
const SEARCHES: &str = "\u{feff}# Kommentar\r\n\r\n10\tkaffee\r\n9\t\"kaffee nordwind\" OR #bahn\nkaputt\tkaffee (\nohne tab\n\tleer\nx\t\n10\ttee\nw\twatch:\"9\" -tee\nv\twatch:fehlt\nz\tsprache:de\n";
const POSTS: &str = "{\"id\":\"a\",\"text\":\"Kaffee Nordwind ist gut\"}\n\n{\"id\":7,\"text\":\"#Bahn fährt\",\"lang\":\"de\"}\r\n[1]\n{\"text\":\"x\"}\nnix\n{\"id\":\"b\"}\n{\"id\":\"c\",\"text\":null,\"title\":\"Kaffee\",\"topic\":[\"x\"],\"followers\":\"12\"}\n{\"id\":\"q\\\"uote\",\"text\":\"Tee Kaffee Nordwind\"}";

#[test]
fn every_post_has_its_line_and_every_mistake_its_place() {
    let place = Place::sqlite();
    place.file("s.tsv", SEARCHES);
    place.file("p.jsonl", POSTS);
    let ran = place.plain(&["match", "--searches", "s.tsv", "--posts", "p.jsonl", "--stats"], b"");
    assert_eq!(
        ran.out,
        "{\"post\":\"a\",\"matches\":[\"10\",\"9\",\"w\"]}\n{\"post\":\"7\",\"matches\":[\"9\",\"w\"]}\n{\"post\":\"b\",\"matches\":[]}\n\
         {\"post\":\"c\",\"matches\":[\"10\"]}\n{\"post\":\"q\\\"uote\",\"matches\":[\"10\",\"9\"]}\n"
    );
    assert_eq!(ran.code, Some(2));
    let mut lines: Vec<&str> = ran.err.lines().collect();
    let stats: serde_json::Value = serde_json::from_str(lines.pop().unwrap()).unwrap();
    assert_eq!((stats["searches"].as_u64(), stats["posts"].as_u64()), (Some(3), Some(5)));
    assert_eq!(stats["errors"].as_u64(), Some(lines.len() as u64));
    let places: Vec<String> = lines.iter().map(|line| line.splitn(4, ':').take(3).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(
        places,
        [
            "s.tsv:5:8",
            "s.tsv:5:8",
            "s.tsv:6:1",
            "s.tsv:7:1",
            "s.tsv:8:1",
            "s.tsv:9:1",
            "s.tsv:11:1",
            "s.tsv:12:1",
            "p.jsonl:4:1",
            "p.jsonl:5:1",
            "p.jsonl:6:1"
        ]
    );
    let ran = place.plain(&["match", "--searches", "-", "--posts", "-"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("only one of the two"), "{}", ran.err);
    let ran = place.plain(&["match", "--searches", "s.tsv", "--posts", "fehlt.jsonl"], b"");
    assert!(ran.code == Some(1) && ran.err.contains("fehlt.jsonl"), "{}", ran.err);
}

#[test]
fn several_threads_write_what_one_writes() {
    let place = Place::sqlite();
    place.file("s.tsv", "k\tkaffee\nt\ttee -kaffee\nn\tkaffee NEAR/2 kalt\n");
    let words = ["Kaffee", "Tee", "kalt", "warm", "und", "Nordwind"];
    let posts: String = (0..20_000)
        .map(|n| {
            let text: Vec<&str> = (0..12).map(|at| words[(n * 7 + at * (n % 5 + 1)) % words.len()]).collect();
            format!("{{\"id\":{n},\"text\":\"{}\"}}\n", text.join(" "))
        })
        .collect();
    place.file("p.jsonl", posts);
    let run = |threads: &str| place.plain(&["match", "--searches", "s.tsv", "--posts", "p.jsonl", "--threads", threads], b"");
    let one = run("1");
    assert_eq!((one.code, one.out.lines().count()), (Some(0), 20_000));
    assert_eq!(run("3").out, one.out);
}

#[test]
fn a_pipe_is_answered_line_by_line_and_may_be_closed() {
    let place = Place::sqlite();
    let searches = place.file("s.tsv", "k\tkaffee\n");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tresen"))
        .args(["match", "--threads", "2", "--posts", "-", "--searches"])
        .arg(searches)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut posts = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for n in 0..3 {
        writeln!(posts, "{{\"id\":{n},\"text\":\"Kaffee\"}}").unwrap();
        posts.flush().unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), format!("{{\"post\":\"{n}\",\"matches\":[\"k\"]}}"));
    }
    // Whoever read has seen enough: no error, and no waiting for the rest.
    drop(lines);
    while writeln!(posts, "{{\"id\":1,\"text\":\"Kaffee\"}}").is_ok() {}
    drop(posts);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
