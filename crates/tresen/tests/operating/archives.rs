//! `backup`, `restore`, and what must not come back.

use std::path::Path;

use channels::{Author, Inbound, ItemKind};
use db::args;
use domain::accounts::{BuiltinRole, members, users, workspaces};
use domain::crm::contacts::Fields;
use domain::crm::{addresses, contacts};
use domain::privacy::links;
use domain::privacy::tombstones;
use domain::privacy::wall::Ground;
use domain::sources::{self, NewAccount};
use domain::{App, accounts::Seat, intake};
use model::{Id, Locale, kinds};

use crate::support::{Place, close, owner, words};

struct Made {
    seat: Seat,
    contact: Id<kinds::Contact>,
    mailbox: Id<kinds::ChannelAccount>,
    link: Id<kinds::ProfileLink>,
    ole: Id<kinds::User>,
}

async fn member(app: &App, seat: &Seat, email: &str, name: &str) -> Id<kinds::User> {
    let mut tx = app.db.write().await.unwrap();
    let new = users::NewUser { email, name, password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
    let id = users::create(&mut tx, new).await.unwrap();
    workspaces::join(&mut tx, seat.ws(), id, &[(BuiltinRole::Agent, None)]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn leave(app: &App, seat: &Seat, user: Id<kinds::User>) {
    let all = members::list(&mut app.db.read().await.unwrap(), seat.ws()).await.unwrap();
    members::remove(app, seat, all.iter().find(|m| m.user_id == user).unwrap().id).await.unwrap();
}

async fn build(app: &App) -> Made {
    let seat = owner(app).await;
    let ole = member(app, &seat, "ole@firma.test", "Ole Brandt").await;
    // Left and came back, all before the backup.
    let sabine = member(app, &seat, "sabine@firma.test", "Sabine Wirth").await;
    leave(app, &seat, sabine).await;
    let mut tx = app.db.write().await.unwrap();
    workspaces::join(&mut tx, seat.ws(), sabine, &[(BuiltinRole::Agent, None)]).await.unwrap();
    let profile = tx.id::<kinds::Profile>();
    tx.run(
        "INSERT INTO profiles (id, workspace_id, network, handle_key, handle, name, first_seen_at, last_seen_at) VALUES ($1, $2, 'feed', 'anna', 'anna', 'Anna', 1, 1)",
        args![profile, seat.ws()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let fields = Fields { name: "Anna Berger".into(), company: String::new(), note: String::new() };
    let contact = contacts::add(app, &seat, fields, "anna@berger.example").await.unwrap();
    addresses::add(app, &seat, contact, "mail", "privat@berger.example").await.unwrap();
    let reason = links::Reason { ground: Ground::Consent, wording: "Ja, das darf zusammen gezeigt werden.".into(), proof: None };
    let link = links::open(app, &seat, profile, contact, reason).await.unwrap();
    let values = [
        ("from", "hallo@firma.test"),
        ("smtp_host", "127.0.0.1"),
        ("smtp_port", "1"),
        ("smtp_security", "none"),
        ("smtp_user", "hallo"),
        ("smtp_password", "geheim"),
    ];
    let values = values.into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let mailbox = sources::connect(app, &seat, NewAccount { channel: "mail".into(), values, ..NewAccount::default() }).await.unwrap();
    expired_post(app, &seat, mailbox).await;
    Made { seat, contact, mailbox, link, ole }
}

/// A post whose time was over when the backup was made: the clean-up had not come by yet.
async fn expired_post(app: &App, seat: &Seat, account: Id<kinds::ChannelAccount>) {
    let item = Inbound {
        external_id: "alt".into(),
        canonical_url: None,
        kind: ItemKind::Post,
        author: Author { name: "Kai".into(), handle: None, url: None, address: None },
        title: None,
        text: "Längst vorbei.".into(),
        html: None,
        published_at: None,
        language_hint: None,
        in_reply_to: None,
        attachments: Vec::new(),
        mail: None,
        media: Vec::new(),
    };
    intake::deliver(app, seat.ws(), account, item).await.unwrap();
    let mut tx = app.db.write().await.unwrap();
    assert_eq!(tx.run("UPDATE posts SET expires_at = 1", args![]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn count(app: &App, table: &str) -> i64 {
    let text = format!("SELECT COUNT(*) FROM {table}");
    let rows: Vec<(i64,)> = app.db.read().await.unwrap().all_built(text.clone(), text, args![]).await.unwrap();
    rows[0].0
}

async fn addresses_of(app: &App, made: &Made) -> Vec<String> {
    let mut conn = app.db.read().await.unwrap();
    let found: Vec<(String,)> =
        conn.all("SELECT value FROM addresses WHERE contact_id = $1 ORDER BY value", args![made.contact]).await.unwrap();
    found.into_iter().map(|(value,)| value).collect()
}

fn take_key(from: &Place, to: &Place) {
    std::fs::create_dir_all(to.data()).unwrap();
    std::fs::copy(from.data().join("sealing.key"), to.data().join("sealing.key")).unwrap();
}

async fn what_was_taken_away_does_not_come_back(from: Place, to: Place, without: Place) {
    let app = from.app().await;
    let made = build(&app).await;
    close(app).await;
    let archive = from.path("a.zip");
    let ran = from.run(&["backup", words(&archive)]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(from.run(&["backup", words(&archive)]).code, Some(1), "it never writes over a file");

    let app = from.app().await;
    let seat = owner(&app).await;
    let second: (Id<kinds::Address>,) =
        app.db.read().await.unwrap().one("SELECT id FROM addresses WHERE value = 'privat@berger.example'", args![]).await.unwrap();
    addresses::remove(&app, &seat, made.contact, second.0).await.unwrap();
    links::close(&app, &seat, made.link).await.unwrap();
    leave(&app, &seat, made.ole).await;
    sources::remove(&app, &seat, made.mailbox).await.unwrap();
    close(app).await;
    assert_eq!(from.serve().stop().0, Some(0));

    let list = from.data().join(tombstones::FILE);
    let text = std::fs::read_to_string(&list).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
    for personal in ["berger", "Berger", "anna", "Ole", "ole@", "hallo@", "geheim"] {
        assert!(!text.contains(personal), "{personal} stands in {text}");
    }
    // The power went while a line was being written.
    std::fs::write(&list, format!("{text}{{\"id\":\"0")).unwrap();

    take_key(&from, &to);
    let ran = to.run(&["restore", words(&archive), "--tombstones", words(&list)]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("\n4 of the things listed in "), "{}", ran.out);
    let app = to.app().await;
    assert_eq!(addresses_of(&app, &made).await, ["anna@berger.example"]);
    let names: Vec<String> =
        members::list(&mut app.db.read().await.unwrap(), made.seat.ws()).await.unwrap().into_iter().map(|m| m.name).collect();
    assert!(names.len() == 2 && names.contains(&"Sabine Wirth".into()), "who came back before the backup is a member: {names:?}");
    assert_eq!(count(&app, "profile_links WHERE closed_at IS NULL").await, 0);
    assert_eq!((count(&app, "sources").await, count(&app, "channel_accounts WHERE removed_at IS NULL").await), (0, 0));
    assert_eq!(count(&app, "posts").await, 0, "what had expired");
    close(app).await;
    assert_eq!(to.serve().stop().0, Some(0));
    let again = tombstones::read(&to.data().join(tombstones::FILE)).unwrap();
    assert_eq!(again, tombstones::read(&list).unwrap(), "the restored installation goes on with the same list");
    assert_eq!(to.run(&["doctor"]).code, Some(0));
    let ran = to.run(&["restore", words(&archive)]);
    assert!(ran.code == Some(1) && ran.err.contains("not empty"), "{}", ran.err);

    take_key(&from, &without);
    let ran = without.run(&["restore", words(&archive)]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("is back") && ran.err.contains("--tombstones"), "{}", ran.err);
    let app = without.app().await;
    assert_eq!(addresses_of(&app, &made).await, ["anna@berger.example", "privat@berger.example"]);
    close(app).await;
}

#[tokio::test]
async fn what_was_taken_away_after_a_backup_does_not_come_back_with_it() {
    what_was_taken_away_does_not_come_back(Place::sqlite(), Place::sqlite(), Place::sqlite()).await;
}

#[tokio::test]
async fn what_was_taken_away_does_not_come_back_on_the_other_engine_either() {
    if let (Some(from), Some(without)) = (Place::postgres(true).await, Place::postgres(false).await) {
        what_was_taken_away_does_not_come_back(from, Place::sqlite(), without).await;
    }
    if let Some(to) = Place::postgres(false).await {
        what_was_taken_away_does_not_come_back(Place::sqlite(), to, Place::sqlite()).await;
    }
}

#[tokio::test]
async fn a_list_that_is_named_but_missing_or_damaged_stops_the_restore() {
    let place = Place::sqlite();
    let app = place.app().await;
    owner(&app).await;
    close(app).await;
    assert_eq!(place.run(&["backup", "a.zip"]).code, Some(0));
    let other = Place::sqlite();
    let archive = place.path("a.zip");
    let ran = other.run(&["restore", words(&archive), "--tombstones", "nowhere.jsonl"]);
    assert!(ran.code == Some(1) && ran.err.contains("nowhere.jsonl"), "{}", ran.err);
    other.file("t.jsonl", "nothing\n{}\n");
    let ran = other.run(&["restore", words(&archive), "--tombstones", "t.jsonl"]);
    assert!(ran.code == Some(1) && ran.err.contains("line 1"), "{}", ran.err);
    assert_eq!(other.run(&["restore", words(&archive)]).code, Some(0), "nothing was left behind");
}

#[tokio::test]
async fn a_backup_is_made_while_the_program_serves_and_lets_nobody_in_again() {
    let place = Place::sqlite();
    let app = place.app().await;
    owner(&app).await;
    close(app).await;
    let running = place.serve();
    assert_eq!(place.run(&["user", "reset-link", "miriam@firma.test"]).code, Some(0));
    let ran = place.run(&["backup", "a.zip"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("The sealing key is not in it"), "{}", ran.out);
    assert_eq!(mode(&place.path("a.zip")), 0o600);
    assert_eq!(running.get("/healthz", "").status, 200);
    running.stop();
    let other = Place::sqlite();
    let ran = other.run(&["restore", words(&place.path("a.zip"))]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("put the sealing key"), "{}", ran.out);
    take_key(&place, &other);
    let app = other.app().await;
    assert_eq!(count(&app, "one_time_links").await, 0);
    close(app).await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
