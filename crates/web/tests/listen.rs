//! Watches over HTTP: written with every error said, tried while one types, hits with their marks, conversations, the back-fill's bar.

mod support;

use db::args;
use domain::accounts::BuiltinRole;
use http::{Request, StatusCode, header};
use jobs::{Registry, Runner};
use model::{Id, kinds};
use support::{Client, TestApp};
use testkit::{TestDb, db_test};

struct House {
    house: TestApp,
    ws: Id<kinds::Workspace>,
    editor: Client,
    agent: Client,
    account: Id<kinds::ChannelAccount>,
}

impl House {
    async fn build(db: &TestDb) -> House {
        let house = TestApp::on(db);
        let owner = house.user("miriam@firma.example", "Miriam Koch").await;
        let ws = house.workspace("nordwind", "Nordwind", owner).await;
        let agent = house.user("jana@firma.example", "Jana Petersen").await;
        house.join(ws, agent, BuiltinRole::Agent).await;
        let mut tx = house.app.db.write().await.unwrap();
        let account = tx.id();
        tx.run(
            "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, created_at) VALUES ($1, $2, 'feed', 'Kaffeeblog', $3, 'active', 0)",
            args![account, ws, serde_json::json!({})],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let (editor, agent) = (house.as_user(owner).await, house.as_user(agent).await);
        House { house, ws, editor, agent, account }
    }

    async fn arrive(&self, id: &str, text: &str) {
        let item = channels::Inbound {
            external_id: id.into(),
            canonical_url: Some(format!("https://blog.example/{id}")),
            kind: channels::ItemKind::Post,
            author: channels::Author { name: "Anna".into(), handle: Some("@anna".into()), url: None, address: None },
            title: None,
            text: text.into(),
            html: None,
            published_at: None,
            language_hint: None,
            in_reply_to: None,
            attachments: vec![],
            mail: None,
            media: vec![],
        };
        domain::intake::deliver(&self.house.app, self.ws, self.account, item).await.unwrap();
    }

    async fn watch(&self, name: &str, query: &str) -> String {
        let made = self.editor.post("/nordwind/listen/new", &[("name", name), ("kind", "brand"), ("query", query)]).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text("main"));
        made.location().split('?').next().unwrap().to_string()
    }

    async fn swap(&self, path: &str, query: &str) -> support::Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).append_pair("name", "x").finish();
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header("hx-request", "true")
            .header(header::COOKIE, format!("tresen_session={}", self.editor.session.as_deref().unwrap()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.editor.ask(request.body(body.into()).unwrap()).await
    }
}

db_test! {
    async fn an_empty_page_teaches_and_every_error_of_a_query_stands_under_it(db: Db) {
        let h = House::build(&db).await;
        let empty = h.editor.get("/nordwind/listen").await;
        empty.assert_sound();
        assert!(empty.text(".empty").contains("Noch keine Beobachtung"));
        assert_eq!(h.agent.get("/nordwind/listen/new").await.status, StatusCode::FORBIDDEN);
        h.editor.get("/nordwind/listen/new").await.assert_sound();
        let wrong = h.editor.post("/nordwind/listen/new", &[("name", "Nordwind"), ("kind", "brand"), ("query", "kaffee\nsentimnt:negative *x")]).await;
        wrong.assert_sound();
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(wrong.text("#query"), "kaffee sentimnt:negative *x");
        let said = wrong.text("#query-check ul");
        assert!(said.contains("Meinten Sie „sentiment“?") && said.contains("Zeile 2, Zeichen 1") && said.contains("Ein Stern darf nicht am Anfang stehen"), "{said}");
        let page = scraper::Html::parse_document(&wrong.body);
        assert_eq!(page.select(&scraper::Selector::parse(".q-err").unwrap()).count(), 2);
        let nameless = h.editor.post("/nordwind/listen/new", &[("name", ""), ("kind", "brand"), ("query", "kaffee")]).await;
        assert!(!nameless.text("#name-error").is_empty());
        nameless.assert_sound();
    }

    async fn a_query_is_tried_while_one_types_and_without_script(db: Db) {
        let h = House::build(&db).await;
        h.arrive("1", "Der Kaffee von Nordwind ist kalt.").await;
        h.arrive("2", "Tee ist auch gut.").await;
        let swap = h.swap("/nordwind/listen/preview", "kaffee").await;
        assert_eq!(swap.status, StatusCode::OK);
        assert!(!swap.body.contains("<html") && swap.text("mark") == "Kaffee" && swap.body.contains("hx-swap-oob"), "{}", swap.body);
        assert!(swap.text(".figure").contains("Treffer, 30 Tage 1"), "{}", swap.text(".figure"));
        let wrong = h.swap("/nordwind/listen/preview", "kaffee OR").await;
        assert!(!wrong.text(".q-msg").is_empty() && wrong.text(".figure").is_empty());
        let whole = h.editor.post("/nordwind/listen/preview", &[("name", "x"), ("kind", "brand"), ("query", "kaffee")]).await;
        whole.assert_sound();
        assert_eq!((whole.status, whole.text("#trial mark").as_str()), (StatusCode::OK, "Kaffee"));
    }

    async fn what_arrives_is_a_hit_with_marks_and_becomes_one_conversation(db: Db) {
        let h = House::build(&db).await;
        let place = h.watch("Nordwind", "nordwind").await;
        let nothing = h.editor.get(&place).await;
        nothing.assert_sound();
        assert!(nothing.text(".empty").contains("Noch kein Treffer"));
        h.arrive("1", "Der Kaffee von Nordwind ist kalt.").await;
        h.arrive("2", "Tee ist auch gut.").await;
        let page = h.agent.get(&place).await;
        page.assert_sound();
        assert_eq!((page.text(".hit mark").as_str(), page.text(".watch-num").split_whitespace().next()), ("Nordwind", Some("1")));
        let action = page.attribute(".hit form", "action").unwrap();
        let first = h.agent.post(&action, &[]).await;
        let again = h.agent.post(&action, &[]).await;
        assert_eq!((first.status, first.location()), (StatusCode::SEE_OTHER, again.location()));
        let conversation = first.location().split('?').next().unwrap().to_string();
        assert_eq!(h.agent.get(&place).await.attribute(".hit-meta a.push", "href"), Some(conversation.clone()));
        let thread = h.agent.get(&conversation).await;
        assert!(thread.text("main").contains("Der Kaffee von Nordwind ist kalt."), "{}", thread.text("main"));
        assert_eq!(h.agent.get("/nordwind/listen").await.text("tbody .num"), "1 1");
        h.agent.get("/nordwind/listen").await.assert_sound();
        let archive = h.agent.get("/nordwind/listen/archive?q=kaffee+since%3A2026-01-01").await;
        archive.assert_sound();
        assert_eq!(archive.text(".hit mark"), "Kaffee");
        let wrong = h.agent.get("/nordwind/listen/archive?q=kaffee+OR").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.assert_sound();
        let post = archive.attribute(".hit-head a", "href").unwrap();
        assert!(h.agent.get(&post).await.text("article").contains("Der Kaffee von Nordwind ist kalt."));
    }

    async fn a_back_fill_shows_its_way_and_takes_in_what_came_before(db: Db) {
        let h = House::build(&db).await;
        h.arrive("1", "Der Kaffee von Nordwind ist kalt.").await;
        h.arrive("2", "Nordwind, Nordwind.").await;
        h.arrive("3", "Tee ist auch gut.").await;
        let place = h.watch("Nordwind", "nordwind").await;
        assert_eq!(h.agent.post(&format!("{place}/backfill"), &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(h.editor.post(&format!("{place}/backfill"), &[]).await.status, StatusCode::SEE_OTHER);
        let running = h.editor.get(&place).await;
        running.assert_sound();
        assert_eq!(running.attribute("progress", "value").as_deref(), Some("0"));
        assert_eq!(running.attribute("#found", "data-live-src"), Some(place.clone()));
        let app = h.house.app.clone();
        let registry = Registry::default().on(domain::listening::backfill::KIND, 1, move |job| domain::listening::backfill::run(app.clone(), job));
        Runner::new(h.house.app.db.clone(), registry).run_due().await.unwrap();
        let done = h.agent.get(&place).await;
        assert!(done.text("#backfill").contains("2 neue Treffer"), "{}", done.body);
        assert_eq!(scraper::Html::parse_document(&done.body).select(&scraper::Selector::parse("article.hit").unwrap()).count(), 2);
    }

    async fn a_watch_is_changed_and_ended_and_one_that_others_name_is_not(db: Db) {
        let h = House::build(&db).await;
        let place = h.watch("Nordwind", "nordwind").await;
        let other = h.watch("Kalt", "watch:Nordwind kalt").await;
        let renamed = h.editor.post(&format!("{place}/edit"), &[("name", "Anders"), ("kind", "brand"), ("query", "nordwind")]).await;
        assert_eq!(renamed.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(renamed.text("#name-error").contains("Kalt"), "{}", renamed.text("#name-error"));
        let changed = h.editor.post(&format!("{place}/edit"), &[("name", "Nordwind"), ("kind", "topic"), ("query", "nordwind OR sturm")]).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text("main"));
        h.arrive("1", "Sturm, und es ist kalt.").await;
        for page in [&place, &other] {
            assert!(h.agent.get(page).await.text(".hit").contains("Sturm"), "{page}");
        }
        assert_eq!(h.editor.post(&format!("{place}/archive"), &[]).await.status, StatusCode::CONFLICT);
        assert_eq!(h.editor.post(&format!("{other}/archive"), &[]).await.status, StatusCode::SEE_OTHER);
        assert!(!h.editor.get("/nordwind/listen").await.text("main").contains("Kalt"));
        let ended = h.agent.get(&other).await;
        ended.assert_sound();
        assert!(ended.text(".banner").contains("beendet") && ended.text(".hit").contains("Sturm"));
        assert_eq!(h.editor.get(&format!("{other}/edit")).await.status, StatusCode::NOT_FOUND);
        assert!(h.agent.get("/nordwind/listen").await.text("nav details").contains("Kalt"), "the way back to it");
        assert_eq!(ended.attribute("form[action$='/resume']", "action"), None, "an agent only looks");
        let resume = h.editor.get(&other).await.attribute("form[action$='/resume']", "action").expect("a way on");
        assert_eq!(h.editor.post(&resume, &[]).await.location(), format!("{other}?said=said-watch-resumed"));
        h.arrive("2", "Sturm, kalt, und wieder da.").await;
        assert!(h.agent.get(&other).await.text(".hit").contains("wieder da"));
    }
}
