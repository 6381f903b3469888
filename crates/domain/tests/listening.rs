//! Watches from the query to the conversation, on both engines: hits at intake, trial, archive, back-fill.

use std::sync::Arc;
use std::time::Duration;

use channels::net::{Net, NetPolicy};
use channels::{Author, Inbound, ItemKind, MediaLink};
use db::args;
use domain::accounts::{self, BuiltinRole, Permission, Person, Seat, users, workspaces};
use domain::listening::backfill::{self, Step};
use domain::listening::watches::{self, Draft};
use domain::listening::{archive, hits, posts, preview};
use domain::{App, Error, Sealer, intake};
use model::{Id, Locale, Random, SeededRandom, Timestamp, kinds};
use testkit::{TestDb, db_test};

fn app(db: &TestDb) -> App {
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
    App::new(domain::Parts {
        db: (**db).clone(),
        sealer: Sealer::new([9; 32]),
        blobs: domain::Blobs::in_folder(std::env::temp_dir().join("tresen-no-blobs")),
        channels: channels::Context {
            clock: Arc::new(db.clock.clone()),
            random,
            net: Net::new(NetPolicy::default()),
            limits: channels::Limits::default(),
        },
        feed: domain::events::Feed::default(),
        presence: Default::default(),
        config: domain::Config::default(),
    })
}

fn person(id: Id<kinds::User>, name: &str) -> Person {
    Person {
        id,
        session: Id::from_i64(1),
        name: name.into(),
        email: format!("{name}@firma.example"),
        locale: Locale::DeDe,
        time_zone: None,
        theme: "system".into(),
        shortcuts: true,
        next_after_answer: true,
        is_installation_admin: false,
    }
}

async fn owner(app: &App, slug: &str) -> Seat {
    let mut tx = app.db.write().await.unwrap();
    let email = format!("{slug}@firma.example");
    let new =
        users::NewUser { email: &email, name: "Miriam Koch", password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
    let id = users::create(&mut tx, new).await.unwrap();
    let new = workspaces::NewWorkspace { name: slug, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
    workspaces::create(&mut tx, new, id).await.unwrap();
    tx.commit().await.unwrap();
    accounts::seat(&mut app.db.read().await.unwrap(), person(id, "Miriam Koch"), slug).await.unwrap()
}

async fn account(app: &App, seat: &Seat, name: &str) -> Id<kinds::ChannelAccount> {
    let mut tx = app.db.write().await.unwrap();
    let id = tx.id();
    tx.run(
        "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, created_at) VALUES ($1, $2, 'feed', $3, $4, 'active', 1)",
        args![id, seat.ws(), name, serde_json::json!({})],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

/// 2026-11-23T10:00Z less so many hours.
fn ago(hours: i64) -> Timestamp {
    Timestamp::from_secs(1_795_428_000 - hours * 3600)
}

fn post(n: u32, author: &str, text: &str, hours: i64) -> Inbound {
    Inbound {
        external_id: format!("post-{n}"),
        canonical_url: Some(format!("https://blog.example/{n}")),
        kind: ItemKind::Post,
        author: Author { name: author.into(), handle: Some(author.to_lowercase().replace(' ', "")), url: None, address: None },
        title: None,
        text: text.into(),
        html: None,
        published_at: Some(ago(hours)),
        language_hint: Some("de".into()),
        in_reply_to: None,
        attachments: Vec::new(),
        mail: None,
        media: Vec::new(),
    }
}

async fn put(app: &App, seat: &Seat, account: Id<kinds::ChannelAccount>, item: Inbound) {
    intake::deliver(app, seat.ws(), account, item).await.unwrap();
}

fn draft(name: &str, query: &str) -> Draft {
    Draft { name: name.into(), query: query.into(), kind: "brand".into() }
}

async fn watch(app: &App, seat: &Seat, name: &str, query: &str) -> Id<kinds::Watch> {
    watches::create(app, seat, draft(name, query)).await.unwrap().unwrap_or_else(|e| panic!("{query}: {e:?}"))
}

async fn texts(app: &App, seat: &Seat, watch: Id<kinds::Watch>) -> Vec<String> {
    let hits = hits::list(&mut app.db.read().await.unwrap(), seat, watch, None, 50).await.unwrap();
    hits.into_iter().map(|h| h.post.text).collect()
}

async fn archive_texts(app: &App, seat: &Seat, query: &str) -> Vec<String> {
    let found = archive::find(app, seat, query, None, 50).await.unwrap().unwrap_or_else(|e| panic!("{query}: {e:?}"));
    found.posts.into_iter().map(|(post, _)| post.text).collect()
}

fn claimed(workspace: Id<kinds::Workspace>, id: Id<kinds::Backfill>) -> jobs::Claimed {
    let payload = db::Json(serde_json::json!({ "backfill": id }));
    jobs::Claimed {
        id: Id::from_i64(1),
        workspace_id: Some(workspace),
        kind: backfill::KIND.into(),
        payload,
        attempts: 1,
        max_attempts: 12,
        fence: 1,
    }
}

db_test! {
    async fn a_watch_finds_what_arrives_after_it_and_only_in_its_workspace(db: Db) {
        let app = app(&db);
        let (seat, other) = (owner(&app, "nordwind").await, owner(&app, "suedwind").await);
        let (here, there) = (account(&app, &seat, "Blog").await, account(&app, &other, "Blog").await);
        put(&app, &seat, here, post(1, "Ole Brandt", "Der Kaffee war vorher da.", 5)).await;
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee -tee").await;
        put(&app, &seat, here, post(2, "Ole Brandt", "Der Kaffee war kalt.", 4)).await;
        put(&app, &seat, here, post(3, "Ole Brandt", "Kaffee oder Tee?", 3)).await;
        put(&app, &other, there, post(4, "Ole Brandt", "Kaffee anderswo.", 2)).await;
        assert_eq!(texts(&app, &seat, kaffee).await, ["Der Kaffee war kalt."]);
        // The same item again is the same hit.
        put(&app, &seat, here, post(2, "Ole Brandt", "Der Kaffee war kalt.", 4)).await;
        let listed = watches::list(&mut app.db.read().await.unwrap(), &seat).await.unwrap();
        assert_eq!((listed[0].watch.hits, listed[0].week(), *listed[0].days.last().unwrap()), (1, 1, 1));
        assert!(matches!(hits::list(&mut app.db.read().await.unwrap(), &other, kaffee, None, 9).await, Ok(found) if found.is_empty()));
        assert!(matches!(watches::open(&mut app.db.read().await.unwrap(), &other, kaffee).await, Err(Error::NotFound)));
        assert!(matches!(watches::change(&app, &other, kaffee, draft("x", "y")).await, Err(Error::NotFound)));
        watches::archive(&app, &seat, kaffee).await.unwrap();
        put(&app, &seat, here, post(5, "Ole Brandt", "Kaffee am Ende.", 1)).await;
        assert_eq!(texts(&app, &seat, kaffee).await.len(), 1, "an archived watch keeps its hits and finds nothing new");
    }

    async fn every_field_of_a_stored_post_is_seen_alike_at_intake_and_in_the_archive(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Kaffeeblog").await;
        let queries = ["author:olebrandt", "account:kaffeeblog", "site:blog.example", "has:image", "has:link", "title:ebbe", "channel:feed", "lang:de", "kind:comment", "is:reply"];
        let mut ids = Vec::new();
        for query in queries {
            ids.push(watch(&app, &seat, query.replace('"', "").as_str(), query).await);
        }
        let mut item = post(1, "Ole Brandt", "Das ist wirklich ein sehr guter Kaffee, siehe https://shop.example/ebbe und so weiter.", 1);
        item.kind = ItemKind::Comment;
        item.title = Some("Über Ebbe".into());
        item.media = vec![MediaLink { url: "https://blog.example/bild.jpg".into(), kind: Some("image/jpeg".into()) }];
        put(&app, &seat, blog, item).await;
        for (id, query) in ids.into_iter().zip(queries) {
            assert_eq!(texts(&app, &seat, id).await.len(), 1, "{query} at intake");
            assert_eq!(archive_texts(&app, &seat, query).await.len(), 1, "{query} in the archive");
            let tried = preview::preview(&app, &seat, None, "", query, 5).await.unwrap().unwrap();
            assert_eq!((tried.found, tried.newest.len()), (1, 1), "{query} tried");
        }
    }

    async fn all_errors_of_a_query_come_at_once_with_their_places_and_nothing_is_stored(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let errors = watches::create(&app, &seat, draft("Kaffee", "kaffee sentimnt:negative *tee")).await.unwrap().unwrap_err();
        assert_eq!(errors.iter().map(|e| e.column).collect::<Vec<_>>(), [8, 26]);
        assert_eq!(domain::listening::matcher::sentence(&errors[0]).key, "query-error-unknown-field");
        assert!(watches::list(&mut app.db.read().await.unwrap(), &seat).await.unwrap().is_empty());
        assert!(matches!(watches::create(&app, &seat, draft(" ", "kaffee")).await, Err(Error::Invalid { field: "name", .. })));
        assert!(matches!(watches::create(&app, &seat, draft("a \"b\"", "kaffee")).await, Err(Error::Invalid { field: "name", .. })));
        watch(&app, &seat, "Kaffee", "kaffee").await;
        assert!(matches!(watches::create(&app, &seat, draft("Kaffee", "tee")).await, Err(Error::Invalid { field: "name", .. })));
    }

    async fn watches_name_each_other_but_never_in_a_circle(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        let brand = watch(&app, &seat, "Marke", "nordwind OR \"kaffee nordwind\"").await;
        let angry = watch(&app, &seat, "Ärger", "watch:\"Marke\" kalt").await;
        let circle = watches::change(&app, &seat, brand, draft("Marke", "watch:\"Ärger\" OR nordwind")).await.unwrap().unwrap_err();
        assert_eq!(circle[0].problem.key(), "cyclic-watch");
        let unknown = watches::create(&app, &seat, draft("Drei", "watch:\"Marcke\"")).await.unwrap().unwrap_err();
        assert_eq!(unknown[0].problem.key(), "unknown-watch");
        assert!(matches!(watches::change(&app, &seat, brand, draft("Neu", "nordwind")).await, Err(Error::Conflict(_))), "it is named by another");
        assert!(matches!(watches::archive(&app, &seat, brand).await, Err(Error::Conflict(_))));
        put(&app, &seat, blog, post(1, "Ole", "Nordwind ist kalt", 1)).await;
        assert_eq!(texts(&app, &seat, angry).await.len(), 1);
        // The named one changes, and so does what names it.
        watches::change(&app, &seat, brand, draft("Marke", "südwind")).await.unwrap().unwrap();
        put(&app, &seat, blog, post(2, "Ole", "Nordwind ist kalt, noch einmal", 1)).await;
        put(&app, &seat, blog, post(3, "Ole", "Südwind ist kalt", 1)).await;
        assert_eq!(texts(&app, &seat, angry).await.len(), 2);
    }

    async fn another_process_sees_a_changed_watch_at_its_next_batch(db: Db) {
        let (here, there) = (app(&db), app(&db));
        let seat = owner(&here, "nordwind").await;
        let blog = account(&here, &seat, "Blog").await;
        put(&there, &seat, blog, post(1, "Ole", "Kaffee", 2)).await;
        let kaffee = watch(&here, &seat, "Kaffee", "kaffee").await;
        put(&there, &seat, blog, post(2, "Ole", "Kaffee, der zweite", 1)).await;
        assert_eq!(texts(&here, &seat, kaffee).await, ["Kaffee, der zweite"]);
    }

    async fn a_hit_becomes_one_public_conversation_that_copies_nothing(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        let (one, two) = (watch(&app, &seat, "Eins", "kaffee").await, watch(&app, &seat, "Zwei", "kalt").await);
        put(&app, &seat, blog, post(1, "Anna Berger", "Der Kaffee war kalt.", 1)).await;
        let hit = |watch| { let (app, seat) = (app.clone(), seat.clone()); async move { hits::list(&mut app.db.read().await.unwrap(), &seat, watch, None, 5).await.unwrap().remove(0) } };
        let (first, second) = (hit(one).await, hit(two).await);
        assert_eq!(first.conversation, None);
        let text = &first.post.text;
        assert_eq!(first.marks.iter().map(|m| &text[m.clone()]).collect::<Vec<_>>(), ["Kaffee"]);
        // Two people press at the same moment.
        let (a, b) = tokio::join!(hits::converse(&app, &seat, first.id), hits::converse(&app, &seat, second.id));
        let conversation = a.unwrap();
        assert_eq!(b.unwrap(), conversation);
        assert_eq!(hits::converse(&app, &seat, first.id).await.unwrap(), conversation);
        assert_eq!((hit(one).await.conversation, hit(two).await.conversation), (Some(conversation), Some(conversation)));
        let thread = domain::desk::thread::open(&mut app.db.read().await.unwrap(), &seat, conversation).await.unwrap();
        assert!(thread.conversation.is_public && thread.conversation.contact_id.is_none() && thread.conversation.profile_id == first.post.profile_id);
        assert_eq!((thread.messages.len(), thread.messages[0].text.as_str(), thread.messages[0].author_name.as_str()), (1, "", ""), "the message copies nothing");
        assert_eq!(thread.messages[0].post.as_ref().unwrap().text, "Der Kaffee war kalt.");
        let other = owner(&app, "suedwind").await;
        assert!(matches!(hits::converse(&app, &other, first.id).await, Err(Error::NotFound)));
    }

    async fn hits_come_newest_first_page_by_page_without_gaps(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee").await;
        for n in 0..25 {
            // Several of the same moment.
            put(&app, &seat, blog, post(n, "Ole", &format!("Kaffee Nummer {n}"), i64::from(n / 4))).await;
        }
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = hits::list(&mut app.db.read().await.unwrap(), &seat, kaffee, before, 10).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some((last.post.sort_at, last.id));
            all.extend(page);
        }
        assert_eq!(all.len(), 25);
        assert!(all.is_sorted_by(|a, b| (a.post.sort_at, a.id) > (b.post.sort_at, b.id)));
    }

    async fn the_archive_knows_days_of_the_persons_zone_stems_and_what_the_desk_did(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        let kaffee = watch(&app, &seat, "Kaffee", "lieferungen OR kaffee").await;
        // 11 hours before 11:00 in Berlin: 23 November 00:00 there, still the 22nd in UTC.
        put(&app, &seat, blog, post(1, "Ole", "Die Lieferungen kommen spät", 11)).await;
        put(&app, &seat, blog, post(2, "Ole", "Kaffee von gestern", 12)).await;
        assert_eq!(archive_texts(&app, &seat, "since:2026-11-23 (kaffee OR lieferung)").await, ["Die Lieferungen kommen spät"]);
        assert_eq!(archive_texts(&app, &seat, "until:2026-11-22").await, ["Kaffee von gestern"]);
        assert_eq!(archive_texts(&app, &seat, "before:2026-11-23").await, ["Kaffee von gestern"]);
        assert_eq!(archive_texts(&app, &seat, "after:2026-11-22").await, ["Die Lieferungen kommen spät"]);
        assert_eq!(archive_texts(&app, &seat, "lieferung").await.len(), 1, "another form of the word");
        assert!(archive_texts(&app, &seat, "\"lieferung\"").await.is_empty(), "quoted is as written");
        assert_eq!(archive_texts(&app, &seat, "watch:\"Kaffee\"").await.len(), 2);
        assert!(archive_texts(&app, &seat, "status:open").await.is_empty());
        let hit = hits::list(&mut app.db.read().await.unwrap(), &seat, kaffee, None, 5).await.unwrap().remove(0);
        let conversation = hits::converse(&app, &seat, hit.id).await.unwrap();
        domain::desk::organise::claim(&app, &seat, conversation).await.unwrap();
        domain::desk::organise::add_label(&app, &seat, conversation, "Lieferung").await.unwrap();
        for query in ["status:open", "assignee:me", "label:lieferung", "assignee:\"miriam koch\"", "lieferung status:open label:lieferung"] {
            assert_eq!(archive_texts(&app, &seat, query).await, ["Die Lieferungen kommen spät"], "{query}");
        }
        assert_eq!(archive_texts(&app, &seat, "(kaffee OR lieferung) NOT status:open").await, ["Kaffee von gestern"]);
        let errors = archive::find(&app, &seat, "stauts:open", None, 5).await.unwrap().unwrap_err();
        assert_eq!(errors[0].problem.key(), "unknown-field");
    }

    async fn archive_pages_follow_each_other_to_the_end(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        for n in 0..23 {
            put(&app, &seat, blog, post(n, "Ole", if n % 2 == 0 { "Kaffee" } else { "Tee" }, i64::from(n / 3))).await;
        }
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let found = archive::find(&app, &seat, "kaffee", before, 5).await.unwrap().unwrap();
            seen.extend(found.posts.iter().map(|(p, _)| p.id));
            before = found.next;
            if before.is_none() { break }
        }
        let distinct: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (12, 12));
    }

    async fn a_trial_counts_by_day_and_does_not_look_beyond_thirty_days(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        for (n, hours) in [1, 2, 30, 29 * 24, 31 * 24].into_iter().enumerate() {
            put(&app, &seat, blog, post(n as u32, "Ole", "Kaffee", hours)).await;
        }
        let tried = preview::preview(&app, &seat, None, "Neu", "kaffee", 3).await.unwrap().unwrap();
        assert_eq!((tried.found, tried.newest.len(), tried.looked_until), (4, 3, None));
        assert_eq!((tried.days[29], tried.days[28], tried.days[0], tried.days.iter().sum::<i64>()), (2, 1, 1, 4));
        assert!(preview::preview(&app, &seat, None, "Neu", "kaffee OR", 3).await.unwrap().is_err());
    }

    async fn a_back_fill_survives_a_crash_between_batches_and_counts_nothing_twice(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        for n in 0..100 {
            put(&app, &seat, blog, post(n, "Ole", if n % 10 == 0 { "Tee" } else { "Kaffee" }, i64::from(n))).await;
        }
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee").await;
        let id = backfill::start(&app, &seat, kaffee).await.unwrap();
        assert_eq!(backfill::start(&app, &seat, kaffee).await.unwrap(), id, "one at a time");
        let state = || async { backfill::newest(&mut app.db.read().await.unwrap(), &seat, kaffee).await.unwrap().unwrap() };
        assert_eq!((state().await.total, state().await.percent()), (90, 0), "only what may match is counted");
        assert_eq!(backfill::step(&app, seat.ws(), id).await.unwrap(), Step::More);
        let half = state().await;
        assert!(half.is_running() && half.found == 40 && half.done == 40 && half.percent() == 44, "{half:?}");
        // The process dies here; another one takes the job.
        let again = self::app(&db);
        assert!(matches!(backfill::run(again, claimed(seat.ws(), id)).await, jobs::Outcome::Done));
        let done = state().await;
        assert_eq!((done.state.as_str(), done.found, done.done, done.percent()), ("done", 90, 90, 100));
        assert_eq!(watches::open(&mut app.db.read().await.unwrap(), &seat, kaffee).await.unwrap().hits, 90);
        assert_eq!(backfill::step(&app, seat.ws(), id).await.unwrap(), Step::End);
        let second = backfill::start(&app, &seat, kaffee).await.unwrap();
        assert_ne!(second, id);
        assert!(matches!(backfill::run(app.clone(), claimed(seat.ws(), second)).await, jobs::Outcome::Done));
        assert_eq!((state().await.found, state().await.state.as_str()), (0, "done"), "everything was known");
        let (rung,): (i64,) = app.db.read().await.unwrap().one("SELECT COUNT(*) FROM events WHERE kind = 'hit.new'", vec![]).await.unwrap();
        assert_eq!(rung, 0, "history rings no alarm");
        let (expiring,): (i64,) = app.db.read().await.unwrap().one("SELECT COUNT(*) FROM posts WHERE expires_at IS NOT NULL", vec![]).await.unwrap();
        assert_eq!(expiring, 10, "what a watch wants stays");
    }

    async fn what_stands_beyond_the_end_of_a_cut_search_document_is_found_all_the_same(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        // Different words: a document holds each once.
        let long = (0..16_000).map(|n| format!("wort{n} ")).collect::<String>() + "Kaffee";
        put(&app, &seat, blog, post(1, "Ole", &long, 2)).await;
        put(&app, &seat, blog, post(2, "Ole", "Kaffee, kurz", 1)).await;
        put(&app, &seat, blog, post(3, "Ole", "Tee", 3)).await;
        let (cut,): (i64,) = app.db.read().await.unwrap().one("SELECT COUNT(*) FROM posts WHERE truncated", vec![]).await.unwrap();
        assert_eq!(cut, 1);
        assert_eq!(preview::preview(&app, &seat, None, "", "kaffee", 5).await.unwrap().unwrap().found, 2);
        assert_eq!(archive_texts(&app, &seat, "kaffee").await, ["Kaffee, kurz".to_string(), long]);
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee").await;
        let id = backfill::start(&app, &seat, kaffee).await.unwrap();
        assert_eq!(backfill::step(&app, seat.ws(), id).await.unwrap(), Step::End);
        assert_eq!(texts(&app, &seat, kaffee).await.len(), 2);
    }

    async fn a_back_fill_of_an_archived_watch_stops(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        put(&app, &seat, blog, post(1, "Ole", "Kaffee", 1)).await;
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee").await;
        let id = backfill::start(&app, &seat, kaffee).await.unwrap();
        watches::archive(&app, &seat, kaffee).await.unwrap();
        assert_eq!(backfill::step(&app, seat.ws(), id).await.unwrap(), Step::End);
        let state = backfill::newest(&mut app.db.read().await.unwrap(), &seat, kaffee).await.unwrap().unwrap();
        assert_eq!((state.state.as_str(), state.found), ("stopped", 0));
    }

    async fn an_ended_watch_is_taken_up_again_unless_its_name_or_query_no_longer_holds(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Kaffeeblog").await;
        let (coffee, outer) = (watch(&app, &seat, "Kaffee", "kaffee").await, watch(&app, &seat, "Heiß", "watch:\"Kaffee\" heiß").await);
        for id in [outer, coffee] {
            watches::archive(&app, &seat, id).await.unwrap();
        }
        assert_eq!(watches::archived(&mut app.db.read().await.unwrap(), &seat).await.unwrap().len(), 2);
        assert!(matches!(watches::resume(&app, &seat, outer).await, Err(Error::Conflict(_))), "the watch it names has ended");
        put(&app, &seat, blog, post(1, "Ole", "Kaffee, heiß, bevor jemand zuhört", 2)).await;
        watches::resume(&app, &seat, coffee).await.unwrap();
        watches::resume(&app, &seat, outer).await.unwrap();
        put(&app, &seat, blog, post(2, "Ole", "Kaffee, heiß, danach", 1)).await;
        assert_eq!(texts(&app, &seat, outer).await, ["Kaffee, heiß, danach"]);
        watches::archive(&app, &seat, outer).await.unwrap();
        watch(&app, &seat, "Heiß", "heiß").await;
        assert!(matches!(watches::resume(&app, &seat, outer).await, Err(Error::Conflict(_))), "another one has its name");
    }

    async fn a_seat_limited_to_an_account_sees_only_its_posts(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let (mine, other) = (account(&app, &seat, "Meiner").await, account(&app, &seat, "Anderer").await);
        let kaffee = watch(&app, &seat, "Kaffee", "kaffee").await;
        put(&app, &seat, mine, post(1, "Ole", "Kaffee hier", 1)).await;
        put(&app, &seat, other, post(2, "Ole", "Kaffee dort", 1)).await;
        let mut limited = seat.clone();
        limited.grants = vec![accounts::Grant { permissions: BuiltinRole::Agent.permissions(), team: None, account: Some(mine) }];
        assert!(limited.can(Permission::ListenRead));
        assert_eq!(texts(&app, &limited, kaffee).await, ["Kaffee hier"]);
        assert_eq!(archive_texts(&app, &limited, "kaffee").await, ["Kaffee hier"]);
        assert_eq!(preview::preview(&app, &limited, None, "", "kaffee", 5).await.unwrap().unwrap().found, 1);
        let hidden = hits::list(&mut app.db.read().await.unwrap(), &seat, kaffee, None, 5).await.unwrap().into_iter().find(|h| h.post.account_id == other).unwrap();
        assert!(matches!(posts::open(&mut app.db.read().await.unwrap(), &limited, hidden.post.id).await, Err(Error::NotFound)));
        assert!(matches!(hits::converse(&app, &limited, hidden.id).await, Err(Error::NotFound)));
        assert!(matches!(watches::create(&app, &limited, draft("x", "y")).await, Err(Error::Forbidden(_))));
    }
}

/// The worker loads what is there when it starts, and what changes afterwards.
#[tokio::test]
async fn the_worker_follows_changes_by_events() {
    let db = testkit::fresh_sqlite().await;
    let (here, there) = (app(&db), app(&db));
    let seat = owner(&here, "nordwind").await;
    let mut ear = there.feed.listen();
    watch(&here, &seat, "Kaffee", "kaffee").await;
    let stop = tokio_util::sync::CancellationToken::new();
    let workers = [
        tokio::spawn({
            let (app, stop) = (there.clone(), stop.clone());
            async move { app.watches().run(app.clone(), stop).await }
        }),
        tokio::spawn({
            let (app, stop) = (there.clone(), stop.clone());
            async move { app.feed.run(app.db.clone(), stop).await }
        }),
    ];
    let finds = |text: &'static str| {
        let (there, seat) = (there.clone(), seat.clone());
        async move {
            while there.watches().matches(seat.ws(), &matching::Post { text, ..matching::Post::default() }).is_empty() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), finds("Kaffee")).await.expect("what was there at the start");
    // The feed tells what happens after its own first look: wait until it tells anything.
    while tokio::time::timeout(Duration::from_millis(50), ear.recv()).await.is_err() {
        let mut tx = here.db.write().await.unwrap();
        domain::events::record::<()>(&mut tx, seat.ws(), "test.begun", None, None, serde_json::json!({})).await.unwrap();
        tx.commit().await.unwrap();
    }
    watch(&here, &seat, "Tee", "tee").await;
    tokio::time::timeout(Duration::from_secs(10), finds("Tee")).await.expect("what came later");
    stop.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
}
