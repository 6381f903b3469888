//! Public posts as they are stored, and as queries see them.

use std::ops::Range;

use channels::MediaLink;
use db::{Conn, Json, Value, args, row, sql};
use matching::{Narrow, Post, TokenisedPost, tokenise};
use model::{Id, Timestamp, kinds};

use super::reach;
use crate::accounts::{Permission, Seat};
use crate::{Error, Result};

row! {
    pub struct Stored {
        pub id: Id<kinds::Post>,
        pub account_id: Id<kinds::ChannelAccount>,
        pub account_name: String,
        pub channel: String,
        pub kind: String,
        pub profile_id: Option<Id<kinds::Profile>>,
        pub author_name: Option<String>,
        pub author_handle: Option<String>,
        pub title: Option<String>,
        pub text: String,
        /// Sanitised.
        pub html: Option<String>,
        pub url: Option<String>,
        pub site: Option<String>,
        pub lang: String,
        pub media: Option<Json<Vec<MediaLink>>>,
        pub sort_at: Timestamp,
        pub edited_at: Option<Timestamp>,
        pub truncated: bool,
    }
}

impl Stored {
    /// Split and folded, with every field a query may ask for.
    pub fn tokenised(&self) -> TokenisedPost {
        let media = self.media.as_ref().map(|Json(links)| media_kinds(links)).unwrap_or_default();
        tokenise(&Post {
            text: &self.text,
            title: self.title.as_deref(),
            author: self.author_handle.as_deref(),
            lang: Some(&self.lang),
            channel: Some(&self.channel),
            kind: Some(&self.kind),
            url: self.url.as_deref(),
            account: Some(&self.account_name),
            media: &media,
            ..Post::default()
        })
    }
    /// The author as shown, else the site.
    pub fn by(&self) -> &str {
        self.author_name.as_deref().filter(|n| !n.is_empty()).or(self.site.as_deref()).unwrap_or(&self.account_name)
    }
}

/// What `has:image` and `has:video` look at.
pub fn media_kinds(links: &[MediaLink]) -> Vec<&'static str> {
    let is = |kind: &str| links.iter().any(|l| l.kind.as_deref().is_some_and(|mime| mime.starts_with(kind)));
    [("image/", "image"), ("video/", "video")].into_iter().filter(|(mime, _)| is(mime)).map(|(_, name)| name).collect()
}

macro_rules! posts { ($($rest:tt)*) => { sql!(
    "SELECT p.id, p.account_id, a.name AS account_name, p.channel, p.kind, p.profile_id, f.name AS author_name, f.handle AS author_handle, p.title, p.text, p.html, p.url,
       p.site, p.lang, p.media, p.sort_at, p.edited_at, p.truncated
     FROM posts p JOIN channel_accounts a ON a.workspace_id = p.workspace_id AND a.id = p.account_id
     LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id " $($rest)*) } }

/// `NotFound` for what is not there or not within reach.
pub async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::Post>) -> Result<Stored> {
    seat.require(Permission::ListenRead)?;
    let (all, accounts) = reach(seat);
    conn.opt(
        posts!("WHERE p.workspace_id = $1 AND p.id = $2 AND ($3 OR p.account_id IN " [ids "$4"] ")"),
        args![seat.ws(), id, all, accounts.as_slice()],
    )
    .await?
    .ok_or(Error::NotFound)
}

/// The posts of one author within reach, newest first.
pub async fn of_profile(
    conn: &mut Conn,
    seat: &Seat,
    profile: Id<kinds::Profile>,
    before: Option<Place>,
    limit: i64,
) -> Result<Vec<Stored>> {
    seat.require(Permission::ListenRead)?;
    let (all, accounts) = reach(seat);
    let (at, id) = place(before);
    Ok(conn
        .all(
            posts!("WHERE p.workspace_id = $1 AND p.profile_id = $2 AND (p.sort_at, p.id) < ($3, $4) AND ($5 OR p.account_id IN " [ids "$6"] ")
                    ORDER BY p.sort_at DESC, p.id DESC LIMIT $7"),
            args![seat.ws(), profile, at, id, all, accounts.as_slice(), limit],
        )
        .await?)
}

/// Those of a list of ids that are within reach.
pub(super) async fn some(conn: &mut Conn, seat: &Seat, ids: &[Id<kinds::Post>]) -> Result<Vec<Stored>> {
    let (all, accounts) = reach(seat);
    Ok(conn
        .all(
            posts!("WHERE p.workspace_id = $1 AND p.id IN " [ids "$2"] " AND ($3 OR p.account_id IN " [ids "$4"] ")"),
            args![seat.ws(), ids, all, accounts.as_slice()],
        )
        .await?)
}

/// Where a page of posts ended.
pub type Place = (Timestamp, Id<kinds::Post>);

fn place(before: Option<Place>) -> (i64, i64) {
    before.map_or((i64::MAX, i64::MAX), |(at, id)| (at.micros(), id.as_i64()))
}

/// A stretch of the archive in which a query is looked for.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub workspace: Id<kinds::Workspace>,
    pub all: bool,
    pub accounts: Vec<Id<kinds::ChannelAccount>>,
    pub since: Timestamp,
    /// Exclusive.
    pub until: Timestamp,
}

impl Stretch {
    pub fn of_seat(seat: &Seat) -> Self {
        let (all, accounts) = reach(seat);
        Self { workspace: seat.ws(), all, accounts, since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) }
    }

    /// Posts that may match, newest first: the database's text index decides, the query itself is asked afterwards. A post whose search
    /// document was cut is always among them. These are read by a statement of their own: put together with the others by `IN (… UNION ALL …)`,
    /// PostgreSQL without fresh statistics compared every post with every match, 48 s over 60,000 posts.
    pub async fn candidates(&self, conn: &mut Conn, narrow: &Narrow, before: Option<Place>, limit: i64) -> Result<Vec<Stored>> {
        let (at, id) = place(before);
        let values = || args![self.workspace, self.since, self.until, at, id, self.all, self.accounts.as_slice(), limit];
        let Some(found) = search(narrow) else {
            return Ok(conn
                .all(
                    posts!("WHERE p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3 AND (p.sort_at, p.id) < ($4, $5) AND ($6 OR p.account_id IN " [ids "$7"] ")
                            ORDER BY p.sort_at DESC, p.id DESC LIMIT $8"),
                    values(),
                )
                .await?);
        };
        let mut with_words = values();
        with_words.push(found);
        let mut posts: Vec<Stored> = conn
            .all(
                posts!("JOIN posts_fts ON posts_fts.rowid = p.id WHERE " [found "posts_fts" "$9"] "
                          AND p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3 AND (p.sort_at, p.id) < ($4, $5) AND ($6 OR p.account_id IN " [ids "$7"] ")
                        ORDER BY p.sort_at DESC, p.id DESC LIMIT $8"),
                with_words,
            )
            .await?;
        let cut: Vec<Stored> = conn
            .all(
                posts!("WHERE p.truncated AND p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3 AND (p.sort_at, p.id) < ($4, $5) AND ($6 OR p.account_id IN " [ids "$7"] ")
                        ORDER BY p.sort_at DESC, p.id DESC LIMIT $8"),
                values(),
            )
            .await?;
        if !cut.is_empty() {
            posts.extend(cut);
            posts.sort_by_key(|p| std::cmp::Reverse((p.sort_at, p.id)));
            posts.dedup_by_key(|p| p.id);
            posts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(posts)
    }

    /// About how many posts [`candidates`](Self::candidates) would give in all: cut ones that hold the words count twice.
    pub async fn count(&self, conn: &mut Conn, narrow: &Narrow) -> Result<i64> {
        let values = || args![self.workspace, self.since, self.until];
        let Some(found) = search(narrow) else {
            let (all,): (i64,) =
                conn.one("SELECT COUNT(*) FROM posts p WHERE p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3", values()).await?;
            return Ok(all);
        };
        let mut with_words = values();
        with_words.push(found);
        let (holding,): (i64,) = conn
            .one(
                sql!("SELECT COUNT(*) FROM posts p JOIN posts_fts ON posts_fts.rowid = p.id
                      WHERE " [found "posts_fts" "$4"] " AND p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3"),
                with_words,
            )
            .await?;
        let (cut,): (i64,) = conn
            .one("SELECT COUNT(*) FROM posts p WHERE p.truncated AND p.workspace_id = $1 AND p.sort_at >= $2 AND p.sort_at < $3", values())
            .await?;
        Ok(holding + cut)
    }
}

fn search(narrow: &Narrow) -> Option<Value> {
    Some(Value::Search { sqlite: narrow.to_fts5()?, postgres: narrow.to_tsquery()? })
}

/// A piece of text, marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub marked: bool,
}

/// About `most` characters of a text around the first mark, cut at blanks, with "…" where something is left out.
pub fn excerpt(text: &str, marks: &[Range<usize>], most: usize) -> Vec<Piece> {
    let marks: Vec<&Range<usize>> =
        marks.iter().filter(|m| m.start < m.end && text.is_char_boundary(m.start) && text.is_char_boundary(m.end)).collect();
    let first = marks.first().map_or(0, |m| m.start);
    let lead = text[..first].char_indices().rev().nth(most / 4).map_or(0, |(at, _)| at);
    let start = if lead == 0 { 0 } else { text[lead..first].find(char::is_whitespace).map_or(first, |at| lead + at) };
    let end = text[start..].char_indices().nth(most).map_or(text.len(), |(at, _)| start + at);
    let end = if end == text.len() {
        end
    } else {
        text[start..end].rfind(char::is_whitespace).map_or(end, |at| start + at).max(marks.first().map_or(0, |m| m.end))
    };
    let mut pieces = Vec::new();
    let mut push = |part: &str, marked: bool| {
        let joined: String = part
            .split_inclusive(char::is_whitespace)
            .map(|w| if w.ends_with(char::is_whitespace) { format!("{} ", w.trim_end()) } else { w.to_string() })
            .collect();
        if !joined.is_empty() {
            pieces.push(Piece { text: joined, marked });
        }
    };
    if start > 0 {
        push("… ", false);
    }
    let mut at = start;
    for mark in marks.into_iter().filter(|m| m.end <= end) {
        if mark.start < at {
            continue;
        }
        push(&text[at..mark.start], false);
        push(&text[mark.start..mark.end], true);
        at = mark.end;
    }
    push(&text[at..end], false);
    if end < text.len() {
        push(" …", false);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, marks: &[Range<usize>], most: usize) -> String {
        excerpt(text, marks, most).into_iter().map(|p| if p.marked { format!("[{}]", p.text) } else { p.text }).collect()
    }

    #[test]
    fn an_excerpt_shows_the_first_mark_and_cuts_at_blanks() {
        assert_eq!(shown("kurz und gut", std::slice::from_ref(&(5..8)), 100), "kurz [und] gut");
        assert_eq!(shown("ohne Marken", &[], 100), "ohne Marken");
        let long = format!("{}Kaffee ist kalt {}", "Wort ".repeat(50), "Ende ".repeat(50));
        let at = long.find("Kaffee").unwrap();
        let shown = shown(&long, std::slice::from_ref(&(at..at + 6)), 60);
        assert!(shown.starts_with("… ") && shown.contains("[Kaffee] ist kalt") && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() < 80, "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_marks_break_an_excerpt(text in "\\PC{0,80}", from in 0usize..90, to in 0usize..90, most in 0usize..60) {
            let _ = excerpt(&text, &[from..to, to..from], most);
        }
    }
}
