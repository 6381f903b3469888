//! The town: blogs and a forum with feeds, customers who write and answer. It talks to Tresen only as the world does: by HTTP, LMTP and SMTP.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use domain::App;
use model::{Clock, Random, SeededRandom, SystemClock, Timestamp};
use tokio::net::{TcpListener, TcpStream};

use super::story::{Live, Post, Site, Story};
use super::{Ports, TICK};

pub struct Town {
    pub story: Story,
    pub ports: Ports,
    /// When the demo began; the story's days count from here.
    pub start: Timestamp,
    /// Minutes of the story in a minute.
    pace: u32,
    random: SeededRandom,
    state: Mutex<State_>,
}

#[derive(Default)]
struct State_ {
    /// Live posts on the sites so far.
    published: Vec<usize>,
    /// Live stories whose customer has written.
    written: Vec<usize>,
    /// Mails people will write: when, from whom, which text.
    letters: Vec<Letter>,
    /// How many answers of each live story are used up.
    said: Vec<usize>,
    /// The past is being written: nobody answers yet.
    asleep: bool,
}

struct Letter {
    at: Timestamp,
    customer: String,
    account: String,
    subject: String,
    text: String,
    in_reply_to: Option<String>,
}

impl Town {
    pub fn new(story: Story, ports: &Ports, start: Timestamp, seed: u64, pace: u32) -> Arc<Self> {
        let said = vec![0; story.live.len()];
        let state = State_ { said, asleep: true, ..State_::default() };
        Arc::new(Self { story, ports: *ports, start, pace, random: SeededRandom::new(seed), state: Mutex::new(state) })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State_> {
        self.state.lock().unwrap_or_else(|p| p.into_inner())
    }

    /// The instant of a story's day and local time, never in the future.
    pub fn moment(&self, day: i64, time: &str) -> Timestamp {
        let minutes = time.split_once(':').map_or(0, |(h, m)| h.parse::<i64>().unwrap_or(0) * 60 + m.parse::<i64>().unwrap_or(0));
        let zone = i18n::TimeZone::get("Europe/Berlin").unwrap_or(i18n::TimeZone::UTC);
        let today = self.start.to_jiff().to_zoned(zone).start_of_day().map(|z| z.timestamp().as_second()).unwrap_or(self.start.secs());
        let at = Timestamp::from_secs(today + day * 86_400 + minutes * 60);
        // A demo started before breakfast has no breakfast post yet.
        at.min(self.start - Duration::from_secs(60))
    }

    /// How long so many of the story's seconds last.
    fn lasting(&self, seconds: u64) -> Duration {
        Duration::from_secs(seconds) / self.pace
    }

    pub fn feed_url(&self, site: &Site) -> String {
        format!("http://127.0.0.1:{}/{}/feed", self.ports.web, site.id)
    }

    fn page_url(&self, site: &str, id: &str) -> String {
        // `*.localhost` is this machine (RFC 6761 §6.3), and reads like the site it stands for.
        format!("http://{site}.localhost:{}/{site}/{id}", self.ports.web)
    }

    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let router =
            Router::new().route("/{site}/feed", get(feed)).route("/{site}", get(home)).route("/{site}/{id}", get(page)).with_state(self);
        let _ = axum::serve(listener, router).await;
    }

    /// The posts that are out: the past ones, and the live ones whose minute has come.
    fn posts(&self, site: &str) -> Vec<(&Post, Timestamp)> {
        let past = self.story.posts.iter().map(|p| (p, self.moment(p.day, &p.time)));
        let state = self.state();
        let live: Vec<(&Post, Timestamp)> = state
            .published
            .iter()
            .map(|at| &self.story.live_posts[*at])
            .map(|p| (p, self.start + self.lasting(p.after.unsigned_abs() * 60)))
            .collect();
        drop(state);
        let mut posts: Vec<_> = past.chain(live).filter(|(p, _)| p.site == site).collect();
        posts.sort_by_key(|(_, at)| *at);
        posts
    }

    /// An Atom feed (RFC 4287) of the newest `most` posts, as a blog would serve it.
    pub fn atom(&self, site: &Site, most: usize) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:thr=\"http://purl.org/syndication/thread/1.0\" xml:lang=\"{}\">\n<title>{}</title><id>tag:{},2026:/</id><link href=\"{}\"/>\n",
            site.language,
            escape(&site.title),
            site.domain,
            self.page_url(&site.id, "")
        );
        let posts = self.posts(&site.id);
        for (post, at) in posts.iter().rev().take(most) {
            let title = post.title.clone().unwrap_or_default();
            let html = post.text.trim().split("\n\n").map(|p| format!("<p>{}</p>", escape(p).replace('\n', "<br>"))).collect::<String>();
            let _ = write!(
                out,
                "<entry><id>tag:{},2026:{}</id><title>{}</title><link href=\"{}\"/><published>{at}</published><updated>{at}</updated><author><name>{}</name><uri>http://{}.localhost:{}/~{}</uri></author>",
                site.domain,
                post.id,
                escape(&title),
                self.page_url(&site.id, &post.id),
                escape(post.name.as_deref().unwrap_or(&post.author)),
                site.id,
                self.ports.web,
                escape(&post.author)
            );
            if let Some(parent) = &post.reply_to {
                let _ = write!(
                    out,
                    "<thr:in-reply-to ref=\"tag:{},2026:{parent}\" href=\"{}\"/>",
                    site.domain,
                    self.page_url(&site.id, parent)
                );
            }
            let _ = writeln!(out, "<content type=\"html\">{}</content></entry>", escape(&html));
        }
        out.push_str("</feed>\n");
        out
    }

    /// What happens by itself: posts and mails whose minute has come.
    pub async fn live(self: Arc<Self>, app: App) {
        self.state().asleep = false;
        loop {
            tokio::time::sleep(TICK / self.pace.min(8)).await;
            let now = SystemClock.now();
            let minute = i64::try_from((now.since(self.start) * self.pace).as_secs() / 60).unwrap_or(0);
            let mut sites = Vec::new();
            let mut letters = Vec::new();
            {
                let mut state = self.state();
                for (at, post) in self.story.live_posts.iter().enumerate() {
                    if post.after <= minute && !state.published.contains(&at) {
                        state.published.push(at);
                        sites.push(post.site.clone());
                    }
                }
                for (at, live) in self.story.live.iter().enumerate() {
                    if live.after <= minute && !state.written.contains(&at) {
                        state.written.push(at);
                        letters.push(first_letter(live, now));
                    }
                }
                let (due, later): (Vec<Letter>, Vec<Letter>) = std::mem::take(&mut state.letters).into_iter().partition(|l| l.at <= now);
                state.letters = later;
                letters.extend(due);
            }
            for letter in letters {
                if let Err(error) = self.post(&letter).await {
                    tracing::warn!(%error, "a letter of the town did not arrive; it is tried again");
                    self.state().letters.push(Letter { at: now + Duration::from_secs(20), ..letter });
                }
            }
            // A real blog would be looked at within minutes; the visitor of a demo has less time.
            if !sites.is_empty()
                && let Err(error) = domain::sources::look_now(&app, "feed").await
            {
                tracing::warn!(%error, "the sites were not looked at");
            }
        }
    }

    async fn post(&self, letter: &Letter) -> anyhow::Result<()> {
        let customer = self.story.customer(&letter.customer).ok_or_else(|| anyhow::anyhow!("no customer {}", letter.customer))?;
        let to = format!("{}@kaffee-nordwind.example", letter.account);
        let mail = compose(
            &customer.name,
            &customer.address,
            &to,
            &letter.subject,
            &letter.text,
            letter.at,
            &self.random.token()[..16],
            letter.in_reply_to.as_deref(),
        );
        let stream = TcpStream::connect(("127.0.0.1", self.ports.lmtp)).await?;
        let replies = channels::mail::lmtp::deliver(stream, &customer.address, &[&to], mail.as_bytes(), Duration::from_secs(20)).await?;
        anyhow::ensure!(replies.iter().all(|r| r.is_positive()), "not taken: {replies:?}");
        Ok(())
    }

    /// An answer of ours has reached somebody in town: a moment later they write back, if they still have something to say.
    pub fn received(&self, to: &[String], mail: &[u8]) {
        let mut state = self.state();
        if state.asleep {
            return;
        }
        let read = channels::mail::map::parse(mail, &channels::mail::map::Origin::default());
        let message_id = read.mail.as_ref().map(|facts| facts.message_id.clone()).filter(|id| !id.is_empty());
        for address in to {
            let Some(customer) = self.story.customers.iter().find(|c| c.address.eq_ignore_ascii_case(address)) else { continue };
            let story = self.story.live.iter().position(|l| l.customer == customer.id);
            let Some((at, live)) = story.and_then(|at| Some((at, self.story.live.get(at)?))) else { continue };
            let Some(text) = live.answers.get(state.said[at]) else { continue };
            state.said[at] += 1;
            let wait = 15 + u64::from(self.random.below(40));
            let subject = read.title.clone().unwrap_or_else(|| format!("Re: {}", live.subject));
            state.letters.push(Letter {
                at: SystemClock.now() + self.lasting(wait),
                customer: customer.id.clone(),
                account: live.account.clone(),
                subject,
                text: text.clone(),
                in_reply_to: message_id.clone(),
            });
        }
    }
}

fn first_letter(live: &Live, now: Timestamp) -> Letter {
    Letter {
        at: now,
        customer: live.customer.clone(),
        account: live.account.clone(),
        subject: live.subject.clone(),
        text: live.text.clone(),
        in_reply_to: None,
    }
}

/// A plain mail (RFC 5322), UTF-8 with encoded words in its header.
#[expect(clippy::too_many_arguments, reason = "a mail's parts")]
pub fn compose(name: &str, from: &str, to: &str, subject: &str, text: &str, at: Timestamp, id: &str, in_reply_to: Option<&str>) -> String {
    use base64::Engine;
    let word = |text: &str| {
        // Encoded words are 75 characters at most (RFC 2047 §2): about 30 bytes each, cut between characters.
        let mut words = Vec::new();
        let mut part = String::new();
        for c in text.chars() {
            if part.len() + c.len_utf8() > 40 {
                words.push(std::mem::take(&mut part));
            }
            part.push(c);
        }
        words.push(part);
        words
            .iter()
            .map(|w| format!("=?utf-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(w)))
            .collect::<Vec<_>>()
            .join("\r\n ")
    };
    let date = at.to_jiff().to_zoned(i18n::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let host = from.rsplit_once('@').map_or("town.localhost", |(_, host)| host);
    let mut mail = format!(
        "From: {} <{from}>\r\nTo: <{to}>\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{id}@{host}>\r\n",
        word(name),
        word(subject)
    );
    if let Some(parent) = in_reply_to {
        let _ = write!(mail, "In-Reply-To: <{parent}>\r\nReferences: <{parent}>\r\n");
    }
    mail.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    mail.push_str(&text.trim().replace("\r\n", "\n").replace('\n', "\r\n"));
    mail.push_str("\r\n");
    mail
}

async fn feed(State(town): State<Arc<Town>>, Path(site): Path<String>) -> Response {
    match town.story.sites.iter().find(|s| s.id == site) {
        Some(site) => ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], town.atom(site, 40)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn home(State(town): State<Arc<Town>>, Path(site): Path<String>) -> Response {
    let Some(found) = town.story.sites.iter().find(|s| s.id == site) else { return StatusCode::NOT_FOUND.into_response() };
    let posts = town.posts(&site);
    let items: String = posts
        .iter()
        .rev()
        .filter(|(p, _)| p.title.is_some())
        .map(|(p, _)| format!("<li><a href=\"/{site}/{}\">{}</a></li>", p.id, escape(p.title.as_deref().unwrap_or_default())))
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"{}\"><meta charset=utf-8><title>{}</title><link rel=alternate type=\"application/atom+xml\" href=\"/{site}/feed\"><h1>{}</h1><p>{}</p><ul>{items}</ul></html>",
        found.language,
        escape(&found.title),
        escape(&found.title),
        escape(&found.about)
    ))
    .into_response()
}

async fn page(State(town): State<Arc<Town>>, Path((site, id)): Path<(String, String)>) -> Response {
    let posts = town.posts(&site);
    let Some((post, at)) = posts.iter().find(|(p, _)| p.id == id) else { return StatusCode::NOT_FOUND.into_response() };
    let answers: String = posts
        .iter()
        .filter(|(p, _)| p.reply_to.as_deref() == Some(&id))
        .map(|(p, _)| format!("<article><h2>{}</h2><p>{}</p></article>", escape(p.name.as_deref().unwrap_or(&p.author)), escape(&p.text)))
        .collect();
    Html(format!(
        "<!doctype html><html><meta charset=utf-8><title>{0}</title><p><a href=\"/{site}\">{site}</a></p><h1>{0}</h1><p>{1}, {at}</p><p>{2}</p>{answers}</html>",
        escape(post.title.as_deref().unwrap_or("Kommentar")),
        escape(post.name.as_deref().unwrap_or(&post.author)),
        escape(&post.text)
    ))
    .into_response()
}

fn escape(text: &str) -> String {
    text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
