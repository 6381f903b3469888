//! Public profiles: who writes, and what.

use askama::Template;
use axum::extract::Query;
use domain::crm::profiles::{self, Profile, PublicTalk, Row};
use domain::listening::posts::{self, Piece, Stored};
use domain::privacy::wall::Side;
use i18n::Texts;
use model::Timestamp;
use serde::Deserialize;

use super::side::Wall;
use super::{Asked, PAGE, ProfileId, icon, status_text};
use crate::error::{Reply, html};
use crate::{Page, Place, Visit};

const POSTS: i64 = 30;
const TALKS: i64 = 30;

#[derive(Template)]
#[template(path = "customers/profiles.html")]
struct ProfilesPage {
    t: Texts,
    page: Page,
    tab: &'static str,
    q: String,
    count: i64,
    rows: Vec<Row>,
    further: Option<String>,
}

/// `GET /{workspace}/customers/profiles?q=&after=`
pub async fn list(visit: Visit, Query(asked): Query<Asked>) -> Reply {
    let q = asked.q.trim().to_string();
    let mut conn = visit.read().await?;
    let (rows, further) = if q.is_empty() {
        let before = asked.after.split_once('-').and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?)));
        let mut rows = profiles::list(&mut conn, &visit.seat, before, PAGE + 1).await?;
        let more = rows.len() > PAGE as usize;
        rows.truncate(PAGE as usize);
        let further = rows
            .last()
            .filter(|_| more)
            .map(|last| visit.path(format!("customers/profiles?after={}-{}", last.last_seen_at.micros(), last.id)));
        (rows, further)
    } else {
        (profiles::find(&mut conn, &visit.seat, &q, PAGE).await?, None)
    };
    drop(conn);
    html(&ProfilesPage { t: visit.t(), page: visit.page("customers").await?, tab: "profiles", q, count: rows.len() as i64, rows, further })
}

#[derive(Template)]
#[template(path = "customers/profile.html")]
struct ProfilePage {
    t: Texts,
    page: Page,
    profile: Profile,
    lines: Vec<Line>,
    older: Option<String>,
    talks: Vec<PublicTalk>,
    wall: Wall,
}

struct Line {
    post: Stored,
    pieces: Vec<Piece>,
    icon: &'static str,
}

impl ProfilePage {
    fn status(&self, talk: &PublicTalk) -> &'static str {
        status_text(self.t, talk.status)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Before {
    before: String,
}

/// `GET /{workspace}/customers/profiles/{profile}?before=`
pub async fn page(visit: Visit, Place((_, id)): Place<(String, ProfileId)>, Query(asked): Query<Before>) -> Reply {
    let before = asked.before.split_once('-').and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?)));
    let mut conn = visit.read().await?;
    let profile = profiles::open(&mut conn, &visit.seat, id).await?;
    let mut posts = posts::of_profile(&mut conn, &visit.seat, id, before, POSTS + 1).await?;
    let talks = profiles::talks(&mut conn, &visit.seat, id, TALKS).await?;
    drop(conn);
    let more = posts.len() > POSTS as usize;
    posts.truncate(POSTS as usize);
    let older = posts
        .last()
        .filter(|_| more)
        .map(|last| visit.path(format!("customers/profiles/{id}?before={}-{}", last.sort_at.micros(), last.id)));
    let lines =
        posts.into_iter().map(|post| Line { pieces: posts::excerpt(&post.text, &[], 280), icon: icon(&post.channel), post }).collect();
    let wall = Wall::read(&visit, Side::Profile(id)).await?;
    html(&ProfilePage { t: visit.t(), page: visit.page("customers").await?, profile, lines, older, talks, wall })
}
