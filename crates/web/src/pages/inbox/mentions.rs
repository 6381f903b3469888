//! The notes that mention the person.

use askama::Template;
use domain::desk::mentions::{self, Mention};
use i18n::Texts;

use super::{icon, word};
use crate::error::{Reply, html, see};
use crate::{Page, Visit};

pub struct Line {
    pub mention: Mention,
    /// The note itself, in its conversation.
    pub href: String,
    pub title: String,
    pub text: String,
    pub icon: &'static str,
    pub channel: String,
}

#[derive(Template)]
#[template(path = "inbox/mentions.html")]
struct MentionsPage {
    t: Texts,
    page: Page,
    lines: Vec<Line>,
    has_unseen: bool,
}

fn title(t: Texts, mention: &Mention) -> &str {
    [mention.subject.trim(), mention.from_name.trim()].into_iter().find(|s| !s.is_empty()).unwrap_or(t.thread_no_subject())
}

/// `GET /{workspace}/mentions`: opening a conversation is what marks them as seen, not this list.
pub async fn page(visit: Visit) -> Reply {
    let t = visit.t();
    let found = mentions::list(&mut *visit.read().await?, &visit.seat).await?;
    let has_unseen = found.first().is_some_and(|m| m.seen_at.is_none());
    let lines = found.into_iter().map(|mention| line(&visit, mention)).collect();
    html(&MentionsPage { t, page: visit.page("mentions").await?, lines, has_unseen })
}

fn line(visit: &Visit, mention: Mention) -> Line {
    let t = visit.t();
    Line {
        href: visit.path(format!("inbox/{}#m-{}", mention.conversation_id, mention.message_id)),
        title: title(t, &mention).to_string(),
        text: model::text::excerpt(&mention.text, 280),
        icon: icon(&mention.channel),
        channel: word(t, &mention.channel),
        mention,
    }
}

/// `POST /{workspace}/mentions/seen`
pub async fn all_seen(visit: Visit) -> Reply {
    mentions::all_seen(&visit.app, &visit.seat).await?;
    see(visit.path("mentions?said=said-mentions-seen"))
}
