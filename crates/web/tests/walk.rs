//! The walk: every route of the table × every built-in role and nobody × two workspaces, with ids of the other workspace wherever an id can
//! stand. Nothing of the other workspace may be seen, changed or taken over. A new route is walked without a word here.

mod support;

use std::collections::HashSet;

use domain::accounts::{BuiltinRole, Permission};
use http::StatusCode;
use model::Id;
use support::world::{FINDABLE, World};
use support::{Answer, Client, TestApp, rows};
use testkit::{TestDb, db_test};
use web::Need;

/// What the walk needs to know of a route.
#[derive(Debug, Clone, Copy)]
struct Way {
    method: &'static str,
    path: &'static str,
    need: Need,
}

fn ways() -> Vec<Way> {
    let ways: Vec<Way> = web::table().iter().map(|r| Way { method: r.method, path: r.path, need: r.need }).collect();
    assert!(ways.len() > 30, "the table is not there");
    ways
}

/// Parameters that are no ids: what stands there.
fn word(name: &str) -> Option<&'static str> {
    Some(match name {
        "token" => "kein-gueltiger-schluessel",
        "version" => "0",
        "name" => "tokens.css",
        "channel" => "feed",
        "kind" => "answer",
        "view" => "all",
        "language" | "locale" => "de",
        _ => return None,
    })
}

/// An id that was never given out.
const NOBODYS: &str = "0000000000001";

/// Whose ids a parameter gets.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    Own,
    Foreign,
}

/// The parameters of a path besides the workspace, in order.
fn parameters(path: &str) -> Vec<&str> {
    path.split(['{', '}']).skip(1).step_by(2).map(|name| name.trim_start_matches('*')).filter(|name| *name != "workspace").collect()
}

/// All paths one gets by filling in: `whose` for each id parameter, round after round until every id had its turn.
fn filled(path: &str, workspace: &str, own: &World, foreign: &World, whose: &[Whose]) -> Vec<String> {
    let ids: Vec<(&str, Vec<Id<()>>)> = parameters(path)
        .into_iter()
        .filter(|name| word(name).is_none())
        .zip(whose)
        .map(|(name, whose)| (name, if *whose == Whose::Own { own } else { foreign }.ids_for(name)))
        .collect();
    let rounds = ids
        .iter()
        .zip(whose)
        .filter(|(_, w)| **w == Whose::Foreign || whose.iter().all(|w| *w == Whose::Own))
        .map(|((_, ids), _)| ids.len())
        .max()
        .unwrap_or(1);
    // Of one's own things the newest set is enough.
    let rounds = if whose.iter().all(|w| *w == Whose::Own) { 1 } else { rounds };
    (0..rounds)
        .map(|round| {
            let mut out = path.replace("{workspace}", workspace);
            for name in parameters(path) {
                let value = match (word(name), ids.iter().find(|(n, _)| *n == name)) {
                    (Some(word), _) => word.to_string(),
                    (None, Some((_, ids))) => ids[round % ids.len()].to_string(),
                    (None, None) => continue,
                };
                out = out.replace(&format!("{{{name}}}"), &value).replace(&format!("{{*{name}}}"), &value);
            }
            out
        })
        .collect()
}

/// Every way to mix one's own ids with foreign ones in which at least one is foreign.
fn mixtures(path: &str) -> Vec<Vec<Whose>> {
    let n = parameters(path).into_iter().filter(|name| word(name).is_none()).count();
    (1..1_usize << n).map(|bits| (0..n).map(|i| if bits >> i & 1 == 1 { Whose::Foreign } else { Whose::Own }).collect()).collect()
}

/// Foreign ids under every name a form or a query may give them, beside what makes a form complete.
fn foreign_fields(own: &World, foreign: &World) -> Vec<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, ids) in &foreign.ids {
        for name in [name.to_string(), format!("{name}_id")] {
            fields.push((name, ids[0].to_string()));
        }
    }
    let (user, team) = (foreign.ids_for("user")[0], foreign.ids_for("team")[0]);
    let role = foreign.ids_for("role")[0];
    let more = [
        ("assignee", user.to_string()),
        ("person", user.to_string()),
        ("seen", foreign.ids_for("message")[0].to_string()),
        ("newest", foreign.ids_for("message")[0].to_string()),
        ("proof", foreign.ids_for("message")[0].to_string()),
        ("mail_account", foreign.ids_for("account")[0].to_string()),
        ("before", foreign.ids_for("audit_event")[0].to_string()),
        ("after", "0.0".into()),
        ("member", foreign.ids_for("membership")[0].to_string()),
        ("grant", format!("{role}")),
        ("to", format!("user-{user}")),
        ("q", FINDABLE.into()),
        ("query", FINDABLE.into()),
        ("name", "Neuer Name".into()),
        ("title", "Neuer Titel".into()),
        ("email", "neu@firma.example".into()),
        ("address", "neu@firma.example".into()),
        ("value", "neu@firma.example".into()),
        ("cc", String::new()),
        ("text", "Guten Tag".into()),
        ("body", "Guten Tag".into()),
        ("note", "Guten Tag".into()),
        ("subject", "Betreff".into()),
        ("wording", "Sie hat es uns gesagt".into()),
        ("ground", "consent".into()),
        ("label", "neu".into()),
        ("permission", "inbox.read".into()),
        ("locale", "de-DE".into()),
        ("time_zone", "Europe/Berlin".into()),
        ("status", "open".into()),
        ("priority", "1".into()),
        ("until", "2026-12-01T09:00".into()),
        ("at", "2026-11-20T09:00".into()),
        ("kind", "call".into()),
        ("direction", "in".into()),
        ("url", "https://127.0.0.1/feed".into()),
        ("imap_host", "127.0.0.1".into()),
        ("smtp_host", "127.0.0.1".into()),
        ("password", "kurz".into()),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name.to_string(), value));
    }
    let with = |changes: &[(&str, String)]| {
        let mut fields = fields.clone();
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name.to_string(), value.clone()));
        }
        fields
    };
    let own_role = own.ids_for("role")[0];
    vec![
        fields.clone(),
        // An own role limited to what is another's; views and filters that name another's.
        with(&[
            ("grant", format!("{own_role}:team:{team}")),
            ("view", format!("team-{team}")),
            ("kind", "mail".into()),
            ("member", own.ids_for("membership")[0].to_string()),
        ]),
        with(&[
            ("grant", format!("{own_role}:account:{}", foreign.ids_for("account")[0])),
            ("view", "all".into()),
            ("kind", "note".into()),
            ("team", String::new()),
        ]),
    ]
}

fn with_query(path: &str, fields: &[(String, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    if query.is_empty() { path.to_string() } else { format!("{path}?{query}") }
}

/// Looks at one answer for what is the other workspace's.
fn leaks(need: Need, asked: &str, sent: &[(String, String)], answer: &Answer, foreign: &World) -> Option<String> {
    let mut seen = answer.body.to_lowercase();
    if matches!(need, Need::NoCookies | Need::Framed) {
        // A public form says whose it is.
        seen = seen.replace(&foreign.name, "");
    }
    for (name, value) in &answer.headers {
        seen.push_str(&format!("\n{name}: {}", value.to_str().unwrap_or_default().to_lowercase()));
    }
    if seen.contains(&foreign.marker) {
        let at = seen.find(&foreign.marker).unwrap_or_default();
        let part: String =
            seen.chars().skip(seen[..at].chars().count().saturating_sub(60)).take(140).collect::<String>().replace('\n', " ");
        return Some(format!("shows the other workspace: …{part}…"));
    }
    // An id that was sent may come back; one that was not is a leak.
    let sent_any = |id: &str| asked.contains(id) || sent.iter().any(|(_, value)| value.contains(id));
    foreign
        .ids
        .iter()
        .flat_map(|(kind, ids)| ids.iter().map(move |id| (kind, id.to_string())))
        .find(|(_, id)| seen.contains(id.as_str()) && !sent_any(id))
        .map(|(kind, id)| format!("names the other workspace's {kind} {id}"))
}

struct Walk<'a> {
    house: &'a TestApp,
    findings: Vec<String>,
    requests: usize,
}

impl Walk<'_> {
    fn find(&mut self, way: Way, who: &str, path: &str, what: impl std::fmt::Display) {
        self.findings.push(format!("{} {} as {who} ({path}): {what}", way.method, way.path));
    }

    async fn ask(&mut self, client: &Client, way: Way, who: &str, path: &str, fields: &[(String, String)], foreign: &World) -> Answer {
        self.requests += 1;
        let answer = client.send(&way.method.to_uppercase(), path, fields).await;
        if answer.status.is_server_error() {
            self.find(way, who, path, format!("{} {}", answer.status, answer.text("main")));
        }
        if let Some(leak) = leaks(way.need, path, fields, &answer, foreign) {
            self.find(way, who, path, leak);
        }
        answer
    }

    /// One route, from `own` against `foreign`.
    async fn route(&mut self, way: Way, own: &mut World, foreign: &World) {
        let before = rows::of(&mut self.house.app.db.read().await.unwrap(), foreign.id).await;
        self.as_nobody(way, own, foreign).await;
        for role in BuiltinRole::ALL {
            self.as_role(way, role, own, foreign).await;
        }
        self.as_owner_with_foreign_fields(way, own, foreign).await;
        let mut conn = self.house.app.db.read().await.unwrap();
        let after = rows::of(&mut conn, foreign.id).await;
        let (was, is): (HashSet<_>, HashSet<_>) = (before.iter().collect(), after.iter().collect());
        if let Some((table, row)) = is.symmetric_difference(&was).next() {
            self.find(way, "somebody", way.path, format!("changed the other workspace's {table}: {row}"));
        }
        let mine = rows::of(&mut conn, own.id).await;
        for (kind, id) in foreign.ids.iter().flat_map(|(kind, ids)| ids.iter().map(move |id| (kind, id))) {
            let (raw, shown) = (id.as_i64().to_string(), id.to_string());
            if let Some((table, _)) = mine.iter().find(|(_, row)| row.contains(&raw) || row.contains(&shown)) {
                self.find(way, "somebody", way.path, format!("took the other workspace's {kind} into {table}"));
                break;
            }
        }
    }

    async fn as_nobody(&mut self, way: Way, own: &World, foreign: &World) {
        let client = self.house.anonymous();
        let every = vec![Whose::Foreign; parameters(way.path).len()];
        for path in filled(way.path, &foreign.slug, own, foreign, &every) {
            let answer = self.ask(&client, way, "nobody", &path, &[], foreign).await;
            if !matches!(way.need, Need::Anyone | Need::NoCookies | Need::Framed) && !answer.is_to_login() {
                self.find(way, "nobody", &path, format!("{} instead of the way to sign in", answer.status));
            }
        }
    }

    async fn as_role(&mut self, way: Way, role: BuiltinRole, own: &World, foreign: &World) {
        let client = self.house.as_user(own.people[&role]).await;
        let who = role.name();
        let Need::In(permission) = way.need else {
            let every = vec![Whose::Foreign; parameters(way.path).len()];
            for path in filled(way.path, "", own, foreign, &every) {
                let answer = self.ask(&client, way, who, &path, &[], foreign).await;
                let hidden = way.need == Need::Installation || (way.need == Need::Person && path != way.path);
                if hidden && answer.status != StatusCode::NOT_FOUND {
                    self.find(way, who, &path, format!("{} instead of 404", answer.status));
                }
            }
            return;
        };
        let fields = &foreign_fields(own, foreign)[0];
        let may = role.permissions().contains(permission);
        // The other workspace itself.
        let every = vec![Whose::Foreign; parameters(way.path).len()];
        for path in filled(way.path, &foreign.slug, own, foreign, &every) {
            let answer = self.ask(&client, way, who, &path, fields, foreign).await;
            if answer.status != StatusCode::NOT_FOUND {
                self.find(way, who, &path, format!("{} in a workspace of others instead of 404", answer.status));
            }
        }
        // One's own workspace with ids of the other.
        for mixture in mixtures(way.path) {
            for path in filled(way.path, &own.slug, own, foreign, &mixture) {
                self.with_ids_of_others(way, who, &client, &path, may, own, foreign).await;
            }
        }
        // One's own things: without the permission nobody gets at them, with it the walk's own ids must be good.
        let owned = vec![Whose::Own; parameters(way.path).len()];
        if !may {
            for path in filled(way.path, &own.slug, own, foreign, &owned) {
                let answer = self.ask(&client, way, who, &path, &[], foreign).await;
                if answer.status != StatusCode::FORBIDDEN {
                    self.find(way, who, &path, format!("{} without {} instead of 403", answer.status, permission.name()));
                }
            }
        } else if role == BuiltinRole::Owner && way.method == "get" {
            let path = filled(way.path, &own.slug, own, foreign, &owned).remove(0);
            let answer = self.ask(&client, way, who, &path, &[], foreign).await;
            if !answer.status.is_success() && !answer.status.is_redirection() {
                self.find(way, who, &path, format!("{} for what is one's own: the walk is blind here", answer.status));
            }
        }
    }

    /// An id of others is an id that does not exist: 404, or else word for word what is said of an id that was never given out.
    #[expect(clippy::too_many_arguments, reason = "everything the check looks at")]
    async fn with_ids_of_others(&mut self, way: Way, who: &str, client: &Client, path: &str, may: bool, own: &World, foreign: &World) {
        let refused = |status| matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST);
        for fields in foreign_fields(own, foreign) {
            let answer = self.ask(client, way, who, path, &fields, foreign).await;
            if answer.status == StatusCode::FORBIDDEN || (may && answer.status == StatusCode::NOT_FOUND) {
                return;
            }
            let nowhere =
                path.split('/').map(|part| if part.parse::<Id<()>>().is_ok() { NOBODYS } else { part }).collect::<Vec<_>>().join("/");
            let other = self.ask(client, way, who, &nowhere, &fields, foreign).await;
            let same = |answer: &Answer, path: &str| {
                let ids: Vec<&str> = path.split('/').filter(|part| part.parse::<Id<()>>().is_ok()).collect();
                ids.iter().fold(format!("{} {} {}", answer.status, answer.location(), answer.body), |text, id| text.replace(id, "ID"))
            };
            if !may || same(&answer, path) != same(&other, &nowhere) {
                return self.find(way, who, path, format!("{} for an id of others instead of 404", answer.status));
            }
            // What the form itself refused has not come to the question whose it is: once more with other words.
            if !refused(answer.status) {
                return;
            }
        }
    }

    /// One's own page, with foreign ids in query and form. A fresh set of rows for whatever may take one away.
    async fn as_owner_with_foreign_fields(&mut self, way: Way, own: &mut World, foreign: &World) {
        if way.method == "post" && !parameters(way.path).is_empty() {
            own.add_rows(self.house).await;
        }
        for fields in foreign_fields(own, foreign) {
            let client = self.house.as_user(own.people[&BuiltinRole::Owner]).await;
            let owned = vec![Whose::Own; parameters(way.path).len()];
            let path = filled(way.path, &own.slug, own, foreign, &owned).remove(0);
            self.ask(&client, way, "owner", &with_query(&path, &fields), &fields, foreign).await;
        }
    }
}

async fn two_worlds(house: &TestApp, pair: usize) -> (World, World) {
    let one = World::build(house, &format!("nord{pair}"), &format!("nordgeheim{pair}")).await;
    let two = World::build(house, &format!("sued{pair}"), &format!("suedgeheim{pair}")).await;
    one.assert_every_table_is_filled(house).await;
    (one, two)
}

async fn walk(db: &TestDb) -> (Vec<String>, usize) {
    let house = TestApp::on(db);
    let mut walk = Walk { house: &house, findings: Vec::new(), requests: 0 };
    // New worlds every few routes: what the walk itself writes makes looking through all rows slower and slower.
    for (pair, few) in ways().chunks(8).enumerate() {
        let (mut one, mut two) = two_worlds(&house, pair).await;
        for way in few {
            walk.route(*way, &mut one, &two).await;
            walk.route(*way, &mut two, &one).await;
        }
    }
    (walk.findings, walk.requests)
}

db_test! {
    async fn no_route_gives_away_or_changes_what_is_another_workspaces(db: Db) {
        let (findings, requests) = walk(&db).await;
        assert!(findings.is_empty(), "{} findings in {requests} requests:\n{}", findings.len(), findings.join("\n"));
        println!("{requests} requests over {} routes", ways().len());
    }
}

/// Routes as nobody should write them: the walk must find every one.
mod broken {
    use axum::extract::{Path, Query, State};
    use axum::response::{Html, IntoResponse, Redirect, Response};
    use axum::routing::{get, post};
    use db::args;
    use domain::App;
    use model::{Id, kinds};

    use super::*;

    type ConversationId = Id<kinds::Conversation>;

    /// Reads by the id alone.
    async fn reads(State(app): State<App>, Path((_, id)): Path<(String, ConversationId)>) -> Response {
        let found: Option<(String,)> =
            app.db.read().await.unwrap().opt("SELECT subject FROM conversations WHERE id = $1", args![id]).await.unwrap();
        match found {
            Some((subject,)) => Html(format!("<main>{subject}</main>")).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Writes by the id alone, and says nothing.
    async fn writes(State(app): State<App>, Path((_, id)): Path<(String, ConversationId)>) -> Response {
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE conversations SET priority = priority + 1 WHERE id = $1", args![id]).await.unwrap();
        tx.commit().await.unwrap();
        StatusCode::NOT_FOUND.into_response()
    }

    #[derive(serde::Deserialize)]
    struct Asked {
        #[serde(default)]
        user: String,
    }

    /// Takes whatever person the query names.
    async fn takes(State(app): State<App>, Path((slug, id)): Path<(String, ConversationId)>, Query(asked): Query<Asked>) -> Response {
        let mut tx = app.db.write().await.unwrap();
        let user: Option<Id<kinds::User>> = asked.user.parse().ok();
        let sql = "UPDATE conversations SET assignee_id = $3 WHERE id = $1 AND workspace_id = (SELECT id FROM workspaces WHERE slug = $2)";
        let n = tx.run(sql, args![id, slug, user]).await.unwrap();
        tx.commit().await.unwrap();
        if n == 0 { StatusCode::NOT_FOUND.into_response() } else { Redirect::to("/").into_response() }
    }

    /// Names ids of everybody.
    async fn names(State(app): State<App>) -> Response {
        let ids: Vec<(ConversationId,)> = app.db.read().await.unwrap().all("SELECT id FROM conversations", args![]).await.unwrap();
        Html(ids.iter().map(|(id,)| format!("<p>{id}</p>")).collect::<String>()).into_response()
    }

    async fn findings(db: &TestDb, method: &'static str, path: &'static str) -> Vec<String> {
        let mut house = TestApp::on(db);
        let app = house.app.clone();
        let more = axum::Router::new()
            .route("/{workspace}/broken/reads/{conversation}", get(reads))
            .route("/{workspace}/broken/writes/{conversation}", post(writes))
            .route("/{workspace}/broken/takes/{conversation}", post(takes))
            .route("/{workspace}/broken/names", get(names))
            .with_state(app);
        house.router = house.router.merge(more);
        let (mut one, two) = two_worlds(&house, 0).await;
        let mut walk = Walk { house: &house, findings: Vec::new(), requests: 0 };
        walk.route(Way { method, path, need: Need::In(Permission::MemberEdit) }, &mut one, &two).await;
        walk.findings
    }

    fn has(findings: &[String], part: &str) -> bool {
        findings.iter().any(|finding| finding.contains(part))
    }

    db_test! {
        async fn the_walk_finds_a_route_that_reads_by_the_id_alone(db: Db) {
            let found = findings(&db, "get", "/{workspace}/broken/reads/{conversation}").await;
            assert!(has(&found, "shows the other workspace"), "{found:#?}");
            assert!(has(&found, "for an id of others instead of 404"), "{found:#?}");
            assert!(has(&found, "as nobody") && has(&found, "instead of the way to sign in"), "{found:#?}");
            assert!(has(&found, "without member.edit instead of 403"), "{found:#?}");
        }
        async fn the_walk_finds_a_route_that_writes_by_the_id_alone_and_keeps_silent(db: Db) {
            let found = findings(&db, "post", "/{workspace}/broken/writes/{conversation}").await;
            assert!(has(&found, "changed the other workspace's conversations"), "{found:#?}");
        }
        async fn the_walk_finds_a_route_that_takes_a_person_of_others(db: Db) {
            let found = findings(&db, "post", "/{workspace}/broken/takes/{conversation}").await;
            assert!(has(&found, "took the other workspace's user into conversations"), "{found:#?}");
        }
        async fn the_walk_finds_a_route_that_names_ids_of_others(db: Db) {
            let found = findings(&db, "get", "/{workspace}/broken/names").await;
            assert!(has(&found, "names the other workspace's conversation"), "{found:#?}");
        }
    }
}
