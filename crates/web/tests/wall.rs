//! Invariant 4, the wall: no response depends on both sides without an open link. Whatever changes on the contacts' side, every response of
//! the profiles' side stays the same to the byte, and the reverse; a response that leaked would be caught.

mod support;

use std::collections::BTreeMap;

use db::{Tx, Value, args};
use domain::accounts::BuiltinRole;
use http::StatusCode;
use model::{Id, kinds};
use support::{Client, TestApp};
use testkit::{TestDb, db_test};

struct Town {
    house: TestApp,
    ws: Id<kinds::Workspace>,
    agent: Client,
    account: Id<kinds::ChannelAccount>,
    contact: Id<kinds::Contact>,
    profile: Id<kinds::Profile>,
    watch: Id<kinds::Watch>,
    post: Id<kinds::Post>,
    /// A public conversation with the profile, a private one with the contact.
    public: Id<kinds::Conversation>,
    private: Id<kinds::Conversation>,
}

/// Responses by what was asked.
type Views = BTreeMap<String, String>;

async fn run(tx: &mut Tx, sql: &'static str, args: Vec<Value>) {
    tx.run(sql, args).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

async fn seen(tx: &mut Tx, ws: Id<kinds::Workspace>, network: &str, handle: &str, at: model::Timestamp) -> Id<kinds::Profile> {
    let sighting = domain::crm::profiles::Sighting { network, handle, name: "Anna Berger", url: None, at };
    domain::crm::profiles::seen(tx, ws, [&sighting].into_iter()).await.unwrap()[0]
}

async fn correspondent(tx: &mut Tx, ws: Id<kinds::Workspace>, address: &str, name: &str) -> Id<kinds::Contact> {
    let person = domain::crm::contacts::Correspondent { kind: "mail", address: address.into(), name: name.into(), verified: true };
    domain::crm::contacts::for_addresses(tx, ws, [&person].into_iter()).await.unwrap()[0]
}

impl Town {
    /// Anna Berger is a contact and Anna Berger is a profile; nobody has said that they are one.
    async fn build(db: &TestDb) -> Town {
        let house = TestApp::on(db);
        let owner = house.user("miriam@firma.example", "Miriam Koch").await;
        let agent = house.user("jana@firma.example", "Jana Petersen").await;
        let ws = house.workspace("nordwind", "Nordwind", owner).await;
        house.join(ws, agent, BuiltinRole::Agent).await;
        let mut tx = house.app.db.write().await.unwrap();
        let account = tx.id();
        run(
            &mut tx,
            "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, created_at) VALUES ($1, $2, 'feed', 'Kaffeeblog', $3, 'active', 0)",
            args![account, ws, serde_json::json!({})],
        )
        .await;
        let contact = correspondent(&mut tx, ws, "anna@berger.example", "Anna Berger").await;
        let now = tx.now();
        let profile = seen(&mut tx, ws, "blog.example", "@anna", now).await;
        let watch = tx.id();
        run(
            &mut tx,
            "INSERT INTO watches (id, workspace_id, name, query, kind, created_at, updated_at) VALUES ($1, $2, 'Kaffee', 'kaffee', 'brand', 0, 0)",
            args![watch, ws],
        )
        .await;
        let post = post(&mut tx, ws, account, profile, watch).await;
        let public = talk(&mut tx, ws, account, Some(profile), None).await;
        let private = talk(&mut tx, ws, account, None, Some(contact)).await;
        tx.commit().await.unwrap();
        let agent = house.as_user(agent).await;
        Town { house, ws, agent, account, contact, profile, watch, post, public, private }
    }

    /// Everything the profiles' side answers.
    async fn profile_side(&self) -> Views {
        let (profile, watch, post) = (self.profile, self.watch, self.post);
        let mut views = self
            .pages(&[
                "/nordwind/customers/profiles".into(),
                "/nordwind/customers/profiles?q=anna+berger".into(),
                format!("/nordwind/customers/profiles/{profile}"),
                "/nordwind/listen".into(),
                format!("/nordwind/listen/{watch}"),
                format!("/nordwind/listen/posts/{post}"),
                "/nordwind/listen/archive?q=kaffee".into(),
                "/nordwind/listen/archive?q=%22Anna+Berger%22+OR+author%3Aanna".into(),
            ])
            .await;
        views.insert("panel".into(), self.panel(self.public).await);
        let fields = [("from", "contact"), ("contact", "0000000000001"), ("q", "Anna Berger"), ("step", "search")];
        views.insert("stream".into(), self.stream("listen", "").await);
        views.insert("choosing a profile".into(), self.agent.post("/nordwind/customers/link", &fields).await.body);
        views
    }

    /// Everything the contacts' side answers.
    async fn contact_side(&self) -> Views {
        let contact = self.contact;
        let mut views = self
            .pages(&[
                "/nordwind/customers".into(),
                "/nordwind/customers?q=anna+berger".into(),
                "/nordwind/customers?q=anna%40berger.example".into(),
                format!("/nordwind/customers/contacts/{contact}"),
                format!("/nordwind/customers/contacts/{contact}/edit"),
                "/nordwind/customers/new".into(),
            ])
            .await;
        views.insert("panel".into(), self.panel(self.private).await);
        let fields = [("from", "profile"), ("profile", "0000000000001"), ("q", "Anna Berger"), ("step", "search")];
        views.insert("choosing a contact".into(), self.agent.post("/nordwind/customers/link", &fields).await.body);
        views
    }

    async fn pages(&self, paths: &[String]) -> Views {
        let mut views = Views::new();
        for path in paths {
            let answer = self.agent.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            answer.assert_sound();
            views.insert(path.clone(), answer.body);
        }
        views
    }

    /// What the event stream tells a screen of this topic, from the beginning.
    async fn stream(&self, topic: &str, last: &str) -> String {
        let from = if last.is_empty() { "since=1600000000000000".into() } else { format!("after={last}") };
        let answer = self.agent.get(&format!("/nordwind/live?for={topic}&{from}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{topic}");
        answer.body
    }

    /// Waits until a topic tells of a kind: on PostgreSQL an event is read when no older transaction runs any more, of whatever test.
    async fn stream_with(&self, topic: &str, kind: &str) -> String {
        for _ in 0..100 {
            let told = self.stream(topic, "").await;
            if told.contains(kind) {
                return told;
            }
        }
        panic!("{topic} never told of {kind}");
    }

    /// The inbox's context panel, as it stands beside a conversation.
    async fn panel(&self, conversation: Id<kinds::Conversation>) -> String {
        let answer = self.agent.get(&format!("/nordwind/inbox/{conversation}?view=all")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let page = scraper::Html::parse_document(&answer.body);
        let aside = page.select(&scraper::Selector::parse("aside.pane-context").unwrap()).next().expect("a context panel");
        aside.html()
    }

    async fn write<F>(&self, change: F)
    where
        F: for<'t> AsyncFnOnce(&'t mut Tx),
    {
        let mut tx = self.house.app.db.write().await.unwrap();
        change(&mut tx).await;
        tx.commit().await.unwrap();
    }

    async fn link(&self) -> String {
        let (profile, contact) = (self.profile.to_string(), self.contact.to_string());
        let mut conn = self.house.app.db.read().await.unwrap();
        let (said,): (Id<kinds::Message>,) = conn
            .one("SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2", args![self.ws, self.private])
            .await
            .unwrap();
        drop(conn);
        let proof = said.to_string();
        let fields = [
            ("from", "profile"),
            ("profile", profile.as_str()),
            ("contact", contact.as_str()),
            ("proof", proof.as_str()),
            ("ground", "disclosure"),
            ("wording", "Ich bin auch @anna."),
            ("step", "link"),
        ];
        let answer = self.agent.post("/nordwind/customers/link", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text("main"));
        let mut conn = self.house.app.db.read().await.unwrap();
        let (id,): (Id<kinds::ProfileLink>,) =
            conn.one(db::Sql::from(concat!("SELECT id FROM profile", "_links WHERE closed_at IS NULL")), vec![]).await.unwrap();
        id.to_string()
    }
}

async fn post(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    profile: Id<kinds::Profile>,
    watch: Id<kinds::Watch>,
) -> Id<kinds::Post> {
    let (id, now) = (tx.id::<kinds::Post>(), tx.now());
    let text = "Der Kaffee ist kalt, sagt Anna Berger.";
    run(
        tx,
        "INSERT INTO posts (id, workspace_id, account_id, channel, kind, profile_id, text, lang, received_at, sort_at, content_hash) VALUES ($1, $2, $3, 'feed', 'post', $4, $5, 'de', $6, $6, $7)",
        args![id, ws, account, profile, text, now, &b"x"[..]],
    )
    .await;
    let document = matching::search_document(&[text], Some("de")).text;
    tx.run(db::sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![id, document]).await.unwrap();
    let hit = tx.id::<kinds::Hit>();
    run(
        tx,
        "INSERT INTO watch_hits (id, workspace_id, watch_id, post_id, sort_at) VALUES ($1, $2, $3, $4, $5)",
        args![hit, ws, watch, id, now],
    )
    .await;
    id
}

async fn talk(
    tx: &mut Tx,
    ws: Id<kinds::Workspace>,
    account: Id<kinds::ChannelAccount>,
    profile: Option<Id<kinds::Profile>>,
    contact: Option<Id<kinds::Contact>>,
) -> Id<kinds::Conversation> {
    let (id, message, now) = (tx.id::<kinds::Conversation>(), tx.id::<kinds::Message>(), tx.now());
    run(
        tx,
        "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, contact_id, profile_id, last_message_at, messages, created_at)
         VALUES ($1, $2, $3, 'feed', $4, 'Kaffee', 'Anna Berger', 'kalt', 'de', 'open', 1, $5, $6, $7, 1, $7)",
        args![id, ws, account, profile.is_some(), contact, profile, now],
    )
    .await;
    run(
        tx,
        "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_name, text, lang, received_at, sort_at, state)
         VALUES ($1, $2, $3, $4, 'in', 'mail', 'Anna Berger', 'Der Kaffee ist kalt.', 'de', $5, $5, 'received')",
        args![message, ws, id, account, now],
    )
    .await;
    id
}

/// What is not the same any more.
fn differences(before: &Views, after: &Views) -> Vec<String> {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    before.iter().filter(|(path, body)| after.get(*path) != Some(body)).map(|(path, _)| path.clone()).collect()
}

db_test! {
    async fn no_change_of_contacts_changes_a_byte_of_the_profiles_side(db: Db) {
        let town = Town::build(&db).await;
        let colleague = town.house.user("tom@firma.example", "Tom Sand").await;
        town.house.join(town.ws, colleague, BuiltinRole::Agent).await;
        let colleague = town.house.as_user(colleague).await;
        let before = town.profile_side().await;
        let (ws, account, contact) = (town.ws, town.account, town.contact);
        let same = async |what: &str| assert_eq!(differences(&before, &town.profile_side().await), Vec::<String>::new(), "{what}");
        town.write(async |tx| { correspondent(tx, ws, "@anna", "Anna Berger").await; }).await;
        same("a second contact with the profile's name and handle").await;
        let fields = [("name", "@anna von blog.example"), ("company", "Berger Blog"), ("note", "Das ist doch die mit dem Blog.")];
        assert_eq!(town.agent.post(&format!("/nordwind/customers/contacts/{contact}/edit"), &fields).await.status, StatusCode::SEE_OTHER);
        same("a renamed contact with a note").await;
        let fields = [("kind", "mail"), ("value", "anna@blog.example")];
        assert_eq!(town.agent.post(&format!("/nordwind/customers/contacts/{contact}/addresses"), &fields).await.status, StatusCode::SEE_OTHER);
        same("an address at the profile's site").await;
        town.write(async |tx| { talk(tx, ws, account, None, Some(contact)).await; }).await;
        same("another private conversation").await;
        let note = format!("/nordwind/inbox/{}/note", town.private);
        assert_eq!(colleague.post(&note, &[("text", "@Jana Petersen, sieh dir das an.")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(town.agent.get("/nordwind/mentions").await.text(".rail #mention-count"), "1 ungelesen");
        same("a colleague's note about a customer that mentions the reader").await;
        town.write(async |tx| {
            run(tx, "UPDATE conversations SET contact_id = NULL WHERE workspace_id = $1 AND contact_id IS NOT NULL", args![ws]).await;
            run(tx, "DELETE FROM contacts WHERE workspace_id = $1 AND id > 0", args![ws]).await;
        })
        .await;
        same("no contact at all").await;
    }

    async fn no_change_of_profiles_changes_a_byte_of_the_contacts_side(db: Db) {
        let town = Town::build(&db).await;
        let before = town.contact_side().await;
        let (ws, account, profile, watch) = (town.ws, town.account, town.profile, town.watch);
        let same = async |what: &str| assert_eq!(differences(&before, &town.contact_side().await), Vec::<String>::new(), "{what}");
        town.write(async |tx| {
            let now = tx.now();
            seen(tx, ws, "berger.example", "anna@berger.example", now).await;
        })
        .await;
        same("a second profile with the contact's name and address").await;
        town.write(async |tx| run(tx, "UPDATE profiles SET name = 'Anna von Nordwind', handle = 'anna@berger.example', handle_key = 'anna@berger.example' WHERE workspace_id = $1 AND id = $2", args![ws, profile]).await).await;
        same("a renamed profile").await;
        town.write(async |tx| { post(tx, ws, account, profile, watch).await; }).await;
        same("another post and hit").await;
        town.write(async |tx| { talk(tx, ws, account, Some(profile), None).await; }).await;
        same("another public conversation").await;
    }

    async fn an_open_link_shows_both_sides_with_its_ground_and_a_closed_one_leaves_no_trace(db: Db) {
        let town = Town::build(&db).await;
        let (profiles, contacts) = (town.profile_side().await, town.contact_side().await);
        let page = format!("/nordwind/customers/profiles/{}", town.profile);
        let other = format!("/nordwind/customers/contacts/{}", town.contact);
        assert!(profiles[&page].contains("Nicht verknüpft") && !profiles[&page].contains("anna@berger.example"));
        assert!(contacts[&other].contains("Nicht verknüpft") && !contacts[&other].contains("@anna<"));
        let link = town.link().await;
        let (open, shown) = (town.profile_side().await, town.contact_side().await);
        for view in [&open[&page], &open["panel"]] {
            assert!(view.contains("anna@berger.example") && view.contains("Ich bin auch @anna.") && view.contains("Eigene Angabe"), "{view}");
        }
        for view in [&shown[&other], &shown["panel"]] {
            assert!(view.contains("blog.example") && view.contains("Ich bin auch @anna."), "{view}");
        }
        assert_eq!(differences(&profiles, &open), [page.clone(), "panel".into()], "a link opens a door, not the wall");
        assert_eq!(differences(&contacts, &shown), [other.clone(), "panel".into()]);
        let closed = town.agent.post(&format!("/nordwind/customers/links/{link}/close"), &[("back", page.trim_start_matches("/nordwind/"))]).await;
        assert_eq!((closed.status, closed.location()), (StatusCode::SEE_OTHER, format!("{page}?said=said-link-closed").as_str()));
        assert_eq!(differences(&profiles, &town.profile_side().await), Vec::<String>::new());
        assert_eq!(differences(&contacts, &town.contact_side().await), Vec::<String>::new());
    }

    async fn what_they_said_themselves_needs_the_message_that_says_so(db: Db) {
        let town = Town::build(&db).await;
        let (profile, contact) = (town.profile.to_string(), town.contact.to_string());
        let form = |proof: &str| {
            let fields = [("from", "profile"), ("profile", &profile), ("contact", &contact), ("ground", "disclosure"), ("wording", "Ich bin auch @anna."), ("proof", proof), ("step", "link"), ("q", "Anna")];
            fields.map(|(name, value)| (name.to_string(), value.to_string())).to_vec()
        };
        let without = town.agent.send("POST", "/nordwind/customers/link", &form("")).await;
        without.assert_sound();
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(without.text(".error").contains("die Nachricht"), "{}", without.text("main"));
        // The chosen person's messages can be named on the spot.
        let proof = without.attribute("input[type=radio][name=proof]", "value").expect("a message to choose");
        assert_eq!(town.agent.send("POST", "/nordwind/customers/link", &form(&proof)).await.status, StatusCode::SEE_OTHER);
        let page = town.agent.get(&format!("/nordwind/customers/profiles/{profile}")).await;
        assert!(page.attribute(".ground a[href*='/inbox/']", "href").is_some(), "the proof is shown with the ground");
    }

    async fn each_stream_tells_its_own_topic_and_goes_on_where_it_broke_off(db: Db) {
        let town = Town::build(&db).await;
        let (ws, watch, private, contact, account) = (town.ws, town.watch, town.private, town.contact, town.account);
        let hit = async |town: &Town, n: i64| town.write(async |tx| domain::events::record(tx, ws, "hit.new", Some(watch), None, serde_json::json!({ "n": n })).await.unwrap()).await;
        hit(&town, 1).await;
        town.write(async |tx| {
            let nothing = serde_json::json!({});
            domain::events::record(tx, ws, "contact.changed", Some(contact), None, nothing.clone()).await.unwrap();
            domain::events::record(tx, ws, "conversation.message", Some(private), None, nothing.clone()).await.unwrap();
            domain::events::record(tx, ws, "account.health", Some(account), None, nothing).await.unwrap();
        })
        .await;
        hit(&town, 2).await;
        let (inbox, listen) = (town.stream_with("inbox", "conversation.message").await, town.stream_with("listen", "\"n\":2").await);
        assert!(!inbox.contains("hit.new") && !inbox.contains("contact.changed"), "{inbox}");
        assert!(!listen.contains("conversation") && !listen.contains("contact") && !listen.contains("account"), "{listen}");
        let ids: Vec<&str> = listen.lines().filter_map(|line| line.strip_prefix("id: ").or(line.strip_prefix("id:"))).collect();
        assert!(ids.len() == 2 && ids.iter().all(|id| id.parse::<Id<kinds::Event>>().is_ok()), "positions would count the other side: {ids:?}");
        let rest = town.stream("listen", ids[0]).await;
        assert!(!rest.contains("\"n\":1") && rest.contains("\"n\":2"), "behind the last one heard, nothing twice and nothing lost: {rest}");
        // What happened while a page was being made is told to it.
        let page = town.agent.get(&format!("/nordwind/listen/{watch}")).await;
        let live = page.attribute("body", "data-live").expect("a live page");
        hit(&town, 3).await;
        let mut told = String::new();
        for _ in 0..100 {
            told = town.agent.get(&live).await.body;
            if told.contains("\"n\":3") {
                break;
            }
        }
        assert!(told.contains("\"n\":3"), "{told}");
        assert_eq!(town.agent.get("/nordwind/live?for=channels").await.status, StatusCode::FORBIDDEN, "an agent does not see accounts");
        assert_eq!(town.agent.get("/nordwind/customers").await.attribute("body", "data-live"), None);
    }

    async fn a_link_needs_its_words_and_the_permission(db: Db) {
        let town = Town::build(&db).await;
        let (profile, contact) = (town.profile.to_string(), town.contact.to_string());
        let fields = [("from", "profile"), ("profile", profile.as_str()), ("contact", contact.as_str()), ("ground", "consent"), ("wording", "ja"), ("step", "link"), ("q", "Anna")];
        let short = town.agent.post("/nordwind/customers/link", &fields).await;
        short.assert_sound();
        assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!short.text("#wording-error").is_empty() && short.text("main").contains("Anna Berger"));
        let nobody = town.agent.post("/nordwind/customers/link", &[("from", "profile"), ("profile", profile.as_str()), ("wording", "Hat es am Telefon gesagt."), ("step", "link")]).await;
        assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
        let user = town.house.user("tom@firma.example", "Tom Sand").await;
        town.house.join(town.ws, user, BuiltinRole::Viewer).await;
        let viewer = town.house.as_user(user).await;
        let page = viewer.get(&format!("/nordwind/customers/profiles/{profile}")).await;
        assert_eq!((page.status, page.text("form[action$='/link']")), (StatusCode::OK, String::new()));
        assert_eq!(viewer.post("/nordwind/customers/link", &fields).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_planted_leak_is_caught(db: Db) {
        let town = Town::build(&db).await;
        // A response that puts the customer of the same name beside the profile: what somebody will want to build one day.
        let leaky = async || {
            let mut views = town.profile_side().await;
            let mut conn = town.house.app.db.read().await.unwrap();
            let guess: Option<(String,)> = conn
                .opt(
                    "SELECT a.value FROM profiles p CROSS JOIN contacts c
                     CROSS JOIN addresses a WHERE p.workspace_id = $1 AND p.id = $2 AND c.workspace_id = p.workspace_id AND c.id > 0 AND c.name = p.name AND a.workspace_id = c.workspace_id AND a.contact_id = c.id LIMIT 1",
                    args![town.ws, town.profile],
                )
                .await
                .unwrap();
            views.get_mut("panel").unwrap().push_str(&guess.map(|(mail,)| mail).unwrap_or_default());
            views
        };
        let before = leaky().await;
        let fields = [("name", "Somebody Else")];
        assert_eq!(town.agent.post(&format!("/nordwind/customers/contacts/{}/edit", town.contact), &fields).await.status, StatusCode::SEE_OTHER);
        assert_eq!(differences(&before, &leaky().await), ["panel"]);
    }
}

/// Only `privacy/` reads the table of links: what is shown of both sides is decided there and nowhere else.
#[test]
fn nothing_outside_of_privacy_reads_the_links() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = ["profile", "links"].join("_");
    let (mut folders, mut read) =
        (vec![root.join("domain/src"), root.join("web/src"), root.join("jobs/src"), root.join("channels/src")], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                read += 1;
                let allowed = path.components().any(|c| c.as_os_str() == "privacy");
                assert!(allowed || !std::fs::read_to_string(&path).unwrap().contains(&table), "{}", path.display());
            }
        }
    }
    assert!(read > 100, "the sources are not there");
}
