//! The people area over HTTP: inviting, joining, roles, teams, passwords, and the settings' pages in both languages.

mod support;

use domain::accounts::{BuiltinRole, resets};
use http::StatusCode;
use support::TestApp;
use support::world::World;
use testkit::db_test;

const PASSWORD: &str = "ein langes Passwort für Tests";

db_test! {
    async fn a_person_is_invited_joins_and_sees_what_their_role_may_see(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let form = owner.get("/nord/settings/members/new").await;
        form.assert_sound();
        let viewer = form.attribute("input[name=grant]", "value").expect("the first role");
        let none = owner.post("/nord/settings/members/new", &[("email", "neu@firma.example")]).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(none.text(".error").contains("mindestens eine Rolle"), "{}", none.text(".error"));
        let made = owner.post("/nord/settings/members/new", &[("email", "neu@firma.example"), ("grant", &viewer)]).await;
        made.assert_sound();
        let link = made.attribute("#link", "value").expect("without system mail the link is shown");
        let path = link.strip_prefix("https://tresen.firma.example").unwrap();
        assert!(owner.get("/nord/settings/members").await.body.contains("neu@firma.example"), "open invitations are listed");

        let stranger = house.anonymous();
        stranger.get(path).await.assert_sound();
        let short = stranger.post(path, &[("name", "Neu Hier"), ("password", "kurz"), ("locale", "en")]).await;
        assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
        let joined = stranger.post(path, &[("name", "Neu Hier"), ("password", PASSWORD), ("locale", "en")]).await;
        assert!(joined.location().starts_with("/nord/inbox"), "{joined:?}");
        assert!(joined.header(http::header::SET_COOKIE).contains("Max-Age=7776000"), "no longer than the session itself");
        let session = joined.header(http::header::SET_COOKIE).split(['=', ';']).nth(1).unwrap().to_string();
        let newcomer = support::Client { router: house.router.clone(), session: Some(session) };
        assert_eq!(newcomer.get("/nord/settings").await.location(), "/nord/settings/members");
        let members = newcomer.get("/nord/settings/members").await;
        assert!(members.text("h1").contains("Members") && !members.body.contains("settings/members/new"), "a viewer invites nobody");
        assert_eq!(newcomer.get("/nord/settings/audit").await.status, StatusCode::FORBIDDEN);
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "the link worked once");
    }

    async fn removing_a_member_asks_first_and_says_what_it_means(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let guest = world.ids["membership"][0];
        let path = format!("/nord/settings/members/{guest}/remove");
        let asked = owner.get(&path).await;
        asked.assert_sound();
        assert!(asked.text("main").contains("Kein offenes Gespräch"), "{}", asked.text("main"));
        let done = owner.post(&path, &[]).await;
        assert_eq!(done.location(), "/nord/settings/members?said=said-member-removed");
        assert!(owner.get(done.location()).await.text(".toast").contains("gehört nicht mehr dazu"));
        assert_eq!(owner.get(&path).await.status, StatusCode::NOT_FOUND);
    }

    async fn every_page_of_the_settings_is_sound_in_both_languages(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        house.workspace("sued", "Süd", world.people[&BuiltinRole::Owner]).await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let first = |name: &str| world.ids[name][0];
        let pages = [
            "members".to_string(), "members/new".into(), format!("members/{}", first("membership")), "teams".into(), format!("teams/{}", first("team")),
            "roles".into(), "roles/new".into(), format!("roles/{}", first("role")), "workspace".into(), "suspicious".into(), "audit".into(), "audit?area=member".into(), "jobs".into(), "jobs?state=failed".into(),
        ];
        for (locale, settings, me) in [("de-DE", "Einstellungen", "Ihre Einstellungen"), ("en", "Settings", "Your settings")] {
            owner.post("/language", &[("locale", locale)]).await;
            for page in &pages {
                let answer = owner.get(&format!("/nord/settings/{page}")).await;
                assert_eq!(answer.status, StatusCode::OK, "{page}");
                answer.assert_sound();
                assert_eq!(answer.text(".pane-list .pane-head"), settings, "{page}");
                assert!(answer.attribute(".nav-side a[aria-current=page]", "href").is_some(), "{page}: where am I?");
                assert!(answer.attribute(".rail-switch a[href='/sued/inbox']", "href").is_some(), "{page}: the way to the other workspace");
            }
            let page = owner.get("/me").await;
            page.assert_sound();
            assert_eq!(page.text("h1"), me);
        }
        let roles = owner.get("/nord/settings/roles").await;
        let rows = roles.body.matches("<tr>").count();
        assert_eq!(rows, domain::accounts::Permission::ALL.len() + 1, "a row for every permission");
    }

    async fn the_log_names_what_was_changed_and_links_to_it(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let (watch, contact) = (world.ids["watch"][0], world.ids["contact"][0]);
        assert_eq!(owner.post(&format!("/nord/listen/{watch}/archive"), &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(owner.post(&format!("/nord/customers/contacts/{contact}/edit"), &[("name", "Anna Berger")]).await.status, StatusCode::SEE_OTHER);
        let log = owner.get("/nord/settings/audit").await;
        log.assert_sound();
        assert_eq!(log.text(&format!("td a[href='/nord/customers/contacts/{contact}']")), "Anna Berger");
        assert!(log.text(&format!("td a[href='/nord/listen/{watch}']")).contains("nordgeheim"), "{}", log.text("table"));
        // An administrator of the house sees no names of a link that is closed.
        let link = world.ids["link"][0];
        owner.post(&format!("/nord/customers/links/{link}/close"), &[]).await;
        let log = owner.get("/nord/settings/audit?area=link").await;
        assert!(!log.text("table").contains("nordgeheim profile"), "{}", log.text("table"));
    }

    async fn who_may_not_is_told_which_right_is_missing_and_who_has_it(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        let viewer = house.as_user(world.people[&BuiltinRole::Viewer]).await;
        let page = viewer.get("/nord/settings/audit").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        let said = page.text("main");
        assert!(said.contains("„Protokoll lesen“") && said.contains("Besitz") && !said.contains("audit.read"), "{said}");
        viewer.post("/language", &[("locale", "en")]).await;
        assert!(viewer.get("/nord/settings/audit").await.text("main").contains("Owner"));
    }

    async fn a_forgotten_password_is_set_anew_and_the_request_tells_nothing(db: Db) {
        let house = TestApp::on(&db);
        let user = house.user("da@firma.example", "Da").await;
        let before = house.as_user(user).await;
        let stranger = house.anonymous();
        let known = stranger.post("/reset", &[("email", "da@firma.example")]).await;
        let unknown = stranger.post("/reset", &[("email", "weg@firma.example")]).await;
        assert_eq!(known.status, StatusCode::OK);
        assert_eq!(known.body.replace("da@", "x@"), unknown.body.replace("weg@", "x@"));
        let link = resets::link_for(&house.app, "da@firma.example").await.unwrap();
        let path = link.strip_prefix("https://tresen.firma.example").unwrap();
        stranger.get(path).await.assert_sound();
        assert_eq!(stranger.post(path, &[("password", "kurz")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(stranger.post(path, &[("password", PASSWORD)]).await.location(), "/");
        assert!(before.get("/me").await.is_to_login(), "the old session has ended");
        let signed_in = stranger.post("/login", &[("email", "da@firma.example"), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.location(), "/");

        let here = house.as_user(user).await;
        let wrong = here.post("/me/password", &[("old", "falsch"), ("password", "noch ein langes Passwort")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.assert_sound();
        let changed = here.post("/me/password", &[("old", PASSWORD), ("password", "noch ein langes Passwort")]).await;
        assert_eq!(changed.location(), "/me?password");
        assert!(here.get("/me?password").await.text("[role=status]").contains("Passwort ist geändert"));
    }

    async fn background_work_says_why_it_failed_and_can_be_tried_again_or_thrown_away(db: Db) {
        let house = TestApp::on(&db);
        let world = World::build(&house, "nord", "nordgeheim").await;
        let owner = house.as_user(world.people[&BuiltinRole::Owner]).await;
        let mut tx = house.app.db.write().await.unwrap();
        let failure = serde_json::json!({ "key": "job-failure-mail", "args": [["detail", "421 zu voll"]] });
        tx.run("UPDATE jobs SET failure = $1", db::args![failure]).await.unwrap();
        tx.commit().await.unwrap();
        let page = owner.get("/nord/settings/jobs?state=failed").await;
        assert!(page.text("td").contains("Der Mailserver hat die E-Mail nicht angenommen: 421 zu voll"), "{}", page.text("td"));
        let job = world.ids["job"][0];
        assert_eq!(owner.post(&format!("/nord/settings/jobs/{job}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
        assert!(owner.get("/nord/settings/jobs?state=ready").await.text("td").contains("wartet"));
        assert_eq!(owner.post(&format!("/nord/settings/jobs/{job}/discard"), &[]).await.status, StatusCode::NOT_FOUND, "it is no longer failed");
        assert!(owner.get("/nord/settings/audit?area=job").await.text("td").contains("hat eine Arbeit noch einmal angestoßen"));
    }
}
