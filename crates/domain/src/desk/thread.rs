//! One conversation, whole.

use channels::Mailbox;
use db::{Conn, Json, args, row, sql};
use i18n::Sentence;
use model::{Id, Timestamp, kinds};
use serde::{Deserialize, Serialize};

use super::{Conversation, Direction, MessageState, store};
use crate::Result;
use crate::accounts::{Permission, Seat};

pub struct Thread {
    pub conversation: Conversation,
    pub labels: Vec<String>,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// What was done with it, oldest first.
    pub events: Vec<ThreadEvent>,
    pub participants: Vec<Participant>,
    pub drafts: Drafts,
    /// Colleagues with an unsent answer here.
    pub others: Vec<OtherDraft>,
}

impl Thread {
    /// The newest message of the customer, for "the customer wrote again while you typed".
    pub fn newest_inbound(&self) -> Option<Id<kinds::Message>> {
        self.messages.iter().rev().find(|m| m.direction == Direction::In).map(|m| m.id)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recipients {
    #[serde(default)]
    pub to: Vec<Mailbox>,
    #[serde(default)]
    pub cc: Vec<Mailbox>,
}

row! {
    struct MessageRow {
        id: Id<kinds::Message>,
        direction: Direction,
        kind: String,
        post_id: Option<Id<kinds::Post>>,
        author_id: Option<Id<kinds::User>>,
        author_name: String,
        author_address: Option<String>,
        is_new_participant: bool,
        subject: Option<String>,
        text: String,
        quoted: Option<String>,
        html: Option<String>,
        recipients: Option<Json<Recipients>>,
        auto: Option<String>,
        sent_at: Option<Timestamp>,
        received_at: Timestamp,
        sort_at: Timestamp,
        state: MessageState,
        failure: Option<Json<Sentence>>,
        deliver_after: Option<Timestamp>,
    }
    pub struct Attachment {
        pub id: Id<kinds::Attachment>,
        pub message_id: Id<kinds::Message>,
        pub name: String,
        pub mime: String,
        /// What the HTML of the mail calls it by (RFC 2392), without brackets.
        pub content_id: Option<String>,
        pub size: i64,
    }
    pub struct PostView {
        pub id: Id<kinds::Post>,
        pub title: Option<String>,
        pub text: String,
        pub html: Option<String>,
        pub url: Option<String>,
        pub site: Option<String>,
        pub kind: String,
        pub author_name: Option<String>,
        pub sort_at: Timestamp,
    }
    pub struct Participant { pub address: String, pub name: String, pub role: String }
    struct DraftRow { user_id: Id<kinds::User>, name: String, kind: String, text: String, cc: String, failure: Option<Json<Sentence>>, updated_at: Timestamp }
    pub struct ThreadEvent { pub at: Timestamp, pub actor_name: Option<String>, pub detail: Json<serde_json::Value> }
}

pub struct Message {
    pub id: Id<kinds::Message>,
    pub direction: Direction,
    /// `mail`, `form`, `call`, `letter`, `visit`, `fair`, `post`, `note`.
    pub kind: String,
    pub author_id: Option<Id<kinds::User>>,
    pub author_name: String,
    pub author_address: Option<String>,
    /// Somebody who was not part of this conversation before: shown, never answered silently.
    pub is_new_participant: bool,
    pub subject: Option<String>,
    /// Without quotes and signature.
    pub text: String,
    pub quoted: Option<String>,
    /// Sanitised, of the new part.
    pub html: Option<String>,
    pub recipients: Recipients,
    pub auto: Option<String>,
    pub sent_at: Option<Timestamp>,
    pub received_at: Timestamp,
    pub sort_at: Timestamp,
    pub state: MessageState,
    pub failure: Option<Sentence>,
    pub deliver_after: Option<Timestamp>,
    pub attachments: Vec<Attachment>,
    /// What a public message references; its text is nowhere else.
    pub post: Option<PostView>,
}

#[derive(Debug, Clone)]
pub struct Draft {
    pub text: String,
    pub cc: String,
    pub failure: Option<Json<Sentence>>,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct OtherDraft {
    pub user_id: Id<kinds::User>,
    pub name: String,
    pub updated_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct Drafts {
    pub answer: Option<Draft>,
    pub note: Option<Draft>,
}

/// The conversation without its messages; `NotFound` outside the seat's reach.
pub async fn head(conn: &mut Conn, seat: &Seat, id: Id<kinds::Conversation>) -> Result<Conversation> {
    store::load(conn, seat, Permission::InboxRead, id).await
}

/// `NotFound` outside the seat's reach. The newest 500 messages; older ones are found by search.
pub async fn open(conn: &mut Conn, seat: &Seat, id: Id<kinds::Conversation>) -> Result<Thread> {
    let conversation = head(conn, seat, id).await?;
    whole(conn, seat, conversation).await
}

/// What belongs to a conversation that [`head`] found.
pub async fn whole(conn: &mut Conn, seat: &Seat, conversation: Conversation) -> Result<Thread> {
    let (ws, id) = (seat.ws(), conversation.id);
    let mut rows: Vec<MessageRow> = conn
        .all(
            "SELECT id, direction, kind, post_id, author_id, author_name, author_address, is_new_participant, subject, text, quoted, html, recipients, auto, sent_at, received_at,
               sort_at, state, failure, deliver_after FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND state <> 'undone' ORDER BY sort_at DESC, id DESC LIMIT 500",
            args![ws, id],
        )
        .await?;
    rows.reverse();
    let ids: Vec<Id<kinds::Message>> = rows.iter().map(|m| m.id).collect();
    let mut attachments: Vec<Attachment> = conn
        .all(sql!("SELECT id, message_id, name, mime, content_id, size FROM attachments WHERE workspace_id = $1 AND message_id IN " [ids "$2"] " ORDER BY message_id, id"), args![ws, ids.as_slice()])
        .await?;
    let post_ids: Vec<Id<kinds::Post>> = rows.iter().filter_map(|m| m.post_id).collect();
    let mut posts: Vec<PostView> = if post_ids.is_empty() {
        Vec::new()
    } else {
        conn.all(
            sql!("SELECT p.id, p.title, p.text, p.html, p.url, p.site, p.kind, f.name AS author_name, p.sort_at FROM posts p
                  LEFT JOIN profiles f ON f.workspace_id = p.workspace_id AND f.id = p.profile_id WHERE p.workspace_id = $1 AND p.id IN " [ids "$2"]),
            args![ws, post_ids.as_slice()],
        )
        .await?
    };
    let messages = rows
        .into_iter()
        .map(|m| Message {
            attachments: attachments.extract_if(.., |a| a.message_id == m.id).collect(),
            post: m.post_id.and_then(|post| posts.iter().position(|p| p.id == post)).map(|at| posts.swap_remove(at)),
            id: m.id,
            direction: m.direction,
            kind: m.kind,
            author_id: m.author_id,
            author_name: m.author_name,
            author_address: m.author_address,
            is_new_participant: m.is_new_participant,
            subject: m.subject,
            text: m.text,
            quoted: m.quoted,
            html: m.html,
            recipients: m.recipients.map(|r| r.0).unwrap_or_default(),
            auto: m.auto,
            sent_at: m.sent_at,
            received_at: m.received_at,
            sort_at: m.sort_at,
            state: m.state,
            failure: m.failure.map(|f| f.0),
            deliver_after: m.deliver_after,
        })
        .collect();
    let labels: Vec<(String,)> = conn
        .all("SELECT label FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY label_key", args![ws, id])
        .await?;
    let participants =
        conn.all("SELECT address, name, role FROM conversation_participants WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY added_at, address_key", args![ws, id]).await?;
    let written: Vec<DraftRow> = conn
        .all(
            "SELECT d.user_id, u.name, d.kind, d.text, d.cc, d.failure, d.updated_at FROM drafts d JOIN users u ON u.id = d.user_id
             WHERE d.workspace_id = $1 AND d.conversation_id = $2 AND (d.user_id = $3 OR (d.kind = 'answer' AND d.text <> '')) ORDER BY d.updated_at DESC",
            args![ws, id, seat.user()],
        )
        .await?;
    let (mut drafts, mut others) = (Drafts::default(), Vec::new());
    for DraftRow { user_id, name, kind, text, cc, failure, updated_at } in written {
        match (user_id == seat.user(), kind.as_str()) {
            (true, "note") => drafts.note = Some(Draft { text, cc, failure, updated_at }),
            (true, _) => drafts.answer = Some(Draft { text, cc, failure, updated_at }),
            (false, _) => others.push(OtherDraft { user_id, name, updated_at }),
        }
    }
    let events = conn
        .all(
            "SELECT e.at, u.name AS actor_name, e.detail FROM events e LEFT JOIN users u ON u.id = e.actor_id
             WHERE e.workspace_id = $1 AND e.subject_id = $2 AND e.kind = 'conversation.changed' ORDER BY e.id LIMIT 200",
            args![ws, id.as_i64()],
        )
        .await?;
    Ok(Thread { conversation, labels: labels.into_iter().map(|(l,)| l).collect(), messages, events, participants, drafts, others })
}
