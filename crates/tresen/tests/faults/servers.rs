//! A blog and a mailbox, scripted: small servers on loopback whose content the test lets grow.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use model::{Clock, SystemClock};

/// What both servers count.
#[derive(Default)]
pub struct Served {
    /// Items there are.
    pub items: AtomicUsize,
    /// How often somebody came to look, and how many answers with content were given.
    pub looked: AtomicUsize,
    pub whole: AtomicUsize,
}

fn listen(talk: impl Fn(TcpStream, u16, &Served) -> std::io::Result<()> + Send + Sync + 'static) -> (u16, Arc<Served>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served: Arc<Served> = Arc::default();
    let (shared, talk) = (served.clone(), Arc::new(talk));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (served, talk) = (shared.clone(), talk.clone());
            // A peer that is killed in the middle of a sentence is what these tests are about.
            std::thread::spawn(move || drop(talk(stream, port, &served)));
        }
    });
    (port, served)
}

/// A feed (RSS 2.0) of all its items, newest first, with an ETag: who has seen it is told 304 and nothing else, so a cursor that runs ahead
/// of what is stored loses posts for good.
pub fn blog() -> (u16, Arc<Served>) {
    listen(|stream, port, served| {
        let mut write = stream.try_clone()?;
        let mut seen = String::new();
        for line in BufReader::new(stream).lines() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("if-none-match")
            {
                seen = value.trim().to_string();
            }
        }
        served.looked.fetch_add(1, SeqCst);
        let items = served.items.load(SeqCst);
        let tag = format!("\"{items}\"");
        if seen == tag {
            write.write_all(format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\nConnection: close\r\n\r\n").as_bytes())?;
            return Ok(());
        }
        let mut feed = String::from("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Blog</title>");
        for n in (0..items).rev() {
            let _ = write!(
                feed,
                "<item><guid isPermaLink=\"false\">post-{n}</guid><link>http://127.0.0.1:{port}/p/{n}</link><title>Beitrag {n}</title><description>Der Kaffee Nummer {n} schmeckt gut.</description></item>"
            );
        }
        feed.push_str("</channel></rss>");
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: {tag}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            feed.len()
        );
        write.write_all(head.as_bytes())?;
        write.write_all(feed.as_bytes())?;
        served.whole.fetch_add(1, SeqCst);
        Ok(())
    })
}

/// A mailbox of one folder (the part of RFC 9051 that is needed) with mails numbered from 1, without IDLE.
pub fn imap() -> (u16, Arc<Served>) {
    let arrived = SystemClock.now().to_jiff().strftime("%d-%b-%Y %H:%M:%S +0000").to_string();
    listen(move |stream, _, served| {
        let mut write = stream.try_clone()?;
        write.write_all(b"* OK ready\r\n")?;
        for line in BufReader::new(stream).lines() {
            let line = line?;
            let (tag, command) = line.split_once(' ').unwrap_or(("*", &line));
            let items = served.items.load(SeqCst);
            let words: Vec<&str> = command.split(' ').collect();
            let mut out = String::new();
            match words[..] {
                ["CAPABILITY"] => out.push_str("* CAPABILITY IMAP4rev1\r\n"),
                ["EXAMINE" | "SELECT", ..] => {
                    served.looked.fetch_add(1, SeqCst);
                    let _ = write!(out, "* {items} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT {}] ok\r\n", items + 1);
                }
                ["UID", "SEARCH", "UID", range, ..] => {
                    let (from, to) = range.split_once(':').unwrap_or((range, range));
                    let (from, to): (usize, usize) = (from.parse().unwrap_or(1), to.parse().unwrap_or(items).min(items));
                    out.push_str("* SEARCH");
                    (from..=to).for_each(|uid| out.push_str(&format!(" {uid}")));
                    out.push_str("\r\n");
                }
                ["UID", "FETCH", list, ..] => {
                    for uid in list.split(',').filter_map(|uid| uid.parse::<usize>().ok()).filter(|uid| *uid <= items) {
                        let mail = mail(uid);
                        if command.contains("RFC822.SIZE") {
                            let _ = write!(out, "* {uid} FETCH (UID {uid} RFC822.SIZE {} INTERNALDATE \"{arrived}\")\r\n", mail.len());
                        } else {
                            let _ = write!(out, "* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{mail})\r\n", mail.len());
                            served.whole.fetch_add(1, SeqCst);
                        }
                    }
                }
                _ => {}
            }
            let _ = write!(out, "{tag} OK done\r\n");
            write.write_all(out.as_bytes())?;
        }
        Ok(())
    })
}

fn mail(n: usize) -> String {
    format!(
        "From: Kunde {n} <kunde{n}@example.test>\r\nTo: hallo@firma.test\r\nSubject: Post {n}\r\nDate: Tue, 3 Nov 2026 10:{:02}:{:02} +0100\r\nMessage-ID: <i{n}@example.test>\r\n\r\n\
         Guten Tag,\r\n\r\nmeine Bestellung {n} ist noch nicht da. Bitte prüfen Sie das.\r\n\r\nViele Grüße\r\nKunde {n}\r\n",
        n / 60 % 60,
        n % 60
    )
}
