//! Scripted servers on a loopback port: a greeting, a hang, a cut-off line, garbage, wrong numbers. What is asked for here is that every
//! one of them ends in an answer or a failure, in time, and that no mail is passed over.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use channels::mail::{Mail, smtp};
use channels::net::{Net, NetPolicy};
use channels::{Channel, Connection, Context, Failure, Limits, Listener, Mailbox, Outgoing};
use model::{FixedClock, SeededRandom, Timestamp};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Long enough for a busy machine where an answer is expected, short where a hang is.
const HANG: Duration = Duration::from_millis(150);
const PATIENT: Duration = Duration::from_secs(10);

fn context(timeout: Duration) -> Context {
    let policy = NetPolicy { allow_private: vec!["127.0.0.0/8".parse().expect("a range")], extra_ca: None };
    let clock = FixedClock::at(Timestamp::parse_rfc3339("2026-11-04T12:00:00Z").expect("a time"));
    let limits = Limits { timeout, mail: 4000, batch: 3, ..Limits::default() };
    Context { clock: Arc::new(clock), random: Arc::new(SeededRandom::new(1)), net: Net::new(policy), limits }
}

fn connection(port: u16, more: &[(&str, &str)]) -> Connection {
    let mut settings = json!({
        "from": "support@firma.test", "user": "support", "imap_host": "127.0.0.1", "imap_port": port, "imap_security": "none",
        "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none",
    });
    for (key, value) in more {
        settings[*key] = json!(value);
    }
    Connection { settings, secret: json!({ "password": "geheim" }) }
}

/// A mailbox that a fake IMAP server shows.
#[derive(Default, Clone)]
struct Mailboxes {
    uidvalidity: u32,
    next: u32,
    /// UID, INTERNALDATE, source.
    mails: Vec<(u32, String, String)>,
    idle: bool,
    notify: bool,
    /// Answers to commands that begin with a word, instead of the right ones. `{tag}` is the command's.
    wrong: Vec<(&'static str, String)>,
    /// Everything that was asked.
    asked: Vec<String>,
}

impl Mailboxes {
    fn with(mails: u32) -> Self {
        let mut boxes = Self { uidvalidity: 7, next: 1, ..Self::default() };
        for _ in 0..mails {
            boxes.add("04-Nov-2026 10:00:00 +0000");
        }
        boxes
    }

    fn add(&mut self, arrived: &str) {
        let uid = self.next;
        self.mails.push((
            uid,
            arrived.into(),
            format!("From: Eva <eva@kunde.test>\r\nSubject: Mail {uid}\r\nMessage-ID: <m{uid}@kunde.test>\r\n\r\nText {uid}\r\n"),
        ));
        self.next += 1;
    }

    /// The whole of a command's answer; `None` closes the connection.
    fn answer(&mut self, tag: &str, command: &str) -> Option<String> {
        self.asked.push(command.to_owned());
        if let Some((_, wrong)) = self.wrong.iter().find(|(start, _)| command.starts_with(start)) {
            return if wrong == "close" { None } else { Some(wrong.replace("{tag}", tag)) };
        }
        let done = format!("{tag} OK done\r\n");
        let words: Vec<&str> = command.split(' ').collect();
        Some(match words[..] {
            ["LOGIN", _, password] if !password.contains("geheim") => format!("{tag} NO [AUTHENTICATIONFAILED] wrong\r\n"),
            ["CAPABILITY"] => format!(
                "* CAPABILITY IMAP4rev1{}{}\r\n{done}",
                if self.idle { " IDLE" } else { "" },
                if self.notify { " NOTIFY" } else { "" }
            ),
            ["EXAMINE" | "SELECT", "\"missing\""] => format!("{tag} NO no such folder\r\n"),
            ["EXAMINE" | "SELECT", ..] => {
                format!(
                    "* {} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n{tag} OK [READ-ONLY] done\r\n",
                    self.mails.len(),
                    self.uidvalidity,
                    self.next
                )
            }
            ["LIST", ..] => {
                format!("* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"Entw&APw-rfe\"\r\n* LIST (\\Noselect) \"/\" \"[x]\"\r\n{done}")
            }
            ["UID", "SEARCH", "UID", range, ..] => {
                let (from, to) = range.split_once(':').unwrap_or((range, range));
                let from: u32 = from.parse().unwrap_or(0);
                let to: u32 = to.parse().unwrap_or(u32::MAX);
                let mut found: Vec<String> =
                    self.mails.iter().map(|mail| mail.0).filter(|uid| (from..=to).contains(uid)).map(|uid| uid.to_string()).collect();
                // As real servers do: `9:*` on a mailbox that ends at 3 names 3.
                if found.is_empty() && range.ends_with('*') {
                    found.extend(self.mails.last().map(|mail| mail.0.to_string()));
                }
                format!("* SEARCH {}\r\n{done}", found.join(" "))
            }
            ["UID", "FETCH", list, ..] => {
                let wanted: Vec<u32> = list.split(',').filter_map(|uid| uid.parse().ok()).collect();
                let mut out = String::new();
                for (at, (uid, arrived, source)) in self.mails.iter().enumerate().filter(|(_, mail)| wanted.contains(&mail.0)) {
                    let sequence = at + 1;
                    if command.contains("RFC822.SIZE") {
                        out += &format!("* {sequence} FETCH (UID {uid} RFC822.SIZE {} INTERNALDATE \"{arrived}\")\r\n", source.len());
                    } else if command.contains("BODY.PEEK[HEADER]") {
                        let headers = format!("{}\r\n\r\n", source.split("\r\n\r\n").next().unwrap_or_default());
                        out += &format!("* {sequence} FETCH (UID {uid} BODY[HEADER] {{{}}}\r\n{headers})\r\n", headers.len());
                    } else {
                        out += &format!("* {sequence} FETCH (UID {uid} BODY[] {{{}}}\r\n{source})\r\n", source.len());
                    }
                }
                out + &done
            }
            ["IDLE"] => "+ idling\r\n".into(),
            ["DONE"] => "IDLE".into(),
            _ => done,
        })
    }
}

type Shared = Arc<Mutex<Mailboxes>>;

/// Serves any number of connections. `poke` sends raw lines to whoever idles.
async fn imap(boxes: Mailboxes) -> (u16, Shared, tokio::sync::broadcast::Sender<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let shared = Arc::new(Mutex::new(boxes));
    let (poke, _) = tokio::sync::broadcast::channel::<String>(8);
    let (served, poked) = (Arc::clone(&shared), poke.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(imap_talk(stream, Arc::clone(&served), poked.subscribe()));
        }
    });
    (port, shared, poke)
}

async fn imap_talk(stream: TcpStream, boxes: Shared, mut poked: tokio::sync::broadcast::Receiver<String>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"* OK ready\r\n").await?;
    let mut idle_tag = String::new();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            Ok(text) = poked.recv() => {
                writer.write_all(text.as_bytes()).await?;
                continue;
            }
        };
        let Some(line) = line else { return Ok(()) };
        let (tag, command) = if line == "DONE" { (idle_tag.as_str(), "DONE") } else { line.split_once(' ').unwrap_or(("", &line)) };
        let answer = boxes.lock().expect("not poisoned").answer(tag, command);
        match answer.as_deref() {
            None => return Ok(()),
            Some("IDLE") => writer.write_all(format!("{idle_tag} OK idle done\r\n").as_bytes()).await?,
            Some(text) => writer.write_all(text.as_bytes()).await?,
        }
        if command == "IDLE" {
            idle_tag = tag.to_owned();
        }
    }
}

fn ear(ctx: &Context, port: u16, more: &[(&str, &str)]) -> Box<dyn Listener> {
    Mail.listen(ctx, &connection(port, more)).expect("mail listens")
}

fn titles(batch: &channels::Batch) -> Vec<String> {
    batch.items.iter().map(|item| item.title.clone().unwrap_or_default()).collect()
}

/// Polls as the caller does, until there is no more at once.
async fn drain(ear: &mut dyn Listener, mut cursor: Json) -> (Vec<(String, bool)>, Json) {
    let mut all = Vec::new();
    for _ in 0..50 {
        let batch = ear.poll(Some(&cursor)).await.expect("a batch");
        all.extend(titles(&batch).into_iter().map(|title| (title, batch.imported)));
        cursor = batch.cursor;
        if !batch.more {
            return (all, cursor);
        }
    }
    panic!("never done");
}

#[tokio::test]
async fn a_new_account_starts_now_and_then_brings_what_comes() {
    let (port, boxes, _) = imap(Mailboxes::with(5)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    let first = ear.poll(None).await.expect("a batch");
    assert_eq!(titles(&first), Vec::<String>::new());
    assert_eq!(first.next, Duration::from_secs(60), "without IDLE it looks every minute");
    boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
    let (all, cursor) = drain(ear.as_mut(), first.cursor).await;
    assert_eq!(all, [("Mail 6".to_owned(), false)]);
    let (all, _) = drain(ear.as_mut(), cursor).await;
    assert!(all.is_empty(), "nothing twice, although the server names the last mail: {all:?}");
    let asked = boxes.lock().expect("boxes").asked.join("\n");
    assert!(asked.contains("EXAMINE") && !asked.contains("SELECT ") && !asked.contains("STORE"), "read-only:\n{asked}");
    assert!(asked.contains("BODY.PEEK[]"));
}

#[tokio::test]
async fn history_comes_in_batches_oldest_first_and_new_mail_goes_before_it() {
    let (port, boxes, _) = imap(Mailboxes::with(7)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[("history", "all")]);
    let first = ear.poll(None).await.expect("a batch");
    assert_eq!(titles(&first), ["Mail 1", "Mail 2", "Mail 3"]);
    assert!(first.imported && first.more);
    boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
    let (all, _) = drain(ear.as_mut(), first.cursor).await;
    let expected = [("Mail 8", false), ("Mail 4", true), ("Mail 5", true), ("Mail 6", true), ("Mail 7", true)];
    assert_eq!(all, expected.map(|(title, imported)| (title.to_owned(), imported)));
}

#[tokio::test]
async fn thirty_days_of_history_leave_out_what_is_older() {
    let mut mails = Mailboxes::with(0);
    for arrived in ["01-Jan-2020 10:00:00 +0000", "04-Oct-2026 11:00:00 +0000", "20-Oct-2026 10:00:00 +0000"] {
        mails.add(arrived);
    }
    let (port, boxes, _) = imap(mails).await;
    let ctx = context(PATIENT);
    let (all, _) = drain(ear(&ctx, port, &[("history", "30d")]).as_mut(), Json::Null).await;
    assert_eq!(all, [("Mail 3".to_owned(), true)]);
    assert!(boxes.lock().expect("boxes").asked.iter().any(|command| command.contains("SINCE 4-Oct-2026")));
}

#[tokio::test]
async fn when_the_server_renumbers_its_mails_only_recent_ones_are_looked_at_again() {
    let (port, boxes, _) = imap(Mailboxes::with(2)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    let (_, cursor) = drain(ear.as_mut(), Json::Null).await;
    {
        let mut boxes = boxes.lock().expect("boxes");
        boxes.uidvalidity = 8;
        boxes.mails.clear();
        boxes.next = 100;
        for arrived in ["01-Jan-2020 10:00:00 +0000", "04-Nov-2026 12:00:00 +0000", "04-Nov-2026 13:00:00 +0000"] {
            boxes.add(arrived);
        }
    }
    let (all, cursor) = drain(ear.as_mut(), cursor).await;
    assert_eq!(all, [("Mail 101".to_owned(), false), ("Mail 102".to_owned(), false)]);
    boxes.lock().expect("boxes").add("04-Nov-2026 14:00:00 +0000");
    assert_eq!(drain(ear.as_mut(), cursor).await.0, [("Mail 103".to_owned(), false)]);
}

#[tokio::test]
async fn several_folders_each_have_a_place_of_their_own() {
    let (port, boxes, _) = imap(Mailboxes::with(1)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[("folders", "INBOX, Entwürfe")]);
    let (_, cursor) = drain(ear.as_mut(), Json::Null).await;
    boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
    assert_eq!(drain(ear.as_mut(), cursor).await.0.len(), 2, "the fake shows the same mails in both");
    assert!(boxes.lock().expect("boxes").asked.iter().any(|command| command == "EXAMINE \"Entw&APw-rfe\""));
}

#[tokio::test]
async fn a_server_that_notifies_wakes_for_every_folder_and_one_that_does_not_is_looked_at_every_minute() {
    let folders = [("folders", "INBOX, Entwürfe")];
    let ctx = context(PATIENT);
    let (port, boxes, poke) = imap(Mailboxes { idle: true, notify: true, ..Mailboxes::with(1) }).await;
    let mut told = ear(&ctx, port, &folders);
    let first = told.poll(None).await.expect("a batch");
    assert!(first.next > Duration::from_secs(60));
    let asked = "NOTIFY SET (selected (MessageNew MessageExpunge)) (mailboxes (\"Entw&APw-rfe\") (MessageNew MessageExpunge))";
    assert!(boxes.lock().expect("boxes").asked.iter().any(|command| command == asked));
    let waiting = async {
        told.wait(PATIENT * 6).await.expect("woken");
    };
    let arriving = async {
        while boxes.lock().expect("boxes").asked.last().is_none_or(|command| command != "IDLE") {
            tokio::task::yield_now().await;
        }
        poke.send("* STATUS \"Entw&APw-rfe\" (MESSAGES 2 UIDNEXT 3)\r\n".into()).expect("someone idles");
    };
    tokio::time::timeout(PATIENT, futures::future::join(waiting, arriving)).await.expect("woken in time");

    let refusing = Mailboxes { idle: true, notify: true, wrong: vec![("NOTIFY", "{tag} NO not today\r\n".into())], ..Mailboxes::with(1) };
    for without in [Mailboxes { idle: true, ..Mailboxes::with(1) }, refusing] {
        let (port, _, _) = imap(without).await;
        let batch = ear(&ctx, port, &folders).poll(None).await.expect("a batch");
        assert_eq!(batch.next, Duration::from_secs(60));
    }
}

#[tokio::test]
async fn mails_are_marked_as_read_only_when_asked_for() {
    let (port, boxes, _) = imap(Mailboxes::with(1)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[("mark_seen", "true")]);
    let (_, cursor) = drain(ear.as_mut(), Json::Null).await;
    boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
    drain(ear.as_mut(), cursor).await;
    assert!(boxes.lock().expect("boxes").asked.iter().any(|command| command == "UID STORE 2 +FLAGS.SILENT (\\Seen)"));
}

#[tokio::test]
async fn a_mail_past_the_limit_comes_as_headers_and_a_note() {
    let (port, boxes, _) = imap(Mailboxes::with(1)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    let first = ear.poll(None).await.expect("a batch");
    {
        let mut boxes = boxes.lock().expect("boxes");
        boxes.add("04-Nov-2026 12:30:00 +0000");
        if let Some(mail) = boxes.mails.last_mut() {
            mail.2.push_str(&"x".repeat(5000));
        }
    }
    let batch = ear.poll(Some(&first.cursor)).await.expect("a batch");
    assert_eq!(titles(&batch), ["Mail 2"]);
    assert!(batch.items[0].text.contains("larger than allowed") && !batch.items[0].text.contains("xxx"));
    assert!(!boxes.lock().expect("boxes").asked.iter().any(|command| command.contains("BODY.PEEK[]")));
}

#[tokio::test]
async fn idle_wakes_on_new_mail_and_survives_being_dropped() {
    let (port, boxes, poke) = imap(Mailboxes { idle: true, ..Mailboxes::with(1) }).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    let first = ear.poll(None).await.expect("a batch");
    assert!(first.next > Duration::from_secs(60));
    // Dropped in the middle of waiting: the next look goes on with the same connection.
    assert!(tokio::time::timeout(Duration::from_millis(50), ear.wait(PATIENT)).await.is_err());
    ear.poll(Some(&first.cursor)).await.expect("a batch");
    let waiting = async {
        ear.wait(PATIENT * 6).await.expect("woken");
    };
    let arriving = async {
        loop {
            let idling = boxes.lock().expect("boxes").asked.last().is_some_and(|command| command == "IDLE");
            if idling {
                break;
            }
            tokio::task::yield_now().await;
        }
        boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
        poke.send("* OK still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXISTS\r\n".into()).expect("someone idles");
    };
    tokio::time::timeout(PATIENT, futures::future::join(waiting, arriving)).await.expect("woken in time");
    let (all, _) = drain(ear.as_mut(), first.cursor).await;
    assert_eq!(all, [("Mail 2".to_owned(), false)]);
    let logins = boxes.lock().expect("boxes").asked.iter().filter(|command| command.starts_with("LOGIN")).count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn mail_that_came_before_waiting_began_is_not_slept_over() {
    let (port, boxes, _) = imap(Mailboxes { idle: true, ..Mailboxes::with(1) }).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    ear.poll(None).await.expect("a batch");
    boxes.lock().expect("boxes").add("04-Nov-2026 12:30:00 +0000");
    tokio::time::timeout(PATIENT, ear.wait(PATIENT * 60)).await.expect("at once").expect("fine");
}

#[tokio::test]
async fn mail_told_of_just_before_idling_begins_is_not_slept_over() {
    let early = vec![("IDLE", "* 2 EXISTS\r\n+ idling\r\n".to_owned())];
    let (port, _, _) = imap(Mailboxes { idle: true, wrong: early, ..Mailboxes::with(1) }).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    ear.poll(None).await.expect("a batch");
    tokio::time::timeout(PATIENT, ear.wait(PATIENT * 60)).await.expect("at once").expect("fine");
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_folder_are_told_apart() {
    let (port, _, _) = imap(Mailboxes::with(1)).await;
    let ctx = context(PATIENT);
    let mut wrong = connection(port, &[]);
    wrong.secret = json!({ "password": "falsch" });
    let failure = Mail.listen(&ctx, &wrong).expect("mail listens").poll(None).await.expect_err("refused");
    assert!(matches!(failure, Failure::SignIn { .. }), "{failure:?}");
    let failure = ear(&ctx, port, &[("folders", "missing")]).poll(None).await.expect_err("refused");
    assert!(matches!(&failure, Failure::Setting { field, .. } if field == "folders"), "{failure:?}");
    assert_eq!(Mail.test(&ctx, &connection(port, &[("smtp_host", "")])).await.expect("folders"), "Entwürfe, INBOX");
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_refused_never_passes_a_mail_over() {
    let breaks = [
        ("UID SEARCH", "close"),
        ("UID SEARCH", "* SEARCH 2\r\n{tag} NO later\r\n"),
        ("UID FETCH 2 (UID RFC822.SIZE", "{tag} NO later\r\n"),
        ("UID FETCH 2 (UID BODY.PEEK[]", "{tag} NO later\r\n"),
        ("UID FETCH 2 (UID BODY.PEEK[]", "* 2 FETCH (UID 2 BODY[] {100}\r\nhalf"),
        ("UID FETCH 2 (UID BODY.PEEK[]", "close"),
        ("UID FETCH 2 (UID BODY.PEEK[]", "* BYE shutting down\r\n"),
        ("EXAMINE", "* 2 EXISTS\r\n{tag} BAD what\r\n"),
    ];
    for (start, wrong) in breaks {
        let (port, boxes, _) = imap(Mailboxes::with(1)).await;
        let ctx = context(HANG);
        let mut ear = ear(&context(PATIENT), port, &[]);
        let first = ear.poll(None).await.expect("a batch");
        {
            let mut boxes = boxes.lock().expect("boxes");
            boxes.add("04-Nov-2026 12:30:00 +0000");
            boxes.wrong = vec![(start, wrong.to_owned())];
        }
        let mut impatient = Mail.listen(&ctx, &connection(port, &[])).expect("mail listens");
        impatient.poll(Some(&first.cursor)).await.expect_err(wrong);
        boxes.lock().expect("boxes").wrong.clear();
        let (all, _) = drain(ear.as_mut(), first.cursor).await;
        assert_eq!(all, [("Mail 2".to_owned(), false)], "{start} {wrong}");
    }
}

#[tokio::test]
async fn a_mail_larger_than_announced_does_not_fill_the_memory() {
    let (port, boxes, _) = imap(Mailboxes::with(1)).await;
    let ctx = context(PATIENT);
    let mut ear = ear(&ctx, port, &[]);
    let first = ear.poll(None).await.expect("a batch");
    {
        let mut boxes = boxes.lock().expect("boxes");
        boxes.add("04-Nov-2026 12:30:00 +0000");
        let size = 20 << 20;
        boxes.wrong = vec![(
            "UID FETCH 2 (UID BODY.PEEK[]",
            format!("* 2 FETCH (UID 2 BODY[] {{{size}}}\r\n{})\r\n{{tag}} OK done\r\n", "x".repeat(size)),
        )];
    }
    let failure = ear.poll(Some(&first.cursor)).await.expect_err("too large");
    assert!(matches!(failure, Failure::Garbage { .. }), "{failure:?}");
    let batch = ear.poll(Some(&first.cursor)).await.expect("goes on");
    assert_eq!(titles(&batch), ["Mail 2"], "the mail that lied about its size does not block the others");
    assert!(batch.items[0].text.contains("larger than allowed"));
}

#[tokio::test]
async fn odd_numbers_do_not_confuse_the_place() {
    for wrong in [
        "* SEARCH 0 2 2 1 4294967295 2\r\n{tag} OK done\r\n",
        "* SEARCH 2\r\n* SEARCH 1\r\n{tag} OK done\r\n",
        "* 7 EXPUNGE\r\n* SEARCH 2\r\n* 0 FETCH ()\r\n{tag} OK done\r\n",
    ] {
        let (port, boxes, _) = imap(Mailboxes::with(1)).await;
        let ctx = context(PATIENT);
        let mut ear = ear(&ctx, port, &[]);
        let first = ear.poll(None).await.expect("a batch");
        {
            let mut boxes = boxes.lock().expect("boxes");
            boxes.add("04-Nov-2026 12:30:00 +0000");
            boxes.wrong = vec![("UID SEARCH", wrong.to_owned())];
        }
        // Either the mail comes once, or the answer is called garbage; a wrong mail never comes.
        if let Ok(batch) = ear.poll(Some(&first.cursor)).await {
            assert_eq!(titles(&batch), ["Mail 2"], "{wrong}");
        }
    }
}

/// A server that sends bytes whatever it is told.
async fn blurt(bytes: Vec<u8>, keep_open: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(&bytes).await;
            if keep_open {
                kept.push(stream);
            }
        }
    });
    port
}

#[tokio::test]
async fn servers_that_hang_close_or_babble_end_in_a_failure() {
    let babble: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"* OK".to_vec(),
        b"\0\xff\xfe garbage \r\n\r\n".to_vec(),
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"* OK ready\r\nA0001 OK\r\nA0001 BAD\r\n".to_vec(),
        b"* OK ready\r\n* 1 FETCH (BODY[] {999999999999}\r\n".to_vec(),
        b"220 ready\r\n250-x\r\n250 y\r\n".to_vec(),
        b"220-".repeat(5000),
        b"2\xc3\x28 x\r\n".to_vec(),
        b"* BYE too many connections\r\n".to_vec(),
    ];
    for bytes in babble {
        for keep_open in [true, false] {
            let port = blurt(bytes.clone(), keep_open).await;
            let ctx = context(HANG);
            let started = std::time::Instant::now();
            ear(&ctx, port, &[]).poll(None).await.expect_err("no IMAP server");
            Mail.send(&ctx, &connection(port, &[]), &outgoing()).await.expect_err("no SMTP server");
            assert!(started.elapsed() < PATIENT);
        }
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        client_id: "c1@firma.test".into(),
        from: None,
        reply_to: None,
        to: vec![Mailbox { name: None, address: "eva@kunde.test".into() }],
        cc: Vec::new(),
        subject: Some("Hallo".into()),
        text: "Guten Tag\n.\nGruß".into(),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        auto_submitted: None,
    }
}

/// An SMTP server that answers as told: `(start of the command, answer)`; an answer of `close` closes, `hang` says nothing more.
async fn smtp_server(script: Vec<(&'static str, &'static str)>) -> (u16, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Shared::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = smtp_talk(stream, &script, &log).await;
        }
    });
    (port, seen)
}

async fn smtp_talk(stream: TcpStream, script: &[(&'static str, &'static str)], log: &Shared) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    writer.write_all(b"220 fake\r\n").await?;
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        if in_data && line != "." {
            if script.iter().any(|(start, _)| *start == "in data") {
                return Ok(());
            }
            continue;
        }
        let command = if in_data { "end of data" } else { &line };
        log.lock().expect("log").asked.push(command.to_owned());
        let told = script.iter().find(|(start, _)| command.starts_with(start)).map(|(_, answer)| *answer);
        let usual = match command.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-fake\r\n250-SIZE 100000\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 ok",
            "DATA" => "354 go",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        let answer = told.unwrap_or(usual);
        match answer {
            "close" => return Ok(()),
            "hang" => {
                let mut rest = Vec::new();
                reader.read_to_end(&mut rest).await?;
                return Ok(());
            }
            answer => writer.write_all(format!("{answer}\r\n").as_bytes()).await?,
        }
        in_data = command == "DATA" && answer.starts_with("354");
    }
}

#[tokio::test]
async fn how_sending_went_wrong_says_what_may_be_done_next() {
    type Check = fn(&Result<channels::Sent, Failure>) -> bool;
    let cases: Vec<(Vec<(&'static str, &'static str)>, Check)> = vec![
        (vec![], |r| r.is_ok()),
        (vec![("AUTH", "535 5.7.8 wrong")], |r| matches!(r, Err(Failure::SignIn { .. }))),
        (vec![("AUTH", "454 4.7.0 later")], |r| matches!(r, Err(Failure::TooMany { .. }))),
        (vec![("EHLO", "250 nothing")], |r| matches!(r, Err(Failure::SignIn { .. }))),
        (vec![("MAIL", "550 5.7.1 no")], |r| matches!(r, Err(Failure::Rejected { .. }))),
        (vec![("MAIL", "530 sign in first")], |r| matches!(r, Err(Failure::SignIn { .. }))),
        (vec![("RCPT", "550 5.1.1 unknown")], |r| matches!(r, Err(Failure::Rejected { detail }) if detail.contains("eva@kunde.test"))),
        (vec![("RCPT", "450 4.2.0 greylisted")], |r| matches!(r, Err(Failure::TooMany { .. }))),
        (vec![("RCPT", "close")], |r| matches!(r, Err(Failure::Unreachable { .. }))),
        (vec![("DATA", "451 later")], |r| matches!(r, Err(Failure::TooMany { .. }))),
        // Words that belong elsewhere: nothing was handed over yet, so there is no doubt; after the last dot there is.
        (vec![("AUTH", "354 go")], |r| matches!(r, Err(Failure::Garbage { .. } | Failure::SignIn { .. }))),
        (vec![("MAIL", "354 go")], |r| matches!(r, Err(Failure::Garbage { .. }))),
        (vec![("DATA", "250 taken already")], |r| matches!(r, Err(Failure::Garbage { .. }))),
        (vec![("end of data", "354 go on")], |r| matches!(r, Err(Failure::Unsure { .. }))),
        (vec![("DATA", "hang")], |r| matches!(r, Err(Failure::Unreachable { .. }))),
        (vec![("end of data", "554 5.6.0 spam")], |r| matches!(r, Err(Failure::Rejected { .. }))),
        (vec![("end of data", "452 4.3.1 full")], |r| matches!(r, Err(Failure::TooMany { .. }))),
        (vec![("end of data", "close")], |r| matches!(r, Err(Failure::Unsure { .. }))),
        (vec![("end of data", "hang")], |r| matches!(r, Err(Failure::Unsure { .. }))),
        (vec![("end of data", "what?")], |r| matches!(r, Err(Failure::Unsure { .. }))),
    ];
    for (script, is_right) in cases {
        let (port, _) = smtp_server(script.clone()).await;
        let hangs = script.iter().any(|(_, answer)| *answer == "hang");
        let result = smtp::send(&context(if hangs { HANG } else { PATIENT }), &connection(port, &[]), &outgoing()).await;
        assert!(is_right(&result), "{script:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_end_of_the_message_is_no_doubt() {
    let (port, _) = smtp_server(vec![("in data", "")]).await;
    let mut large = outgoing();
    // More than the buffers between the two hold, so the loss is noticed while writing.
    large.text = "Zeile\n".repeat(1 << 20);
    let mut ctx = context(PATIENT);
    ctx.limits.mail = 64 << 20;
    let result = smtp::send(&ctx, &connection(port, &[]), &large).await;
    assert!(matches!(result, Err(Failure::Unreachable { .. })), "{result:?}");
}

#[tokio::test]
async fn what_goes_over_the_line_is_a_whole_conversation() {
    let (port, seen) = smtp_server(Vec::new()).await;
    let sent = smtp::send(&context(PATIENT), &connection(port, &[]), &outgoing()).await.expect("sent");
    assert_eq!(sent.external_id, "c1@firma.test");
    let asked = seen.lock().expect("log").asked.clone();
    let verbs: Vec<&str> = asked.iter().filter_map(|line| line.split([' ', ':']).next()).collect();
    assert_eq!(verbs, ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "end", "QUIT"]);
    assert!(asked.iter().any(|line| line == "RCPT TO:<eva@kunde.test>"));
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_password() {
    let (port, seen) = smtp_server(Vec::new()).await;
    let result = smtp::send(&context(PATIENT), &connection(port, &[("smtp_security", "starttls")]), &outgoing()).await;
    assert!(matches!(result, Err(Failure::Tls { .. })), "{result:?}");
    assert!(!seen.lock().expect("log").asked.iter().any(|line| line.starts_with("AUTH")));
    let (port, boxes, _) = imap(Mailboxes { wrong: vec![("STARTTLS", "{tag} BAD unknown\r\n".into())], ..Mailboxes::with(1) }).await;
    let failure = ear(&context(PATIENT), port, &[("imap_security", "starttls")]).poll(None).await.expect_err("no TLS");
    assert!(matches!(failure, Failure::Tls { .. }), "{failure:?}");
    assert!(!boxes.lock().expect("boxes").asked.iter().any(|line| line.starts_with("LOGIN")));
}

#[tokio::test]
async fn private_addresses_are_refused_without_leave() {
    let mut ctx = context(PATIENT);
    ctx.net = Net::new(NetPolicy::default());
    let failure = ear(&ctx, 1, &[]).poll(None).await.expect_err("refused");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    let failure = smtp::send(&ctx, &connection(1, &[]), &outgoing()).await.expect_err("refused");
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}
