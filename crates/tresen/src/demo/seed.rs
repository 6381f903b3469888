//! Writes the company's past: through the same doors as the present, with the clock where the story is.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use channels::{Author, Inbound, ItemKind};
use db::{Durability, Turn};
use domain::accounts::{self, BuiltinRole, Person, Seat, members, teams, users, workspaces};
use domain::desk::{Priority, log, notes, organise, reply, thread};
use domain::sources::{self, NewAccount};
use domain::{App, desk, intake};
use jobs::{Registry, Runner};
use model::{Id, Locale, Timestamp, kinds};

use super::clock::DemoClock;
use super::story::{self, Conversation, Message};
use super::town::{self, Town};

/// The demo workspace's address.
const SLUG: &str = "nordwind";
const DOMAIN: &str = "kaffee-nordwind.example";

/// A folder with a past already: it must be the demo's own.
pub async fn resume(app: &App) -> Result<()> {
    let (real, _) = workspaces::count(&mut app.db.read().await?).await?;
    ensure!(real == 0, "this folder holds real data: the demo does not touch it");
    Ok(())
}

enum What {
    Post { source: Id<kinds::Source>, item: Box<Inbound> },
    Message { conversation: usize, message: usize },
    End { conversation: usize },
}

struct Writer<'a> {
    app: &'a App,
    town: &'a Town,
    clock: &'a DemoClock,
    seats: HashMap<String, Seat>,
    teams: HashMap<String, Id<kinds::Team>>,
    accounts: HashMap<String, Id<kinds::ChannelAccount>>,
    /// By the story's conversation: its id here, and the newest Message-ID the customer can answer to.
    made: HashMap<usize, (Id<kinds::Conversation>, Option<String>)>,
    runner: Runner,
}

/// Ninety days, in the order in which they happened.
pub async fn past(app: &App, town: &Town, clock: &DemoClock) -> Result<()> {
    clock.set(town.moment(-91, "08:00"));
    let (seats, team_ids) = people(app, town).await?;
    let owner = seats.get("hanne").or_else(|| seats.values().next()).context("nobody works here")?.clone();
    let (accounts, sources) = doors(app, town, &owner, &team_ids).await?;
    watches(app, &owner).await?;
    let deliver = app.clone();
    let registry = Registry::default().on(desk::deliver::KIND, 1, move |job| desk::deliver::run(deliver.clone(), job));
    let mut writer =
        Writer { app, town, clock, seats, teams: team_ids, accounts, made: HashMap::new(), runner: Runner::new(app.db.clone(), registry) };
    let mut calendar: Vec<(Timestamp, What)> = Vec::new();
    for (site, source) in town.story.sites.iter().zip(sources) {
        let url = town.feed_url(site).parse()?;
        let feed = channels::feed::parse(town.atom(site, usize::MAX).as_bytes(), Some("application/atom+xml"), &url)?;
        for item in feed.items {
            let at = item.inbound.published_at.unwrap_or(town.start);
            calendar.push((at, What::Post { source, item: Box::new(item.inbound) }));
        }
    }
    for (n, conversation) in town.story.conversations.iter().enumerate() {
        let begin = town.moment(conversation.day, &conversation.time);
        let mut last = begin;
        for (m, message) in conversation.message.iter().enumerate() {
            let at = begin + Duration::from_secs(story::minutes(&message.after).unsigned_abs() * 60);
            // Nothing lies in the future; what would, comes in its order just before the start.
            last = at.min(town.start - Duration::from_secs(50)).max(last + Duration::from_secs(1));
            calendar.push((last, What::Message { conversation: n, message: m }));
        }
        calendar.push((last + Duration::from_secs(8), What::End { conversation: n }));
    }
    // Stable: what happens at the same moment stays in the story's order.
    calendar.sort_by_key(|(at, _)| *at);
    for (at, what) in calendar {
        clock.set(at);
        match what {
            What::Post { source, item } => {
                let lot = intake::Lot {
                    source,
                    fence: None,
                    items: vec![*item],
                    cursor: None,
                    imported: true,
                    more: true,
                    next_at: None,
                    turn: Turn::Background,
                    durability: Durability::Reread,
                };
                intake::ingest(app, lot).await?;
            }
            What::Message { conversation, message } => {
                let c = &town.story.conversations[conversation];
                writer
                    .message(conversation, c, &c.message[message], message, at)
                    .await
                    .with_context(|| format!("conversation {}", c.id))?;
            }
            What::End { conversation } => {
                let c = &town.story.conversations[conversation];
                writer.end(conversation, c).await.with_context(|| format!("the end of conversation {}", c.id))?;
            }
        }
    }
    Ok(())
}

async fn people(app: &App, town: &Town) -> Result<(HashMap<String, Seat>, HashMap<String, Id<kinds::Team>>)> {
    let mut tx = app.db.write().await?;
    let mut ids = HashMap::new();
    for agent in &town.story.agents {
        let email = format!("{}@{DOMAIN}", agent.id);
        let new = users::NewUser {
            email: &email,
            name: &agent.name,
            password_hash: None,
            locale: Locale::DeDe,
            is_installation_admin: agent.role == "owner",
        };
        ids.insert(agent.id.clone(), users::create(&mut tx, new).await?);
    }
    let owner = town.story.agents.iter().find(|a| a.role == "owner").context("the story has no owner")?;
    let new =
        workspaces::NewWorkspace { name: "Kaffee Nordwind", slug: SLUG, locale: Locale::DeDe, time_zone: "Europe/Berlin", is_demo: true };
    let workspace = workspaces::create(&mut tx, new, ids[&owner.id]).await?;
    for agent in town.story.agents.iter().filter(|a| a.id != owner.id) {
        let roles: &[BuiltinRole] = match agent.role.as_str() {
            "editor" => &[BuiltinRole::Editor],
            "manager" => &[BuiltinRole::Editor, BuiltinRole::Approver, BuiltinRole::Admin],
            _ => &[BuiltinRole::Agent],
        };
        let roles: Vec<_> = roles.iter().map(|r| (*r, None)).collect();
        workspaces::join(&mut tx, workspace, ids[&agent.id], &roles).await?;
    }
    tx.commit().await?;
    let mut seats = HashMap::new();
    for agent in &town.story.agents {
        let person = Person {
            id: ids[&agent.id],
            session: Id::from_i64(0),
            name: agent.name.clone(),
            email: format!("{}@{DOMAIN}", agent.id),
            locale: Locale::DeDe,
            time_zone: None,
            theme: "system".into(),
            shortcuts: true,
            next_after_answer: true,
            is_installation_admin: false,
        };
        seats.insert(agent.id.clone(), accounts::seat(&mut app.db.read().await?, person, SLUG).await?);
    }
    let owner = &seats[&owner.id];
    let all = members::list(&mut app.db.read().await?, owner.ws()).await?;
    let mut team_ids = HashMap::new();
    for team in &town.story.teams {
        let id = teams::create(app, owner, &team.name).await?;
        let of_team: Vec<Id<kinds::Membership>> = town
            .story
            .agents
            .iter()
            .filter(|a| a.team == team.id)
            .filter_map(|a| all.iter().find(|m| m.user_id == ids[&a.id]).map(|m| m.id))
            .collect();
        teams::save(app, owner, id, &team.name, &of_team).await?;
        team_ids.insert(team.name.clone(), id);
    }
    Ok((seats, team_ids))
}

type Doors = (HashMap<String, Id<kinds::ChannelAccount>>, Vec<Id<kinds::Source>>);

/// Mail, form, the sites' feeds.
async fn doors(app: &App, town: &Town, owner: &Seat, teams: &HashMap<String, Id<kinds::Team>>) -> Result<Doors> {
    let mut tx = app.db.write().await?;
    let mut accounts = HashMap::new();
    for (local, name, team) in [("hallo", "Kaffee Nordwind", "Service"), ("buero", "Kaffee Nordwind Bürokaffee", "Vertrieb")] {
        let values = [
            ("from", format!("{local}@{DOMAIN}")),
            ("from_name", name.to_string()),
            ("smtp_host", "127.0.0.1".to_string()),
            ("smtp_port", town.ports.smtp.to_string()),
            ("smtp_security", "none".to_string()),
        ];
        let new = NewAccount {
            channel: "mail".into(),
            name: format!("{local}@{DOMAIN}"),
            team: teams.get(team).copied(),
            values: values.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
            ..NewAccount::default()
        };
        accounts.insert(local.to_string(), sources::connect_in(&mut tx, app, owner.ws(), Some(owner.user()), new).await?);
    }
    let form = sources::forms::FormSettings {
        title: "Schreiben Sie uns".into(),
        intro: "Fragen zu Kaffee, Abo oder Bestellung? Wir antworten an Werktagen meist am selben Tag.".into(),
        privacy_text: "Ihre Angaben sieht nur unser Serviceteam. Wir brauchen sie, um Ihnen zu antworten, und löschen sie drei Jahre nach dem letzten Gespräch.".into(),
        ask_subject: true,
        confirmation: true,
        language: "de".into(),
        mail_account: accounts.get("hallo").copied(),
        ..Default::default()
    };
    let new = NewAccount {
        channel: "form".into(),
        name: "Kontaktformular".into(),
        team: teams.get("Service").copied(),
        own: serde_json::to_value(form)?,
        ..NewAccount::default()
    };
    accounts.insert("form".into(), sources::connect_in(&mut tx, app, owner.ws(), Some(owner.user()), new).await?);
    let mut feeds = Vec::new();
    for site in &town.story.sites {
        let values = [("url".to_string(), town.feed_url(site))].into_iter().collect();
        let new = NewAccount { channel: "feed".into(), name: site.title.clone(), values, ..NewAccount::default() };
        let account = sources::connect_in(&mut tx, app, owner.ws(), Some(owner.user()), new).await?;
        feeds.push(sources::source_of(&mut tx, account).await?.context("a feed without a source")?);
    }
    tx.commit().await?;
    accounts.insert("manual".into(), sources::manual_account(app, owner.ws()).await?);
    Ok((accounts, feeds))
}

/// What the company listens for.
async fn watches(app: &App, owner: &Seat) -> Result<()> {
    for (name, kind, query) in [
        ("Nordwind", "brand", "nordwind OR kaffeenordwind OR #nordwind OR \"kaffee nordwind\""),
        (
            "Sturmflut und Deichgold",
            "product",
            "(sturmflut OR deichgold OR novembersturm OR \"leise brise\" OR bürokaffee) OR \"mühle nr 3\"",
        ),
        ("Lieferung mit Ärger", "topic", "(nordwind OR paketfix OR hansebote) AND (paket* OR liefer* OR zustell* OR verpack*)"),
        ("Mitbewerber", "competitor", "kaltenbach OR bohnenpost OR alpenbrand"),
    ] {
        let draft = domain::listening::watches::Draft { name: name.into(), query: query.into(), kind: kind.into() };
        let made = domain::listening::watches::create(app, owner, draft).await?;
        ensure!(made.is_ok(), "the watch {name} has a wrong query");
    }
    Ok(())
}

impl Writer<'_> {
    fn seat(&self, agent: &str) -> Result<&Seat> {
        self.seats.get(agent).with_context(|| format!("nobody is called {agent}"))
    }

    /// Who logs and closes a conversation: its assignee, else the first of the service.
    fn clerk(&self, c: &Conversation) -> Result<&Seat> {
        self.seat(c.assignee.as_deref().unwrap_or("miriam"))
    }

    async fn message(&mut self, n: usize, c: &Conversation, m: &Message, place: usize, at: Timestamp) -> Result<()> {
        let made = self.made.get(&n).cloned();
        match (m.from.as_str(), made) {
            ("customer", None) => {
                let first = self.first(n, c, m, at).await?;
                self.made.insert(n, first);
            }
            ("customer", Some((id, parent))) if matches!(c.channel.as_str(), "mail" | "form") => {
                let account = if c.channel == "form" { "hallo" } else { c.account.as_str() };
                let mail_id = format!("{}.{place}", c.id);
                self.mail(c, m, account, &mail_id, parent.as_deref(), at).await?;
                let host = self.host(c);
                self.made.insert(n, (id, Some(format!("{mail_id}@{host}"))));
            }
            // A second call about the same thing is noted on the first.
            ("customer", Some((id, _))) => {
                notes::add(self.app, self.clerk(c)?, id, &m.text).await?;
            }
            (agent, Some((id, _))) if m.note || !matches!(c.channel.as_str(), "mail" | "form") => {
                notes::add(self.app, self.seat(agent)?, id, &m.text).await?;
            }
            (agent, Some((id, _))) => {
                let message =
                    reply::send(self.app, self.seat(agent)?, id, reply::Reply { text: m.text.clone(), anyway: true, ..Default::default() })
                        .await?;
                self.clock.set(at + Duration::from_secs(7));
                self.runner.run_due().await?;
                let open = thread::open(&mut self.app.db.read().await?, self.seat(agent)?, id).await?;
                let sent = open.messages.iter().find(|x| x.id == message).context("the answer is missing")?;
                ensure!(sent.state == desk::MessageState::Sent, "an answer of the past did not leave: {:?}", sent.failure);
                let message_id = reply::message_id(&mut self.app.db.read().await?, self.seat(agent)?, message).await?;
                self.made.insert(n, (id, message_id));
            }
            (_, None) => anyhow::bail!("the story begins with an answer"),
        }
        Ok(())
    }

    async fn first(&self, _n: usize, c: &Conversation, m: &Message, at: Timestamp) -> Result<(Id<kinds::Conversation>, Option<String>)> {
        let customer = self.town.story.customer(&c.customer).context("no such customer")?;
        match c.channel.as_str() {
            "mail" => {
                let id = format!("{}.0", c.id);
                let conversation = self.mail(c, m, &c.account, &id, None, at).await?;
                Ok((conversation, Some(format!("{id}@{}", self.host(c)))))
            }
            "form" => {
                let item = Inbound {
                    external_id: format!("form:{}", c.id),
                    canonical_url: None,
                    kind: ItemKind::Form,
                    author: Author { name: customer.name.clone(), handle: None, url: None, address: Some(customer.address.clone()) },
                    title: Some(c.subject.clone()),
                    text: m.text.trim().to_string(),
                    html: None,
                    published_at: Some(at),
                    language_hint: None,
                    in_reply_to: None,
                    attachments: Vec::new(),
                    mail: None,
                    media: Vec::new(),
                };
                let conversation = intake::deliver(self.app, self.clerk(c)?.ws(), self.accounts["form"], item).await?;
                Ok((conversation.context("no conversation")?, None))
            }
            kind => {
                let entry = log::Log {
                    kind: kind.parse().ok().context("no such kind")?,
                    name: customer.name.clone(),
                    address: customer.phone.clone().unwrap_or_else(|| customer.address.clone()),
                    subject: c.subject.clone(),
                    text: m.text.clone(),
                    files: Vec::new(),
                    done: false,
                };
                Ok((log::add(self.app, self.clerk(c)?, entry).await?, None))
            }
        }
    }

    fn host(&self, c: &Conversation) -> String {
        self.town
            .story
            .customer(&c.customer)
            .and_then(|c| c.address.rsplit_once('@'))
            .map_or_else(String::new, |(_, host)| host.to_string())
    }

    async fn mail(
        &self,
        c: &Conversation,
        m: &Message,
        account: &str,
        id: &str,
        parent: Option<&str>,
        at: Timestamp,
    ) -> Result<Id<kinds::Conversation>> {
        let customer = self.town.story.customer(&c.customer).context("no such customer")?;
        let to = format!("{account}@{DOMAIN}");
        let subject = if parent.is_some() { format!("Re: {}", c.subject) } else { c.subject.clone() };
        let bytes = town::compose(&customer.name, &customer.address, &to, &subject, &m.text, at, id, parent);
        let recipients = [to];
        let origin = channels::mail::map::Origin { folder: "lmtp", recipients: &recipients, ..Default::default() };
        let item = channels::mail::map::parse(bytes.as_bytes(), &origin);
        let account = self.accounts.get(account).with_context(|| format!("no account {account}"))?;
        intake::deliver(self.app, self.clerk(c)?.ws(), *account, item).await?.context("no conversation")
    }

    /// How the conversation stands when the demo begins.
    async fn end(&self, n: usize, c: &Conversation) -> Result<()> {
        let Some((id, _)) = self.made.get(&n).cloned() else { return Ok(()) };
        let clerk = self.clerk(c)?;
        let team = c.team.as_ref().and_then(|t| self.teams.get(t).copied());
        let assignee = match &c.assignee {
            Some(agent) => Some(self.seat(agent)?.user()),
            None => None,
        };
        if assignee.is_some() {
            organise::assign(self.app, clerk, id, assignee, team).await?;
        }
        if let Ok(priority) = c.priority.parse::<Priority>()
            && priority != Priority::Normal
        {
            organise::set_priority(self.app, clerk, id, priority).await?;
        }
        for label in &c.labels {
            organise::add_label(self.app, clerk, id, label).await?;
        }
        match c.status.as_str() {
            "done" => {
                organise::set_status(self.app, clerk, id, desk::Status::Done).await?;
            }
            "snoozed" => {
                organise::snooze(self.app, clerk, id, self.town.start + Duration::from_secs(22 * 3600)).await?;
            }
            _ => {}
        }
        if c.day < 0 {
            for seat in self.seats.values() {
                domain::desk::reads::note_now(self.app, seat, id, self.app.now()).await?;
            }
        }
        Ok(())
    }
}
