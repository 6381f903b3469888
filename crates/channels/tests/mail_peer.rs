//! Against a real mail server (Postfix and Dovecot). Runs only when `TRESEN_MAIL_PEER` holds the JSON line its start script prints:
//! host, ports, `ca_file` and two accounts.

use std::sync::Arc;
use std::time::Duration;

use channels::mail::{Mail, smtp};
use channels::net::{Net, NetPolicy};
use channels::{Auto, Channel, Connection, Context, Failure, Inbound, Limits, Listener, Mailbox, Outgoing};
use model::{Random, SystemClock, SystemRandom};
use serde_json::{Value as Json, json};

/// Dovecot tells an idling client after half a second; the rest is for a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn peer() -> Option<Json> {
    let line = std::env::var("TRESEN_MAIL_PEER").ok();
    if line.is_none() {
        println!("skipped: TRESEN_MAIL_PEER is not set");
    }
    line.and_then(|line| serde_json::from_str(&line).ok())
}

fn context(peer: &Json, trusted: bool) -> Context {
    let extra_ca = trusted.then(|| peer["ca_file"].as_str().unwrap_or_default().into());
    let policy = NetPolicy { allow_private: vec!["127.0.0.0/8".parse().expect("a range"), "::1".parse().expect("a range")], extra_ca };
    let limits = Limits { timeout: Duration::from_secs(20), ..Limits::default() };
    Context { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom), net: Net::new(policy), limits }
}

/// An account of the peer over TLS from the first byte.
fn account(peer: &Json, user: &str) -> Connection {
    let settings = json!({
        "from": user, "from_name": "Prüfung", "user": user, "imap_host": "localhost", "imap_port": peer["imaps"],
        "smtp_host": "localhost", "smtp_port": peer["smtps"], "sent_folder": "Sent",
    });
    Connection { settings, secret: json!({ "password": "geheim" }) }
}

fn outgoing(id: &str, to: &str) -> Outgoing {
    Outgoing {
        client_id: id.into(),
        from: None,
        reply_to: None,
        to: vec![Mailbox { name: Some("Empfänger".into()), address: to.into() }],
        cc: Vec::new(),
        subject: Some("Größe der Lieferung".into()),
        text: "Guten Tag,\n.\nwie groß ist sie?\n".into(),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        auto_submitted: None,
    }
}

fn fresh_id() -> String {
    format!("{:016x}@firma.test", SystemRandom.u64())
}

/// Waits and polls as the caller does until a mail is there that `wanted` likes.
async fn until(ear: &mut dyn Listener, mut cursor: Json, wanted: impl Fn(&Inbound) -> bool) -> (Inbound, Json) {
    let search = async {
        loop {
            let batch = ear.poll(Some(&cursor)).await.expect("a batch");
            cursor = batch.cursor;
            if let Some(found) = batch.items.into_iter().find(|item| wanted(item)) {
                return (found, cursor);
            }
            if !batch.more {
                ear.wait(batch.next).await.expect("a wake-up");
            }
        }
    };
    tokio::time::timeout(SOON, search).await.expect("the mail arrives soon")
}

fn has_id(mail: &Inbound, id: &str) -> bool {
    mail.mail.as_ref().is_some_and(|facts| facts.message_id == id)
}

#[tokio::test]
async fn a_thread_goes_there_and_back_and_idle_wakes_at_once() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let (support, customer) = (account(&peer, "support@firma.test"), account(&peer, "kundin@example.test"));
    let mut here = Mail.listen(&ctx, &support).expect("mail listens");
    let mut there = Mail.listen(&ctx, &customer).expect("mail listens");
    let start_here = here.poll(None).await.expect("a batch");
    let start_there = there.poll(None).await.expect("a batch");
    assert!(start_here.items.is_empty(), "a new account starts now");
    assert!(start_here.next > Duration::from_secs(60), "this server has IDLE");

    let (question_id, answer_id) = (fresh_id(), fresh_id());
    let asking = async {
        // After the listener idles.
        tokio::time::timeout(Duration::from_millis(700), std::future::pending::<()>()).await.ok();
        Mail.send(&ctx, &customer, &outgoing(&question_id, "support+tabc@firma.test")).await.expect("sent");
        tokio::time::Instant::now()
    };
    let waking = async {
        here.wait(SOON).await.expect("woken");
        tokio::time::Instant::now()
    };
    let (sent, woken) = tokio::join!(asking, waking);
    println!("IDLE woke {} ms after sending", woken.saturating_duration_since(sent).as_millis());
    assert!(woken.saturating_duration_since(sent) < Duration::from_secs(5));

    let (question, _) = until(here.as_mut(), start_here.cursor, |mail| has_id(mail, &question_id)).await;
    let facts = question.mail.clone().expect("mail facts");
    assert_eq!(question.title.as_deref(), Some("Größe der Lieferung"));
    assert_eq!(question.text.trim(), "Guten Tag,\n.\nwie groß ist sie?");
    assert_eq!(question.author.address.as_deref(), Some("kundin@example.test"));
    assert!(facts.delivered_to.iter().any(|address| address == "support+tabc@firma.test"), "{:?}", facts.delivered_to);

    let mut answer = outgoing(&answer_id, "kundin@example.test");
    answer.in_reply_to = Some(facts.message_id.clone());
    answer.references = vec![facts.message_id];
    answer.reply_to = Some("support+tdef@firma.test".into());
    Mail.send(&ctx, &support, &answer).await.expect("sent");
    let (answer, _) = until(there.as_mut(), start_there.cursor, |mail| has_id(mail, &answer_id)).await;
    assert_eq!(answer.in_reply_to.as_deref(), Some(question_id.as_str()));
    assert_eq!(answer.mail.expect("mail facts").reply_to[0].address, "support+tdef@firma.test");

    let found = Mail.find_sent(&ctx, &support, &answer_id).await.expect("looked up");
    assert_eq!(found.map(|sent| sent.external_id).as_deref(), Some(answer_id.as_str()));
    let unknown = Mail.find_sent(&ctx, &support, &fresh_id()).await;
    assert!(matches!(unknown, Err(Failure::Unsure { .. })), "{unknown:?}");
}

#[tokio::test]
async fn an_undeliverable_mail_comes_back_as_a_bounce_of_that_mail() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let support = account(&peer, "support@firma.test");
    let mut ear = Mail.listen(&ctx, &support).expect("mail listens");
    let start = ear.poll(None).await.expect("a batch");
    let id = fresh_id();
    Mail.send(&ctx, &support, &outgoing(&id, "bounce@example.test")).await.expect("accepted at first");
    let (bounce, _) = until(ear.as_mut(), start.cursor, |mail| {
        mail.mail.as_ref().is_some_and(|facts| facts.bounced_message_id.as_deref() == Some(id.as_str()))
    })
    .await;
    let facts = bounce.mail.expect("mail facts");
    assert_eq!(facts.auto, Some(Auto::Bounce));
    assert_eq!(facts.bounced_recipients, ["bounce@example.test"]);
}

#[tokio::test]
async fn history_is_imported_and_marked_as_such() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let mut support = account(&peer, "support@firma.test");
    let mut ear = Mail.listen(&ctx, &support).expect("mail listens");
    let start = ear.poll(None).await.expect("a batch");
    let id = fresh_id();
    smtp::send(&ctx, &support, &outgoing(&id, "support@firma.test")).await.expect("sent");
    let (first, _) = until(ear.as_mut(), start.cursor, |mail| has_id(mail, &id)).await;

    support.settings["history"] = json!("30d");
    let mut importing = Mail.listen(&ctx, &support).expect("mail listens");
    let mut cursor = Json::Null;
    let mut imported = Vec::new();
    loop {
        let batch = importing.poll(Some(&cursor)).await.expect("a batch");
        assert!(batch.items.is_empty() || batch.imported);
        imported.extend(batch.items);
        cursor = batch.cursor;
        if !batch.more {
            break;
        }
    }
    let again = imported.iter().find(|mail| has_id(mail, &id)).expect("in the history");
    assert_eq!(again.external_id, first.external_id, "the same mail has the same id");
}

#[tokio::test]
async fn a_wrong_password_is_a_refused_sign_in() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let mut wrong = account(&peer, "support@firma.test");
    wrong.secret = json!({ "password": "falsch" });
    // Dovecot answers each wrong password later than the last; past ten seconds Postfix gives up on it and says 454.
    let sending = Mail.send(&ctx, &wrong, &outgoing(&fresh_id(), "kundin@example.test")).await;
    assert!(matches!(sending, Err(Failure::SignIn { .. } | Failure::TooMany { .. })), "{sending:?}");
    for password in ["falsch", "fälsch"] {
        wrong.secret = json!({ "password": password });
        let listening = Mail.listen(&ctx, &wrong).expect("mail listens").poll(None).await;
        assert!(matches!(listening, Err(Failure::SignIn { .. })), "{listening:?}");
    }
    // A sign-in that works takes the delay away again, for whoever comes next.
    Mail.test(&ctx, &account(&peer, "support@firma.test")).await.expect("signed in");
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_for_good() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let result = Mail.send(&ctx, &account(&peer, "support@firma.test"), &outgoing(&fresh_id(), "niemand@example.test")).await;
    assert!(matches!(result, Err(Failure::Rejected { .. })), "{result:?}");
}

#[tokio::test]
async fn only_a_trusted_certificate_with_the_right_name_is_taken() {
    let Some(peer) = peer() else { return };
    let support = account(&peer, "support@firma.test");
    let untrusting = context(&peer, false);
    let listening = Mail.listen(&untrusting, &support).expect("mail listens").poll(None).await;
    assert!(matches!(listening, Err(Failure::Tls { .. })), "{listening:?}");
    let sending = Mail.send(&untrusting, &support, &outgoing(&fresh_id(), "kundin@example.test")).await;
    assert!(matches!(sending, Err(Failure::Tls { .. })), "{sending:?}");

    // Trusted authority, but the certificate names 127.0.0.1 and not 127.0.0.2.
    let mut misnamed = support.clone();
    misnamed.settings["imap_host"] = json!("127.0.0.2");
    let listening = Mail.listen(&context(&peer, true), &misnamed).expect("mail listens").poll(None).await;
    assert!(matches!(listening, Err(Failure::Tls { .. } | Failure::Unreachable { .. })), "{listening:?}");
}

#[tokio::test]
async fn starttls_works_on_both_sides_and_the_test_names_the_folders() {
    let Some(peer) = peer() else { return };
    let ctx = context(&peer, true);
    let mut support = account(&peer, "support@firma.test");
    for (key, value) in [
        ("imap_port", &peer["imap"]),
        ("smtp_port", &peer["submission"]),
        ("imap_security", &json!("starttls")),
        ("smtp_security", &json!("starttls")),
    ] {
        support.settings[key] = value.clone();
    }
    let found = Mail.test(&ctx, &support).await.expect("signed in");
    assert!(found.contains("INBOX") && found.contains("Sent"), "{found}");
}
