//! Public samples (read in place, skipped where they are not there) and our own fixtures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use channels::mail::map::{Origin, parse};
use channels::mail::{auto, quote, try_json};
use channels::{Auto, Inbound};
use proptest::prelude::*;

/// The folder of public samples, by `TRESEN_DATA` or next to the workspace.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TRESEN_DATA").map_or(beside, PathBuf::from).join("connectors");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no sample data at {}", folder.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().is_some_and(|name| name != "LICENSE.txt") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Inbound {
    parse(bytes, &Origin { folder: "INBOX", ..Origin::default() })
}

/// What holds for everything the channel lets in.
fn assert_clean(mail: &Inbound) {
    let facts = mail.mail.as_ref().expect("a mail has mail facts");
    assert!(mail.external_id.contains('#') && mail.external_id.rsplit('#').next().is_some_and(|hash| hash.len() == 16));
    let mut texts = vec![&mail.external_id, &mail.text, &mail.author.name, &facts.message_id, &facts.new_text, &facts.folder];
    texts.extend(mail.title.iter().chain(&mail.html).chain(&facts.references).chain(&facts.bounced_recipients).chain(&facts.delivered_to));
    for mailbox in facts.from.iter().chain(&facts.to).chain(&facts.cc).chain(&facts.reply_to) {
        assert!(!mailbox.address.is_empty() && !mailbox.address.contains(char::is_whitespace));
        texts.extend(mailbox.name.iter());
        texts.push(&mailbox.address);
    }
    for file in &mail.attachments {
        assert!(!file.name.is_empty() && !file.name.contains(['/', '\\', '\0']) && file.name.chars().count() <= 120, "{:?}", file.name);
        assert!(file.mime.contains('/'));
        texts.push(&file.name);
    }
    for text in texts {
        assert!(!text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')), "{text:?}");
    }
    if let Some(html) = &mail.html {
        assert!(!html.to_lowercase().contains("<script"), "script came through");
    }
}

#[test]
fn every_public_sample_is_read() {
    let Some(data) = data() else { return };
    let all: Vec<PathBuf> = ["emails", "synthetic/emails"].iter().flat_map(|folder| files(&data.join(folder))).collect();
    assert!(all.len() > 600, "{} samples", all.len());
    for path in &all {
        let bytes = fs::read(path).expect("readable");
        let mail = read(&bytes);
        assert_clean(&mail);
        assert_eq!(read(&bytes), mail, "{}: read twice, the same comes out", path.display());
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn new_text_agrees_with_the_reply_trimmer() {
    let Some(data) = data() else { return };
    let folder = data.join("emails/email_reply_trimmer");
    let (mut all, mut same, mut german, mut german_same) = (0, 0, 0, 0);
    for path in files(&folder.join("emails")) {
        let file = name(&path);
        let mail = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        let wanted = String::from_utf8_lossy(&fs::read(folder.join("trimmed").join(&file)).expect("readable")).into_owned();
        let got = quote::split(&mail).new_text;
        let hit = squeezed(&got) == squeezed(&wanted);
        let is_german = file.contains("german") || file == "usenet.txt";
        all += 1;
        same += usize::from(hit);
        german += usize::from(is_german);
        german_same += usize::from(is_german && hit);
        if !hit {
            println!("differs: {file}\n  got:    {:.300}\n  wanted: {:.300}", squeezed(&got), squeezed(&wanted));
        }
    }
    println!("reply trimmer: {same} of {all} the same, German {german_same} of {german}");
    assert!(all > 50);
    assert!(same * 100 >= all * 85, "{same} of {all}");
    assert!(german_same * 100 >= german * 90, "German: {german_same} of {german}");
}

#[test]
fn bounces_of_seventy_mail_systems_are_known_as_bounces() {
    let Some(data) = data() else { return };
    let (mut bounces, mut known, mut with_id, mut with_recipient) = (0, 0, 0, 0);
    let mut absences = BTreeMap::new();
    for path in files(&data.join("emails/sisimai/bsd")) {
        let file = name(&path);
        let mail = read(&fs::read(&path).expect("readable"));
        let facts = mail.mail.expect("mail facts");
        if file.starts_with("rfc3834") || file.starts_with("arf") {
            absences.insert(file, facts.auto);
            continue;
        }
        bounces += 1;
        let hit = facts.auto == Some(Auto::Bounce);
        known += usize::from(hit);
        with_id += usize::from(hit && facts.bounced_message_id.is_some());
        with_recipient += usize::from(hit && !facts.bounced_recipients.is_empty());
        if !hit {
            println!("no bounce: {file} {:?} {:?} from {:?}", facts.auto, mail.title, mail.author);
        }
    }
    println!("bounces: {known} of {bounces}; with the lost mail's id {with_id}, with a recipient {with_recipient}");
    println!("not bounces: {absences:?}");
    assert!(bounces > 100);
    assert!(known * 100 >= bounces * 90, "{known} of {bounces}");
    assert!(with_recipient * 100 >= bounces * 70, "{with_recipient} of {bounces}");
    assert!(
        absences.iter().filter(|(file, _)| file.starts_with("rfc3834")).all(|(_, auto)| *auto == Some(Auto::AutoReply)),
        "{absences:?}"
    );
    for path in files(&data.join("emails/sisimai/not")) {
        let facts = read(&fs::read(&path).expect("readable")).mail.expect("mail facts");
        assert_ne!(facts.auto, Some(Auto::Bounce), "{}", path.display());
    }
}

#[test]
fn honest_mails_are_not_taken_for_bounces_or_absences() {
    let Some(data) = data() else { return };
    let (mut all, mut wrong) = (0, Vec::new());
    for folder in ["emails/spamassassin", "emails/rspamd", "emails/ruby-mail/plain_emails", "emails/ruby-mail/attachment_emails"] {
        for path in files(&data.join(folder)) {
            all += 1;
            let facts = read(&fs::read(&path).expect("readable")).mail.expect("mail facts");
            if facts.auto == Some(Auto::Bounce) {
                wrong.push(name(&path));
            }
        }
    }
    println!("taken for bounces: {wrong:?} of {all}");
    assert!(wrong.len() * 50 <= all, "{wrong:?} of {all}");
}

#[test]
fn the_german_conversation_is_understood() {
    let Some(data) = data() else { return };
    let mail = |file: &str| {
        let mail = read(&fs::read(data.join("synthetic/emails").join(file)).expect("readable"));
        let facts = mail.mail.clone().expect("mail facts");
        (mail, facts)
    };
    assert_eq!(mail("03_antwort_outlook_de.eml").1.new_text, "Foto anbei. Bitte zügig, danke!");
    assert_eq!(mail("04_antwort_gmail_de.eml").1.new_text, "Ja, passt. Danke für die schnelle Hilfe 👍");
    let html = mail("04_antwort_gmail_de.eml").1.new_html.expect("the new part as HTML");
    assert!(html.contains("schnelle Hilfe") && !html.contains("das tut uns leid"), "{html}");
    assert_eq!(squeezed(&mail("05_antwort_thunderbird_inline_de.eml").1.new_text), "Donnerstag ab 15 Uhr. Nein.");
    assert_eq!(mail("06_abwesenheit.eml").1.auto, Some(Auto::AutoReply));
    let (_, bounce) = mail("07_unzustellbar_dsn.eml");
    assert_eq!(bounce.auto, Some(Auto::Bounce));
    assert!(bounce.bounced_message_id.is_some() && !bounce.bounced_recipients.is_empty(), "{bounce:?}");
    assert!(!mail("08_latin1_ohne_angabe.eml").0.text.contains('\u{fffd}'));
    assert!(mail("09_windows1252_euro.eml").0.text.contains('€'));
    assert!(!mail("10_nur_html.eml").0.text.is_empty());
    assert_eq!(mail("11_newsletter.eml").1.auto, Some(Auto::List));
    assert_eq!(mail("12_auskunft_dsgvo.eml").1.auto, None);
    assert_eq!(mail("13_lesebestaetigung_mdn.eml").1.auto, Some(Auto::AutoReply));
    assert_eq!(mail("01_beschwerde_utf8_qp.eml").1.auto, None);
}

#[test]
fn fixtures_read_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/fixtures");
    let all = files(&folder);
    let mails: Vec<&PathBuf> = all.iter().filter(|path| path.extension().is_some_and(|ending| ending == "eml")).collect();
    assert!(mails.len() >= 6);
    for path in mails {
        let expected: serde_json::Value =
            serde_json::from_slice(&fs::read(path.with_extension("json")).expect("an expectation")).expect("JSON");
        let got = serde_json::to_value(try_json(&fs::read(path).expect("readable"))).expect("JSON");
        for (key, value) in expected.as_object().expect("an object") {
            assert_eq!(&got[key], value, "{} in {}", key, path.display());
        }
    }
}

#[test]
fn what_try_prints_has_its_keys_in_order() {
    let json = serde_json::to_string(&try_json(b"From: Eva <eva@firma.test>\r\nDate: Wed, 04 Nov 2026 11:00:00 +0100\r\n\r\nHallo"))
        .expect("JSON");
    assert_eq!(
        json,
        "{\"message_id\":null,\"in_reply_to\":null,\"from\":\"Eva <eva@firma.test>\",\"to\":[],\"subject\":null,\"date\":\"2026-11-04T10:00:00Z\",\"text\":\"Hallo\",\"html\":null,\"new_text\":\"Hallo\",\"attachments\":[],\"auto\":null}"
    );
}

#[test]
fn headers_decide_what_is_automatic() {
    let auto = |headers: &str| {
        let mail = read(format!("From: Eva <eva@firma.test>\r\n{headers}\r\n\r\nHallo").as_bytes());
        mail.mail.expect("mail facts").auto
    };
    assert_eq!(auto("Auto-Submitted: auto-replied"), Some(Auto::AutoReply));
    assert_eq!(auto("Auto-Submitted: auto-generated (x)"), Some(Auto::AutoReply));
    assert_eq!(auto("Auto-Submitted: no"), None);
    assert_eq!(auto("Precedence: bulk"), Some(Auto::List));
    assert_eq!(auto("Precedence: bulk\r\nSubject: Bin im Urlaub"), Some(Auto::AutoReply));
    assert_eq!(auto("X-Auto-Response-Suppress: OOF, AutoReply"), Some(Auto::AutoReply));
    assert_eq!(auto("X-Auto-Response-Suppress: DR, RN"), None);
    assert_eq!(auto("Return-Path: <>"), Some(Auto::AutoReply));
    assert_eq!(auto("List-Id: <x.firma.test>"), Some(Auto::List));
    for subject in [
        "Abwesenheitsnotiz: Ihre Frage",
        "Automatische Antwort: x",
        "Automatic reply: x",
        "Réponse automatique : x",
        "Risposta automatica: x",
    ] {
        assert_eq!(auto(&format!("Subject: {subject}")), Some(Auto::AutoReply), "{subject}");
    }
    // People write about these things too.
    for subject in [
        "AW: Automatische Antwort: x",
        "Paket kam im Urlaub",
        "Mail unzustellbar?",
        "Out of the office printer paper",
        "Re: Undelivered Mail Returned to Sender",
    ] {
        assert_eq!(auto(&format!("Subject: {subject}")), None, "{subject}");
    }
    let marked = read(format!("From: a@b.test\r\n{}: 5f3c\r\n\r\nx", auto::LOOP_HEADER).as_bytes());
    assert_eq!(marked.mail.expect("mail facts").loop_marker.as_deref(), Some("5f3c"));
}

/// Parts that mails are made of, to be put together wrongly.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"From: Eva <eva@firma.test>\r\n",
        b"Subject: =?utf-8?B?4pyT?=\r\n",
        b"Subject: =?x?Q?=FF?= =?\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b"Content-Type: multipart/digest; boundary=x\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/html; charset=utf-7\r\n",
        b"Content-Type: text/plain; charset=\"\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%; filename*1=\"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"--x\r\n",
        b"--x--\r\n",
        b"> zitiert\r\n",
        b"Am 4.11.2026 um 11:00 schrieb Eva:\r\n",
        b"-- \r\n",
        b"<div class=gmail_quote>",
        b"<blockquote><blockquote>",
        b"=\r\n=3D=ZZ",
        b"\x1b$B%F",
        b"\xff\xfe\x00",
        b"Date: 31 Feb 99999 99:99:99 +9999\r\n",
        b"References: <a@b> <\r\n",
        b"Message-ID: <<>>\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Final-Recipient: rfc822; eva@firma.test\r\n",
    ];
    prop_oneof![4 => proptest::sample::select(pieces).prop_map(<[u8]>::to_vec), 1 => proptest::collection::vec(any::<u8>(), 0..40)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mails_put_together_wrongly_are_read(pieces in proptest::collection::vec(piece(), 0..40)) {
        assert_clean(&read(&pieces.concat()));
    }

    #[test]
    fn texts_of_all_kinds_are_split_without_losing_a_word_that_is_new(text in "[a-zäß>\\-: \n@0-9]{0,400}") {
        let parts = quote::split(&text);
        let words = parts.new_text.split_whitespace().count() + parts.quoted.split_whitespace().count() + parts.signature.split_whitespace().count();
        prop_assert!(words >= text.split_whitespace().count());
    }

    #[test]
    fn damaged_samples_are_read(seed in any::<u64>()) {
        thread_local! {
            static SAMPLES: Vec<Vec<u8>> = data().map(|data| files(&data.join("emails")).iter().filter_map(|path| fs::read(path).ok()).filter(|bytes| bytes.len() < 40_000).collect()).unwrap_or_default();
        }
        SAMPLES.with(|samples| {
            if samples.is_empty() {
                return;
            }
            let mut state = seed | 1;
            let mut next = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
            };
            let mut bytes = samples[next(samples.len())].clone();
            for _ in 0..1 + next(30) {
                if bytes.is_empty() {
                    break;
                }
                let at = next(bytes.len());
                match next(5) {
                    0 => bytes[at] = u8::try_from(next(256)).unwrap_or(0),
                    1 => bytes.truncate(at),
                    2 => { bytes.remove(at); }
                    3 => {
                        let end = (at + next(400)).min(bytes.len());
                        let copy = bytes[at..end].to_vec();
                        let to = next(bytes.len());
                        bytes.splice(to..to, copy);
                    }
                    _ => {
                        let other = &samples[next(samples.len())];
                        let from = next(other.len());
                        bytes.splice(at..at, other[from..(from + next(400)).min(other.len())].iter().copied());
                    }
                }
            }
            assert_clean(&read(&bytes));
        });
    }
}
/// 800 German mails that people donated, hardly any with a quote in it: nothing a person wrote may vanish.
#[test]
fn mails_without_quotes_stay_whole() {
    let Some(data) = data() else { return };
    let text = fs::read_to_string(data.join("../codealltag/mails.jsonl")).expect("readable");
    let mails = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let bodies: Vec<String> =
        mails.filter(|mail| mail["domain"] == "private").filter_map(|mail| mail["text"].as_str().map(str::to_owned)).collect();
    let cut = bodies.iter().filter(|body| !quote::split(body).quoted.is_empty()).count();
    println!("donated mails: {cut} of {} cut", bodies.len());
    assert!(bodies.len() >= 800);
    assert!(cut * 100 <= bodies.len(), "{cut}");
}
