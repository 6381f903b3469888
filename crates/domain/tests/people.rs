//! Members, roles, teams, invitations, passwords: on both engines.

use std::sync::Arc;
use std::time::Duration;

use channels::net::{Net, NetPolicy};
use db::args;
use domain::accounts::invitations::{self, Invited, NewPerson};
use domain::accounts::members::{self, RoleChoice};
use domain::accounts::sessions::{self, Visitor};
use domain::accounts::workspaces::{self, Changes};
use domain::accounts::{self, BuiltinRole, Permission, Person, Scope, Seat, passwords, resets, roles, teams, users};
use domain::{App, Error, Sealer, SystemMail, system_mail, work};
use model::{Id, Locale, Random, SeededRandom, kinds};
use testkit::{TestDb, db_test};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const OLD: &str = "das alte lange Passwort";
const NEW: &str = "ein neues langes Passwort";

fn app_with(db: &TestDb, system_mail: Option<SystemMail>) -> App {
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(5));
    let net = Net::new(NetPolicy { allow_private: vec!["127.0.0.1".parse().unwrap()], extra_ca: None });
    App::new(domain::Parts {
        db: (**db).clone(),
        sealer: Sealer::new([9; 32]),
        blobs: domain::Blobs::in_folder(std::env::temp_dir().join("tresen-no-blobs")),
        channels: channels::Context { clock: Arc::new(db.clock.clone()), random, net, limits: channels::Limits::default() },
        feed: domain::events::Feed::default(),
        presence: Default::default(),
        config: domain::Config { public_url: "https://tresen.firma.example".into(), system_mail, ..domain::Config::default() },
    })
}

fn app(db: &TestDb) -> App {
    app_with(db, None)
}

fn mail_at(port: u16) -> SystemMail {
    let settings =
        serde_json::json!({ "from": "tresen@firma.example", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none" });
    SystemMail {
        connection: channels::Connection { settings, secret: serde_json::json!({}) },
        from: channels::Mailbox { name: None, address: "tresen@firma.example".into() },
    }
}

async fn user(app: &App, email: &str) -> Id<kinds::User> {
    let mut tx = app.db.write().await.unwrap();
    let new = users::NewUser { email, name: email, password_hash: None, locale: Locale::En, is_installation_admin: false };
    let id = users::create(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn workspace(app: &App, slug: &str) -> Seat {
    let owner = user(app, &format!("owner@{slug}.example")).await;
    let mut tx = app.db.write().await.unwrap();
    let new = workspaces::NewWorkspace { name: slug, slug, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: false };
    workspaces::create(&mut tx, new, owner).await.unwrap();
    tx.commit().await.unwrap();
    seat(app, owner, slug).await
}

/// A further member with a built-in role.
async fn member(app: &App, owner: &Seat, name: &str, role: BuiltinRole) -> Seat {
    let id = user(app, &format!("{name}@{}.example", owner.workspace.slug)).await;
    let mut tx = app.db.write().await.unwrap();
    workspaces::join(&mut tx, owner.ws(), id, &[(role, None)]).await.unwrap();
    tx.commit().await.unwrap();
    seat(app, id, &owner.workspace.slug).await
}

/// Through the door: a real session, so that rights are read as a request reads them.
async fn signed_in(app: &App, id: Id<kinds::User>) -> Person {
    let mut tx = app.db.write().await.unwrap();
    let token = sessions::open(&mut tx, id, &Visitor::default()).await.unwrap();
    tx.commit().await.unwrap();
    sessions::person(&app.db, &mut app.db.read().await.unwrap(), &token).await.unwrap().unwrap()
}

async fn seat(app: &App, id: Id<kinds::User>, slug: &str) -> Seat {
    let person = signed_in(app, id).await;
    accounts::seat(&mut app.db.read().await.unwrap(), person, slug).await.unwrap()
}

async fn role(app: &App, seat: &Seat, builtin: BuiltinRole) -> RoleChoice {
    let roles = roles::list(&mut app.db.read().await.unwrap(), seat.ws()).await.unwrap();
    let role = roles.iter().find(|r| r.builtin.as_deref() == Some(builtin.name())).unwrap().id;
    RoleChoice { role, team: None, account: None }
}

async fn account(app: &App, seat: &Seat, team: Option<Id<kinds::Team>>) -> Id<kinds::ChannelAccount> {
    let mut tx = app.db.write().await.unwrap();
    let id = tx.id();
    tx.run(
        "INSERT INTO channel_accounts (id, workspace_id, channel, name, settings, state, team_id, created_at) VALUES ($1, $2, 'mail', 'hallo', $3, 'ok', $4, 1)",
        args![id, seat.ws(), serde_json::json!({}), team],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn conversation(
    app: &App,
    seat: &Seat,
    account: Id<kinds::ChannelAccount>,
    assignee: Id<kinds::User>,
    status: &str,
) -> Id<kinds::Conversation> {
    let mut tx = app.db.write().await.unwrap();
    let id = tx.id();
    tx.run(
        "INSERT INTO conversations (id, workspace_id, account_id, channel, is_public, subject, from_name, excerpt, lang, status, priority, assignee_id, last_message_at, created_at)
         VALUES ($1, $2, $3, 'mail', FALSE, 's', 'f', 'e', 'de', $4, 1, $5, 1, 1)",
        args![id, seat.ws(), account, status, assignee],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn assignee(app: &App, id: Id<kinds::Conversation>) -> Option<Id<kinds::User>> {
    let row: (Option<Id<kinds::User>>,) =
        app.db.read().await.unwrap().one("SELECT assignee_id FROM conversations WHERE id = $1", args![id]).await.unwrap();
    row.0
}

async fn actions(app: &App, seat: &Seat) -> Vec<String> {
    let rows = domain::audit::list(&mut app.db.read().await.unwrap(), seat.ws(), &domain::audit::Filter::default(), 100).await.unwrap();
    rows.into_iter().map(|row| row.action).collect()
}

/// The token at the end of an invitation's link.
async fn invited(app: &App, seat: &Seat, email: &str, choices: &[RoleChoice]) -> String {
    match invitations::invite(app, seat, email, choices).await.unwrap() {
        Invited::Link(url) => url.strip_prefix("https://tresen.firma.example/invitation/").unwrap().to_string(),
        Invited::Mailed => panic!("no system mail was set up"),
    }
}

fn newcomer() -> NewPerson {
    NewPerson { name: "Änne Groß".into(), password: OLD.into(), locale: Locale::DeDe }
}

fn is_refused(result: &Result<(), Error>, rule: &str) -> bool {
    matches!(result, Err(Error::Refused(refused)) if refused.rule == rule)
}

db_test! {
    async fn the_last_owner_can_neither_go_nor_be_demoted(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let viewer = role(&app, &owner, BuiltinRole::Viewer).await;
        let last = "members.last-owner";
        assert!(is_refused(&members::remove(&app, &owner, owner.membership).await, last));
        assert!(is_refused(&members::change_roles(&app, &owner, owner.membership, &[viewer]).await, last));

        let second = member(&app, &owner, "zwei", BuiltinRole::Owner).await;
        members::change_roles(&app, &owner, owner.membership, &[viewer]).await.unwrap();
        assert!(is_refused(&members::remove(&app, &second, second.membership).await, last));

        // A disabled owner is nobody who could let others in again.
        let third = member(&app, &owner, "drei", BuiltinRole::Owner).await;
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE users SET disabled_at = 1 WHERE id = $1", args![third.user()]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(is_refused(&members::remove(&app, &second, second.membership).await, last));
    }

    async fn two_owners_who_remove_each_other_at_once_leave_one(db: Db) {
        let app = app(&db);
        let a = workspace(&app, "nord").await;
        let b = member(&app, &a, "zwei", BuiltinRole::Owner).await;
        let (one, two) = tokio::join!(members::remove(&app, &a, b.membership), members::remove(&app, &b, a.membership));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(members::list(&mut app.db.read().await.unwrap(), a.ws()).await.unwrap().len(), 1);
    }

    async fn only_owners_give_and_take_ownership(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let admin = member(&app, &owner, "admin", BuiltinRole::Admin).await;
        let agent = member(&app, &owner, "agent", BuiltinRole::Agent).await;
        member(&app, &owner, "zwei", BuiltinRole::Owner).await;
        let (own, view) = (role(&app, &owner, BuiltinRole::Owner).await, role(&app, &owner, BuiltinRole::Viewer).await);
        let forbidden = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Forbidden("owner.edit"))), "{result:?}");
        forbidden(members::change_roles(&app, &admin, agent.membership, &[own]).await);
        forbidden(members::change_roles(&app, &admin, admin.membership, &[own]).await);
        forbidden(members::change_roles(&app, &admin, owner.membership, &[view]).await);
        forbidden(members::remove(&app, &admin, owner.membership).await);
        forbidden(invitations::invite(&app, &admin, "neu@firma.example", &[own]).await.map(|_| ()));
        // Their other roles an administrator may change.
        members::change_roles(&app, &admin, owner.membership, &[own, view]).await.unwrap();
        members::change_roles(&app, &owner, agent.membership, &[own]).await.unwrap();
        assert!(matches!(members::change_roles(&app, &agent, admin.membership, &[view]).await, Err(Error::Forbidden("member.edit"))));
        let limited = RoleChoice { account: Some(account(&app, &owner, None).await), ..own };
        assert!(matches!(members::change_roles(&app, &owner, agent.membership, &[limited]).await, Err(Error::Invalid { field: "roles", .. })));
        assert!(matches!(members::change_roles(&app, &owner, agent.membership, &[]).await, Err(Error::Invalid { field: "roles", .. })));
    }

    async fn ids_of_another_workspace_do_not_exist(db: Db) {
        let app = app(&db);
        let (ours, theirs) = (workspace(&app, "nord").await, workspace(&app, "sued").await);
        let their_member = member(&app, &theirs, "agent", BuiltinRole::Agent).await.membership;
        let (view, their_view) = (role(&app, &ours, BuiltinRole::Viewer).await, role(&app, &theirs, BuiltinRole::Viewer).await);
        let team = teams::create(&app, &ours, "Service").await.unwrap();
        let their_team = teams::create(&app, &theirs, "Service").await.unwrap();
        let their_account = account(&app, &theirs, None).await;
        let rights = ["inbox.read".to_string()];
        let their_role = roles::create(&app, &theirs, "Aushilfe", &rights).await.unwrap();
        invited(&app, &theirs, "neu@firma.example", &[their_view]).await;
        let their_invitation = invitations::list(&mut app.db.read().await.unwrap(), theirs.ws()).await.unwrap()[0].id;
        let mut tx = app.db.write().await.unwrap();
        let job = jobs::enqueue(&mut tx, jobs::NewJob { workspace: Some(theirs.ws()), ..jobs::NewJob::new("x", serde_json::json!({})) }).await.unwrap();
        let system_job = jobs::enqueue(&mut tx, jobs::NewJob::new("x", serde_json::json!({}))).await.unwrap();
        tx.run("UPDATE jobs SET state = 'failed'", args![]).await.unwrap();
        tx.commit().await.unwrap();

        let none = |what: &str, result: Result<(), Error>| assert!(matches!(result, Err(Error::NotFound)), "{what}: {result:?}");
        let a = agent_in(&app, &ours).await;
        none("member", members::change_roles(&app, &ours, their_member, &[view]).await);
        none("remove", members::remove(&app, &ours, their_member).await);
        none("role", members::change_roles(&app, &ours, a, &[their_view]).await);
        none("limit to team", members::change_roles(&app, &ours, a, &[RoleChoice { team: Some(their_team), ..view }]).await);
        none("limit to account", members::change_roles(&app, &ours, a, &[RoleChoice { account: Some(their_account), ..view }]).await);
        none("invite", invitations::invite(&app, &ours, "x@firma.example", &[their_view]).await.map(|_| ()));
        none("revoke", invitations::revoke(&app, &ours, their_invitation).await);
        none("team", teams::save(&app, &ours, their_team, "Unser", &[]).await);
        none("team member", teams::save(&app, &ours, team, "Unser", &[their_member]).await);
        none("delete team", teams::delete(&app, &ours, their_team).await);
        none("own role", roles::save(&app, &ours, their_role, "Unser", &rights).await);
        none("delete role", roles::delete(&app, &ours, their_role).await);
        none("job", work::retry(&app, &ours, job).await);
        none("discard", work::discard(&app, &ours, job).await);
        none("the installation's job", work::discard(&app, &ours, system_job).await);
        assert_eq!(teams::list(&mut app.db.read().await.unwrap(), theirs.ws()).await.unwrap()[0].name, "Service");
        work::retry(&app, &theirs, job).await.unwrap();
        none("no longer failed", work::discard(&app, &theirs, job).await);
    }

    async fn an_invitation_lets_a_new_person_in_once_with_its_roles_and_limits(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let team = teams::create(&app, &owner, "Service").await.unwrap();
        let agent = RoleChoice { team: Some(team), ..role(&app, &owner, BuiltinRole::Agent).await };
        let viewer = role(&app, &owner, BuiltinRole::Viewer).await;
        let token = invited(&app, &owner, "Aenne@Firma.example", &[agent, viewer]).await;
        let offer = invitations::look(&app, &token).await.unwrap();
        assert_eq!((offer.workspace.as_str(), offer.email.as_str(), offer.has_user), ("nord", "Aenne@Firma.example", false));

        let short = NewPerson { password: "kurz".into(), ..newcomer() };
        assert!(matches!(invitations::accept_new(&app, &token, short, &Visitor::default()).await, Err(Error::Invalid { field: "password", .. })));
        let (session, slug) = invitations::accept_new(&app, &token, newcomer(), &Visitor::default()).await.unwrap();
        let person = sessions::person(&app.db, &mut app.db.read().await.unwrap(), &session).await.unwrap().unwrap();
        let seat = accounts::seat(&mut app.db.read().await.unwrap(), person, &slug).await.unwrap();
        assert_eq!(seat.scope(Permission::InboxAnswer), Scope::Only { teams: vec![team], accounts: vec![] });
        assert!(seat.can_everywhere(Permission::InboxRead) && !seat.can(Permission::MemberEdit));

        assert!(matches!(invitations::look(&app, &token).await, Err(Error::NotFound)));
        assert!(matches!(invitations::accept_new(&app, &token, newcomer(), &Visitor::default()).await, Err(Error::NotFound)));
        assert!(matches!(invitations::invite(&app, &owner, "aenne@firma.example", &[viewer]).await, Err(Error::Invalid { field: "email", .. })));
        assert_eq!(actions(&app, &owner).await[..2], ["member.joined", "member.invited"]);
    }

    async fn an_invitation_ends_when_it_expires_is_taken_back_or_made_anew(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let viewer = role(&app, &owner, BuiltinRole::Viewer).await;
        let first = invited(&app, &owner, "neu@firma.example", &[viewer]).await;
        let second = invited(&app, &owner, "NEU@firma.example", &[viewer]).await;
        assert!(matches!(invitations::look(&app, &first).await, Err(Error::NotFound)), "made anew");
        let open = invitations::list(&mut app.db.read().await.unwrap(), owner.ws()).await.unwrap();
        assert_eq!(open.len(), 1);
        invitations::revoke(&app, &owner, open[0].id).await.unwrap();
        assert!(matches!(invitations::look(&app, &second).await, Err(Error::NotFound)), "taken back");
        let third = invited(&app, &owner, "neu@firma.example", &[viewer]).await;
        db.clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
        invitations::look(&app, &third).await.unwrap();
        db.clock.advance(Duration::from_secs(1));
        assert!(matches!(invitations::accept_new(&app, &third, newcomer(), &Visitor::default()).await, Err(Error::NotFound)), "expired");
        assert!(invitations::list(&mut app.db.read().await.unwrap(), owner.ws()).await.unwrap().is_empty());
    }

    async fn an_invited_user_joins_as_themselves_and_nobody_else_does(db: Db) {
        let app = app(&db);
        let (nord, sued) = (workspace(&app, "nord").await, workspace(&app, "sued").await);
        let token = invited(&app, &nord, "OWNER@sued.example", &[role(&app, &nord, BuiltinRole::Viewer).await]).await;
        assert!(invitations::look(&app, &token).await.unwrap().has_user);
        assert!(matches!(invitations::accept_new(&app, &token, newcomer(), &Visitor::default()).await, Err(Error::Conflict(_))), "no second user of one address");
        let stranger = signed_in(&app, user(&app, "fremd@firma.example").await).await;
        let result = invitations::accept(&app, &token, &stranger).await.map(|_| ());
        assert!(is_refused(&result, "invitation.other-person"), "{result:?}");
        assert_eq!(invitations::accept(&app, &token, &sued.person).await.unwrap(), "nord", "the attempts before did not use it up");
        assert!(matches!(invitations::accept(&app, &token, &sued.person).await, Err(Error::NotFound)));
    }

    async fn a_limit_whose_team_is_gone_gives_nothing_instead_of_everything(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let team = teams::create(&app, &owner, "Service").await.unwrap();
        let limited = RoleChoice { team: Some(team), ..role(&app, &owner, BuiltinRole::Agent).await };
        let token = invited(&app, &owner, "neu@firma.example", &[limited]).await;
        teams::delete(&app, &owner, team).await.unwrap();
        let result = invitations::accept_new(&app, &token, newcomer(), &Visitor::default()).await.map(|_| ());
        assert!(is_refused(&result, "invitation.roles-gone"), "{result:?}");
    }

    async fn rights_limited_to_a_team_do_not_reach_people_and_teams(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let team = teams::create(&app, &owner, "Service").await.unwrap();
        let head = member(&app, &owner, "head", BuiltinRole::Viewer).await;
        let admin = role(&app, &owner, BuiltinRole::Admin).await;
        members::change_roles(&app, &owner, head.membership, &[RoleChoice { team: Some(team), ..admin }]).await.unwrap();
        let head = seat(&app, head.user(), "nord").await;
        assert!(head.can(Permission::MemberEdit), "the page opens");
        let forbidden = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Forbidden(_))), "{result:?}");
        forbidden(members::change_roles(&app, &head, head.membership, &[admin]).await);
        forbidden(invitations::invite(&app, &head, "neu@firma.example", &[admin]).await.map(|_| ()));
        forbidden(teams::create(&app, &head, "Verkauf").await.map(|_| ()));
        forbidden(roles::create(&app, &head, "Alles", &["inbox.read".into()]).await.map(|_| ()));
        let changes = Changes { name: "Unser".into(), locale: Locale::En, time_zone: "UTC".into() };
        forbidden(workspaces::save(&app, &head, changes).await);
    }

    async fn what_a_removed_member_had_open_is_nobodys_and_what_is_done_stays_theirs(db: Db) {
        let app = app(&db);
        let (owner, other) = (workspace(&app, "nord").await, workspace(&app, "sued").await);
        let agent = member(&app, &owner, "agent", BuiltinRole::Agent).await;
        let mut tx = app.db.write().await.unwrap();
        workspaces::join(&mut tx, other.ws(), agent.user(), &[(BuiltinRole::Agent, None)]).await.unwrap();
        tx.commit().await.unwrap();
        let (ours, theirs) = (account(&app, &owner, None).await, account(&app, &other, None).await);
        let open = conversation(&app, &owner, ours, agent.user(), "open").await;
        let snoozed = conversation(&app, &owner, ours, agent.user(), "snoozed").await;
        let done = conversation(&app, &owner, ours, agent.user(), "done").await;
        let elsewhere = conversation(&app, &other, theirs, agent.user(), "open").await;
        let count = members::open_conversations(&mut app.db.read().await.unwrap(), owner.ws(), agent.user()).await.unwrap();
        assert_eq!(count, 2);
        members::remove(&app, &owner, agent.membership).await.unwrap();
        assert_eq!((assignee(&app, open).await, assignee(&app, snoozed).await), (None, None));
        assert_eq!(assignee(&app, done).await, Some(agent.user()));
        assert_eq!(assignee(&app, elsewhere).await, Some(agent.user()), "other workspaces are not touched");
        let seat = accounts::seat(&mut app.db.read().await.unwrap(), agent.person.clone(), "nord").await;
        assert!(matches!(seat, Err(Error::NotFound)));
        assert_eq!(actions(&app, &owner).await[0], "member.removed");
    }

    async fn own_roles_hold_what_they_say_and_never_the_owners_right(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let rights = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(matches!(roles::create(&app, &owner, "X", &rights(&["owner.edit"])).await, Err(Error::Invalid { field: "permissions", .. })));
        assert!(matches!(roles::create(&app, &owner, "X", &rights(&["from.the.future"])).await, Err(Error::Invalid { field: "permissions", .. })));
        assert!(matches!(roles::create(&app, &owner, "viewer", &rights(&["inbox.read"])).await, Err(Error::Invalid { field: "name", .. })));
        let id = roles::create(&app, &owner, "Aushilfe", &rights(&["inbox.read", "inbox.note"])).await.unwrap();
        let agent = member(&app, &owner, "agent", BuiltinRole::Agent).await;
        members::change_roles(&app, &owner, agent.membership, &[RoleChoice { role: id, team: None, account: None }]).await.unwrap();
        let now = seat(&app, agent.user(), "nord").await;
        assert!(now.can(Permission::InboxNote) && !now.can(Permission::InboxAnswer));
        roles::save(&app, &owner, id, "Aushilfe", &rights(&["inbox.read"])).await.unwrap();
        assert!(!seat(&app, agent.user(), "nord").await.can(Permission::InboxNote));
        assert!(matches!(roles::delete(&app, &owner, id).await, Err(Error::Conflict(_))));
        let builtin = role(&app, &owner, BuiltinRole::Viewer).await;
        assert!(is_refused(&roles::save(&app, &owner, builtin.role, "X", &rights(&["member.edit"])).await, "roles.builtin"));
        assert!(is_refused(&roles::delete(&app, &owner, builtin.role).await, "roles.builtin"));
        members::change_roles(&app, &owner, agent.membership, &[builtin]).await.unwrap();
        roles::delete(&app, &owner, id).await.unwrap();
    }

    async fn a_team_in_use_stays(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let agent = member(&app, &owner, "agent", BuiltinRole::Agent).await;
        let team = teams::create(&app, &owner, "Service").await.unwrap();
        assert!(matches!(teams::create(&app, &owner, "Service").await, Err(Error::Invalid { field: "name", .. })));
        teams::save(&app, &owner, team, "Kundendienst", &[agent.membership, agent.membership]).await.unwrap();
        assert_eq!(teams::memberships(&mut app.db.read().await.unwrap(), owner.ws()).await.unwrap(), [(team, agent.membership)]);
        let account = account(&app, &owner, Some(team)).await;
        assert!(matches!(teams::delete(&app, &owner, team).await, Err(Error::Conflict(_))));
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE channel_accounts SET team_id = NULL WHERE id = $1", args![account]).await.unwrap();
        tx.commit().await.unwrap();
        teams::delete(&app, &owner, team).await.unwrap();
        assert_eq!(actions(&app, &owner).await[..3], ["team.deleted", "team.changed", "team.created"]);
    }

    async fn a_new_password_ends_every_session_and_its_link_works_once(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let before = signed_in(&app, owner.user()).await;
        let url = resets::link_for(&app, " OWNER@nord.example ").await.unwrap();
        let older = url.rsplit('/').next().unwrap().to_string();
        let url = resets::link_for(&app, "owner@nord.example").await.unwrap();
        let token = url.strip_prefix("https://tresen.firma.example/reset/").unwrap();
        assert!(matches!(resets::check(&app, &older).await, Err(Error::NotFound)), "a newer link ends the older one");
        assert!(matches!(resets::finish(&app, token, "kurz", &Visitor::default()).await, Err(Error::Invalid { field: "password", .. })));
        let session = resets::finish(&app, token, NEW, &Visitor::default()).await.unwrap();
        let open = sessions::list(&mut app.db.read().await.unwrap(), owner.user()).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_ne!(open[0].id, before.session);
        assert!(sessions::person(&app.db, &mut app.db.read().await.unwrap(), &session).await.unwrap().is_some());
        assert!(matches!(resets::finish(&app, token, OLD, &Visitor::default()).await, Err(Error::NotFound)), "once");
        sessions::sign_in(&app, "owner@nord.example", NEW, &Visitor::default()).await.unwrap();
        let url = resets::link_for(&app, "owner@nord.example").await.unwrap();
        db.clock.advance(Duration::from_secs(2 * 3600));
        assert!(matches!(resets::check(&app, url.rsplit('/').next().unwrap()).await, Err(Error::NotFound)), "expired");
        assert!(matches!(resets::link_for(&app, "nobody@nord.example").await, Err(Error::NotFound)));
    }

    async fn changing_a_password_needs_the_old_one_and_ends_the_other_sessions(db: Db) {
        let app = app(&db);
        let id = user(&app, "a@firma.example").await;
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE users SET password_hash = $2 WHERE id = $1", args![id, passwords::hash(OLD, &SeededRandom::new(1)).unwrap()]).await.unwrap();
        tx.commit().await.unwrap();
        let (here, _there) = (signed_in(&app, id).await, signed_in(&app, id).await);
        let link = resets::link_for(&app, "a@firma.example").await.unwrap();
        assert!(matches!(resets::change(&app, &here, "falsch", NEW).await, Err(Error::Invalid { field: "old", .. })));
        assert!(matches!(resets::change(&app, &here, OLD, "kurz").await, Err(Error::Invalid { field: "password", .. })));
        assert_eq!(sessions::list(&mut app.db.read().await.unwrap(), id).await.unwrap().len(), 2);
        resets::change(&app, &here, OLD, NEW).await.unwrap();
        let open = sessions::list(&mut app.db.read().await.unwrap(), id).await.unwrap();
        assert_eq!(open.iter().map(|s| s.id).collect::<Vec<_>>(), [here.session]);
        assert!(matches!(resets::check(&app, link.rsplit('/').next().unwrap()).await, Err(Error::NotFound)), "a link asked for earlier ends too");
    }

    async fn asking_for_a_link_tells_nobody_who_has_a_user(db: Db) {
        let (server, mails) = smtp().await;
        let app = app_with(&db, Some(mail_at(server)));
        user(&app, "da@firma.example").await;
        for email in ["da@firma.example", "niemand@firma.example"] {
            resets::request(&app, email, &Visitor { address: "192.0.2.1".into(), ..Visitor::default() }).await.unwrap();
        }
        let payloads: Vec<(String,)> = app.db.read().await.unwrap().all("SELECT CAST(payload AS TEXT) FROM jobs ORDER BY id", args![]).await.unwrap();
        assert_eq!(payloads.len(), 2);
        assert!(payloads.iter().all(|(payload,)| payload.contains("sealed") && !payload.contains("firma.example")), "{payloads:?}");

        assert_eq!(run_due(&app).await, 2);
        let mails = mails.lock().unwrap().clone();
        assert_eq!(mails.len(), 1, "one mail, for the one who is there");
        assert!(mails[0].contains("da@firma.example") && mails[0].contains("https://tresen.firma.example/reset/"), "{}", mails[0]);
        assert!(mails[0].contains("Auto-Submitted: auto-generated"), "{}", mails[0]);
        let done: Vec<(String, String)> = app.db.read().await.unwrap().all("SELECT state, CAST(payload AS TEXT) FROM jobs ORDER BY id", args![]).await.unwrap();
        assert_eq!(done, [("done".to_string(), "{}".to_string()), ("done".to_string(), "{}".to_string())], "what was sent is forgotten");

        for email in ["da@firma.example", "niemand@firma.example"] {
            for round in 0..3 {
                let visitor = Visitor { address: format!("192.0.2.{}", 10 + round), ..Visitor::default() };
                let result = resets::request(&app, email, &visitor).await;
                assert_eq!(matches!(result, Err(Error::TooMany { .. })), round == 2, "{email} {round}: known or not, three are enough");
            }
        }
    }

    async fn an_invitation_is_mailed_in_the_words_of_its_reader(db: Db) {
        let (server, mails) = smtp().await;
        let app = app_with(&db, Some(mail_at(server)));
        let owner = workspace(&app, "nord").await;
        user(&app, "english@firma.example").await;
        let viewer = role(&app, &owner, BuiltinRole::Viewer).await;
        for email in ["neu@firma.example", "english@firma.example"] {
            assert_eq!(invitations::invite(&app, &owner, email, &[viewer]).await.unwrap(), Invited::Mailed);
        }
        assert_eq!(run_due(&app).await, 2);
        let mails = mails.lock().unwrap().clone();
        assert!(mails[0].contains("Einladung zu nord"), "{}", mails[0]);
        assert!(mails[1].contains("Invitation to nord"), "{}", mails[1]);
    }

    async fn a_mail_server_that_is_away_means_later_and_no_mail_set_up_means_why(db: Db) {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let app = app_with(&db, Some(mail_at(free)));
        user(&app, "da@firma.example").await;
        resets::request(&app, "da@firma.example", &Visitor::default()).await.unwrap();
        assert_eq!(run_due(&app).await, 1);
        let (state, failure): (String, String) = app.db.read().await.unwrap().one("SELECT state, CAST(failure AS TEXT) FROM jobs", args![]).await.unwrap();
        assert_eq!(state, "ready");
        assert!(failure.contains("job-failure-mail"), "{failure}");

        let without = app_with(&db, None);
        let mut tx = app.db.write().await.unwrap();
        tx.run("UPDATE jobs SET run_at = 0", args![]).await.unwrap();
        tx.commit().await.unwrap();
        run_due(&without).await;
        let (state, failure): (String, String) = app.db.read().await.unwrap().one("SELECT state, CAST(failure AS TEXT) FROM jobs", args![]).await.unwrap();
        assert_eq!(state, "failed");
        assert!(failure.contains("job-failure-mail-off"), "{failure}");
        resets::request(&without, "da@firma.example", &Visitor::default()).await.unwrap();
        let (jobs,): (i64,) = app.db.read().await.unwrap().one("SELECT COUNT(*) FROM jobs", args![]).await.unwrap();
        assert_eq!(jobs, 1, "nothing waits for a way out that is not there");
    }

    async fn another_workspace_is_the_installation_administrators_to_make(db: Db) {
        let app = app(&db);
        let owner = workspace(&app, "nord").await;
        let changes = Changes { name: "Süd GmbH".into(), locale: Locale::DeAt, time_zone: "Europe/Vienna".into() };
        assert!(matches!(workspaces::create_another(&app, &owner.person, changes.clone()).await, Err(Error::NotFound)));
        let admin = Person { is_installation_admin: true, ..owner.person.clone() };
        assert_eq!(workspaces::create_another(&app, &admin, changes.clone()).await.unwrap(), "sued-gmbh");
        assert!(matches!(workspaces::create_another(&app, &admin, changes).await, Err(Error::Invalid { field: "slug", .. })));
        let seat = seat(&app, owner.user(), "sued-gmbh").await;
        assert!(seat.can(Permission::OwnerEdit));
        let bad = Changes { name: "X".into(), locale: Locale::En, time_zone: "Mars/Olympus".into() };
        assert!(matches!(workspaces::save(&app, &seat, bad).await, Err(Error::Invalid { field: "time_zone", .. })));
        workspaces::save(&app, &seat, Changes { name: "Süden".into(), locale: Locale::En, time_zone: "UTC".into() }).await.unwrap();
        let (name, slug): (String, String) = app.db.read().await.unwrap().one("SELECT name, slug FROM workspaces WHERE id = $1", args![seat.ws()]).await.unwrap();
        assert_eq!((name.as_str(), slug.as_str()), ("Süden", "sued-gmbh"));
    }
}

async fn agent_in(app: &App, owner: &Seat) -> Id<kinds::Membership> {
    member(app, owner, "anna", BuiltinRole::Agent).await.membership
}

async fn run_due(app: &App) -> usize {
    let for_jobs = app.clone();
    let registry = jobs::Registry::default().on(system_mail::KIND, 1, move |job| system_mail::run(for_jobs.clone(), job));
    jobs::Runner::new(app.db.clone(), registry).run_due().await.unwrap()
}

type Mails = Arc<std::sync::Mutex<Vec<String>>>;

/// A mail server that takes everything and remembers it.
async fn smtp() -> (u16, Mails) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mails = Mails::default();
    let kept = mails.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 test\r\n").await.unwrap();
            let mut data: Option<String> = None;
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(mail) = &mut data {
                    if line == "." {
                        kept.lock().unwrap().push(data.take().unwrap());
                        write.write_all(b"250 taken\r\n").await.unwrap();
                    } else {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    continue;
                }
                let answer: &[u8] = match line.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
                    "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
                    "DATA" => {
                        data = Some(String::new());
                        b"354 go on\r\n"
                    }
                    "QUIT" => b"221 bye\r\n",
                    _ => b"250 ok\r\n",
                };
                if write.write_all(answer).await.is_err() {
                    break;
                }
            }
        }
    });
    (port, mails)
}
