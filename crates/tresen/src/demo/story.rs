//! The story's texts, as written in `demo/*.toml`.

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub struct Site {
    pub id: String,
    pub title: String,
    pub domain: String,
    pub language: String,
    #[serde(default)]
    pub about: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Post {
    pub id: String,
    pub site: String,
    #[serde(default)]
    pub day: i64,
    #[serde(default)]
    pub time: String,
    /// Minutes after the start, for those who write while the demo runs.
    #[serde(default)]
    pub after: i64,
    pub author: String,
    pub name: Option<String>,
    pub title: Option<String>,
    pub reply_to: Option<String>,
    pub text: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Team {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Agent {
    pub id: String,
    pub name: String,
    pub role: String,
    #[serde(default)]
    pub team: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    pub id: String,
    pub name: String,
    pub address: String,
    pub phone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Conversation {
    pub id: String,
    pub channel: String,
    pub account: String,
    pub customer: String,
    pub subject: String,
    pub day: i64,
    pub time: String,
    pub status: String,
    pub priority: String,
    pub assignee: Option<String>,
    pub team: Option<String>,
    #[serde(default)]
    pub labels: Vec<String>,
    #[serde(default)]
    pub message: Vec<Message>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    pub from: String,
    pub after: String,
    pub text: String,
    #[serde(default)]
    pub note: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Live {
    pub customer: String,
    pub subject: String,
    pub after: i64,
    pub account: String,
    pub text: String,
    pub answers: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Story {
    pub sites: Vec<Site>,
    pub posts: Vec<Post>,
    pub live_posts: Vec<Post>,
    pub teams: Vec<Team>,
    pub agents: Vec<Agent>,
    pub customers: Vec<Customer>,
    pub conversations: Vec<Conversation>,
    pub live: Vec<Live>,
}

impl Story {
    pub fn read() -> Result<Self> {
        #[derive(Deserialize)]
        struct Sites {
            site: Vec<Site>,
        }
        #[derive(Deserialize)]
        struct Posts {
            post: Vec<Post>,
        }
        #[derive(Deserialize)]
        struct People {
            team: Vec<Team>,
            agent: Vec<Agent>,
            customer: Vec<Customer>,
        }
        #[derive(Deserialize)]
        struct Conversations {
            conversation: Vec<Conversation>,
        }
        #[derive(Deserialize)]
        struct Lives {
            live: Vec<Live>,
        }
        fn read<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T> {
            toml::from_str(text).with_context(|| format!("the demo's {name}"))
        }
        let sites: Sites = read("sites", include_str!("../../demo/sites.toml"))?;
        let mut posts = Vec::new();
        for text in [
            include_str!("../../demo/posts-1.toml"),
            include_str!("../../demo/posts-2.toml"),
            include_str!("../../demo/posts-3.toml"),
            include_str!("../../demo/posts-4.toml"),
        ] {
            posts.extend(read::<Posts>("posts", text)?.post);
        }
        let live_posts: Posts = read("live posts", include_str!("../../demo/posts-live.toml"))?;
        let people: People = read("people", include_str!("../../demo/people.toml"))?;
        let mut conversations = Vec::new();
        for text in [
            include_str!("../../demo/conversations-1.toml"),
            include_str!("../../demo/conversations-2.toml"),
            include_str!("../../demo/conversations-3.toml"),
        ] {
            conversations.extend(read::<Conversations>("conversations", text)?.conversation);
        }
        let live: Lives = read("live conversations", include_str!("../../demo/live.toml"))?;
        Ok(Self {
            sites: sites.site,
            posts,
            live_posts: live_posts.post,
            teams: people.team,
            agents: people.agent,
            customers: people.customer,
            conversations,
            live: live.live,
        })
    }

    pub fn customer(&self, id: &str) -> Option<&Customer> {
        self.customers.iter().find(|c| c.id == id)
    }
}

/// `45m`, `3h`, `2d` in minutes.
pub fn minutes(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let number: i64 = number.parse().unwrap_or(0);
    match unit {
        "h" => number * 60,
        "d" => number * 24 * 60,
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_story_is_whole() {
        let story = Story::read().unwrap();
        assert!(story.posts.len() >= 250 && story.conversations.len() >= 50, "{} {}", story.posts.len(), story.conversations.len());
        let texts: HashSet<&str> = story.posts.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts.len(), story.posts.len(), "no post twice");
        for post in story.posts.iter().chain(&story.live_posts) {
            assert!(story.sites.iter().any(|s| s.id == post.site), "{}", post.id);
        }
        for c in &story.conversations {
            assert!(story.customer(&c.customer).is_some() && !c.message.is_empty(), "{}", c.id);
            for m in &c.message {
                assert!(m.from == "customer" || story.agents.iter().any(|a| a.id == m.from), "{} {}", c.id, m.from);
            }
        }
        for l in &story.live {
            assert!(story.customer(&l.customer).is_some() && !l.answers.is_empty(), "{}", l.subject);
        }
        assert_eq!((minutes("45m"), minutes("3h"), minutes("2d")), (45, 180, 2_880));
    }
}
