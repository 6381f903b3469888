//! The inbox over HTTP: list, conversation, answering, notes, organising, the way back; in both languages.

mod support;

use channels::{Author, Inbound, InboundAttachment, ItemKind, MailFacts, Mailbox};
use db::args;
use domain::accounts::{BuiltinRole, users};
use domain::intake;
use http::{Request, StatusCode, header};
use model::{Id, Locale, kinds};
use support::world::World;
use support::{Answer, Client, TestApp};
use testkit::{TestDb, db_test};

struct Desk {
    house: TestApp,
    workspace: Id<kinds::Workspace>,
    mail: Id<kinds::ChannelAccount>,
    miriam: Client,
    miriam_id: Id<kinds::User>,
    jana: Client,
    viewer: Client,
}

fn mail(id: &str, from: &str, text: &str) -> Inbound {
    let mailbox = |address: &str| Mailbox { name: None, address: address.into() };
    Inbound {
        external_id: format!("{id}#x"),
        canonical_url: None,
        kind: ItemKind::Mail,
        author: Author { name: "Sabine <b>Wirth".into(), handle: None, url: None, address: Some(from.into()) },
        title: Some("Doppelt abgebucht".into()),
        text: format!("{text}\n\n> Frage\n> noch eine"),
        html: None,
        published_at: None,
        language_hint: None,
        in_reply_to: None,
        attachments: vec![InboundAttachment {
            name: "Auszug März.html".into(),
            mime: "text/html".into(),
            content_id: None,
            bytes: b"<script>1</script>".to_vec(),
        }],
        mail: Some(MailFacts {
            message_id: id.into(),
            from: vec![mailbox(from)],
            to: vec![mailbox("hallo@firma.example")],
            new_text: text.into(),
            ..MailFacts::default()
        }),
        media: vec![],
    }
}

impl Desk {
    async fn on(db: &TestDb) -> Desk {
        let house = TestApp::on(db);
        let miriam_id = house.user("miriam@firma.example", "Miriam Koch").await;
        let workspace = house.workspace("nordwind", "Nordwind", miriam_id).await;
        let (jana, viewer) = (house.user("jana@firma.example", "Jana Petersen").await, house.user("tom@firma.example", "Tom Sand").await);
        house.join(workspace, jana, BuiltinRole::Agent).await;
        house.join(workspace, viewer, BuiltinRole::Viewer).await;
        let mut tx = house.app.db.write().await.unwrap();
        let (source, mail) = (tx.id::<kinds::Source>(), tx.id::<kinds::ChannelAccount>());
        tx.run(
            "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, 'mail', 'm', $2, 'active', 0, 0)",
            args![source, serde_json::json!({})],
        )
        .await
        .unwrap();
        tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, $3, 'mail', 'hallo', 'hallo@firma.example', $4, 'active', 0)",
            args![mail, workspace, source, serde_json::json!({})],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let clients = (house.as_user(miriam_id).await, house.as_user(jana).await, house.as_user(viewer).await);
        Desk { house, workspace, mail, miriam: clients.0, miriam_id, jana: clients.1, viewer: clients.2 }
    }

    async fn arrive(&self, id: &str, text: &str) -> Id<kinds::Conversation> {
        let found = intake::deliver(&self.house.app, self.workspace, self.mail, mail(id, "s.wirth@kanzlei.example", text)).await.unwrap();
        found.expect("a conversation")
    }

    /// Follows the redirect of a form.
    async fn follow(&self, client: &Client, answer: Answer) -> Answer {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text("main"));
        let page = client.get(answer.location()).await;
        assert_eq!(page.status, StatusCode::OK);
        page.assert_sound();
        page
    }

    async fn speak(&self, user: Id<kinds::User>, locale: Locale, next_after_answer: bool) {
        let mut tx = self.house.app.db.write().await.unwrap();
        let preferences = users::Preferences {
            name: "Miriam Koch".into(),
            locale,
            time_zone: None,
            theme: "system".into(),
            shortcuts: true,
            next_after_answer,
        };
        users::save_preferences(&mut tx, user, preferences).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn person(desk: &Desk) -> domain::accounts::Person {
    let session = desk.miriam.session.clone().unwrap();
    let db = &desk.house.app.db;
    domain::accounts::sessions::person(db, &mut db.read().await.unwrap(), &session).await.unwrap().expect("signed in")
}

async fn swapped(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(path).header("hx-request", "true").header("sec-fetch-site", "same-origin");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let session = client.session.clone().unwrap_or_default();
    client.ask(request.header(header::COOKIE, format!("tresen_session={session}")).body(axum::body::Body::empty()).unwrap()).await
}

db_test! {
    async fn every_view_is_sound_and_teaches_when_it_is_empty_in_both_languages(db: Db) {
        let desk = Desk::on(&db).await;
        for (locale, words) in [(Locale::DeDe, "Nichts ist offen"), (Locale::En, "Nothing is open")] {
            desk.speak(desk.miriam_id, locale, false).await;
            for view in ["mine", "unassigned", "all", "snoozed", "done", "nonsense"] {
                let page = desk.miriam.get(&format!("/nordwind/inbox?view={view}")).await;
                assert_eq!(page.status, StatusCode::OK);
                page.assert_sound();
                assert!(!page.text("#rows .empty h2").is_empty(), "{view}");
            }
            assert_eq!(desk.miriam.get("/nordwind/inbox?view=all").await.text("#rows h2"), words);
        }
    }

    async fn a_row_says_who_what_and_how_long_and_stops_being_unread_once_opened(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Die 64,80 € gingen zweimal ab.").await;
        db.clock.advance(std::time::Duration::from_secs(3 * 3600 + 60));
        let list = desk.miriam.get("/nordwind/inbox?view=all").await;
        list.assert_sound();
        assert!(list.text(".row-name").contains("Sabine <b>Wirth"), "names are text, never markup");
        assert!(list.text(".row-text").contains("64,80 €"));
        assert!(list.text(".row-meta").contains("wartet 3 Std."));
        assert!(list.attribute("#rows > li", "class").unwrap().contains("row-unread"));
        assert_eq!(list.attribute("#rows > li", "data-id"), Some(id.to_string()));
        assert_eq!(list.attribute(".row-name a", "href"), Some(format!("/nordwind/inbox/{id}?view=all")));
        // What the script fetches ahead is not read.
        let ahead = swapped(&desk.miriam, &format!("/nordwind/inbox/{id}?view=all"), &[("x-prefetch", "1")]).await;
        assert_eq!(ahead.attribute("#work", "data-conversation"), Some(id.to_string()));
        assert!(desk.miriam.get("/nordwind/inbox?view=all").await.attribute("#rows > li", "class").unwrap().contains("row-unread"));
        let open = desk.miriam.get(&format!("/nordwind/inbox/{id}?view=all")).await;
        open.assert_sound();
        assert_eq!(open.attribute(".app", "data-view").as_deref(), Some("thread"));
        assert!(!open.attribute("#rows > li", "class").unwrap().contains("row-unread"));
        assert_eq!(open.attribute("#rows > li", "aria-current").as_deref(), Some("true"));
        assert!(open.text(".quote-fold summary").contains("Zitat, 2 Zeilen"));
        let rows = swapped(&desk.miriam, "/nordwind/inbox?part=rows&view=all", &[]).await;
        assert!(rows.body.trim_start().starts_with("<ul id=\"rows\">"));
        assert!(rows.text("#views").contains("Alle 1"), "the figures come along: {}", rows.text("#views"));
        let thread = swapped(&desk.miriam, &format!("/nordwind/inbox/{id}?part=thread"), &[]).await;
        assert!(thread.body.trim_start().starts_with("<div class=\"thread\" id=\"thread\">"));
    }

    async fn what_was_opened_is_marked_a_moment_later_without_anybody_waiting(db: Db) {
        let desk = Desk::on(&db).await;
        let (read, unread) = (desk.arrive("a@x", "Die 64,80 € gingen zweimal ab.").await, {
            let other = mail("b@x", "tom@firma.test", "Haben Sie samstags geöffnet?");
            intake::deliver(&desk.house.app, desk.workspace, desk.mail, other).await.unwrap().unwrap()
        });
        desk.miriam.get(&format!("/nordwind/inbox/{read}?view=all")).await;
        domain::desk::reads::write(&desk.house.app).await.unwrap();
        let marked = |list: &Answer, id: Id<kinds::Conversation>| list.attribute(&format!("#c-{id}"), "class").unwrap().contains("row-unread");
        let list = desk.miriam.get("/nordwind/inbox?view=all").await;
        assert_eq!((marked(&list, read), marked(&list, unread)), (false, true));
        let list = desk.jana.get("/nordwind/inbox?view=all").await;
        assert_eq!((marked(&list, read), marked(&list, unread)), (true, true), "everybody has marks of their own");
        // By itself, too.
        desk.miriam.get(&format!("/nordwind/inbox/{unread}?view=all")).await;
        let comes = async { while marked(&desk.miriam.get("/nordwind/inbox?view=all").await, unread) {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), comes).await.expect("the mark comes");
        // What the customer writes between the look and the mark was not seen.
        db.clock.advance(std::time::Duration::from_secs(60));
        desk.miriam.get(&format!("/nordwind/inbox/{read}?view=all")).await;
        db.clock.advance(std::time::Duration::from_millis(1));
        let mut more = mail("c@x", "s.wirth@kanzlei.example", "Noch etwas.");
        more.mail.as_mut().unwrap().in_reply_to = Some("a@x".into());
        assert_eq!(intake::deliver(&desk.house.app, desk.workspace, desk.mail, more).await.unwrap(), Some(read));
        domain::desk::reads::write(&desk.house.app).await.unwrap();
        assert!(marked(&desk.miriam.get("/nordwind/inbox?view=all").await, read));
    }

    async fn what_was_fetched_ahead_is_read_when_it_is_shown_as_it_stood_then(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Die 64,80 € gingen zweimal ab.").await;
        let is_unread = async || {
            let list = desk.miriam.get("/nordwind/inbox?view=all").await;
            list.attribute(&format!("#c-{id}"), "class").unwrap().contains("row-unread")
        };
        let ahead = swapped(&desk.miriam, &format!("/nordwind/inbox/{id}?view=all"), &[("x-prefetch", "1")]).await;
        let seen = |page: &Answer| page.attribute("#work", "data-seen").unwrap();
        db.clock.advance(std::time::Duration::from_secs(5));
        let mut more = mail("b@x", "s.wirth@kanzlei.example", "Noch etwas.");
        more.mail.as_mut().unwrap().in_reply_to = Some("a@x".into());
        intake::deliver(&desk.house.app, desk.workspace, desk.mail, more).await.unwrap();
        desk.miriam.post(&format!("/nordwind/inbox/{id}/presence"), &[("seen", &seen(&ahead))]).await;
        assert!(is_unread().await, "the second mail was not on that page");
        let ahead = swapped(&desk.miriam, &format!("/nordwind/inbox/{id}?view=all"), &[("x-prefetch", "1")]).await;
        desk.miriam.post(&format!("/nordwind/inbox/{id}/presence"), &[("seen", &seen(&ahead))]).await;
        assert!(!is_unread().await);
    }

    async fn what_happens_in_the_very_millisecond_of_a_page_is_told(db: Db) {
        let desk = Desk::on(&db).await;
        db.clock.advance(std::time::Duration::from_secs(60));
        let page = desk.miriam.get("/nordwind/settings/channels").await;
        let mut tx = db.write().await.unwrap();
        domain::events::record(&mut tx, desk.workspace, "account.health", Some(desk.mail), None, serde_json::json!({})).await.unwrap();
        tx.commit().await.unwrap();
        // On PostgreSQL an event is read when no older transaction runs any more, of whatever test.
        let live = page.attribute("body", "data-live").unwrap();
        let told = async { while !desk.miriam.get(&live).await.body.contains("account.health") {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("the page hears of it");
    }

    async fn a_page_comes_with_the_last_connection_and_many_at_once_do_not_wait_for_each_other(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        let path = format!("/nordwind/inbox/{id}?view=all");
        // Parts of a page are read side by side: each holds a connection while others may wait for one.
        let pages = futures::future::join_all((0..24).map(|_| desk.miriam.get(&path))).await;
        assert!(pages.iter().all(|page| page.status == StatusCode::OK));
        // The tests' stores have four.
        let held = [db.read().await.unwrap(), db.read().await.unwrap(), db.read().await.unwrap()];
        let page = desk.miriam.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text("main"));
        assert!(page.text("#thread").contains("Bitte um Rückruf."));
        drop(held);
    }

    async fn a_long_view_goes_on_behind_its_last_row(db: Db) {
        let desk = Desk::on(&db).await;
        for n in 0..52 {
            db.clock.advance(std::time::Duration::from_secs(60));
            desk.arrive(&format!("m{n}@x"), &format!("Nachricht {n}")).await;
        }
        let first = desk.miriam.get("/nordwind/inbox?view=all").await;
        let older = first.attribute(".list-more a", "href").expect("there is more");
        let second = desk.miriam.get(&older).await;
        second.assert_sound();
        let ids = |page: &Answer| page.body.matches("<li class=\"row ").count() + page.body.matches("<li class=\"row\"").count();
        assert_eq!((ids(&first), ids(&second)), (50, 2));
        assert!(second.text("#rows").contains("Nachricht 0") && second.text("#rows").contains("Nachricht 1"));
    }

    async fn an_answer_is_queued_shown_and_can_be_taken_back(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        desk.speak(desk.miriam_id, Locale::DeDe, false).await;
        let open = desk.miriam.get(&format!("/nordwind/inbox/{id}?view=all")).await;
        assert_eq!(open.attribute("#composer", "data-kind").as_deref(), Some("answer"));
        assert!(open.text("#band").contains("Nur Sabine <b>Wirth liest das."));
        let seen = open.attribute("#composer [name=seen]", "value").unwrap();
        let sent = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply?view=all"), &[("text", "Gern, um zehn."), ("seen", &seen), ("do", "send")]).await;
        let page = desk.follow(&desk.miriam, sent).await;
        assert!(page.text("#thread").contains("Gern, um zehn.") && page.text("#thread").contains("Geht gleich hinaus"));
        let take_back = page.attribute("#toasts form", "action").expect("the toast offers it");
        assert!(take_back.contains("/take-back?view="));
        let page = desk.follow(&desk.miriam, desk.miriam.post(&take_back, &[]).await).await;
        assert_eq!(page.text("#composer-text"), "Gern, um zehn.");
        assert!(!page.text("#thread").contains("Gern, um zehn."));
    }

    async fn an_answer_waits_when_the_customer_wrote_meanwhile_and_can_be_sent_anyway(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        let unread = [("text", "Gern."), ("seen", "unlesbar"), ("do", "send")];
        let refused = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply?view=all"), &unread).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "what cannot be read was not seen");
        // Some message, but not the newest one.
        let seen = id.to_string();
        let answer = [("text", "Gern."), ("seen", seen.as_str()), ("cc", "chef@firma.example"), ("do", "send")];
        let held = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply?view=all"), &answer).await;
        assert_eq!(held.status, StatusCode::CONFLICT);
        held.assert_sound();
        assert_eq!(held.text("#composer-text"), "Gern.");
        assert_eq!(held.attribute("#composer-cc", "value").as_deref(), Some("chef@firma.example"));
        assert!(held.text("#composer-error").contains("kam eine neue Nachricht"));
        assert_eq!(held.text("#composer [name=anyway]"), "Trotzdem senden");
        // The text survives a closed browser.
        assert_eq!(desk.miriam.get(&format!("/nordwind/inbox/{id}")).await.text("#composer-text"), "Gern.");
        let mut anyway = answer.to_vec();
        anyway.push(("anyway", "1"));
        let page = desk.follow(&desk.miriam, desk.miriam.post(&format!("/nordwind/inbox/{id}/reply"), &anyway).await).await;
        assert!(page.text("#thread .mail-to").contains("Kopie an chef@firma.example"));
        let empty = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply"), &[("text", "  ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(empty.text("#composer-error").contains("Bitte schreiben Sie etwas."));
    }

    async fn whoever_likes_to_go_on_is_shown_the_next_conversation(db: Db) {
        let desk = Desk::on(&db).await;
        let older = desk.arrive("a@x", "Zuerst.").await;
        db.clock.advance(std::time::Duration::from_secs(60));
        let newer = desk.arrive("b@x", "Danach.").await;
        desk.speak(desk.miriam_id, Locale::DeDe, true).await;
        let sent = desk.miriam.post(&format!("/nordwind/inbox/{newer}/reply?view=all"), &[("text", "Erledigt."), ("do", "resolve")]).await;
        assert!(sent.location().starts_with(&format!("/nordwind/inbox/{older}?view=all&said=said-sent&take_back=")), "{}", sent.location());
        assert_eq!(desk.miriam.get("/nordwind/inbox?view=done").await.attribute("#rows > li", "data-id"), Some(newer.to_string()));
    }

    async fn drafts_are_kept_by_kind_and_notes_stay_yellow(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        let saved = desk.miriam.post(&format!("/nordwind/inbox/{id}/draft"), &[("kind", "note"), ("text", "Erst Tobias fragen")]).await;
        assert_eq!((saved.status, saved.headers.get("x-saved").is_some()), (StatusCode::NO_CONTENT, true));
        let page = desk.miriam.get(&format!("/nordwind/inbox/{id}?compose=note")).await;
        page.assert_sound();
        assert!(page.attribute("#composer-wrap", "class").unwrap().contains("is-note"));
        assert_eq!(page.attribute("#composer", "action"), Some(format!("/nordwind/inbox/{id}/note?view=all")));
        assert_eq!(page.text("#composer-text"), "Erst Tobias fragen");
        assert!(page.text("#draft-state").contains("Entwurf gespeichert"));
        let page = desk.follow(&desk.miriam, desk.miriam.post(&format!("/nordwind/inbox/{id}/note"), &[("text", "Tobias sagt ja")]).await).await;
        assert!(page.text("aside.note").contains("Tobias sagt ja"));
        let wrong = desk.miriam.post(&format!("/nordwind/inbox/{id}/draft"), &[("kind", "letter"), ("text", "x")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn every_way_to_organise_leaves_a_trace_and_a_way_back(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        desk.speak(desk.miriam_id, Locale::DeDe, false).await;
        let me = desk.miriam_id.to_string();
        for (verb, fields, trace) in [
            ("claim", vec![], "Miriam Koch hat übernommen"),
            ("assign", vec![("user", me.as_str()), ("team", "")], "hat zugewiesen"),
            ("priority", vec![("priority", "urgent")], "Priorität geändert"),
            ("label", vec![("label", "Rechnung")], "ein Etikett vergeben"),
            ("unlabel", vec![("label", "rechnung")], "ein Etikett entfernt"),
            ("snooze", vec![("until", "tomorrow")], "hat zurückgestellt"),
            ("status", vec![("status", "done")], "hat erledigt"),
            ("status", vec![("status", "open")], "hat wieder geöffnet"),
        ] {
            let page = desk.follow(&desk.miriam, desk.miriam.post(&format!("/nordwind/inbox/{id}/{verb}"), &fields).await).await;
            assert!(page.text("#thread .event").contains(trace), "{verb}: {}", page.text("#thread .event"));
            assert!(page.attribute("#toasts form", "action").is_some_and(|a| a.starts_with("/nordwind/undo/")), "{verb}");
        }
        let urgent = desk.miriam.get(&format!("/nordwind/inbox/{id}")).await;
        assert!(urgent.text(".props").contains("dringend"));
        // Newest first: open again, done, snoozed, label, label, priority.
        for _ in 0..6 {
            desk.follow(&desk.miriam, desk.miriam.post("/nordwind/undo", &[]).await).await;
        }
        assert!(desk.miriam.get(&format!("/nordwind/inbox/{id}")).await.text(".props").contains("mittel"));
        let past = desk.miriam.post(&format!("/nordwind/inbox/{id}/snooze"), &[("until", "2001-01-01T10:00")]).await;
        assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
        let late = desk.jana.post(&format!("/nordwind/inbox/{id}/claim"), &[]).await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        assert!(late.text("main").contains("Miriam Koch war schneller"));
        assert!(desk.jana.post("/nordwind/undo", &[]).await.location().contains("said-nothing-to-undo"));
    }

    async fn colleagues_see_each_other_write(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        let alone = desk.miriam.post(&format!("/nordwind/inbox/{id}/presence"), &[("writing", "1")]).await;
        assert_eq!((alone.status, alone.body.as_str()), (StatusCode::OK, ""));
        let both = desk.jana.post(&format!("/nordwind/inbox/{id}/presence"), &[("writing", "0")]).await;
        assert!(both.text(".collision").contains("Miriam Koch antwortet gerade"));
        assert!(desk.jana.get(&format!("/nordwind/inbox/{id}")).await.text("#collision").contains("Miriam Koch antwortet gerade"));
        assert!(desk.jana.get("/nordwind/inbox?view=all").await.text(".row-busy").contains("Miriam Koch antwortet"));
    }

    async fn readers_read_and_files_only_ever_download(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Siehe https://kanzlei.example/auszug.").await;
        let page = desk.viewer.get(&format!("/nordwind/inbox/{id}")).await;
        page.assert_sound();
        assert_eq!(page.attribute("#composer", "action"), None);
        assert!(page.attribute("#work details.drop", "class").is_none(), "nothing to organise with");
        assert!(page.text("#content").contains("Sie dürfen hier lesen, aber nicht antworten."));
        assert_eq!(page.attribute(".mail-body a[rel]", "href").as_deref(), Some("https://kanzlei.example/auszug"));
        assert_eq!(desk.viewer.post(&format!("/nordwind/inbox/{id}/note"), &[("text", "x")]).await.status, StatusCode::FORBIDDEN);
        let file = desk.viewer.get(&page.attribute("a.file", "href").unwrap()).await;
        assert_eq!(file.status, StatusCode::OK);
        assert_eq!(file.header(header::CONTENT_TYPE), "application/octet-stream");
        assert!(file.header(header::CONTENT_DISPOSITION).starts_with("attachment;"));
        assert!(file.header(header::CONTENT_DISPOSITION).contains("filename*=UTF-8''Auszug%20M%C3%A4rz.html"));
        assert_eq!(file.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert!(file.header(header::CONTENT_SECURITY_POLICY).contains("sandbox"));
        assert!(file.header(header::CACHE_CONTROL).contains("private"));
    }

    async fn public_posts_are_marked_and_answered_on_their_own_page(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nordwind", "merkmal").await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let mut conn = house.app.db.read().await.unwrap();
        let (public,): (Id<kinds::Conversation>,) =
            conn.one("SELECT id FROM conversations WHERE workspace_id = $1 AND id > 0 AND is_public ORDER BY id LIMIT 1", args![world.id]).await.unwrap();
        let (failed,): (Id<kinds::Conversation>,) =
            conn.one("SELECT conversation_id FROM messages WHERE workspace_id = $1 AND id > 0 AND state = 'failed' LIMIT 1", args![world.id]).await.unwrap();
        drop(conn);
        let page = owner.get(&format!("/nordwind/inbox/{public}?view=all")).await;
        assert_eq!(page.status, StatusCode::OK);
        page.assert_sound();
        assert!(page.text(".thread-head .badge-public").contains("öffentlich"));
        assert!(page.text(".composer-why").contains("auf der Seite selbst geantwortet"));
        assert_eq!(page.attribute("#composer", "data-kind").as_deref(), Some("note"));
        assert!(page.text("#thread article.post").contains("merkmal"));
        let refused = owner.post(&format!("/nordwind/inbox/{public}/reply"), &[("text", "Hallo")]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.text("#content").contains("öffentlicher Beitrag"));
        let page = owner.get(&format!("/nordwind/inbox/{failed}?view=all")).await;
        page.assert_sound();
        assert!(page.text(".mail-foot").contains("Nicht gesendet") && page.text(".mail-foot").contains("Noch einmal senden"));
    }

    async fn a_call_is_logged_in_one_form_and_found_again(db: Db) {
        let desk = Desk::on(&db).await;
        let form = desk.jana.get("/nordwind/log").await;
        assert_eq!(form.status, StatusCode::OK);
        form.assert_sound();
        let path = "/nordwind/log";
        let empty = desk.jana.post(path, &[("kind", "call"), ("name", "Café Morgenrot"), ("text", " ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        empty.assert_sound();
        assert_eq!(empty.attribute("#log-name", "value").as_deref(), Some("Café Morgenrot"));
        assert_eq!(desk.jana.post(path, &[("kind", "telex"), ("text", "x")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(desk.viewer.post(path, &[("kind", "call"), ("text", "x")]).await.status, StatusCode::FORBIDDEN);
        let fields = [("kind", "call"), ("name", "Café Morgenrot"), ("address", "0421 1234"), ("text", "Sucht eine Hausröstung für zwei Filialen."), ("done", "1")];
        let page = desk.follow(&desk.jana, desk.jana.post(path, &fields).await).await;
        assert!(page.text("#thread").contains("Hausröstung") && page.text("#thread").contains("Anruf"));
        assert!(page.text("#content").contains("keine E-Mail-Adresse"), "nobody can be answered on a telephone number");
        let found = desk.jana.get("/nordwind/search?q=hausr%C3%B6stung+filiale").await;
        assert_eq!(found.status, StatusCode::OK);
        found.assert_sound();
        assert!(found.text("#content").contains("Café Morgenrot"));
        assert!(found.body.contains("<mark>Hausröstung</mark>"));
        let palette = swapped(&desk.jana, "/nordwind/search?q=hausr%C3%B6stung&part=palette", &[]).await;
        assert!(palette.body.contains("href=\"/nordwind/inbox/") && !palette.body.contains("<html"));
        let none = desk.jana.get("/nordwind/search?q=unauffindbar").await;
        assert!(none.text("#content").contains("Nichts gefunden"));
    }

    async fn a_conversation_speaks_the_readers_language(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        desk.speak(desk.miriam_id, Locale::En, false).await;
        desk.miriam.post(&format!("/nordwind/inbox/{id}/claim"), &[]).await;
        let page = desk.miriam.get(&format!("/nordwind/inbox/{id}")).await;
        page.assert_sound();
        assert!(page.text("#thread .event").contains("Miriam Koch claimed it"));
        assert!(page.text("#band").contains("will read this."));
        let wrong = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply"), &[("text", "Hello"), ("cc", "nonsense")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.text("#composer-text"), "Hello");
        assert!(!wrong.text("#composer-error").is_empty());
    }

    async fn only_what_bears_a_label_is_listed_when_one_asks_for_it(db: Db) {
        let desk = Desk::on(&db).await;
        let (labelled, _) = (desk.arrive("a@x", "Eins.").await, desk.arrive("b@x", "Zwei.").await);
        desk.miriam.post(&format!("/nordwind/inbox/{labelled}/label"), &[("label", "B2B & Gastro")]).await;
        let page = desk.miriam.get("/nordwind/inbox?view=all&label=b2b+%26+gastro").await;
        page.assert_sound();
        assert_eq!(page.attribute("#rows > li", "data-id"), Some(labelled.to_string()));
        assert_eq!(page.body.matches("data-open=\"\" href").count() + page.body.matches("<a data-open href").count(), 1);
        assert!(page.attribute(".row-name a", "href").unwrap().contains("label=b2b"), "opening keeps the filter");
    }

    async fn a_mail_keeps_its_form_without_loading_or_running_anything(db: Db) {
        let desk = Desk::on(&db).await;
        let mut item = mail("h@x", "s.wirth@kanzlei.example", "Siehe Tabelle");
        item.attachments = vec![InboundAttachment { name: "logo.png".into(), mime: "image/png".into(), content_id: Some("logo@x".into()), bytes: b"\x89PNG".to_vec() }];
        let hostile = "<p>Siehe <b>Tabelle</b></p><table><tr><th>Nr.</th><td style=\"position:fixed\" onclick=\"x()\">7</td></tr></table><img data-cid=\"logo@x\" alt=\"Logo\">\
                       <span class=\"img-blocked\" title=\"cdn.example\">Hund</span><script>alert(1)</script><a href=\"javascript:alert(1)\">böse</a></div></article></main><form id=\"composer\">";
        if let Some(facts) = &mut item.mail {
            // As if the sanitiser at the door had a hole.
            facts.new_html = Some(hostile.into());
        }
        let id = intake::deliver(&desk.house.app, desk.workspace, desk.mail, item).await.unwrap().unwrap();
        let page = desk.miriam.get(&format!("/nordwind/inbox/{id}")).await;
        page.assert_sound();
        assert_eq!(page.text(".mail-html b"), "Tabelle");
        assert_eq!(page.text(".mail-html td"), "7");
        let picture = page.attribute(".mail-html img", "src").unwrap();
        assert_eq!(Some(picture.clone()), page.attribute("a.file", "href"), "from our own store");
        assert_eq!(desk.miriam.get(&picture).await.header(header::CONTENT_TYPE), "image/png");
        assert_eq!(page.text(".mail-blocked"), "Ein Bild aus dem Netz wurde nicht geladen.");
        assert_eq!(page.text(".mail-text").matches("Siehe Tabelle").count(), 1, "the text is there, too");
        assert_eq!(page.text(".mail-views label"), "Formatiert Text");
        assert!(page.attribute(".mail-html script, .mail-html form, .mail-html [onclick], .mail-html [style], .mail-html a", "id").is_none());
        assert!(!page.body.contains("javascript:") && !page.body.contains("alert(1)"));
        assert!(page.attribute("#composer", "action").is_some_and(|a| a.contains("/reply")), "the composer is ours and stands behind the mail");
        // Mere text has no second view.
        let plain = desk.arrive("p@x", "Nur Text.").await;
        assert!(desk.miriam.get(&format!("/nordwind/inbox/{plain}")).await.attribute(".mail-views, .mail-html", "class").is_none());
    }

    async fn the_place_in_the_list_survives_everything_that_is_done(db: Db) {
        let desk = Desk::on(&db).await;
        desk.speak(desk.miriam_id, Locale::DeDe, true).await;
        let (one, other) = (desk.arrive("a@x", "Eins.").await, desk.arrive("b@x", "Zwei.").await);
        desk.arrive("c@x", "Ohne Etikett.").await;
        for id in [one, other] {
            desk.miriam.post(&format!("/nordwind/inbox/{id}/label"), &[("label", "B2B & Gastro")]).await;
        }
        let place = format!("view=all&label=B2B+%26+Gastro&account={}", desk.mail);
        let page = desk.miriam.get(&format!("/nordwind/inbox/{one}?{place}")).await;
        page.assert_sound();
        assert!(page.text(".pane-list").contains("Nur aus „hallo“"));
        // Every form and every link of the conversation to itself names it: so it works without script, too.
        let html = scraper::Html::parse_document(&page.body);
        let forms = scraper::Selector::parse("#content form[method=post], #content .composer-tabs a").unwrap();
        let mut seen = 0;
        for element in html.select(&forms) {
            let address = element.value().attr("action").or(element.value().attr("href")).unwrap();
            assert!(address.contains(&place), "{address}");
            seen += 1;
        }
        assert!(seen > 8, "{seen}");
        assert_eq!(page.attribute("#list", "data-place"), Some(place.clone()));
        for (verb, fields) in [("claim", vec![]), ("priority", vec![("priority", "high")]), ("label", vec![("label", "Neu")]), ("snooze", vec![("until", "tomorrow")]), ("note", vec![("text", "Aha")])] {
            let answer = desk.miriam.post(&format!("/nordwind/inbox/{one}/{verb}?{place}"), &fields).await;
            assert!(answer.location().starts_with(&format!("/nordwind/inbox/{one}?{place}&said=")), "{verb}: {}", answer.location());
            let page = desk.follow(&desk.miriam, answer).await;
            if let Some(undo) = page.attribute("#toasts form", "action") {
                assert!(undo.ends_with(&format!("?{place}")), "{undo}");
            }
        }
        let undone = desk.miriam.post(&format!("/nordwind/undo?{place}"), &[]).await;
        assert!(undone.location().starts_with(&format!("/nordwind/inbox/{one}?{place}&said=said-undone")), "{}", undone.location());
        // The next one is the next one of this list, not of all.
        let done = desk.miriam.post(&format!("/nordwind/inbox/{one}/status?{place}"), &[("status", "done")]).await;
        assert!(done.location().starts_with(&format!("/nordwind/inbox/{other}?{place}&said=said-resolved")), "{}", done.location());
    }

    async fn labels_are_offered_by_name_each_once(db: Db) {
        let desk = Desk::on(&db).await;
        let (one, other) = (desk.arrive("a@x", "Eins.").await, desk.arrive("b@x", "Zwei.").await);
        for (id, label) in [(one, "Rechnung"), (one, "Ärger"), (other, "rechnung"), (other, "Lieferung")] {
            desk.miriam.post(&format!("/nordwind/inbox/{id}/label"), &[("label", label)]).await;
        }
        let third = desk.arrive("c@x", "Drei.").await;
        let page = desk.miriam.get(&format!("/nordwind/inbox/{third}")).await;
        assert_eq!(page.text("button[name=label]").to_lowercase().matches("rechnung").count(), 1);
        assert_eq!(page.body.matches("name=\"label\" value=").count(), 3);
        // Another workspace's labels are its own.
        let foreign = desk.house.workspace("sued", "Süd", desk.miriam_id).await;
        let seat = domain::accounts::seat(&mut desk.house.app.db.read().await.unwrap(), person(&desk).await, "sued").await.unwrap();
        assert_eq!(seat.ws(), foreign);
        let mut conn = desk.house.app.db.read().await.unwrap();
        assert!(domain::desk::people::choices(&desk.house.app, &mut conn, &seat).await.unwrap().labels.is_empty());
    }

    async fn copies_go_to_whoever_is_ticked_and_to_nobody_else(db: Db) {
        let desk = Desk::on(&db).await;
        let mailbox = |name: &str, address: &str| Mailbox { name: Some(name.into()), address: address.into() };
        let mut first = mail("a@x", "s.wirth@kanzlei.example", "Bitte um Rückruf.");
        if let Some(facts) = &mut first.mail {
            facts.cc = vec![mailbox("Chef Wirth", "chef@kanzlei.example")];
        }
        let id = intake::deliver(&desk.house.app, desk.workspace, desk.mail, first).await.unwrap().unwrap();
        let mut second = mail("b@x", "fremd@anderswo.example", "Ich mische mich ein.");
        if let Some(facts) = &mut second.mail {
            facts.in_reply_to = Some("a@x".into());
            facts.references = vec!["a@x".into()];
        }
        assert_eq!(intake::deliver(&desk.house.app, desk.workspace, desk.mail, second).await.unwrap(), Some(id));
        let page = desk.miriam.get(&format!("/nordwind/inbox/{id}")).await;
        page.assert_sound();
        assert_eq!(page.attribute("[name=also][checked]", "value"), None, "nobody is added silently");
        assert!(page.text(".composer-also").contains("Chef Wirth"));
        let all = desk.miriam.get(&page.attribute("[data-reply-all]", "href").unwrap()).await;
        all.assert_sound();
        assert_eq!(all.attribute("[name=also][checked]", "value").as_deref(), Some("chef@kanzlei.example"));
        assert!(all.attribute("[name=also][value=\"fremd@anderswo.example\"]", "checked").is_none(), "who only just turned up is ticked by hand");
        assert!(all.text("#band-copies").ends_with("Wirth, in Kopie: Chef Wirth."), "{}", all.text("#band-copies"));
        assert!(all.attribute("#band-only", "hidden").is_some(), "nobody is said to be the only reader");
        let seen = all.attribute("#composer [name=seen]", "value").unwrap();
        let wrong = [("text", "Gern."), ("seen", seen.as_str()), ("also", "chef@kanzlei.example"), ("cc", "nonsens; dritte@kanzlei.example")];
        let held = desk.miriam.post(&format!("/nordwind/inbox/{id}/reply"), &wrong).await;
        assert_eq!(held.status, StatusCode::UNPROCESSABLE_ENTITY);
        held.assert_sound();
        assert!(held.text("#composer-error").contains("„nonsens“ ist keine E-Mail-Adresse"));
        assert_eq!(held.attribute("#composer-cc", "aria-invalid").as_deref(), Some("true"));
        assert_eq!(held.attribute("#composer-cc", "value").as_deref(), Some("nonsens, dritte@kanzlei.example"));
        assert_eq!(held.attribute("[name=also][checked]", "value").as_deref(), Some("chef@kanzlei.example"));
        let right = [("text", "Gern."), ("seen", seen.as_str()), ("also", "chef@kanzlei.example"), ("cc", "dritte@kanzlei.example, Chef@kanzlei.example")];
        let page = desk.follow(&desk.miriam, desk.miriam.post(&format!("/nordwind/inbox/{id}/reply"), &right).await).await;
        assert!(page.text("#thread .mail-to").contains("Kopie an chef@kanzlei.example, dritte@kanzlei.example"), "{}", page.text("#thread .mail-to"));
    }

    async fn mentions_are_found_counted_and_seen_once_their_conversation_is_open(db: Db) {
        let desk = Desk::on(&db).await;
        let empty = desk.miriam.get("/nordwind/mentions").await;
        assert_eq!(empty.status, StatusCode::OK);
        empty.assert_sound();
        assert!(empty.text("#content").contains("Noch hat Sie niemand erwähnt"));
        assert!(empty.attribute(".rail #mention-count", "hidden").is_some());
        let (one, other) = (desk.arrive("a@x", "Eins.").await, desk.arrive("b@x", "Zwei.").await);
        for (id, text) in [(one, "@Miriam Koch bitte ansehen"), (other, "@miriam und das hier"), (one, "ohne jemanden")] {
            db.clock.advance(std::time::Duration::from_secs(60));
            desk.jana.post(&format!("/nordwind/inbox/{id}/note"), &[("text", text)]).await;
        }
        let list = desk.miriam.get("/nordwind/mentions").await;
        list.assert_sound();
        assert_eq!(list.text(".rail #mention-count"), "2 ungelesen");
        assert_eq!(list.body.matches("is-unseen").count(), 2, "reading the list alone marks nothing");
        assert!(list.text(".mentions li:first-child").contains("das hier"), "newest first");
        assert_eq!(desk.jana.get("/nordwind/mentions").await.text(".mentions"), "", "nobody else's");
        let href = list.attribute(".mentions li:first-child a", "href").unwrap();
        let (path, anchor) = href.split_once('#').unwrap();
        let open = desk.miriam.get(path).await;
        assert!(open.attribute(&format!("#{anchor}"), "class").is_some_and(|c| c.contains("note")), "it leads to the note");
        assert_eq!(open.text(".rail #mention-count"), "1 ungelesen", "what is open here is seen");
        domain::desk::reads::write(&desk.house.app).await.unwrap();
        let list = desk.miriam.get("/nordwind/mentions").await;
        assert_eq!((list.text(".rail #mention-count"), list.body.matches("is-unseen").count()), ("1 ungelesen".into(), 1));
        assert!(list.text(".mentions li:first-child").contains("bitte ansehen"), "unread first");
        let page = desk.follow(&desk.miriam, desk.miriam.post("/nordwind/mentions/seen", &[]).await).await;
        assert!(page.attribute(".rail #mention-count", "hidden").is_some());
        desk.speak(desk.miriam_id, Locale::En, false).await;
        assert_eq!(desk.miriam.get("/nordwind/mentions").await.text("h1"), "Mentions");
    }

    async fn file_fields_speak_the_readers_language(db: Db) {
        let desk = Desk::on(&db).await;
        let id = desk.arrive("a@x", "Bitte um Rückruf.").await;
        for (locale, words) in [(Locale::DeDe, "Dateien anhängen"), (Locale::En, "Attach files")] {
            desk.speak(desk.miriam_id, locale, false).await;
            for path in [format!("/nordwind/inbox/{id}"), "/nordwind/log".into()] {
                let page = desk.miriam.get(&path).await;
                page.assert_sound();
                assert!(page.text("label.file-pick").starts_with(words), "{path}: {}", page.text("label.file-pick"));
                assert_eq!(page.attribute("label.file-pick input", "type").as_deref(), Some("file"), "the label is the button");
            }
        }
    }
}
