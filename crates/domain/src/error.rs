use i18n::Sentence;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. The one error type of the domain; `web/error.rs` turns it into pages and problem+json.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or not for this person: the answer is the same, so that nobody can find out which.
    #[error("not found")]
    NotFound,
    /// What was entered cannot be taken; `why` is shown beside the field.
    #[error("{field}: {}", why.key)]
    Invalid { field: &'static str, why: Sentence },
    /// Several fields at once.
    #[error("{} fields are wrong", .0.len())]
    InvalidFields(Vec<(String, Sentence)>),
    /// The person's roles do not hold this permission.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// Somebody else changed it meanwhile.
    #[error("conflict: {}", .0.key)]
    Conflict(Sentence),
    /// A rule of the house or of the law says no; it is named and explained.
    #[error("refused: {}", .0.rule)]
    Refused(Refused),
    /// Too often; try again after so many seconds.
    #[error("too many attempts, wait {seconds} s")]
    TooMany { seconds: u64 },
    /// A network answered badly.
    #[error(transparent)]
    Upstream(#[from] channels::Failure),
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The disk is full: nothing was kept.
    #[error("no room left: {0}")]
    NoRoom(String),
    #[error("{0}")]
    Internal(String),
}

/// A refusal names its rule (invariant 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Short and stable: `outreach.monitored`, `wall.closed`, `mail.auto` …
    pub rule: &'static str,
    pub why: Sentence,
}

impl Error {
    pub fn invalid(field: &'static str, key: &str) -> Self {
        Error::Invalid { field, why: Sentence::new(key) }
    }
    pub fn refused(rule: &'static str, key: &str) -> Self {
        Error::Refused(Refused { rule, why: Sentence::new(key) })
    }
    /// Somebody has to make room on a disk; until then nothing new can be kept.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::NoRoom(_)) || matches!(self, Error::Db(error) if error.is_full())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
            return Error::NoRoom(error.to_string());
        }
        Error::Internal(error.to_string())
    }
}
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Internal(error.to_string())
    }
}
