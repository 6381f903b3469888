//! Contacts, public profiles, and the wall between them, on both engines.

use std::path::Path;
use std::sync::Arc;

use channels::net::{Net, NetPolicy};
use channels::{Author, Inbound, ItemKind};
use db::args;
use domain::accounts::{self, BuiltinRole, Grant, Permission, PermissionSet, Person, Seat, users, workspaces};
use domain::crm::contacts::Fields;
use domain::crm::{addresses, contacts, profiles};
use domain::listening::{archive, hits, posts, watches};
use domain::privacy::links::{self, Reason};
use domain::privacy::wall::{self, Ground, Side};
use domain::{App, Error, Sealer, intake};
use model::{Id, Locale, Random, SeededRandom, Timestamp, kinds};
use testkit::{TestDb, db_test};

struct House {
    app: App,
    seat: Seat,
    blog: Id<kinds::ChannelAccount>,
    mail: Id<kinds::ChannelAccount>,
}

impl House {
    async fn build(db: &TestDb, slug: &str) -> House {
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
        let app = App::new(domain::Parts {
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
        });
        let mut tx = app.db.write().await.unwrap();
        let email = format!("{slug}@firma.example");
        let new =
            users::NewUser { email: &email, name: "Miriam Koch", password_hash: None, locale: Locale::DeDe, is_installation_admin: false };
        let id = users::create(&mut tx, new).await.unwrap();
        let new = workspaces::NewWorkspace { name: slug, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
        let ws = workspaces::create(&mut tx, new, id).await.unwrap();
        let mut accounts = Vec::new();
        for (channel, address) in [("feed", None), ("mail", Some(format!("hallo@{slug}.example")))] {
            let account = tx.id::<kinds::ChannelAccount>();
            tx.run(
                "INSERT INTO channel_accounts (id, workspace_id, channel, name, address, settings, state, created_at) VALUES ($1, $2, $3, $3, $4, $5, 'active', 1)",
                args![account, ws, channel, address, serde_json::json!({})],
            )
            .await
            .unwrap();
            accounts.push(account);
        }
        tx.commit().await.unwrap();
        let person = Person {
            id,
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
        let seat = accounts::seat(&mut app.db.read().await.unwrap(), person, slug).await.unwrap();
        House { app, seat, blog: accounts[0], mail: accounts[1] }
    }

    fn item(kind: ItemKind, n: u32, name: &str, text: &str) -> Inbound {
        Inbound {
            external_id: format!("{}-{n}", kind.name()),
            canonical_url: kind.is_public().then(|| format!("https://blog.example/{n}")),
            kind,
            author: Author { name: name.into(), handle: None, url: None, address: None },
            title: None,
            text: text.into(),
            html: None,
            published_at: Some(Timestamp::from_secs(1_795_400_000 + i64::from(n))),
            language_hint: None,
            in_reply_to: None,
            attachments: Vec::new(),
            mail: None,
            media: Vec::new(),
        }
    }

    async fn post(&self, n: u32, name: &str, text: &str) {
        let mut item = Self::item(ItemKind::Post, n, name, text);
        item.author.handle = Some(name.to_lowercase().replace(' ', "."));
        intake::deliver(&self.app, self.seat.ws(), self.blog, item).await.unwrap();
    }

    async fn mail(&self, n: u32, name: &str, address: &str, text: &str) -> Id<kinds::Conversation> {
        let mut item = Self::item(ItemKind::Form, n, name, text);
        item.author.address = Some(address.into());
        item.title = Some(format!("Betreff {n}"));
        intake::deliver(&self.app, self.seat.ws(), self.mail, item).await.unwrap().unwrap()
    }

    async fn read(&self) -> db::Conn {
        self.app.db.read().await.unwrap()
    }

    async fn contact(&self, address: &str) -> Id<kinds::Contact> {
        contacts::with_address(&mut self.read().await, &self.seat, address).await.unwrap().unwrap()
    }

    async fn profile(&self, name: &str) -> Id<kinds::Profile> {
        profiles::find(&mut self.read().await, &self.seat, name, 5).await.unwrap().first().unwrap().id
    }

    async fn names(&self, text: &str) -> Vec<String> {
        contacts::find(&mut self.read().await, &self.seat, text, 10).await.unwrap().into_iter().map(|c| c.name).collect()
    }

    fn limited(&self, permissions: &[Permission]) -> Seat {
        let permissions: PermissionSet = permissions.iter().copied().collect();
        Seat { grants: vec![Grant { permissions, team: None, account: None }], ..self.seat.clone() }
    }

    /// Somebody on both sides, under the same name and the same address, and nobody has said so.
    async fn anna_twice(&self) -> (Id<kinds::Profile>, Id<kinds::Contact>) {
        watches::create(&self.app, &self.seat, watches::Draft { name: "Kaffee".into(), query: "kaffee".into(), kind: "brand".into() })
            .await
            .unwrap()
            .unwrap();
        self.post(1, "Anna Berger", "Der Kaffee war kalt. anna@berger.example").await;
        self.post(2, "Ole Brandt", "Kaffee gibt es auch anderswo.").await;
        self.mail(3, "Anna Berger", "anna@berger.example", "Mein Paket fehlt.").await;
        self.mail(4, "Sabine Wirth", "s.wirth@steuer.example", "Doppelt abgebucht.").await;
        let (profile, contact) = (self.profile("Anna Berger").await, self.contact("anna@berger.example").await);
        for hit in self.hits().await {
            hits::converse(&self.app, &self.seat, hit.id).await.unwrap();
        }
        (profile, contact)
    }

    async fn hits(&self) -> Vec<hits::Hit> {
        let watch = watches::list(&mut self.read().await, &self.seat).await.unwrap().remove(0).watch.id;
        hits::list(&mut self.read().await, &self.seat, watch, None, 50).await.unwrap()
    }

    /// Whatever the profile's side may answer, through `see` for what is shown beside a profile.
    async fn profile_side(&self, see: Beside) -> String {
        let mut conn = self.read().await;
        let seat = &self.seat;
        let mut out = format!("{:?}", watches::list(&mut conn, seat).await.unwrap());
        out += &format!("{:?}", archive::find(&self.app, seat, "kaffee OR anna", None, 20).await.unwrap().unwrap());
        out += &format!("{:?}", profiles::find(&mut conn, seat, "Anna Berger", 20).await.unwrap());
        drop(conn);
        for hit in self.hits().await {
            out += &format!("{hit:?}{:?}", posts::open(&mut self.read().await, seat, hit.post.id).await.unwrap());
            let conversation = hit.conversation.unwrap();
            let thread = domain::desk::thread::open(&mut self.read().await, seat, conversation).await.unwrap();
            out += &format!(
                "{:?}{:?}{:?}",
                thread.conversation,
                thread.participants,
                thread.messages.iter().map(|m| (&m.author_name, &m.text)).collect::<Vec<_>>()
            );
        }
        let mut conn = self.read().await;
        for row in profiles::list(&mut conn, seat, None, 50).await.unwrap() {
            out += &format!(
                "{row:?}{:?}{:?}",
                profiles::open(&mut conn, seat, row.id).await.unwrap(),
                profiles::talks(&mut conn, seat, row.id, 9).await.unwrap()
            );
            out += &format!(
                "{:?}{:?}",
                posts::of_profile(&mut conn, seat, row.id, None, 9).await.unwrap(),
                links::proofs(&mut conn, seat, Side::Profile(row.id)).await.unwrap()
            );
            out += &self.beside(&mut conn, Side::Profile(row.id), see).await;
        }
        out
    }

    /// Whatever the contact's side may answer.
    async fn contact_side(&self, see: Beside) -> String {
        let mut conn = self.read().await;
        let seat = &self.seat;
        let mut out = String::new();
        for text in ["Anna Berger", "anna@", "anna.berger"] {
            out += &format!("{:?}", contacts::find(&mut conn, seat, text, 20).await.unwrap());
        }
        for row in contacts::list(&mut conn, seat, None, 50).await.unwrap() {
            let contact = contacts::open(&mut conn, seat, row.id, 20).await.unwrap();
            out += &format!("{row:?}{contact:?}{:?}", links::proofs(&mut conn, seat, Side::Contact(row.id)).await.unwrap());
            for talk in contact.talks {
                let thread = domain::desk::thread::open(&mut conn, seat, talk.id).await.unwrap();
                out += &format!("{:?}{:?}", thread.conversation, thread.participants);
            }
            out += &self.beside(&mut conn, Side::Contact(row.id), see).await;
        }
        out
    }

    async fn beside(&self, conn: &mut db::Conn, side: Side, see: Beside) -> String {
        let mut out = String::new();
        let beyond: Vec<Side> = match see {
            Beside::Wall => wall::across(conn, &self.seat, side).await.unwrap().iter().map(|link| link.beyond(side)).collect(),
            Beside::PlantedByName => guess(conn, &self.seat, side, "c.name = p.name").await,
            Beside::PlantedByAddress => guess(conn, &self.seat, side, "EXISTS (SELECT 1 FROM posts t, addresses a WHERE t.profile_id = p.id AND a.contact_id = c.id AND t.text LIKE '%' || a.value || '%')").await,
        };
        for other in beyond {
            out += &match other {
                Side::Contact(id) => format!("{:?}", contacts::open(conn, &self.seat, id, 9).await.unwrap()),
                Side::Profile(id) => format!("{:?}", profiles::open(conn, &self.seat, id).await.unwrap()),
            };
        }
        out
    }

    /// Everything that can happen on the contact's side.
    async fn stir_contacts(&self, contact: Id<kinds::Contact>) {
        let (app, seat) = (&self.app, &self.seat);
        addresses::add(app, seat, contact, "phone", "0421 5550-142").await.unwrap();
        addresses::add(app, seat, contact, "mail", "anna.berger@blog.example").await.unwrap();
        let first = contacts::open(&mut self.read().await, seat, contact, 9).await.unwrap().addresses[0].id;
        addresses::remove(app, seat, contact, first).await.unwrap();
        contacts::change(
            app,
            seat,
            contact,
            Fields { name: "Anna Ganz-Neu".into(), company: "Berger KG".into(), note: "Ruft lieber an.".into() },
        )
        .await
        .unwrap();
        contacts::add(app, seat, Fields { name: "Ole Brandt".into(), ..Fields::default() }, "ole@brandt.example").await.unwrap();
        let talk = self.mail(11, "Anna Berger", "anna.berger@blog.example", "Noch etwas zum Kaffee.").await;
        domain::desk::notes::add(app, seat, talk, "Geheime Notiz").await.unwrap();
        domain::desk::organise::claim(app, seat, talk).await.unwrap();
        self.mail(12, "Ganz Fremd", "fremd@x.example", "Kaffee?").await;
    }

    /// Everything that can happen on the profile's side.
    async fn stir_profiles(&self) {
        self.post(21, "Anna Berger", "Kaffee, schon wieder kalt").await;
        self.post(22, "Sabine Wirth", "Kaffee und Steuern").await;
        let draft = watches::Draft { name: "Neu".into(), query: "steuern".into(), kind: "topic".into() };
        watches::create(&self.app, &self.seat, draft).await.unwrap().unwrap();
        for hit in self.hits().await {
            let conversation = hits::converse(&self.app, &self.seat, hit.id).await.unwrap();
            domain::desk::notes::add(&self.app, &self.seat, conversation, "Geheime Notiz").await.unwrap();
        }
    }

    /// What they wrote, with the message that proves it.
    async fn told(&self, contact: Id<kinds::Contact>) -> Reason {
        let proofs = links::proofs(&mut self.read().await, &self.seat, Side::Contact(contact)).await.unwrap();
        Reason { proof: Some(proofs[0].id), ..reason() }
    }

    async fn a_link_that_was_closed(&self, profile: Id<kinds::Profile>, contact: Id<kinds::Contact>) {
        let id = links::open(&self.app, &self.seat, profile, contact, self.told(contact).await).await.unwrap();
        links::close(&self.app, &self.seat, id).await.unwrap();
    }
}

/// What stands beside a profile or contact. The planted ones are leaks: what somebody in a hurry might write.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    Wall,
    PlantedByName,
    PlantedByAddress,
}

async fn guess(conn: &mut db::Conn, seat: &Seat, side: Side, joined: &str) -> Vec<Side> {
    let (column, other, id) = match side {
        Side::Profile(id) => ("p.id", "c.id", id.as_i64()),
        Side::Contact(id) => ("c.id", "p.id", id.as_i64()),
    };
    let sql = format!(
        "SELECT {other} FROM profiles p, contacts c WHERE p.workspace_id = $1 AND c.workspace_id = $1 AND {column} = $2 AND {joined} ORDER BY 1"
    );
    let found: Vec<(i64,)> = conn.all_built(sql.clone(), sql, args![seat.ws(), id]).await.unwrap();
    let beyond = |(id,): (i64,)| match side {
        Side::Profile(_) => Side::Contact(Id::from_i64(id)),
        Side::Contact(_) => Side::Profile(Id::from_i64(id)),
    };
    found.into_iter().map(beyond).collect()
}

fn reason() -> Reason {
    Reason { ground: Ground::Disclosure, wording: "Ich bin auch @anna.berger.".into(), proof: None }
}

db_test! {
    async fn nothing_on_the_profile_side_depends_on_contacts(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (profile, contact) = house.anna_twice().await;
        let before = [house.profile_side(Beside::Wall).await, house.profile_side(Beside::PlantedByName).await, house.profile_side(Beside::PlantedByAddress).await];
        assert!(before[0].contains("Der Kaffee war kalt.") && !before[0].contains("Mein Paket fehlt."));
        house.a_link_that_was_closed(profile, contact).await;
        house.stir_contacts(contact).await;
        assert_eq!(house.profile_side(Beside::Wall).await, before[0]);
        // The checker is no checker unless it sees leaks.
        assert_ne!(house.profile_side(Beside::PlantedByName).await, before[1]);
        assert_ne!(house.profile_side(Beside::PlantedByAddress).await, before[2]);
    }

    async fn nothing_on_the_contact_side_depends_on_profiles(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (profile, contact) = house.anna_twice().await;
        let before = [house.contact_side(Beside::Wall).await, house.contact_side(Beside::PlantedByName).await];
        assert!(before[0].contains("Mein Paket fehlt.") && !before[0].contains("Der Kaffee war kalt."));
        house.a_link_that_was_closed(profile, contact).await;
        house.stir_profiles().await;
        assert_eq!(house.contact_side(Beside::Wall).await, before[0]);
        assert_ne!(house.contact_side(Beside::PlantedByName).await, before[1]);
    }

    async fn a_profile_goes_when_nothing_is_left_of_it(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (profile, contact) = house.anna_twice().await;
        house.post(31, "Nur Vorbei", "Tee ist auch gut.").await;
        let mut tx = house.app.db.write().await.unwrap();
        let now = tx.now();
        let sighting = domain::crm::profiles::Sighting { network: "blog.example", handle: "@war.verknuepft", name: "War Verknüpft", url: None, at: now };
        let linked = domain::crm::profiles::seen(&mut tx, house.seat.ws(), [&sighting].into_iter()).await.unwrap()[0];
        tx.commit().await.unwrap();
        house.a_link_that_was_closed(linked, contact).await;
        let names = async || {
            let rows: Vec<(String,)> = house.read().await.all("SELECT name FROM profiles ORDER BY name", vec![]).await.unwrap();
            rows.into_iter().map(|(name,)| name).collect::<Vec<_>>()
        };
        domain::housekeeping::clean_up(&house.app).await.unwrap();
        assert_eq!(names().await, ["Anna Berger", "Nur Vorbei", "Ole Brandt", "War Verknüpft"]);
        db.clock.advance(std::time::Duration::from_secs(31 * 24 * 3600));
        domain::housekeeping::clean_up(&house.app).await.unwrap();
        assert_eq!(names().await, ["Anna Berger", "Ole Brandt", "War Verknüpft"], "hits, conversations and the record of a link keep theirs");
        let (trigrams,): (i64,) = house.read().await.one("SELECT COUNT(*) FROM profile_trigrams t WHERE NOT EXISTS (SELECT 1 FROM profiles p WHERE p.id = t.profile_id)", vec![]).await.unwrap();
        assert_eq!(trigrams, 0);
        assert!(wall::across(&mut house.read().await, &house.seat, Side::Profile(profile)).await.unwrap().is_empty());
    }

    async fn a_profile_that_is_being_linked_at_this_moment_stays(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (_, contact) = house.anna_twice().await;
        let (ws, user) = (house.seat.ws(), house.seat.user());
        let mut tx = house.app.db.write().await.unwrap();
        let now = tx.now();
        let sighting = domain::crm::profiles::Sighting { network: "blog.example", handle: "@neu", name: "Gerade Verknüpft", url: None, at: now };
        let profile = domain::crm::profiles::seen(&mut tx, ws, [&sighting].into_iter()).await.unwrap()[0];
        tx.commit().await.unwrap();
        let mut tx = house.app.db.write().await.unwrap();
        let link = tx.id::<kinds::ProfileLink>();
        tx.run(
            "INSERT INTO profile_links (id, workspace_id, profile_id, contact_id, ground, wording, linked_by, linked_at) VALUES ($1, $2, $3, $4, 'consent', 'Ja, gern.', $5, $6)",
            args![link, ws, profile, contact, user, now],
        )
        .await
        .unwrap();
        let forgotten = domain::privacy::retention::forget_profiles(&house.app.db);
        let gone = match db.engine() {
            db::Engine::Postgres => {
                let gone = forgotten.await.unwrap();
                tx.commit().await.unwrap();
                gone
            }
            // The one writer: whoever deletes waits for whoever links.
            db::Engine::Sqlite => tokio::join!(forgotten, async { tx.commit().await.unwrap() }).0.unwrap(),
        };
        let kept: Vec<(Id<kinds::ProfileLink>,)> = house.read().await.all("SELECT id FROM profile_links WHERE id = $1", args![link]).await.unwrap();
        assert_eq!((gone, kept), (0, vec![(link,)]));
    }

    async fn an_open_link_shows_both_sides_until_it_is_closed(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (profile, contact) = house.anna_twice().await;
        let shut = house.profile_side(Beside::Wall).await;
        let id = links::open(&house.app, &house.seat, profile, contact, house.told(contact).await).await.unwrap();
        assert_eq!(links::open(&house.app, &house.seat, profile, contact, house.told(contact).await).await.unwrap(), id, "open is open");
        assert!(house.profile_side(Beside::Wall).await.contains("Mein Paket fehlt."));
        assert!(house.contact_side(Beside::Wall).await.contains("anna.berger"));
        let link = wall::open_link(&mut house.read().await, &house.seat, profile, contact).await.unwrap().unwrap();
        assert_eq!((link.ground, link.wording.as_str(), link.linked_by_name.as_str()), (Ground::Disclosure, "Ich bin auch @anna.berger.", "Miriam Koch"));
        assert_eq!(links::close(&house.app, &house.seat, id).await.unwrap(), (profile, contact));
        assert_eq!(house.profile_side(Beside::Wall).await, shut, "as if it had never been open");
        assert!(matches!(links::close(&house.app, &house.seat, id).await, Err(Error::NotFound)));
        let actions: Vec<String> = domain::audit::list(&mut house.read().await, house.seat.ws(), &domain::audit::Filter { action: Some("link.".into()), ..Default::default() }, 9)
            .await.unwrap().into_iter().map(|a| format!("{}{}", a.action, a.detail.0)).collect();
        assert_eq!(actions.len(), 2);
        assert!(actions[0].starts_with("link.closed") && actions.iter().all(|a| !a.contains("Anna") && !a.contains("anna")), "{actions:?}");
    }

    async fn a_link_needs_rights_words_and_a_proof_of_these_two(db: Db) {
        let house = House::build(&db, "nordwind").await;
        let (profile, contact) = house.anna_twice().await;
        let open = |seat: Seat, reason: Reason| { let app = house.app.clone(); async move { links::open(&app, &seat, profile, contact, reason).await } };
        let message = |address: &'static str| { let house = &house; async move {
            let id = house.contact(address).await;
            links::proofs(&mut house.read().await, &house.seat, Side::Contact(id)).await.unwrap()[0].id
        } };
        for missing in [Permission::ProfileLink, Permission::ContactRead, Permission::ListenRead] {
            let rights: Vec<Permission> = Permission::ALL.iter().copied().filter(|p| *p != missing).collect();
            assert!(matches!(open(house.limited(&rights), reason()).await, Err(Error::Forbidden(_))), "{missing:?}");
        }
        assert!(matches!(open(house.seat.clone(), Reason { wording: " ja ".into(), ..reason() }).await, Err(Error::InvalidFields(f)) if f[0].0 == "wording"));
        assert!(matches!(open(house.seat.clone(), reason()).await, Err(Error::InvalidFields(f)) if f[0].0 == "proof"), "what they said stands somewhere");
        let consent = open(house.seat.clone(), Reason { ground: Ground::Consent, ..reason() }).await.unwrap();
        links::close(&house.app, &house.seat, consent).await.unwrap();
        let foreign = message("s.wirth@steuer.example").await;
        assert!(matches!(open(house.seat.clone(), Reason { proof: Some(foreign), ..reason() }).await, Err(Error::InvalidFields(f)) if f[0].0 == "proof"));
        let own = message("anna@berger.example").await;
        open(house.seat.clone(), Reason { ground: Ground::Consent, proof: Some(own), ..reason() }).await.unwrap();
        let link = wall::across(&mut house.read().await, &house.seat, Side::Contact(contact)).await.unwrap().remove(0);
        assert_eq!((link.ground, link.proof_message_id), (Ground::Consent, Some(own)));
        assert!(link.proof_conversation_id.is_some());
        // Who may not see one side gets no joined view.
        for missing in [Permission::ContactRead, Permission::ListenRead] {
            let rights: Vec<Permission> = Permission::ALL.iter().copied().filter(|p| *p != missing).collect();
            assert!(wall::across(&mut house.read().await, &house.limited(&rights), Side::Profile(profile)).await.unwrap().is_empty());
        }
        let other = House::build(&db, "suedwind").await;
        assert!(matches!(links::open(&other.app, &other.seat, profile, contact, reason()).await, Err(Error::NotFound)));
        assert!(wall::across(&mut other.read().await, &other.seat, Side::Profile(profile)).await.unwrap().is_empty());
        assert!(matches!(links::close(&other.app, &other.seat, link.id).await, Err(Error::NotFound)));
    }

    async fn contacts_are_found_by_parts_mistypes_and_addresses(db: Db) {
        let house = House::build(&db, "nordwind").await;
        house.mail(1, "Sabine Wirth", "s.wirth@steuer.example", "x").await;
        house.mail(2, "Jürgen Großmann", "jg@firma.example", "x").await;
        assert_eq!(house.names("Wir").await, ["Sabine Wirth"]);
        assert_eq!(house.names("Sabine Wrth").await, ["Sabine Wirth"]);
        assert_eq!(house.names("s.wirth@").await, ["Sabine Wirth"]);
        assert_eq!(house.names("GROSSMANN").await, ["Jürgen Großmann"]);
        assert!(house.names("Deichblick").await.is_empty() && house.names("  ").await.is_empty() && house.names("%").await.is_empty());
        let id = house.contact("s.wirth@steuer.example").await;
        contacts::change(&house.app, &house.seat, id, Fields { name: "Sabine Neumann".into(), ..Fields::default() }).await.unwrap();
        assert!(house.names("Sabine Wirth").await.iter().all(|n| n == "Sabine Neumann"));
        assert_eq!(house.names("Neumann").await, ["Sabine Neumann"]);
        let other = House::build(&db, "suedwind").await;
        assert!(other.names("Neumann").await.is_empty());
        assert!(matches!(contacts::open(&mut other.read().await, &other.seat, id, 9).await, Err(Error::NotFound)));
        assert!(matches!(contacts::change(&other.app, &other.seat, id, Fields { name: "x".into(), ..Fields::default() }).await, Err(Error::NotFound)));
    }

    async fn an_address_belongs_to_one_contact(db: Db) {
        let house = House::build(&db, "nordwind").await;
        house.mail(1, "Sabine Wirth", "s.wirth@steuer.example", "x").await;
        let (app, seat) = (&house.app, &house.seat);
        let id = contacts::add(app, seat, Fields { name: " Ole  Brandt ".into(), note: "Mag Ebbe".into(), ..Fields::default() }, "ole@brandt.example").await.unwrap();
        let key = |e: Error| match e { Error::Invalid { field, why } => (field, why.key), e => panic!("{e}") };
        assert_eq!(key(addresses::add(app, seat, id, "mail", "S.Wirth@Steuer.example").await.unwrap_err()), ("address", "error-contact-address-taken".into()));
        assert_eq!(key(addresses::add(app, seat, id, "mail", "ohne klammeraffe").await.unwrap_err()), ("address", "error-contact-address-form".into()));
        assert_eq!(key(addresses::add(app, seat, id, "fax", "123456").await.unwrap_err()), ("address", "error-contact-address-form".into()));
        addresses::add(app, seat, id, "mail", "ole@brandt.example").await.unwrap();
        let contact = contacts::open(&mut house.read().await, seat, id, 9).await.unwrap();
        assert_eq!((contact.name.as_str(), contact.note.as_deref(), contact.addresses.len()), ("Ole Brandt", Some("Mag Ebbe"), 1), "once, though added twice");
        assert!(contacts::add(app, seat, Fields::default(), "").await.is_err());
        // A newsletter's address has no owner until somebody writes from it.
        let mut tx = app.db.write().await.unwrap();
        addresses::seen(&mut tx, seat.ws(), "mail", "news@shop.example").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(contacts::with_address(&mut house.read().await, seat, "news@shop.example").await.unwrap(), None);
        addresses::add(app, seat, id, "mail", "news@shop.example").await.unwrap();
        assert_eq!(contacts::with_address(&mut house.read().await, seat, "NEWS@shop.example").await.unwrap(), Some(id));
        assert!(matches!(addresses::add(app, &house.limited(&[Permission::ContactRead]), id, "phone", "0421 5550").await, Err(Error::Forbidden(_))));
    }

    async fn a_contacts_timeline_holds_their_private_conversations_within_reach(db: Db) {
        let house = House::build(&db, "nordwind").await;
        house.mail(1, "Sabine Wirth", "s.wirth@steuer.example", "Erste").await;
        house.mail(2, "Sabine Wirth", "s.wirth@steuer.example", "Zweite").await;
        let id = house.contact("s.wirth@steuer.example").await;
        let talks = |seat: Seat| { let house = &house; async move {
            contacts::open(&mut house.read().await, &seat, id, 9).await.unwrap().talks.into_iter().map(|t| t.excerpt).collect::<Vec<_>>()
        } };
        assert_eq!(talks(house.seat.clone()).await, ["Zweite", "Erste"]);
        let elsewhere = Seat { grants: vec![
            Grant { permissions: BuiltinRole::Agent.permissions(), team: None, account: Some(house.blog) },
        ], ..house.seat.clone() };
        assert!(talks(elsewhere).await.is_empty());
        assert!(talks(house.limited(&[Permission::ContactRead])).await.is_empty());
    }
}

/// Only `privacy/` reads the table of links, and no statement anywhere else reads contacts and profiles at once.
#[test]
fn the_wall_has_one_door_in_the_sources() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    let mut files = 0;
    let mut folders: Vec<_> = std::fs::read_dir(crates).unwrap().map(|e| e.unwrap().path().join("src")).filter(|p| p.is_dir()).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let own = path.components().any(|c| c.as_os_str() == "privacy");
                found.extend(leaks(&text, own).into_iter().map(|what| format!("{}: {what}", path.display())));
            }
        }
    }
    assert!(files > 100, "the search looks at nothing");
    assert_eq!(found, Vec::<String>::new());
}

fn leaks(source: &str, own: bool) -> Vec<&'static str> {
    let mut found = Vec::new();
    // Archives copy every table by name, as a whole, and show nothing.
    if !own && source.lines().any(|l| l.contains("profile_links") && ["FROM", "JOIN", "INTO", "UPDATE"].iter().any(|w| l.contains(w))) {
        found.push("reads the table of links");
    }
    let words = |text: &str| -> Vec<String> { text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_string).collect() };
    for statement in source.split('"').skip(1).step_by(2).filter(|s| s.contains("FROM") || s.contains("JOIN")) {
        let words = words(statement);
        let has = |name: &str| words.iter().any(|w| w == name);
        if (has("contacts") || has("addresses") || has("contact_trigrams")) && (has("profiles") || has("profile_trigrams")) {
            found.push("reads contacts and profiles in one statement");
        }
    }
    found
}

#[test]
fn the_search_for_doors_finds_planted_ones() {
    assert_eq!(leaks("conn.all(\"SELECT * FROM profile_links\")", false).len(), 1);
    assert_eq!(leaks("conn.all(\"SELECT * FROM profile_links\")", true).len(), 0);
    assert_eq!(leaks("x(\"SELECT c.id FROM contacts c JOIN profiles p ON p.name = c.name\")", true).len(), 1);
    assert!(leaks("x(\"SELECT id FROM contacts\", \"SELECT id FROM profiles\")", false).is_empty());
}
