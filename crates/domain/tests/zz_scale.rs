#![allow(unused, clippy::all)]
// Watches from the query to the conversation, on both engines: hits at intake, trial, archive, back-fill.

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
    async fn scale(db: Db) {
        let app = app(&db);
        let seat = owner(&app, "nordwind").await;
        let blog = account(&app, &seat, "Blog").await;
        let n = 60_000i64;
        for part in 0..(n / 5000) {
            let mut tx = app.db.write().await.unwrap();
            for i in part * 5000..(part + 1) * 5000 {
                let id: Id<kinds::Post> = tx.id();
                let text = format!("die wort{} und {} {}", i % 1000, if i % 50 == 0 { "kaffee" } else { "tee" }, if i == 3 { "einmalig" } else { "oft" });
                let at = ago(i / 80);
                tx.run("INSERT INTO posts (id, workspace_id, account_id, channel, kind, text, lang, received_at, sort_at, content_hash, truncated) VALUES ($1, $2, $3, 'feed', 'post', $4, 'de', $5, $5, $6, FALSE)",
                    args![id, seat.ws(), blog, &text, at, vec![0u8]]).await.unwrap();
                let document = matching::search_document(&[&text], Some("de")).text;
                tx.run(db::sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![id, document]).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        for q in ["kaffee", "die", "wort7 tee", "einmalig", "lang:de -kaffee", "die -und kaffee"] {
            let t = std::time::Instant::now();
            let f = archive::find(&app, &seat, q, None, 30).await.unwrap().unwrap();
            let a = t.elapsed();
            let t = std::time::Instant::now();
            let p = preview::preview(&app, &seat, None, "", q, 10).await.unwrap().unwrap();
            eprintln!("SCALE {:?} {q}: archive {} posts cut {} {:?}; preview {} {:?} {:?}", app.db.engine(), f.posts.len(), f.cut, a, p.found, p.looked_until.is_some(), t.elapsed());
        }
        let w = watch(&app, &seat, "Kaffee", "kaffee").await;
        let id = backfill::start(&app, &seat, w).await.unwrap();
        let t = std::time::Instant::now();
        let mut steps = 0; let mut worst = Duration::ZERO;
        loop { let s = std::time::Instant::now(); let step = backfill::step(&app, seat.ws(), id).await.unwrap(); worst = worst.max(s.elapsed()); steps += 1; if step == Step::End { break } }
        eprintln!("SCALE backfill {steps} steps {:?} worst {worst:?}", t.elapsed());
    }
}
