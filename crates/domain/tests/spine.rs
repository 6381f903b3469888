//! From a mail and a post to an answered customer, on both engines: intake, threading, answering, taking back, failing, undoing.

use std::sync::Arc;
use std::time::Duration;

use channels::net::{Net, NetPolicy};
use channels::{Author, Auto, Inbound, ItemKind, MailFacts, Mailbox};
use db::{Durability, Turn, args};
use domain::accounts::{self, Person, Seat, users, workspaces};
use domain::desk::{self, MessageState, Status, View, list, organise, reply, thread, undo};
use domain::intake::{self, Lot, Report};
use domain::{App, Blobs, Error, Sealer};
use jobs::{Registry, Runner};
use model::{Id, Locale, Random, SeededRandom, Timestamp, kinds};
use testkit::{TestDb, db_test};

struct House {
    app: App,
    seat: Seat,
    source: Id<kinds::Source>,
}

async fn house(db: &TestDb) -> House {
    let random = Arc::new(SeededRandom::new(5));
    let net = Net::new(NetPolicy { allow_private: vec!["127.0.0.1".parse().unwrap()], extra_ca: None });
    let app = App::new(domain::Parts {
        db: (**db).clone(),
        sealer: Sealer::new([9; 32]),
        blobs: Blobs::in_folder(std::env::temp_dir().join(format!("tresen-spine-{}", std::process::id()))),
        channels: channels::Context { clock: Arc::new(db.clock.clone()), random, net, limits: channels::Limits::default() },
        feed: Default::default(),
        presence: Default::default(),
        config: Default::default(),
    });
    let seat = owner(&app, "nordwind").await;
    let mut tx = app.db.write().await.unwrap();
    let (source, mail): (_, Id<kinds::ChannelAccount>) = (tx.id(), tx.id());
    let settings = serde_json::json!({});
    tx.run(
        "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, 'mail', 'account:m', $2, 'active', 0, 0)",
        args![source, settings.clone()],
    )
    .await
    .unwrap();
    tx.run(
        "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, $3, 'mail', 'hallo', 'hallo@firma.test', $4, 'active', 0)",
        args![mail, seat.ws(), source, settings],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    House { app, seat, source }
}

async fn owner(app: &App, slug: &str) -> Seat {
    let mut tx = app.db.write().await.unwrap();
    let email = format!("{slug}@firma.test");
    let new =
        users::NewUser { email: &email, name: "Miriam Koch", password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
    let user = users::create(&mut tx, new).await.unwrap();
    workspaces::create(
        &mut tx,
        workspaces::NewWorkspace { name: slug, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false },
        user,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let person = Person {
        id: user,
        session: Id::from_i64(1),
        name: "Miriam Koch".into(),
        email,
        locale: Locale::DeDe,
        time_zone: None,
        theme: "system".into(),
        shortcuts: true,
        next_after_answer: true,
        is_installation_admin: false,
    };
    accounts::seat(&mut app.db.read().await.unwrap(), person, slug).await.unwrap()
}

fn mail(id: &str, from: &str, text: &str, references: &[&str]) -> Inbound {
    let mailbox = |address: &str| Mailbox { name: None, address: address.into() };
    Inbound {
        external_id: format!("{id}#x"),
        canonical_url: None,
        kind: ItemKind::Mail,
        author: Author { name: from.split('@').next().unwrap().into(), handle: None, url: None, address: Some(from.into()) },
        title: Some("Doppelt abgebucht".into()),
        text: text.into(),
        html: None,
        published_at: None,
        language_hint: None,
        in_reply_to: references.last().map(|r| r.to_string()),
        attachments: vec![],
        mail: Some(MailFacts {
            message_id: id.into(),
            in_reply_to: references.last().map(|r| r.to_string()),
            references: references.iter().map(ToString::to_string).collect(),
            from: vec![mailbox(from)],
            to: vec![mailbox("hallo@firma.test")],
            new_text: text.into(),
            ..MailFacts::default()
        }),
        media: vec![],
    }
}

impl House {
    async fn arrive(&self, items: Vec<Inbound>) -> Report {
        self.lot(items, None, false).await.unwrap()
    }
    async fn lot(&self, items: Vec<Inbound>, fence: Option<i64>, imported: bool) -> domain::Result<Report> {
        self.from(self.source, items, fence, imported).await
    }
    /// A second source of the same workspace.
    async fn another_source(&self) -> Id<kinds::Source> {
        let mut tx = self.app.db.write().await.unwrap();
        let (source, account): (_, Id<kinds::ChannelAccount>) = (tx.id(), tx.id());
        let settings = serde_json::json!({});
        tx.run(
            "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, 'mail', 'account:n', $2, 'active', 0, 0)",
            args![source, settings.clone()],
        )
        .await
        .unwrap();
        tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, $3, 'mail', 'info', 'info@firma.test', $4, 'active', 0)",
            args![account, self.seat.ws(), source, settings],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        source
    }
    async fn from(&self, source: Id<kinds::Source>, items: Vec<Inbound>, fence: Option<i64>, imported: bool) -> domain::Result<Report> {
        let cursor = Some(serde_json::json!({ "n": items.len() }));
        intake::ingest(
            &self.app,
            Lot {
                source,
                fence,
                items,
                cursor,
                imported,
                more: false,
                next_at: None,
                turn: Turn::Background,
                durability: Durability::Reread,
            },
        )
        .await
    }
    async fn list(&self, view: View) -> Vec<list::Row> {
        list::page(&mut self.app.db.read().await.unwrap(), &self.seat, &list::Filter { view, ..Default::default() }, 50).await.unwrap()
    }
    async fn open(&self, id: Id<kinds::Conversation>) -> thread::Thread {
        thread::open(&mut self.app.db.read().await.unwrap(), &self.seat, id).await.unwrap()
    }
    async fn run_jobs(&self) {
        let app = self.app.clone();
        let registry = Registry::default().on(desk::deliver::KIND, 1, move |job| desk::deliver::run(app.clone(), job));
        Runner::new(self.app.db.clone(), registry).run_due().await.unwrap();
    }
    async fn state(&self, message: Id<kinds::Message>) -> MessageState {
        self.app
            .db
            .read()
            .await
            .unwrap()
            .one::<(MessageState,)>("SELECT state FROM messages WHERE id = $1", args![message])
            .await
            .unwrap()
            .0
    }
}

/// Letters of few people: some begin, some answer earlier ones (also one they should not know), some were written by machines, some come late.
fn correspondence(seed: u64, to: &str) -> Vec<Inbound> {
    let random = SeededRandom::new(seed);
    let id = |n: u32| format!("{seed}-{n}@example.test");
    (0..40)
        .map(|n| {
            let parents: Vec<String> = (0..random.below(3)).map(|_| id(random.below(n + 3))).collect();
            let from = format!("person-{}@example.test", random.below(6));
            let mut item = mail(&id(n), &from, &format!("Brief {n}"), &parents.iter().map(String::as_str).collect::<Vec<_>>());
            item.published_at = (random.below(3) > 0).then(|| Timestamp::from_micros(i64::from(random.below(50)) * 1_000_000));
            let facts = item.mail.as_mut().unwrap();
            facts.to = vec![Mailbox { name: None, address: to.into() }];
            facts.cc =
                (0..random.below(3)).map(|_| Mailbox { name: None, address: format!("person-{}@example.test", random.below(9)) }).collect();
            facts.auto = [None, None, None, None, Some(Auto::AutoReply), Some(Auto::List)][random.below(6) as usize];
            facts.authenticated = random.below(5) == 0;
            item
        })
        .collect()
}

impl House {
    /// What stands in one account, without ids.
    async fn standing(&self, account: &str) -> Vec<String> {
        let mut conn = self.app.db.read().await.unwrap();
        // A conversation goes by its first message.
        let talks: Vec<(String, String, i64, i64, i64)> = conn
            .all(
                "SELECT (SELECT MIN(m.external_id) FROM messages m WHERE m.conversation_id = c.id), c.subject || '/' || c.from_name || '/' || c.excerpt || '/' || c.status, c.priority,
                   c.messages, c.last_message_at
                 FROM conversations c JOIN channel_accounts a ON a.id = c.account_id WHERE a.name = $1",
                args![account],
            )
            .await
            .unwrap();
        let contacts: Vec<(String, Option<String>, bool, bool)> = conn
            .all(
                "SELECT (SELECT MIN(m.external_id) FROM messages m WHERE m.conversation_id = c.id), k.name, c.waiting_since IS NULL, c.resolved_at IS NULL
                 FROM conversations c JOIN channel_accounts a ON a.id = c.account_id LEFT JOIN contacts k ON k.id = c.contact_id WHERE a.name = $1",
                args![account],
            )
            .await
            .unwrap();
        let people: Vec<(String, String, String)> = conn
            .all(
                "SELECT (SELECT MIN(m.external_id) FROM messages m WHERE m.conversation_id = c.id), p.address_key, p.role
                 FROM conversation_participants p JOIN conversations c ON c.id = p.conversation_id JOIN channel_accounts a ON a.id = c.account_id WHERE a.name = $1",
                args![account],
            )
            .await
            .unwrap();
        let messages: Vec<(String, String, bool, i64)> = conn
            .all(
                "SELECT m.external_id, (SELECT MIN(f.external_id) FROM messages f WHERE f.conversation_id = m.conversation_id), m.is_new_participant, m.sort_at
                 FROM messages m JOIN channel_accounts a ON a.id = m.account_id WHERE a.name = $1",
                args![account],
            )
            .await
            .unwrap();
        let events: Vec<(String, db::Json<serde_json::Value>)> = conn
            .all(
                "SELECT e.kind, e.detail FROM events e JOIN conversations c ON c.id = e.subject_id JOIN channel_accounts a ON a.id = c.account_id WHERE a.name = $1",
                args![account],
            )
            .await
            .unwrap();
        let mut all: Vec<String> = talks.iter().map(|row| format!("talk {row:?}")).collect();
        all.extend(contacts.iter().map(|row| format!("contact {row:?}")));
        all.extend(people.iter().map(|row| format!("takes part {row:?}")));
        all.extend(messages.iter().map(|row| format!("message {row:?}")));
        all.extend(events.iter().map(|(kind, detail)| format!("event {kind} {}", detail.0["reopened"])));
        all.sort();
        all
    }
}

fn answer(text: &str) -> reply::Reply {
    reply::Reply { text: text.into(), ..Default::default() }
}

db_test! {
    async fn a_mail_becomes_a_conversation_its_answer_joins_it_and_the_same_mail_twice_is_stored_once(db: Db) {
        let h = house(&db).await;
        assert_eq!(h.arrive(vec![mail("a@x", "kundin@example.test", "Bitte prüfen Sie die Abbuchung.", &[])]).await, Report { new: 1, edited: 0, known: 0, slices: 1 });
        assert_eq!(h.arrive(vec![mail("a@x", "kundin@example.test", "Bitte prüfen Sie die Abbuchung.", &[])]).await, Report { new: 0, edited: 0, known: 1, slices: 1 });
        assert_eq!(h.arrive(vec![mail("b@x", "kundin@example.test", "Noch etwas dazu.", &["a@x"])]).await.new, 1);
        let rows = h.list(View::Unassigned).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].messages, rows[0].is_unread, rows[0].lang.as_str()), (2, true, "de"));
        let thread = h.open(rows[0].id).await;
        assert_eq!(thread.messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["Bitte prüfen Sie die Abbuchung.", "Noch etwas dazu."]);
        assert!(thread.conversation.contact_id.is_some(), "a customer who writes is a contact");
        desk::reads::note_now(&h.app, &h.seat, rows[0].id, h.app.now()).await.unwrap();
        assert!(!h.list(View::All).await[0].is_unread);
    }

    async fn a_stranger_who_answers_is_shown_as_new_and_is_not_answered_silently(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[]), mail("b@x", "fremd@else.test", "Ich auch", &["a@x"])]).await;
        let id = h.list(View::All).await[0].id;
        let thread = h.open(id).await;
        assert!(thread.messages[1].is_new_participant && !thread.messages[0].is_new_participant);
        let message = reply::send(&h.app, &h.seat, id, answer("Guten Tag")).await.unwrap();
        let sent = h.open(id).await.messages.into_iter().find(|m| m.id == message).unwrap();
        assert_eq!(sent.recipients.to.iter().map(|m| m.address.as_str()).collect::<Vec<_>>(), ["kundin@example.test"]);
    }

    async fn threading_never_crosses_accounts_or_workspaces(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let other = owner(&h.app, "andere").await;
        let mut tx = h.app.db.write().await.unwrap();
        let account: Id<kinds::ChannelAccount> = tx.id();
        tx.run("INSERT INTO channel_accounts (id, workspace_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, 'mail', 'x', 'x@andere.test', $3, 'active', 0)",
            args![account, other.ws(), serde_json::json!({})]).await.unwrap();
        tx.commit().await.unwrap();
        let conversation = intake::deliver(&h.app, other.ws(), account, mail("b@x", "kundin@example.test", "An die anderen", &["a@x"])).await.unwrap().unwrap();
        assert_ne!(conversation, h.list(View::All).await[0].id);
        assert!(matches!(thread::open(&mut h.app.db.read().await.unwrap(), &h.seat, conversation).await, Err(Error::NotFound)));
        assert!(matches!(reply::send(&h.app, &h.seat, conversation, answer("x")).await, Err(Error::NotFound)));
        assert!(matches!(organise::claim(&h.app, &h.seat, conversation).await, Err(Error::NotFound)));
    }

    async fn an_answer_waits_five_seconds_and_can_be_taken_back_into_the_draft(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let message = reply::send(&h.app, &h.seat, id, answer("Guten Tag, das prüfe ich.")).await.unwrap();
        h.run_jobs().await;
        assert_eq!(h.state(message).await, MessageState::Queued, "not before its time");
        assert_eq!(reply::take_back(&h.app, &h.seat, message).await.unwrap(), id);
        assert_eq!(h.open(id).await.drafts.answer.unwrap().text, "Guten Tag, das prüfe ich.");
        db.clock.advance(Duration::from_secs(60));
        h.run_jobs().await;
        assert_eq!(h.state(message).await, MessageState::Undone);
        assert!(matches!(reply::take_back(&h.app, &h.seat, message).await, Err(Error::Conflict(_))));
    }

    async fn an_answer_that_nobody_can_vouch_for_after_a_crash_is_unsure_and_never_sent_twice(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let message = reply::send(&h.app, &h.seat, id, answer("Guten Tag")).await.unwrap();
        // As if the process had died between "sending" and the network's word.
        let mut tx = h.app.db.write().await.unwrap();
        tx.run("UPDATE messages SET state = 'sending', attempt_id = 'x' WHERE id = $1", args![message]).await.unwrap();
        tx.commit().await.unwrap();
        db.clock.advance(Duration::from_secs(60));
        h.run_jobs().await;
        assert_eq!(h.state(message).await, MessageState::Unsure);
        reply::confirm_sent(&h.app, &h.seat, message).await.unwrap();
        assert_eq!(h.state(message).await, MessageState::Sent);
    }

    async fn an_answer_that_cannot_leave_comes_back_into_the_composer_with_its_reason(db: Db) {
        let h = house(&db).await; // the account has no SMTP server: a setting is missing
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let message = reply::send(&h.app, &h.seat, id, answer("Guten Tag")).await.unwrap();
        db.clock.advance(Duration::from_secs(60));
        h.run_jobs().await;
        assert_eq!(h.state(message).await, MessageState::Failed);
        let draft = h.open(id).await.drafts.answer.unwrap();
        assert_eq!(draft.text, "Guten Tag");
        assert!(draft.failure.is_some());
    }

    async fn a_customer_who_wrote_again_while_one_typed_is_noticed_once(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let seen = h.open(id).await.newest_inbound();
        h.arrive(vec![mail("b@x", "kundin@example.test", "Hat sich erledigt!", &["a@x"])]).await;
        let blind = reply::Reply { seen, ..answer("Wir prüfen das.") };
        assert!(matches!(reply::send(&h.app, &h.seat, id, blind.clone()).await, Err(Error::Conflict(_))));
        assert!(reply::send(&h.app, &h.seat, id, reply::Reply { anyway: true, ..blind }).await.is_ok());
    }

    async fn automatic_mail_makes_no_contact_reopens_nothing_and_a_bounce_fails_its_answer(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let message = reply::send(&h.app, &h.seat, id, reply::Reply { resolve: true, ..answer("Erledigt.") }).await.unwrap();
        let mut tx = h.app.db.write().await.unwrap();
        tx.run("UPDATE messages SET state = 'sent' WHERE id = $1", args![message]).await.unwrap();
        let (ours,): (String,) = tx.one("SELECT message_id FROM messages WHERE id = $1", args![message]).await.unwrap();
        tx.commit().await.unwrap();
        let auto = |id: &str, kind, refs: &[&str]| { let mut m = mail(id, "abwesend@example.test", "Ich bin nicht da.", refs); m.mail.as_mut().unwrap().auto = Some(kind); m };
        h.arrive(vec![auto("away@x", Auto::AutoReply, &[&ours])]).await;
        assert_eq!(h.open(id).await.conversation.status, Status::Done, "an absence note waits for nobody");
        let (contacts,): (i64,) = h.app.db.read().await.unwrap().one("SELECT COUNT(*) FROM contacts", vec![]).await.unwrap();
        assert_eq!(contacts, 1);
        let mut bounce = auto("bounce@x", Auto::Bounce, &[]);
        bounce.author.address = Some("mailer-daemon@example.test".into());
        bounce.mail.as_mut().unwrap().bounced_message_id = Some(ours);
        h.arrive(vec![bounce]).await;
        let takes_part = h.open(id).await.participants.into_iter().any(|p| p.address.starts_with("mailer-daemon"));
        assert!(!takes_part, "a mail server is nobody");
        assert_eq!(h.state(message).await, MessageState::Failed);
        assert_eq!(h.open(id).await.conversation.status, Status::Open);
    }

    async fn history_arrives_closed_and_starts_nothing(db: Db) {
        let h = house(&db).await;
        let (before,): (i64,) = h.app.db.read().await.unwrap().one("SELECT COUNT(*) FROM events", vec![]).await.unwrap();
        h.lot(vec![mail("old@x", "kundin@example.test", "Von früher", &[])], None, true).await.unwrap();
        let rows = h.list(View::Done).await;
        assert!(rows[0].imported && rows[0].waiting_since.is_none());
        let (after,): (i64,) = h.app.db.read().await.unwrap().one("SELECT COUNT(*) FROM events", vec![]).await.unwrap();
        assert_eq!(before, after);
    }

    async fn a_lot_whose_source_was_taken_over_stores_nothing_not_even_its_cursor(db: Db) {
        let h = house(&db).await;
        let lost = h.lot(vec![mail("a@x", "kundin@example.test", "Hallo", &[])], Some(41), false).await;
        assert!(matches!(lost, Err(Error::Conflict(_))));
        assert!(h.list(View::All).await.is_empty());
        let (cursor,): (Option<db::Json<serde_json::Value>>,) = h.app.db.read().await.unwrap().one("SELECT cursor FROM sources WHERE id = $1", args![h.source]).await.unwrap();
        assert!(cursor.is_none());
        h.lot(vec![mail("a@x", "kundin@example.test", "Hallo", &[])], Some(0), false).await.unwrap();
        let (cursor,): (Option<db::Json<serde_json::Value>>,) = h.app.db.read().await.unwrap().one("SELECT cursor FROM sources WHERE id = $1", args![h.source]).await.unwrap();
        assert_eq!(cursor.unwrap().0["n"], 1);
    }

    async fn what_one_did_can_be_taken_back(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        let claimed = organise::claim(&h.app, &h.seat, id).await.unwrap();
        assert_eq!(h.list(View::Mine).await.len(), 1);
        undo::undo(&h.app, &h.seat, claimed).await.unwrap();
        assert!(h.list(View::Mine).await.is_empty());
        assert!(matches!(undo::undo(&h.app, &h.seat, claimed).await, Err(Error::NotFound)), "once");
        let labelled = organise::add_label(&h.app, &h.seat, id, " Rechnung ").await.unwrap();
        assert_eq!(h.open(id).await.labels, ["Rechnung"]);
        undo::undo(&h.app, &h.seat, labelled).await.unwrap();
        assert!(h.open(id).await.labels.is_empty());
        let until = db.now() + Duration::from_secs(3600);
        let snoozed = organise::snooze(&h.app, &h.seat, id, until).await.unwrap();
        assert_eq!(h.list(View::Snoozed).await.len(), 1);
        undo::undo(&h.app, &h.seat, snoozed).await.unwrap();
        assert_eq!(h.open(id).await.conversation.status, Status::Open);
        assert!(matches!(organise::snooze(&h.app, &h.seat, id, Timestamp(1)).await, Err(Error::Invalid { .. })));
    }

    async fn posts_are_stored_once_per_workspace_edited_in_place_and_found_by_their_words(db: Db) {
        let h = house(&db).await;
        let post = |text: &str| Inbound {
            external_id: "guid-1".into(),
            canonical_url: Some("https://blog.example/1".into()),
            kind: ItemKind::Post,
            author: Author { name: "Bert".into(), handle: Some("bert".into()), ..Author::default() },
            title: Some("Kaffee in Bremen".into()),
            text: text.into(),
            mail: None,
            in_reply_to: None,
            ..mail("x", "y@z.test", "", &[])
        };
        assert_eq!(h.arrive(vec![post("Die Lieferungen kamen zu spät an, das war nicht schön.")]).await.new, 1);
        assert_eq!(h.arrive(vec![post("Die Lieferungen kamen zu spät an, das war nicht schön.")]).await.known, 1);
        assert_eq!(h.arrive(vec![post("Nachtrag: Alles wieder gut bei der Rösterei.")]).await.edited, 1);
        let find = async |words: &str| desk::search::posts(&mut h.app.db.read().await.unwrap(), &h.seat, words, &Default::default(), 10).await.unwrap().len();
        assert_eq!(find("Rösterei").await, 1);
        assert_eq!(find("roesterei").await, 1);
        assert_eq!(find("Lieferung").await, 0, "the former text is gone");
        let (posts, profiles): (i64, i64) = h.app.db.read().await.unwrap().one("SELECT (SELECT COUNT(*) FROM posts), (SELECT COUNT(*) FROM profiles)", vec![]).await.unwrap();
        assert_eq!((posts, profiles), (1, 1));
    }

    async fn what_two_sources_bring_at_the_same_moment_is_stored_once(db: Db) {
        let h = house(&db).await;
        let other = h.another_source().await;
        let posts = |feed: &str| (0..150).map(|n| Inbound {
            external_id: format!("{feed}-{n}"),
            canonical_url: Some(format!("https://blog.example/{n}")),
            kind: ItemKind::Post,
            author: Author { name: format!("Person {}", n % 9), ..Author::default() },
            mail: None,
            ..mail("x", "y@z.test", "Kaffee am Hafen", &[])
        }).collect::<Vec<_>>();
        // The same people write to two addresses, in opposite order: transactions that meet must not fail either.
        let mails = |to: &str, backwards: bool| {
            let mut all: Vec<_> = (0..40).map(|n| mail(&format!("{to}-{n}"), &format!("kundin-{}@example.test", n % 10), "Guten Tag", &[])).collect();
            if backwards { all.reverse() }
            all
        };
        let (a, b, c, d) = tokio::join!(
            h.from(h.source, posts("a"), None, false), h.from(other, posts("b"), None, false),
            h.from(h.source, mails("a", false), None, false), h.from(other, mails("b", true), None, false),
        );
        let (posts, mails) = (a.unwrap() + b.unwrap(), c.unwrap() + d.unwrap());
        assert_eq!((posts.new, posts.known), (150, 150));
        assert_eq!(mails.new, 80);
        let mut conn = h.app.db.read().await.unwrap();
        let counted: (i64, i64, i64, i64, i64, i64) = conn.one(
            "SELECT (SELECT COUNT(*) FROM posts), (SELECT COUNT(*) FROM post_keys), (SELECT COUNT(*) FROM post_sightings), (SELECT CAST(SUM(posts) AS BIGINT) FROM profiles),
               (SELECT COUNT(*) FROM contacts), (SELECT COUNT(*) FROM addresses)", args![]).await.unwrap();
        assert_eq!(counted, (150, 450, 300, 150, 10, 10));
    }

    async fn many_imports_that_meet_the_same_new_people_all_come_through(db: Db) {
        let h = house(&db).await;
        let other = h.another_source().await;
        // Nearly every slice meets people whom another one is just making.
        let imports = (0..12).map(|import| {
            let random = SeededRandom::new(import);
            let mails = (0..200).map(|n| mail(&format!("{import}-{n}"), &format!("kundin-{}@example.test", random.below(1_000)), "Guten Tag", &[])).collect();
            h.from(if import % 2 == 0 { h.source } else { other }, mails, None, true)
        });
        let stored: u64 = futures::future::join_all(imports).await.into_iter().map(|report| report.unwrap().new).sum();
        assert_eq!(stored, 12 * 200);
        let (contacts, addresses, strays): (i64, i64, i64) = h.app.db.read().await.unwrap().one(
            "SELECT (SELECT COUNT(*) FROM contacts), (SELECT COUNT(*) FROM addresses),
               (SELECT COUNT(*) FROM contacts c WHERE NOT EXISTS (SELECT 1 FROM addresses a WHERE a.contact_id = c.id))", args![]).await.unwrap();
        assert_eq!((contacts, strays), (addresses, 0));
    }

    async fn mails_stored_many_at_a_time_stand_as_if_they_had_come_one_by_one(db: Db) {
        let h = house(&db).await;
        let other = h.another_source().await;
        for seed in 0..12 {
            let (together, alone) = (correspondence(seed, "hallo@firma.test"), correspondence(seed, "info@firma.test"));
            let imported = seed % 4 == 3;
            h.from(h.source, together, None, imported).await.unwrap();
            let contacts = async || h.app.db.read().await.unwrap().one::<(i64, i64)>(
                "SELECT COUNT(*), (SELECT COUNT(*) FROM addresses WHERE verified_at IS NOT NULL) FROM contacts", args![]).await.unwrap();
            let before = contacts().await;
            for mail in alone {
                h.from(other, vec![mail], None, imported).await.unwrap();
            }
            assert_eq!(contacts().await, before, "seed {seed}: the same people");
            let (together, alone) = (h.standing("hallo").await, h.standing("info").await);
            assert!(together.len() > 40 * (seed as usize + 1), "seed {seed}: {} rows", together.len());
            assert_eq!(together, alone, "seed {seed}");
        }
    }

    async fn a_seat_limited_to_teams_and_accounts_lists_and_counts_what_it_reaches_once(db: Db) {
        let h = house(&db).await;
        let other = h.another_source().await;
        let team: Id<kinds::Team> = {
            let mut tx = h.app.db.write().await.unwrap();
            let team = tx.id();
            tx.run("INSERT INTO teams (id, workspace_id, name, created_at) VALUES ($1, $2, 'Laden', 0)", args![team, h.seat.ws()]).await.unwrap();
            tx.commit().await.unwrap();
            team
        };
        let letters = |to: &str| (0..9).map(|n| {
            let mut letter = mail(&format!("{to}-{n}@x"), "kundin@example.test", &format!("{to} {n}"), &[]);
            letter.published_at = Some(Timestamp::from_micros(1_000_000 * n + i64::from(to == "info")));
            letter
        }).collect::<Vec<_>>();
        h.arrive(letters("hallo")).await;
        h.from(other, letters("info"), None, false).await.unwrap();
        let every = h.list(View::All).await;
        assert_eq!(every.len(), 18);
        // The team has two of the account's own conversations and one of the other account's.
        let mut tx = h.app.db.write().await.unwrap();
        for row in every.iter().filter(|row| ["info 2", "info 7", "hallo 4"].contains(&row.excerpt.as_str())) {
            tx.run("UPDATE conversations SET team_id = $2 WHERE id = $1", args![row.id, team]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (info,): (Id<kinds::ChannelAccount>,) =
            h.app.db.read().await.unwrap().one("SELECT id FROM channel_accounts WHERE name = 'info'", args![]).await.unwrap();
        let grant = |team, account| accounts::Grant { permissions: accounts::BuiltinRole::Agent.permissions(), team, account };
        let mut limited = h.seat.clone();
        limited.grants = vec![grant(Some(team), None), grant(None, Some(info))];
        let mut conn = h.app.db.read().await.unwrap();
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let filter = list::Filter { view: View::All, before, ..Default::default() };
            let page = list::page(&mut conn, &limited, &filter, 4).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.last_message_at, last.id));
            seen.extend(page.into_iter().map(|row| row.id));
        }
        let reached: Vec<_> = every.iter().filter(|r| r.excerpt.starts_with("info") || r.excerpt == "hallo 4").map(|r| r.id).collect();
        assert_eq!(seen, reached, "newest first, each once");
        let counts = list::counts(&mut conn, &limited).await.unwrap();
        assert_eq!((counts.all, counts.unassigned, counts.mine, counts.snoozed), (10, 10, 0, 0));
        let of_account = async |seat: &Seat, name: &str| {
            let mut conn = h.app.db.read().await.unwrap();
            let sql = "SELECT id FROM channel_accounts WHERE name = $1";
            let account = conn.one::<(Id<kinds::ChannelAccount>,)>(sql, args![name]).await.unwrap().0;
            list::page(&mut conn, seat, &list::Filter { view: View::All, account: Some(account), ..Default::default() }, 50).await.unwrap().len()
        };
        assert_eq!((of_account(&h.seat, "hallo").await, of_account(&limited, "hallo").await, of_account(&limited, "info").await), (9, 1, 9));
        let in_team = list::Filter { view: View::Team(team), account: Some(info), ..Default::default() };
        assert_eq!(list::page(&mut conn, &limited, &in_team, 50).await.unwrap().len(), 2);
    }

    async fn a_post_that_a_source_lists_twice_is_stored_once_and_its_later_form_wins(db: Db) {
        let h = house(&db).await;
        let post = |text: &str| Inbound {
            external_id: "guid-1".into(), canonical_url: Some("https://blog.example/1".into()), kind: ItemKind::Post, mail: None, ..mail("x", "y@z.test", text, &[])
        };
        let report = h.arrive(vec![post("erst"), post("erst"), post("dann")]).await;
        assert_eq!((report.new, report.known, report.edited), (1, 1, 1));
        let (text,): (String,) = h.app.db.read().await.unwrap().one("SELECT text FROM posts", args![]).await.unwrap();
        assert_eq!(text, "dann");
    }

    async fn messages_are_found_by_stems_and_umlauts_both_ways(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "mueller@example.test", "Die Häuser brauchen neue Lieferungen, sagt Frau Müller.", &[])]).await;
        let find = async |words: &str| desk::search::messages(&mut h.app.db.read().await.unwrap(), &h.seat, words, &Default::default(), 10).await.unwrap().len();
        for words in ["Haus", "lieferung", "mueller", "MÜLLER", "liefer*", "Doppelt"] {
            assert_eq!(find(words).await, 1, "{words}");
        }
        assert_eq!(find("Hütte").await, 0);
        assert_eq!(find("\"Lieferung\"").await, 0, "quoted is as written");
    }
}

db_test! {
    async fn a_snoozed_conversation_comes_back_in_time_and_expired_things_go(db: Db) {
        let h = house(&db).await;
        h.arrive(vec![mail("a@x", "kundin@example.test", "Hallo", &[])]).await;
        let id = h.list(View::All).await[0].id;
        organise::snooze(&h.app, &h.seat, id, db.now() + Duration::from_secs(600)).await.unwrap();
        assert_eq!(domain::housekeeping::wake_due(&h.app).await.unwrap(), 0);
        db.clock.advance(Duration::from_secs(601));
        assert_eq!(domain::housekeeping::wake_due(&h.app).await.unwrap(), 1);
        assert_eq!(h.list(View::All).await.len(), 1);
        let post = Inbound { external_id: "p".into(), kind: ItemKind::Post, mail: None, canonical_url: Some("https://blog.example/2".into()), ..mail("x", "y@z.test", "Niemand wollte das lesen.", &[]) };
        h.arrive(vec![post]).await;
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        let count = async || h.app.db.read().await.unwrap().one::<(i64, i64)>("SELECT (SELECT COUNT(*) FROM posts), (SELECT COUNT(*) FROM posts_fts)", vec![]).await.unwrap();
        assert_eq!(count().await, (1, 1));
        db.clock.advance(Duration::from_secs(31 * 24 * 3600));
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        assert_eq!(count().await, (0, 0), "after thirty days, with its search document");
    }

    async fn what_nobody_wanted_stays_gone_until_somebody_wants_it(db: Db) {
        let h = house(&db).await;
        let day = Duration::from_secs(24 * 3600);
        let post = |url: &str, text: &str| Inbound { external_id: url.into(), kind: ItemKind::Post, mail: None, canonical_url: Some(url.into()), ..mail("x", "ole@z.test", text, &[]) };
        let count = async || h.app.db.read().await.unwrap().one::<(i64, i64)>("SELECT (SELECT COUNT(*) FROM posts), (SELECT COUNT(*) FROM expired_post_keys)", vec![]).await.unwrap();
        let (old, text) = ("https://blog.example/alt", "Niemand wollte das lesen.");
        assert_eq!(h.arrive(vec![post(old, text)]).await.new, 1);
        db.clock.advance(31 * day);
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        assert_eq!(count().await, (0, 2), "its two names are remembered");
        // The feed still lists it, even changed a little; only what is new comes in.
        let report = h.arrive(vec![post(old, "Niemand wollte das lesen!"), post("https://blog.example/neu", "Auch das nicht.")]).await;
        assert_eq!((report.new, report.known, count().await), (1, 1, (1, 2)));
        let draft = domain::listening::watches::Draft { name: "Niemand".into(), query: "niemand".into(), kind: "topic".into() };
        domain::listening::watches::create(&h.app, &h.seat, draft).await.unwrap().unwrap();
        assert_eq!(h.arrive(vec![post(old, text)]).await.new, 1, "now somebody wants it");
        db.clock.advance(401 * day);
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        assert_eq!(count().await, (1, 2), "the second page went, what was remembered of the first one went too");
    }

    async fn a_file_nobody_uses_goes_after_a_day_and_is_not_named_again_without_its_bytes(db: Db) {
        let h = house(&db).await;
        let ws = h.seat.ws();
        let sha256 = h.app.blobs.keep(ws, b"Auszug").unwrap();
        let record = async || {
            let mut tx = h.app.db.write().await.unwrap();
            h.app.blobs.record(&mut tx, ws, &[(sha256.as_str(), 6)].into()).await?;
            Ok::<_, Error>(tx.commit().await?)
        };
        record().await.unwrap();
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        assert_eq!(h.app.blobs.read(ws, &sha256).unwrap(), b"Auszug", "its message may still be on the way");
        db.clock.advance(Duration::from_secs(25 * 3600));
        domain::housekeeping::clean_up(&h.app).await.unwrap();
        assert!(matches!(h.app.blobs.read(ws, &sha256), Err(Error::NotFound)));
        // Somebody who found the file there a moment ago.
        assert!(matches!(record().await, Err(Error::Internal(_))));
        h.app.blobs.keep(ws, b"Auszug").unwrap();
        record().await.unwrap();
    }
}
