//! The contact form on a website: what people send is handed in by the web crate; answers go out by mail. Here is also what keeps
//! machines out of it without cookies, without puzzles and without asking anyone else.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Capabilities, Channel, Connection, Context, Failure, Listener};

/// Contact forms.
pub struct Form;

static CAPABILITIES: Capabilities = Capabilities {
    name: "form",
    icon: "chat",
    can_send: false,
    public: false,
    threads: false,
    attachments: true,
    max_length: None,
    can_look_up_sent: false,
    settings: &[],
};

impl Channel for Form {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, _connection: &Connection) -> Vec<Failure> {
        Vec::new()
    }

    fn test<'a>(&'a self, _ctx: &'a Context, _connection: &'a Connection) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async { Ok(String::new()) })
    }

    fn listen(&self, _ctx: &Context, _connection: &Connection) -> Option<Box<dyn Listener>> {
        None
    }
}

/// Signs with a key only the caller knows (HMAC-SHA-256).
pub type Sign<'a> = &'a (dyn Fn(&[u8]) -> [u8; 32] + Sync);

/// Tells people from machines by a signed time stamp in the form, a field people do not see, and what was written.
#[derive(Clone, Copy)]
pub struct FormGuard<'a> {
    pub sign: Sign<'a>,
    /// Nobody fills in a form faster.
    pub fastest: Duration,
    /// How long a page may stay open before its form is no longer taken.
    pub valid_for: Duration,
    /// Links a message may hold before it counts against it.
    pub links: usize,
}

/// What was sent.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Which form; a token of one form is worth nothing on another.
    pub form: &'a str,
    pub token: &'a str,
    /// The field hidden from people. Machines fill in everything.
    pub honeypot: &'a str,
    /// Name and value of the visible fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// [`fingerprint`]s of texts that came in lately.
    pub recent: &'a [u64],
}

/// One thing that speaks against a submission. Told to people by key (`form-reason-…`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    TokenMissing,
    /// Not signed by us, or for another form.
    TokenForged,
    TokenExpired {
        seconds: u64,
    },
    TooFast {
        seconds: u64,
    },
    Honeypot,
    ManyLinks {
        count: usize,
    },
    /// `[url=…]` or `<a href=…>`: written for a guestbook, not for us.
    LinkMarkup,
    /// The same text came in before.
    SeenBefore {
        times: usize,
    },
    /// The same few words over and over, or the same text in several fields.
    Repetitive,
    /// A link in a field for a name or a subject.
    LinkInName,
    /// No letter in the whole message.
    NoWords,
}

impl Reason {
    /// Points out of 100; 100 alone is enough to refuse.
    pub const fn weight(&self) -> u32 {
        match self {
            Self::TokenMissing | Self::TokenForged | Self::Honeypot => 100,
            Self::LinkMarkup => 60,
            Self::TooFast { .. } | Self::LinkInName | Self::SeenBefore { .. } => 50,
            Self::TokenExpired { .. } | Self::ManyLinks { .. } | Self::Repetitive | Self::NoWords => 40,
        }
    }
}

/// What to do with a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Accept,
    /// Taken in, but set apart: a person decides.
    Suspicious,
    /// Not taken in.
    Reject,
}

/// The sum of what speaks against a submission, with its grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// 0 to 100.
    pub score: u32,
    pub reasons: Vec<Reason>,
}

impl Assessment {
    /// 50 points make suspicious, 100 reject.
    pub const fn verdict(&self) -> Verdict {
        match self.score {
            0..50 => Verdict::Accept,
            50..100 => Verdict::Suspicious,
            _ => Verdict::Reject,
        }
    }
}

impl<'a> FormGuard<'a> {
    /// 3 seconds at least, a day at most, two links.
    pub fn new(sign: Sign<'a>) -> Self {
        Self { sign, fastest: Duration::from_secs(3), valid_for: Duration::from_secs(86_400), links: 2 }
    }

    /// A token for a hidden field of `form`, made when the page is rendered. `nonce` comes from [`model::Random`].
    pub fn issue(&self, form: &str, now: Timestamp, nonce: u64) -> String {
        let mut bytes = [0; 48];
        bytes[..8].copy_from_slice(&now.secs().to_be_bytes());
        bytes[8..16].copy_from_slice(&nonce.to_be_bytes());
        let mac = self.mac(form, &bytes[..16]);
        bytes[16..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn mac(&self, form: &str, head: &[u8]) -> [u8; 32] {
        let mut signed = b"tresen-form\0".to_vec();
        signed.extend_from_slice(head);
        signed.extend_from_slice(form.as_bytes());
        (self.sign)(&signed)
    }

    /// How long ago the form was made, or why its token is worth nothing.
    pub fn age(&self, form: &str, token: &str, now: Timestamp) -> Result<Duration, Reason> {
        if token.is_empty() {
            return Err(Reason::TokenMissing);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Reason::TokenForged)?;
        let (head, mac) = bytes.split_at_checked(16).ok_or(Reason::TokenForged)?;
        let expected = self.mac(form, head);
        // Without an early way out, so that the time taken tells nothing about the signature.
        let difference = expected.iter().zip(mac).fold(0, |all, (a, b)| all | (a ^ b));
        if mac.len() != expected.len() || difference != 0 {
            return Err(Reason::TokenForged);
        }
        let issued = head[..8].iter().fold(0_i64, |value, byte| (value << 8) | i64::from(*byte));
        let age = now.since(Timestamp::from_secs(issued));
        if age > self.valid_for { Err(Reason::TokenExpired { seconds: age.as_secs() }) } else { Ok(age) }
    }

    /// Weighs everything that speaks against a submission.
    pub fn assess(&self, submission: &Submission, now: Timestamp) -> Assessment {
        let mut reasons = Vec::new();
        match self.age(submission.form, submission.token, now) {
            Ok(age) if age < self.fastest => reasons.push(Reason::TooFast { seconds: age.as_secs() }),
            Ok(_) => {}
            Err(reason) => reasons.push(reason),
        }
        if !submission.honeypot.trim().is_empty() {
            reasons.push(Reason::Honeypot);
        }
        self.weigh_text(submission, &mut reasons);
        let score = reasons.iter().map(Reason::weight).sum::<u32>().min(100);
        Assessment { score, reasons }
    }

    fn weigh_text(&self, submission: &Submission, reasons: &mut Vec<Reason>) {
        let all = submission.fields.iter().map(|(_, value)| *value).collect::<Vec<_>>().join("\n");
        let links = count_links(&all);
        if links > self.links {
            reasons.push(Reason::ManyLinks { count: links });
        }
        let lower = all.to_lowercase();
        if ["[url=", "[url]", "[link=", "<a href"].iter().any(|markup| lower.contains(markup)) {
            reasons.push(Reason::LinkMarkup);
        }
        if submission.fields.iter().any(|(name, value)| matches!(*name, "name" | "subject") && count_links(value) > 0) {
            reasons.push(Reason::LinkInName);
        }
        let print = fingerprint(&all);
        let times = submission.recent.iter().filter(|seen| **seen == print).count();
        if times > 0 {
            reasons.push(Reason::SeenBefore { times });
        }
        if is_repetitive(submission.fields) {
            reasons.push(Reason::Repetitive);
        }
        if !all.chars().any(char::is_alphabetic) {
            reasons.push(Reason::NoWords);
        }
    }
}

fn count_links(text: &str) -> usize {
    let mut finder = linkify::LinkFinder::new();
    finder.kinds(&[linkify::LinkKind::Url]);
    finder.links(text).count()
}

/// Two texts that differ only in case, spaces, digits and punctuation have the same one: spam varies just these.
pub fn fingerprint(text: &str) -> u64 {
    let mut hash = Sha256::new();
    for c in text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase) {
        hash.update(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    hash.finalize().iter().take(8).fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

fn is_repetitive(fields: &[(&str, &str)]) -> bool {
    // The same sentence in two fields; short answers ("Köln" as town and as subject) are nobody's fault.
    let mut seen = HashSet::new();
    if fields.iter().map(|(_, value)| value.trim()).filter(|value| value.chars().count() >= 12).any(|value| !seen.insert(value)) {
        return true;
    }
    fields.iter().any(|(_, value)| {
        let words: Vec<String> = value.split_whitespace().map(str::to_lowercase).collect();
        let different: HashSet<&String> = words.iter().collect();
        words.len() >= 20 && different.len() * 5 <= words.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"key of the test");
        hash.update(bytes);
        hash.finalize().into()
    }

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const GREETING: &[(&str, &str)] = &[("name", "Erika Muster"), ("message", "Guten Tag, wann haben Sie am Samstag geöffnet?")];

    fn assess(fields: &[(&str, &str)], seconds: u64) -> Assessment {
        let guard = FormGuard::new(&sign);
        let token = guard.issue("kontakt", NOW, 7);
        let submission = Submission { form: "kontakt", token: &token, honeypot: "", fields, recent: &[] };
        guard.assess(&submission, NOW + Duration::from_secs(seconds))
    }

    #[test]
    fn an_ordinary_question_is_accepted_without_a_reason() {
        let found = assess(GREETING, 40);
        assert_eq!((found.score, found.reasons.len(), found.verdict()), (0, 0, Verdict::Accept));
    }

    #[test]
    fn a_token_is_worth_nothing_elsewhere_changed_or_late() {
        let guard = FormGuard::new(&sign);
        let token = guard.issue("kontakt", NOW, 7);
        let later = NOW + Duration::from_secs(60);
        assert_eq!(guard.age("kontakt", &token, later), Ok(Duration::from_secs(60)));
        assert_eq!(guard.age("bewerbung", &token, later), Err(Reason::TokenForged));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(guard.age("kontakt", &String::from_utf8(changed).unwrap(), later), Err(Reason::TokenForged), "{at}");
        }
        for broken in ["x", "AAAA", "äöü", &token[..40]] {
            assert_eq!(guard.age("kontakt", broken, later), Err(Reason::TokenForged), "{broken}");
        }
        assert_eq!(guard.age("kontakt", "", later), Err(Reason::TokenMissing));
        let seconds = 86_401;
        assert_eq!(guard.age("kontakt", &token, NOW + Duration::from_secs(seconds)), Err(Reason::TokenExpired { seconds }));
    }

    #[test]
    fn machines_are_told_by_haste_and_by_the_hidden_field() {
        assert_eq!(assess(GREETING, 1).reasons, [Reason::TooFast { seconds: 1 }]);
        assert_eq!(assess(GREETING, 1).verdict(), Verdict::Suspicious);
        let guard = FormGuard::new(&sign);
        let token = guard.issue("kontakt", NOW, 7);
        let submission = Submission { form: "kontakt", token: &token, honeypot: "x", fields: GREETING, recent: &[] };
        assert_eq!(guard.assess(&submission, NOW + Duration::from_secs(60)).verdict(), Verdict::Reject);
    }

    #[test]
    fn advertising_is_told_by_its_links_and_its_echo() {
        let spam = [("name", "Bob"), ("message", "Buy https://a.example https://b.example https://c.example <a href=x>now</a>")];
        let found = assess(&spam, 60);
        assert_eq!(found.reasons, [Reason::ManyLinks { count: 3 }, Reason::LinkMarkup]);
        assert_eq!(found.verdict(), Verdict::Reject);
        assert_eq!(assess(&[("name", "see https://a.example"), ("message", "hello there")], 60).reasons, [Reason::LinkInName]);
        assert_eq!(assess(&[("message", "12345 !!")], 60).reasons, [Reason::NoWords]);
        assert_eq!(assess(&[("message", &"win money ".repeat(20))], 60).reasons, [Reason::Repetitive]);
        assert_eq!(assess(&[("subject", "Best offers today"), ("message", "Best offers today")], 60).reasons, [Reason::Repetitive]);
    }

    #[test]
    fn the_same_text_with_other_numbers_counts_as_seen() {
        let seen = fingerprint("Erika Muster\nGuten Tag, WANN haben Sie am Samstag, 12. 3., geöffnet?");
        let guard = FormGuard::new(&sign);
        let token = guard.issue("kontakt", NOW, 7);
        let submission = Submission { form: "kontakt", token: &token, honeypot: "", fields: GREETING, recent: &[1, seen, seen] };
        assert_eq!(guard.assess(&submission, NOW + Duration::from_secs(60)).reasons, [Reason::SeenBefore { times: 2 }]);
    }
}
