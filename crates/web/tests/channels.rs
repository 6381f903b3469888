//! The settings pages of channel accounts and the public contact form, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use channels::net::{Net, NetPolicy};
use domain::accounts::{BuiltinRole, sessions, users, workspaces};
use domain::sources::forms::{self, FormSettings};
use domain::sources::{NewAccount, connect_in};
use domain::{App, Sealer};
use http::{Request, StatusCode, header};
use model::{Id, Locale, Random, SeededRandom, kinds};
use scraper::{Html, Selector};
use testkit::db_test;
use tower::ServiceExt;
use web::{Site, Trust, router};

struct House {
    app: App,
    workspace: Id<kinds::Workspace>,
    /// Session tokens.
    owner: String,
    viewer: String,
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    fn text(&self, selector: &str) -> String {
        let page = Html::parse_document(&self.body);
        page.select(&Selector::parse(selector).unwrap()).flat_map(|e| e.text()).collect::<Vec<_>>().join(" ")
    }
    fn attribute(&self, selector: &str, name: &str) -> String {
        let page = Html::parse_document(&self.body);
        page.select(&Selector::parse(selector).unwrap()).next().and_then(|e| e.value().attr(name).map(str::to_string)).unwrap_or_default()
    }
    /// Ids must be unique and references must lead somewhere.
    fn check(&self) {
        let page = Html::parse_document(&self.body);
        let mut ids = std::collections::HashSet::new();
        for element in page.select(&Selector::parse("[id]").unwrap()) {
            assert!(ids.insert(element.value().attr("id").unwrap().to_string()), "twice: {:?}", element.value().attr("id"));
        }
        for name in ["aria-describedby", "aria-labelledby", "for"] {
            for element in page.select(&Selector::parse(&format!("[{name}]")).unwrap()) {
                for id in element.value().attr(name).unwrap().split_whitespace() {
                    assert!(ids.contains(id), "{name}={id} leads nowhere");
                }
            }
        }
        assert!(
            page.select(&Selector::parse("[style], [onclick], script:not([src], [type=\"application/json\"])").unwrap()).next().is_none(),
            "the policy forbids it"
        );
    }
}

impl House {
    async fn build(db: &testkit::TestDb) -> House {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(3));
        let net = Net::new(NetPolicy::default());
        let app = App::new(domain::Parts {
            db: (**db).clone(),
            sealer: Sealer::new([7; 32]),
            blobs: domain::Blobs::in_folder(std::env::temp_dir().join("tresen-no-blobs")),
            channels: channels::Context { clock: Arc::new(db.clock.clone()), random, net, limits: channels::Limits::default() },
            feed: domain::events::Feed::default(),
            presence: domain::desk::presence::Presence::default(),
            config: domain::Config { public_url: "https://tresen.firma.example".into(), ..domain::Config::default() },
        });
        let mut tx = app.db.write().await.unwrap();
        let mut people = Vec::new();
        for name in ["Miriam Koch", "Tom Sand"] {
            let email = format!("{}@firma.example", name.split(' ').next().unwrap().to_lowercase());
            let new = users::NewUser { email: &email, name, password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
            people.push(users::create(&mut tx, new).await.unwrap());
        }
        let new = workspaces::NewWorkspace {
            name: "Nordwind",
            slug: "nordwind",
            locale: Locale::DeDe,
            time_zone: "Europe/Berlin",
            is_demo: false,
        };
        let workspace = workspaces::create(&mut tx, new, people[0]).await.unwrap();
        workspaces::join(&mut tx, workspace, people[1], &[(BuiltinRole::Viewer, None)]).await.unwrap();
        let owner = sessions::open(&mut tx, people[0], &sessions::Visitor::default()).await.unwrap();
        let viewer = sessions::open(&mut tx, people[1], &sessions::Visitor::default()).await.unwrap();
        tx.commit().await.unwrap();
        House { app, workspace, owner, viewer }
    }

    async fn ask(&self, session: &str, path: &str, form: Option<&str>) -> Answer {
        self.ask_in(session, path, form, "de").await
    }

    async fn ask_in(&self, session: &str, path: &str, form: Option<&str>, language: &str) -> Answer {
        let site = Site { app: self.app.clone(), trust: Arc::new(Trust::default()) };
        let mut request = Request::builder().uri(path).header(header::ACCEPT_LANGUAGE, language);
        if !session.is_empty() {
            request = request.header(header::COOKIE, format!("tresen_session={session}")).header("sec-fetch-site", "same-origin");
        }
        let request = match form {
            Some(form) => {
                request.method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(form.to_string()))
            }
            None => request.body(Body::empty()),
        };
        let response = router(site).oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn form(&self, sites: &[&str]) -> Id<kinds::ChannelAccount> {
        let settings = FormSettings {
            title: "Schreiben Sie uns".into(),
            intro: "Wir antworten am selben Tag.".into(),
            privacy_url: "https://firma.example/datenschutz".into(),
            ask_subject: true,
            sites: sites.iter().map(ToString::to_string).collect(),
            ..FormSettings::default()
        };
        let own = serde_json::to_value(settings.checked().unwrap()).unwrap();
        let new = NewAccount { channel: forms::CHANNEL.into(), name: "Kontakt".into(), own, ..NewAccount::default() };
        let mut tx = self.app.db.write().await.unwrap();
        let id = connect_in(&mut tx, &self.app, self.workspace, None, new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }
}

db_test! {
    async fn an_account_is_connected_step_by_step_and_a_secret_is_never_shown(db: Db) {
        let house = House::build(&db).await;
        let list = house.ask(&house.owner, "/nordwind/settings/channels", None).await;
        list.check();
        assert!(list.text("main").contains("Noch kein Konto"));
        let choose = house.ask(&house.owner, "/nordwind/settings/channels/new", None).await;
        choose.check();
        for channel in ["feed", "mail", "form"] {
            let page = house.ask(&house.owner, &format!("/nordwind/settings/channels/new/{channel}"), None).await;
            assert_eq!(page.status, StatusCode::OK);
            page.check();
        }
        assert_eq!(house.ask(&house.owner, "/nordwind/settings/channels/new/telex", None).await.status, StatusCode::NOT_FOUND);
        let wrong = house.ask(&house.owner, "/nordwind/settings/channels/new/mail", Some("from=niemand&user=u&password=streng+geheim&imap_host=imap.firma.example")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.check();
        assert!(wrong.text("#set-from-error").contains("keine vollständige E-Mail-Adresse"));
        assert!(!wrong.body.contains("geheim"));
        let kept = wrong.attribute("input[name=kept]", "value");
        let again = format!("step=anyway&from=hallo%40firma.example&user=u&password=&imap_host=imap.firma.example&kept={kept}");
        let done = house.ask(&house.owner, "/nordwind/settings/channels/new/mail", Some(&again)).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text("main"));
        let place = done.header(header::LOCATION).to_string();
        let account = house.ask(&house.owner, &place, None).await;
        account.check();
        assert!(account.text(".toast").contains("Konto verbunden"));
        assert_eq!(account.attribute("#set-imap-host", "value"), "imap.firma.example");
        assert!(account.text("#set-password-hint").contains("Leer lassen"));
        assert!(!account.body.contains("geheim"));
        let place = place.split('?').next().unwrap();
        let saved = house.ask(&house.owner, place, Some("name=Hallo-Postfach&from=hallo%40firma.example&user=u&password=&imap_host=imap.firma.example")).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER);
        assert_eq!(house.ask(&house.owner, &format!("{place}/pause"), Some("")).await.status, StatusCode::SEE_OTHER);
        let list = house.ask(&house.owner, "/nordwind/settings/channels", None).await;
        assert!(list.text("tbody").contains("Hallo-Postfach") && list.text("tbody").contains("pausiert"));
        house.ask(&house.owner, &format!("{place}/remove"), None).await.check();
        assert_eq!(house.ask(&house.owner, &format!("{place}/remove"), Some("")).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.ask(&house.owner, place, None).await.status, StatusCode::NOT_FOUND);
    }

    async fn who_may_not_see_accounts_does_not(db: Db) {
        let house = House::build(&db).await;
        let id = house.form(&[]).await;
        assert_eq!(house.ask(&house.viewer, "/nordwind/settings/channels", None).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.ask(&house.viewer, &format!("/nordwind/settings/channels/{id}/remove"), Some("")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.ask("", "/nordwind/settings/channels", None).await.status, StatusCode::SEE_OTHER);
        assert_eq!(house.ask(&house.owner, &format!("/nordwind/settings/channels/{}", Id::<()>::from_i64(1)), None).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_form_is_set_up_with_its_link_and_what_to_embed(db: Db) {
        let house = House::build(&db).await;
        let wrong = house.ask(&house.owner, "/nordwind/settings/channels/new/form", Some("title=&sites=*")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.check();
        for id in ["form-title-error", "form-privacy-text-error", "form-sites-error"] {
            assert!(!wrong.text(&format!("#{id}")).is_empty(), "{id}");
        }
        let form = "title=Schreiben+Sie+uns&privacy_text=Nur+zum+Antworten.&sites=https%3A%2F%2Fwww.firma.example%2Fkontakt&ask_subject=on";
        let done = house.ask(&house.owner, "/nordwind/settings/channels/new/form", Some(form)).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text("main"));
        let account = house.ask(&house.owner, done.header(header::LOCATION), None).await;
        account.check();
        assert!(account.text("h1").contains("Schreiben Sie uns"));
        assert!(account.text("#embed-code").contains("<iframe src=\"https://tresen.firma.example/form/"));
        assert_eq!(account.text("#form-sites"), "https://www.firma.example");
    }

    async fn the_public_form_needs_no_cookie_and_keeps_what_was_written(db: Db) {
        let house = House::build(&db).await;
        let id = house.form(&["https://www.firma.example"]).await;
        let path = format!("/form/{id}");
        let page = house.ask("", &path, None).await;
        page.check();
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.headers.get(header::SET_COOKIE).is_none());
        assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
        assert!(page.body.contains("Wir antworten am selben Tag.") && !page.body.contains("<script"));
        let token = page.attribute("input[name=token]", "value");
        let filled = format!("token={token}&name=Anna&email=anna&message=Wo+ist+mein+Paket%3F");
        let wrong = house.ask("", &path, Some(&filled)).await;
        wrong.check();
        assert_eq!((wrong.status, wrong.text("#message").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "Wo ist mein Paket?"));
        assert!(!wrong.text("#email-error").is_empty());
        let filled = format!("token={token}&name=Anna&email=anna%40kundin.example&message=Wo+ist+mein+Paket%3F");
        let fast = house.ask("", &path, Some(&filled)).await;
        assert!(fast.text(".error-summary").contains("drei Sekunden"));
        assert_eq!(fast.attribute("input[name=token]", "value"), token, "with a new token it would be too fast again");
        db.clock.advance(Duration::from_secs(5));
        let sent = house.ask("", &path, Some(&filled)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text("main"));
        let thanks = house.ask("", sent.header(header::LOCATION), None).await;
        thanks.check();
        assert!(thanks.text("h1").contains("angekommen"));
        let english = house.ask_in("", &path, None, "en-GB,en;q=0.9").await;
        assert_eq!(english.attribute("html", "lang"), "en");
        assert!(english.text("button").contains("Send message"));
        let nowhere = house.ask("", &format!("/form/{}", Id::<()>::from_i64(7)), None).await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    }

    async fn only_named_sites_may_hold_the_form_in_a_frame(db: Db) {
        let house = House::build(&db).await;
        let id = house.form(&["https://www.firma.example"]).await;
        let path = format!("/form/{id}/embed");
        for answer in [house.ask("", &path, None).await, house.ask("", &path, Some("name=&message=")).await] {
            answer.check();
            let policy = answer.header(header::CONTENT_SECURITY_POLICY);
            assert!(policy.ends_with("frame-ancestors https://www.firma.example") && policy.contains("default-src 'none'"), "{policy}");
            assert_eq!(answer.attribute("form", "action"), path);
        }
        let closed = house.form(&[]).await;
        assert!(house.ask("", &format!("/form/{closed}/embed"), None).await.header(header::CONTENT_SECURITY_POLICY).ends_with("frame-ancestors 'none'"));
    }

    async fn a_suspicious_form_is_decided_about_by_people_of_the_inbox(db: Db) {
        let house = House::build(&db).await;
        let id = house.form(&[]).await;
        let path = format!("/form/{id}");
        let token = house.ask("", &path, None).await.attribute("input[name=token]", "value");
        db.clock.advance(Duration::from_secs(5));
        for name in ["Eins", "Zwei"] {
            let filled = format!("token={token}&name={name}&email=anna%40kundin.example&message=Mehr+%5Burl%3Dhttps%3A%2F%2Fa.example%5Dhier%5B%2Furl%5D");
            let sent = house.ask("", &path, Some(&filled)).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "whoever sent it is told that it arrived");
        }
        for page in [format!("/nordwind/settings/channels/{id}"), "/nordwind/settings/suspicious".into()] {
            for language in ["de", "en"] {
                let shown = house.ask_in(&house.owner, &page, None, language).await;
                shown.check();
                let text = shown.text("main");
                assert!(text.contains("Eins") && text.contains("HTML-Schreibweise") && text.contains("Mehr [url=https://a.example]hier[/url]"), "{text}");
            }
        }
        let seen = house.ask(&house.viewer, "/nordwind/settings/suspicious", None).await;
        assert!(seen.text("main").contains("Eins") && !seen.body.contains("/release"), "who only looks does not decide");
        let list = house.ask(&house.owner, "/nordwind/settings/suspicious", None).await;
        let release = list.attribute("form[action$='/release']", "action");
        assert_eq!(house.ask(&house.viewer, &release, Some("")).await.status, StatusCode::FORBIDDEN);
        let released = house.ask(&house.owner, &release, Some("")).await;
        assert_eq!(released.status, StatusCode::SEE_OTHER);
        assert!(released.header(header::LOCATION).starts_with("/nordwind/inbox/"));
        let list = house.ask(&house.owner, "/nordwind/settings/suspicious", None).await;
        let deleted = house.ask(&house.owner, &list.attribute("form[action$='/delete']", "action"), Some("")).await;
        assert_eq!(deleted.header(header::LOCATION), "/nordwind/settings/suspicious?said=said-form-deleted");
        assert!(house.ask(&house.owner, "/nordwind/settings/suspicious", None).await.text("main").contains("Nichts zurückgestellt"));
    }

    async fn an_accounts_state_follows_its_health(db: Db) {
        let house = House::build(&db).await;
        let id = house.form(&[]).await;
        let place = format!("/nordwind/settings/channels/{id}");
        let page = house.ask(&house.owner, &place, None).await;
        let (kinds, subject, from) = (page.attribute("#state", "data-live-kind"), page.attribute("#state", "data-live-subject"), page.attribute("#state", "data-live-src"));
        assert!(kinds.split(' ').any(|kind| kind == "account.health"));
        assert_eq!((subject, from), (id.to_string(), place));
        assert!(page.attribute("body", "data-live").starts_with("/nordwind/live?for=channels&since="), "the page hears of it");
    }
}
