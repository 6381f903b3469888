//! A workspace with something in every table, and its marker in every text: what the walk over all routes looks for where it must not be.

use std::collections::BTreeMap;

use db::{Tx, Value, args, sql};
use domain::accounts::BuiltinRole;
use model::{Id, kinds};
use serde_json::json;

use super::{TestApp, rows};

/// Stands beside the marker in everything that can be searched.
pub const FINDABLE: &str = "fundwort";

pub struct World {
    pub slug: String,
    pub name: String,
    pub id: Id<kinds::Workspace>,
    /// A word that occurs in this workspace's rows and nowhere else.
    pub marker: String,
    /// One person for each built-in role.
    pub people: BTreeMap<BuiltinRole, Id<kinds::User>>,
    /// Ids by the name a route's path or a form gives them, newest set first.
    pub ids: BTreeMap<&'static str, Vec<Id<()>>>,
    sets: i64,
}

impl World {
    pub async fn build(house: &TestApp, slug: &str, marker: &str) -> World {
        let mut people = BTreeMap::new();
        for role in BuiltinRole::ALL {
            people.insert(role, house.user(&format!("{}@{slug}.example", role.name()), &format!("{marker} {}", role.name())).await);
        }
        let name = format!("{marker} {slug}");
        let id = house.workspace(slug, &name, people[&BuiltinRole::Owner]).await;
        for (role, user) in &people {
            if *role != BuiltinRole::Owner {
                house.join(id, *user, *role).await;
            }
        }
        let mut world = World { slug: slug.into(), name, id, marker: marker.into(), people, ids: BTreeMap::new(), sets: 0 };
        world.add_rows(house).await;
        world
    }

    /// The ids of one kind; all there are for a name nobody has told the walk about.
    pub fn ids_for(&self, name: &str) -> Vec<Id<()>> {
        let known = match name {
            "assignee" | "user" | "person" | "member_user" => "user",
            "hit" | "watch_hit" => "hit",
            "link" | "profile_link" => "link",
            other => other,
        };
        self.ids.get(known).cloned().unwrap_or_else(|| self.ids.values().flatten().copied().collect())
    }

    /// The newest few stand for all.
    fn keep<T>(&mut self, name: &'static str, id: Id<T>) {
        let ids = self.ids.entry(name).or_default();
        ids.insert(0, Id::from_i64(id.as_i64()));
        ids.truncate(3);
    }

    /// Fails when a table that carries a workspace has no row of this one: the walk would be blind there.
    pub async fn assert_every_table_is_filled(&self, house: &TestApp) {
        let mut conn = house.app.db.read().await.unwrap();
        let rows = rows::of(&mut conn, self.id).await;
        for table in rows::tables(&mut conn).await {
            assert!(rows.iter().any(|(name, _)| *name == table), "support/world.rs puts nothing into {table}");
        }
    }

    /// One more row of everything.
    pub async fn add_rows(&mut self, house: &TestApp) {
        self.sets += 1;
        let mut tx = house.app.db.write_reread().await.unwrap();
        self.people_rows(&mut tx).await;
        self.account_rows(&mut tx).await;
        self.public_rows(&mut tx).await;
        self.customer_rows(&mut tx).await;
        self.conversation_rows(&mut tx, house).await;
        self.house_rows(&mut tx).await;
        tx.commit().await.unwrap();
    }

    fn text(&self, what: &str) -> String {
        format!("{} {what} {} {FINDABLE}", self.marker, self.sets)
    }
    /// Unique, without blanks.
    fn key(&self, what: &str) -> String {
        format!("{}-{what}-{}", self.marker, self.sets)
    }
    fn newest<T>(&self, name: &str) -> Id<T> {
        Id::from_i64(self.ids[name][0].as_i64())
    }
    fn owner(&self) -> Id<kinds::User> {
        self.people[&BuiltinRole::Owner]
    }

    async fn people_rows(&mut self, tx: &mut Tx) {
        let (team, role): (Id<kinds::Team>, Id<kinds::Role>) = (tx.id(), tx.id());
        run(tx, "INSERT INTO teams (id, workspace_id, name, created_at) VALUES ($1, $2, $3, 1)", args![team, self.id, self.text("team")])
            .await;
        run(
            tx,
            "INSERT INTO roles (id, workspace_id, name, permissions) VALUES ($1, $2, $3, $4)",
            args![role, self.id, self.text("role"), json!(["inbox.read"])],
        )
        .await;
        // A guest of their own for every set: one may be removed without any of the personas going.
        let (guest, membership): (Id<kinds::User>, Id<kinds::Membership>) = (tx.id(), tx.id());
        run(
            tx,
            "INSERT INTO users (id, email, email_key, name, locale, created_at) VALUES ($1, $2, $2, $3, 'de-DE', 1)",
            args![guest, format!("{}@firma.example", self.key("guest")), self.text("guest")],
        )
        .await;
        run(
            tx,
            "INSERT INTO memberships (id, workspace_id, user_id, created_at) VALUES ($1, $2, $3, 1)",
            args![membership, self.id, guest],
        )
        .await;
        run(tx, "INSERT INTO team_members (workspace_id, team_id, membership_id) VALUES ($1, $2, $3)", args![self.id, team, membership])
            .await;
        self.keep("membership", membership);
        self.keep("user", guest);
        self.keep("team", team);
        self.keep("role", role);
        for user in [guest, self.owner()] {
            let session: Id<kinds::Session> = tx.id();
            run(
                tx,
                "INSERT INTO sessions (id, user_id, token_hash, created_at, last_seen_at, expires_at, user_agent, address) VALUES ($1, $2, $3, $4, $4, $5, $6, $6)",
                args![session, user, domain::hash_token(&format!("{session}")), tx.now(), tx.now() + std::time::Duration::from_secs(9_999_999), self.text("device")],
            )
            .await;
            self.keep("session", session);
        }
        let invitation: Id<()> = tx.id();
        let detail =
            json!({ "email": self.key("mail"), "email_key": self.key("mail"), "roles": [{ "role": role }], "invited_by": self.owner() });
        run(
            tx,
            "INSERT INTO one_time_links (id, kind, token_hash, workspace_id, detail, created_at, expires_at) VALUES ($1, 'invitation', $2, $3, $4, 1, $5)",
            args![invitation, domain::hash_token(&self.key("token")), self.id, detail, tx.now() + std::time::Duration::from_secs(9_999)],
        )
        .await;
        self.keep("invitation", invitation);
    }

    async fn account_rows(&mut self, tx: &mut Tx) {
        let (team, now) = (self.newest::<kinds::Team>("team"), tx.now());
        // The form's words are meant for everybody; its name and its account are not.
        let form = json!({ "title": "Schreiben Sie uns", "intro": "Gern", "privacy_text": "Nichts", "language": "de" });
        // Addresses that are refused at once: the walk waits for no network.
        for (channel, own) in [("feed", json!({})), ("form", form), ("mail", json!({}))] {
            let (source, account): (Id<kinds::Source>, Id<kinds::ChannelAccount>) = (tx.id(), tx.id());
            let settings = match channel {
                "feed" => json!({ "url": format!("https://127.0.0.1/{}", self.key("feed")) }),
                "mail" => {
                    json!({ "from": format!("{}@firma.example", self.key("mail")), "user": self.text("user"), "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1" })
                }
                _ => json!({}),
            };
            run(
                tx,
                "INSERT INTO sources (id, channel, source_key, settings, state, next_at, created_at) VALUES ($1, $2, $3, $4, 'active', $5, $5)",
                args![source, channel, self.key(channel), settings, now],
            )
            .await;
            run(
                tx,
                "INSERT INTO channel_accounts (id, workspace_id, source_id, channel, name, address, settings, state, team_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9)",
                args![account, self.id, source, channel, self.text("account"), format!("{}@firma.example", self.key(channel)), own, team, now],
            )
            .await;
            self.keep("account", account);
        }
        let account = self.newest::<kinds::ChannelAccount>("account");
        run(
            tx,
            "INSERT INTO inbound_addresses (address_key, workspace_id, account_id) VALUES ($1, $2, $3)",
            args![self.key("inbound"), self.id, account],
        )
        .await;
        let (membership, role) = (self.newest::<kinds::Membership>("membership"), self.newest::<kinds::Role>("role"));
        run(
            tx,
            "INSERT INTO membership_roles (workspace_id, membership_id, role_id, team_id, account_id) VALUES ($1, $2, $3, $4, NULL)",
            args![self.id, membership, role, team],
        )
        .await;
    }

    async fn public_rows(&mut self, tx: &mut Tx) {
        let (account, now) = (self.newest::<kinds::ChannelAccount>("account"), tx.now());
        let (profile, post): (Id<kinds::Profile>, Id<kinds::Post>) = (tx.id(), tx.id());
        run(
            tx,
            "INSERT INTO profiles (id, workspace_id, network, handle_key, handle, name, url, posts, first_seen_at, last_seen_at) VALUES ($1, $2, 'feed', $3, $3, $4, $5, 1, $6, $6)",
            args![profile, self.id, self.key("handle"), self.text("profile"), format!("https://firma.example/{}", self.key("profile")), now],
        )
        .await;
        let text = self.text("post");
        run(
            tx,
            "INSERT INTO posts (id, workspace_id, account_id, channel, kind, profile_id, title, text, html, url, site, lang, reply_to, published_at, received_at, sort_at, content_hash)
             VALUES ($1, $2, $3, 'feed', 'post', $4, $5, $5, $6, $7, $8, 'de', $9, $10, $10, $10, $11)",
            args![post, self.id, account, profile, &text, format!("<p>{text}</p>"), format!("https://firma.example/{}", self.key("post")), self.key("site"), self.key("reply"), now, &b"hash"[..]],
        )
        .await;
        let document = matching::search_document(&[&text], Some("de"));
        run(tx, sql!("INSERT INTO posts_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![post, document.text]).await;
        run(
            tx,
            "INSERT INTO post_keys (workspace_id, network, canonical_key, post_id) VALUES ($1, 'feed', $2, $3)",
            args![self.id, self.key("post"), post],
        )
        .await;
        run(
            tx,
            "INSERT INTO post_sightings (workspace_id, post_id, account_id, seen_at) VALUES ($1, $2, $3, $4)",
            args![self.id, post, account, now],
        )
        .await;
        self.keep("profile", profile);
        self.keep("post", post);
        let (watch, hit, backfill): (Id<kinds::Watch>, Id<kinds::Hit>, Id<kinds::Backfill>) = (tx.id(), tx.id(), tx.id());
        run(
            tx,
            "INSERT INTO watches (id, workspace_id, name, query, kind, owner_id, hits, created_at, updated_at) VALUES ($1, $2, $3, $4, 'brand', $5, 1, $6, $6)",
            args![watch, self.id, self.text("watch"), &self.marker, self.owner(), now],
        )
        .await;
        run(
            tx,
            "INSERT INTO watch_hits (id, workspace_id, watch_id, post_id, sort_at) VALUES ($1, $2, $3, $4, $5)",
            args![hit, self.id, watch, post, now],
        )
        .await;
        run(
            tx,
            "INSERT INTO backfills (id, workspace_id, watch_id, state, total, created_at) VALUES ($1, $2, $3, 'running', 5, $4)",
            args![backfill, self.id, watch, now],
        )
        .await;
        self.keep("watch", watch);
        self.keep("hit", hit);
        self.keep("backfill", backfill);
    }

    async fn customer_rows(&mut self, tx: &mut Tx) {
        let now = tx.now();
        let (contact, address, link): (Id<kinds::Contact>, Id<kinds::Address>, Id<kinds::ProfileLink>) = (tx.id(), tx.id(), tx.id());
        let profile = self.newest::<kinds::Profile>("profile");
        run(
            tx,
            "INSERT INTO contacts (id, workspace_id, name, name_key, company, note, created_at, updated_at) VALUES ($1, $2, $3, $3, $4, $5, $6, $6)",
            args![contact, self.id, self.text("contact"), self.text("company"), self.text("note"), now],
        )
        .await;
        run(
            tx,
            "INSERT INTO addresses (id, workspace_id, contact_id, kind, value, value_key, created_at) VALUES ($1, $2, $3, 'mail', $4, $4, $5)",
            args![address, self.id, contact, format!("{}@kunde.example", self.key("contact")), now],
        )
        .await;
        run(
            tx,
            "INSERT INTO profile_links (id, workspace_id, profile_id, contact_id, ground, wording, linked_by, linked_at) VALUES ($1, $2, $3, $4, 'consent', $5, $6, $7)",
            args![link, self.id, profile, contact, self.text("wording"), self.owner(), now],
        )
        .await;
        for trigram in ["fun", "und", "wor"] {
            run(
                tx,
                "INSERT INTO contact_trigrams (workspace_id, trigram, contact_id) VALUES ($1, $2, $3)",
                args![self.id, trigram, contact],
            )
            .await;
            run(
                tx,
                "INSERT INTO profile_trigrams (workspace_id, trigram, profile_id) VALUES ($1, $2, $3)",
                args![self.id, trigram, profile],
            )
            .await;
        }
        run(
            tx,
            "INSERT INTO suppressions (workspace_id, address_key, reason, created_at) VALUES ($1, $2, 'objection', $3)",
            args![self.id, self.key("no"), now],
        )
        .await;
        self.keep("contact", contact);
        self.keep("address", address);
        self.keep("link", link);
    }

    async fn conversation_rows(&mut self, tx: &mut Tx, house: &TestApp) {
        let (account, now) = (self.newest::<kinds::ChannelAccount>("account"), tx.now());
        let (contact, profile, post, team) = (
            self.newest::<kinds::Contact>("contact"),
            self.newest::<kinds::Profile>("profile"),
            self.newest::<kinds::Post>("post"),
            self.newest::<kinds::Team>("team"),
        );
        let sha = house.app.blobs.keep(self.id, self.text("file").as_bytes()).unwrap();
        house.app.blobs.record(tx, self.id, &[(sha.as_str(), self.text("file").len())].into()).await.unwrap();
        for is_public in [true, false] {
            let (conversation, message, attachment, undo): (
                Id<kinds::Conversation>,
                Id<kinds::Message>,
                Id<kinds::Attachment>,
                Id<kinds::Event>,
            ) = (tx.id(), tx.id(), tx.id(), tx.id());
            run(
                tx,
                "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, assignee_id, team_id, contact_id, profile_id, last_message_at, messages, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $6, $6, 'de', 'open', 1, $7, $8, $9, $10, $11, 1, $11)",
                args![conversation, self.id, account, if is_public { "feed" } else { "mail" }, is_public, self.text("conversation"), self.owner(), team,
                      (!is_public).then_some(contact), is_public.then_some(profile), now],
            )
            .await;
            run(
                tx,
                "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, post_id, author_name, author_address, subject, text, quoted, html, external_id, message_id, lang, received_at, sort_at, state)
                 VALUES ($1, $2, $3, $4, 'in', $5, $6, $7, $7, $7, $8, $9, $9, $10, $10, 'de', $11, $11, 'received')",
                args![message, self.id, conversation, account, if is_public { "post" } else { "mail" }, is_public.then_some(post), self.text("message"),
                      if is_public { String::new() } else { self.text("message") }, self.text("quoted"), format!("{}-{is_public}", self.key("message")), now],
            )
            .await;
            let document = matching::search_document(&[&self.text("message")], Some("de"));
            run(tx, sql!("INSERT INTO messages_fts (rowid, document) VALUES ($1, " [document "$2"] ")"), args![message, document.text])
                .await;
            run(tx, "INSERT INTO attachments (id, workspace_id, message_id, name, mime, size, sha256) VALUES ($1, $2, $3, $4, 'text/plain', 5, $5)", args![attachment, self.id, message, self.text("file"), &sha]).await;
            run(tx, "INSERT INTO conversation_participants (workspace_id, conversation_id, address_key, address, name, role, added_at) VALUES ($1, $2, $3, $3, $4, 'from', $5)", args![self.id, conversation, self.key("participant"), self.text("participant"), now]).await;
            run(
                tx,
                "INSERT INTO conversation_labels (workspace_id, conversation_id, label_key, label) VALUES ($1, $2, $3, $3)",
                args![self.id, conversation, self.text("label")],
            )
            .await;
            run(
                tx,
                "INSERT INTO conversation_reads (workspace_id, conversation_id, user_id, read_at) VALUES ($1, $2, $3, $4)",
                args![self.id, conversation, self.owner(), now],
            )
            .await;
            run(tx, "INSERT INTO mentions (workspace_id, message_id, user_id) VALUES ($1, $2, $3)", args![self.id, message, self.owner()])
                .await;
            for kind in ["answer", "note"] {
                run(tx, "INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, text, cc, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", args![self.id, conversation, self.owner(), kind, self.text("draft"), self.key("cc"), now]).await;
            }
            run(
                tx,
                "INSERT INTO undos (id, workspace_id, user_id, conversation_id, former, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                args![undo, self.id, self.owner(), conversation, json!({ "priority": 0 }), now],
            )
            .await;
            self.keep("conversation", conversation);
            self.keep("message", message);
            self.keep("attachment", attachment);
            self.keep("undo", undo);
        }
        let answer: Id<kinds::Message> = tx.id();
        run(
            tx,
            "INSERT INTO messages (id, workspace_id, conversation_id, account_id, direction, kind, author_id, author_name, text, lang, received_at, sort_at, state)
             VALUES ($1, $2, $3, $4, 'out', 'mail', $5, $6, $6, 'de', $7, $7, 'failed')",
            args![answer, self.id, self.newest::<kinds::Conversation>("conversation"), account, self.owner(), self.text("answer"), now],
        )
        .await;
        self.keep("message", answer);
    }

    async fn house_rows(&mut self, tx: &mut Tx) {
        let (conversation, now) = (self.newest::<kinds::Conversation>("conversation"), tx.now());
        let (event, entry, job): (Id<kinds::Event>, Id<kinds::AuditEvent>, Id<kinds::Job>) = (tx.id(), tx.id(), tx.id());
        run(
            tx,
            "INSERT INTO events (id, workspace_id, at, kind, subject_id, actor_id, detail) VALUES ($1, $2, $3, 'conversation.new', $4, $5, $6)",
            args![event, self.id, now, conversation, self.owner(), json!({ "code": self.marker })],
        )
        .await;
        run(
            tx,
            "INSERT INTO audit_events (id, workspace_id, at, actor_id, action, subject_kind, subject_id, detail) VALUES ($1, $2, $3, $4, $5, 'conversation', $6, $7)",
            args![entry, self.id, now, self.owner(), self.key("action"), conversation, json!({ "code": self.marker })],
        )
        .await;
        run(
            tx,
            "INSERT INTO jobs (id, workspace_id, kind, payload, state, run_at, attempts, max_attempts, failure, created_at, finished_at) VALUES ($1, $2, $3, $4, 'failed', $5, 3, 3, $6, $5, $5)",
            args![job, self.id, self.key("kind"), json!({ "code": self.marker }), now, json!({ "key": self.marker, "args": [] })],
        )
        .await;
        run(
            tx,
            "INSERT INTO form_confirmations (workspace_id, address_hash, day) VALUES ($1, $2, $3)",
            args![self.id, self.key("hash").as_bytes(), "2026-11-23"],
        )
        .await;
        let (suspect, account): (Id<kinds::FormSubmission>, _) = (tx.id(), self.newest::<kinds::ChannelAccount>("account"));
        let item = json!({ "external_id": self.key("suspect"), "kind": "form", "author": { "name": self.text("suspect") }, "text": self.text("suspect"), "attachments": [], "media": [] });
        run(
            tx,
            "INSERT INTO form_suspects (id, workspace_id, account_id, external_id, item, reasons, locale, received_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'de-DE', $7, $8)",
            args![suspect, self.id, account, self.key("suspect"), item, json!([{ "reason": "link_markup" }]), now, now + std::time::Duration::from_secs(9_999)],
        )
        .await;
        run(
            tx,
            "INSERT INTO expired_post_keys (workspace_id, key_hash, expired_at) VALUES ($1, $2, $3)",
            args![self.id, self.key("expired"), now],
        )
        .await;
        self.keep("suspect", suspect);
        self.keep("event", event);
        self.keep("audit_event", entry);
        self.keep("job", job);
    }
}

async fn run(tx: &mut Tx, sql: impl Into<db::Sql>, args: Vec<Value>) {
    let sql = sql.into();
    if let Err(error) = tx.run(sql, args).await {
        panic!("{error}: {}", sql.sqlite);
    }
}
