//! `channel try`: what would be read, without storing anything.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Place, words};

const FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title><link>https://blog.example/</link>
<item><title>Zweiter</title><link>/zwei</link><guid isPermaLink="false">b</guid><pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate>
<description>&lt;p onclick="x()"&gt;Guter &lt;b&gt;Kaffee&lt;/b&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description></item>
<item><title>Erster</title><link>/eins</link><guid isPermaLink="false">a</guid><pubDate>Mon, 23 Nov 2026 10:00:00 +0100</pubDate><description>Kalt.</description></item>
</channel></rss>"#;

const MAIL: &str = "From: Anna Berger <anna@berger.example>\r\nTo: hallo@firma.example\r\nSubject: =?utf-8?q?K=C3=A4nnchen?=\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\
Message-ID: <2@berger.example>\r\nIn-Reply-To: <1@firma.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Danke!</p><img src=x onerror=alert(1)><script>alert(2)</script>\r\n\
--x\r\nContent-Type: text/plain; name=\"beleg.txt\"\r\nContent-Disposition: attachment; filename=\"beleg.txt\"\r\n\r\n12 Euro\r\n--x--\r\n";

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// In the order in which they are written.
fn keys(line: &str) -> Vec<String> {
    let object: Value = serde_json::from_str(line).unwrap();
    let mut keys: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
    keys.sort_by_key(|key| line.find(&format!("\"{key}\":")));
    keys
}

/// A site with one page; its address.
fn site(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/feed", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn a_feed_is_read_from_a_file_from_standard_input_and_from_an_address_alike() {
    let place = Place::sqlite();
    let file = place.file("feed.xml", FEED);
    let from_file = place.plain(&["channel", "try", "feed", words(&file), "--base", "https://blog.example/"], b"");
    assert_eq!((from_file.code, from_file.err.as_str()), (Some(0), ""));
    let piped = place.plain(&["channel", "try", "feed", "-", "--base", "https://blog.example/"], FEED.as_bytes());
    assert_eq!(piped.out, from_file.out);
    let items = lines(&from_file.out);
    assert_eq!(keys(from_file.out.lines().next().unwrap()), ["external_id", "url", "title", "author", "published", "text", "html", "kind"]);
    let titles: Vec<&str> = items.iter().filter_map(|item| item["title"].as_str()).collect();
    assert_eq!(titles, ["Erster", "Zweiter"], "oldest first");
    assert_eq!(items[1]["url"], "https://blog.example/zwei");
    assert_eq!(items[1]["published"], "2026-11-24T09:00:00Z");
    let html = items[1]["html"].as_str().unwrap();
    assert!(html.contains("<b>Kaffee</b>") && !html.contains("script") && !html.contains("onclick") && !html.contains("alert"), "{html}");
    assert!(!items[1]["text"].as_str().unwrap().contains('<'));

    let fetched = place.plain(&["channel", "try", "feed", &site(FEED)], b"");
    assert_eq!(fetched.code, Some(0), "{}", fetched.err);
    let read: Vec<Value> = lines(&fetched.out).into_iter().map(|item| item["external_id"].clone()).collect();
    assert_eq!(read, items.iter().map(|item| item["external_id"].clone()).collect::<Vec<_>>());
    assert!(!place.data().exists() && !place.path("tresen-data").exists(), "nothing is stored");
}

#[test]
fn a_mail_is_read_from_a_file_and_from_standard_input_alike() {
    let place = Place::sqlite();
    let file = place.file("a.eml", MAIL);
    let from_file = place.plain(&["channel", "try", "mail", words(&file)], b"");
    assert_eq!((from_file.code, from_file.err.as_str()), (Some(0), ""));
    assert_eq!(place.plain(&["channel", "try", "mail", "-"], MAIL.as_bytes()).out, from_file.out);
    assert_eq!(
        keys(from_file.out.trim()),
        ["message_id", "in_reply_to", "from", "to", "subject", "date", "text", "html", "new_text", "attachments", "auto"]
    );
    let mail = lines(&from_file.out).remove(0);
    assert_eq!((mail["message_id"].as_str(), mail["in_reply_to"].as_str()), (Some("2@berger.example"), Some("1@firma.example")));
    assert_eq!(mail["subject"], "Kännchen");
    assert_eq!(mail["date"], "2026-11-24T09:00:00Z");
    assert_eq!(mail["attachments"][0]["name"], "beleg.txt");
    let html = mail["html"].as_str().unwrap();
    assert!(html.contains("Danke!") && !html.contains("script") && !html.contains("onerror"), "{html}");
}

#[test]
fn what_is_no_source_ends_with_one_line_that_names_it_and_exit_code_1() {
    let place = Place::sqlite();
    place.file("no-feed.txt", "Guten Tag");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}/feed");
    for words in [
        vec!["channel", "try", "feed", "no-feed.txt"],
        vec!["channel", "try", "feed", "nowhere.xml"],
        vec!["channel", "try", "feed", &closed],
        vec!["channel", "try", "feed", "ftp://blog.example/feed"],
        vec!["channel", "try", "mail", "nowhere.eml"],
    ] {
        let ran = place.plain(&words, b"");
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{words:?}");
        let said = ran.err.strip_prefix("tresen: ").unwrap_or_else(|| panic!("{words:?}: {}", ran.err));
        assert!(said.trim_end().lines().count() == 1 && said.contains(words[3]), "{words:?}: {said}");
    }
    let ran = place.plain(&["channel", "try", "feed"], b"");
    assert!(ran.code == Some(2) && ran.err.contains("<URL|FILE>"), "{}", ran.err);
}
